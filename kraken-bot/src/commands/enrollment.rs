//! `new members need approval` and `new members are welcome`

use crate::asked::{Answer, Asked, Stop};
use crate::slack::blocks::{Message, code};
use wire::tools::enclave::{EnclaveSync, EnclaveSyncArgs};
use workflow::EnclaveName;

pub(super) async fn run(asked: &Asked<'_>, open: bool) -> Result<Answer, Stop> {
    asked.channel()?;
    let enrollment = if open { "open" } else { "approval" };
    let args = EnclaveSyncArgs { new_enrollment: Some(enrollment.to_owned()), ..EnclaveSyncArgs::default() };
    let done = asked.call::<EnclaveSync>(args).await?;
    Ok(Answer::Aloud(told(&done.name, open)))
}

pub(super) fn told(name: &EnclaveName, open: bool) -> Message {
    Message::new(if open {
        format!("Whoever is in this channel and signs in is a member of {} now.", code(name))
    } else {
        format!(
            "From now on only those are members of {} whom you have let in: say `add @ben`, or wait until they ask to join.",
            code(name)
        )
    })
}
