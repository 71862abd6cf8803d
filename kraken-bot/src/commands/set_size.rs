//! `set size`, which shows what holds with a button to choose another, and `set size to SIZE`: how much an enclave may use.

use crate::asked::{Answer, Asked, Stop};
use crate::command::near_name;
use crate::modals::{ASK_SIZE, SIZES};
use crate::slack::blocks::{Button, Message, code, escape};
use wire::tools::enclave::{EnclaveArgs, EnclaveInfo, EnclaveInfoAnswer, EnclaveSync, EnclaveSyncArgs};

pub(super) async fn ask(asked: &Asked<'_>) -> Result<Answer, Stop> {
    asked.channel()?;
    let info = asked.call::<EnclaveInfo>(EnclaveArgs::default()).await?;
    Ok(Answer::Whisper(present(&info)))
}

/// The size that an enclave has.
pub(super) fn present(info: &EnclaveInfoAnswer) -> Message {
    let size = &info.quota_preset;
    let message = Message::new(format!("{} is of size {}: {}.", code(&info.name), code(size), meaning(size)));
    if info.your_class != "owner" {
        return message.note(format!("Only {}, who owns it, can change it.", escape(&info.owner)));
    }
    let button = Button { action: ASK_SIZE, label: "Choose a size", value: size.clone(), style: None };
    message.buttons(&[button]).note("Or say it at once, e.g. `set size to large`.")
}

pub(super) async fn run(asked: &Asked<'_>, size: String) -> Result<Answer, Stop> {
    asked.channel()?;
    known(&size)?;
    let args = EnclaveSyncArgs { new_quota_preset: Some(size), ..EnclaveSyncArgs::default() };
    let done = asked.call::<EnclaveSync>(args).await?.enclave;
    Ok(Answer::Aloud(told(&done)))
}

pub(super) fn told(now: &EnclaveInfoAnswer) -> Message {
    let size = &now.quota_preset;
    Message::new(format!("{} is of size {} now: {}.", code(&now.name), code(size), meaning(size)))
}

/// Whether there is such a size; where there is none, what there is instead.
pub(super) fn known(size: &str) -> Result<(), Stop> {
    let names = || SIZES.into_iter().map(|(name, _)| name);
    if names().any(|name| name == size) {
        return Ok(());
    }
    if let Some(meant) = near_name(size, names()) {
        return Err(Stop::Told(format!("I don't know that size. Did you mean `set size to {meant}`?")));
    }
    let sizes: Vec<String> = SIZES.iter().map(|(name, means)| format!("`{name}`: {means}")).collect();
    let typed = code(escape(&size.replace('`', "'")));
    Err(Stop::Told(format!("I don't know the size {typed}. It is one of these:\n{}", sizes.join("\n"))))
}

fn meaning(size: &str) -> &'static str {
    SIZES
        .iter()
        .find(|(name, _)| *name == size)
        .map_or("a size that this Kraken does not know", |(_, means)| means)
}
