//! `unfreeze`

use crate::asked::{Answer, Asked, Stop};
use crate::slack::blocks::{Message, code};
use crate::told::freezers;
use wire::tools::enclave::{EnclaveArgs, EnclaveStateAnswer, EnclaveUnfreeze};

pub(super) async fn run(asked: &Asked<'_>) -> Result<Answer, Stop> {
    asked.channel()?;
    let state = asked.call::<EnclaveUnfreeze>(EnclaveArgs::default()).await?;
    Ok(Answer::Aloud(told(&state)))
}

pub(super) fn told(state: &EnclaveStateAnswer) -> Message {
    let name = code(&state.name);
    Message::new(match state.frozen_by.as_slice() {
        [] => format!("{name} is in use again."),
        others => format!("Your freeze of {name} is lifted. It stays frozen by {}.", freezers(others)),
    })
}
