//! `set mode PRESET`

use crate::asked::{Answer, Asked, Stop};
use crate::command::near_name;
use crate::slack::blocks::{Message, code, escape};
use policy::Preset;
use wire::tools::enclave::{EnclaveInfoAnswer, EnclaveSync, EnclaveSyncArgs};

/// Whether there is such a mode; where there is none, what there is instead. `meant_words` are the command, with `MODE` for it.
pub(super) fn known(mode: &str, meant_words: &str) -> Result<(), Stop> {
    if policy::parse_mode(mode).is_ok() {
        return Ok(());
    }
    let names = Preset::ALL.into_iter().map(Preset::name);
    if let Some(meant) = near_name(mode, names) {
        return Err(Stop::Told(format!(
            "I don't know that mode. Did you mean {}?",
            code(meant_words.replace("MODE", meant))
        )));
    }
    let presets: Vec<String> =
        Preset::ALL.iter().map(|preset| format!("`{preset}`: {}", preset.meaning())).collect();
    let typed = code(escape(&mode.replace('`', "'")));
    Err(Stop::Told(format!("I don't know the mode {typed}. It is one of these:\n{}", presets.join("\n"))))
}

pub(super) async fn run(asked: &Asked<'_>, mode: String) -> Result<Answer, Stop> {
    asked.channel()?;
    known(&mode, "set mode MODE")?;
    let args = EnclaveSyncArgs { new_mode: Some(mode), ..EnclaveSyncArgs::default() };
    let done = asked.call::<EnclaveSync>(args).await?.enclave;
    Ok(Answer::Aloud(told(&done)))
}

pub(super) fn told(now: &EnclaveInfoAnswer) -> Message {
    let name = code(now.preset.as_deref().unwrap_or(&now.mode));
    Message::new(format!("The mode of {} is {name} now: {}.", code(&now.name), escape(&now.mode_meaning)))
}
