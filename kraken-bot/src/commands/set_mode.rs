//! `set mode PRESET`

use crate::asked::{Answer, Asked, Stop};
use crate::command::near_name;
use crate::reply::sentence;
use crate::slack::blocks::{Message, code, escape};
use policy::Preset;
use wire::tools::enclave::{EnclaveSync, EnclaveSyncArgs};

/// Whether there is such a mode; where there is none, what there is instead. `meant_words` are the command, with `MODE` for it.
pub(super) fn known(mode: &str, meant_words: &str) -> Result<(), Stop> {
    let Err(error) = policy::parse_mode(mode) else { return Ok(()) };
    let names = Preset::ALL.into_iter().map(Preset::name);
    if let Some(meant) = near_name(mode, names) {
        return Err(Stop::Told(format!(
            "I don't know that mode. Did you mean {}?",
            code(meant_words.replace("MODE", meant))
        )));
    }
    let presets: Vec<String> =
        Preset::ALL.iter().map(|preset| format!("`{preset}`: {}", preset.meaning())).collect();
    Err(Stop::Told(format!("{}\n{}", sentence(&escape(&error.to_string())), presets.join("\n"))))
}

pub(super) async fn run(asked: &Asked<'_>, mode: String) -> Result<Answer, Stop> {
    asked.channel()?;
    known(&mode, "set mode MODE")?;
    let args = EnclaveSyncArgs { new_mode: Some(mode), ..EnclaveSyncArgs::default() };
    let done = asked.call::<EnclaveSync>(args).await?.enclave;
    let name = code(done.preset.as_deref().unwrap_or(&done.mode));
    Ok(Answer::Aloud(Message::new(format!(
        "The mode of {} is {name} now: {}.",
        code(&done.name),
        escape(&done.mode_meaning)
    ))))
}
