//! `freeze`

use crate::asked::{Answer, Asked, Stop};
use crate::slack::blocks::{Message, code};
use wire::tools::enclave::{EnclaveArgs, EnclaveFreeze};
use workflow::EnclaveName;

pub(super) async fn run(asked: &Asked<'_>) -> Result<Answer, Stop> {
    asked.channel()?;
    let frozen = asked.call::<EnclaveFreeze>(EnclaveArgs::default()).await?;
    Ok(Answer::Aloud(told(&frozen.name)))
}

pub(super) fn told(name: &EnclaveName) -> Message {
    Message::new(format!("{} is frozen: nothing is deployed, removed or granted.", code(name)))
        .note("Looking, running and taking rights away still work. `unfreeze` ends it.")
}
