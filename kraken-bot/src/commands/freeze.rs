//! `freeze`

use crate::asked::{Answer, Asked, Stop};
use crate::slack::blocks::{Message, code};
use wire::tools::enclave::{EnclaveArgs, EnclaveFreeze};

pub(super) async fn run(asked: &Asked<'_>) -> Result<Answer, Stop> {
    asked.channel()?;
    let frozen = asked.call::<EnclaveFreeze>(EnclaveArgs::default()).await?;
    Ok(Answer::Aloud(
        Message::new(format!("{} is frozen: nothing is deployed, removed or granted.", code(&frozen.name)))
            .note("Looking, running and taking rights away still work. `unfreeze` ends it."),
    ))
}
