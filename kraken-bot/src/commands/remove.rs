//! `remove @somebody`

use crate::asked::{Answer, Asked, Stop};
use crate::slack::blocks::{Message, code};
use wire::tools::enclave::{EnclaveSync, EnclaveSyncAnswer, EnclaveSyncArgs};

pub(super) async fn run(asked: &Asked<'_>, whom: Vec<String>) -> Result<Answer, Stop> {
    asked.channel()?;
    let args = EnclaveSyncArgs { remove_members: whom.clone(), ..EnclaveSyncArgs::default() };
    let done = asked.call::<EnclaveSync>(args).await?;
    Ok(Answer::Aloud(told(&done, &whom)))
}

pub(super) fn told(done: &EnclaveSyncAnswer, whom: &[String]) -> Message {
    let names: Vec<String> = whom.iter().map(|user| format!("<@{user}>")).collect();
    let (names, them) =
        (names.join(", "), if names.len() == 1 { "is no longer a member" } else { "are no longer members" });
    let mut message = Message::new(format!("{names} {them} of {}.", code(&done.name)));
    if !done.transfers.is_empty() {
        let passed: Vec<String> =
            done.transfers.iter().map(|transfer| code(&transfer.tentacle_name)).collect();
        message = message.line(format!("What they owned here is yours now: {}.", passed.join(", ")));
    }
    message.note("They stay out until you `add` them again, also while they are in the channel.")
}
