//! `unlink`: this Slack account is nobody's any more.

use crate::asked::{Answer, Asked, Stop};
use crate::slack::blocks::{Message, code};
use wire::tools::person::{AccountUnlink, AccountUnlinkAnswer, AccountUnlinkArgs};

pub(super) async fn run(asked: &Asked<'_>) -> Result<Answer, Stop> {
    asked.channel()?;
    let done = asked.call::<AccountUnlink>(AccountUnlinkArgs::default()).await?;
    if let Err(error) = asked.kraken.sessions.end(&asked.said.user).await {
        tracing::error!(%error, "the session of an account that was unlinked could not be ended");
    }
    Ok(Answer::Whisper(told(&done)))
}

pub(super) fn told(done: &AccountUnlinkAnswer) -> Message {
    let mut message = Message::new(
        "This Slack account is not tied to you any more: to me you are a visitor until you sign in again.",
    );
    if !done.passed_on.is_empty() {
        let enclaves: Vec<String> = done.passed_on.iter().map(code).collect();
        message =
            message.line(format!("What you owned in {} is the enclave owner's now.", enclaves.join(", ")));
    }
    message
}
