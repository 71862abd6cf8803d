//! `unlink`: this Slack account is nobody's any more.

use crate::asked::{Answer, Asked, Stop};
use crate::slack::blocks::{Button, Message, code};
use wire::tools::person::{AccountUnlink, AccountUnlinkAnswer, AccountUnlinkArgs};

/// The button under the question whether it is meant.
pub(crate) const UNLINK: &str = "unlink_account";

/// In a direct message, where words alone change nothing, a click confirms it.
pub(super) async fn run(asked: &Asked<'_>) -> Result<Answer, Stop> {
    if asked.channel.is_none() && asked.said.click.is_none() {
        let event = &asked.incoming.id;
        asked.kraken.inbox.make_button(event, &asked.account.id, UNLINK).await?;
        return Ok(Answer::Whisper(question(event)));
    }
    let done = asked.call::<AccountUnlink>(AccountUnlinkArgs::default()).await?;
    if let Err(error) = asked.kraken.sessions.end(&asked.said.user).await {
        tracing::error!(%error, "the session of an account that was unlinked could not be ended");
    }
    Ok(Answer::Whisper(told(&done)))
}

/// Asks whether it is meant; the button is known by `event`.
pub(super) fn question(event: &str) -> Message {
    let button = Button { action: UNLINK, label: "Unlink", value: event.to_owned(), style: Some("danger") };
    Message::new("*Unlink this Slack account?* Then you are a visitor in every enclave of this workspace until you sign in again, and your tentacles there are the enclave owners'.")
        .buttons(&[button])
        .note("The button is yours alone, for ten minutes, once.")
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
