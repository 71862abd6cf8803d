//! `add @somebody`

use crate::asked::{Answer, Asked, Stop};
use crate::slack::blocks::{Message, code};
use wire::tools::enclave::{EnclaveSync, EnclaveSyncAnswer, EnclaveSyncArgs};

pub(super) async fn run(asked: &Asked<'_>, whom: Vec<String>) -> Result<Answer, Stop> {
    let channel = asked.channel()?;
    let args = EnclaveSyncArgs { add_members: whom.clone(), ..EnclaveSyncArgs::default() };
    let done = asked.call::<EnclaveSync>(args).await?;
    let mut outside = Vec::new();
    for user in &whom {
        let here = done.enclave.people.iter().any(|person| person.account.as_ref() == Some(user));
        // Members live in the channel: whoever was added is invited.
        if !here && let Err(error) = asked.kraken.slack.invite(&channel.id, user).await {
            tracing::info!(%error, "somebody who was added could not be invited");
            outside.push(format!("<@{user}>"));
        }
    }
    Ok(Answer::Aloud(told(&done, &whom, &outside)))
}

/// Who may be in now, and who of them could not be invited.
pub(super) fn told(done: &EnclaveSyncAnswer, whom: &[String], outside: &[String]) -> Message {
    let names: Vec<String> = whom.iter().map(|user| format!("<@{user}>")).collect();
    let mut message = Message::new(format!("{} may be in {}.", names.join(", "), code(&done.name)));
    if !outside.is_empty() {
        message = message.line(format!("I could not invite {}: please do it yourself.", outside.join(", ")));
    }
    message.note("They are members once they are in the channel and have signed in.")
}
