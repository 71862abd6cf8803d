//! `unfreeze`

use crate::asked::{Answer, Asked, Stop};
use crate::slack::blocks::{Message, code};
use crate::told;
use wire::tools::enclave::{EnclaveArgs, EnclaveUnfreeze};

pub(super) async fn run(asked: &Asked<'_>) -> Result<Answer, Stop> {
    asked.channel()?;
    let state = asked.call::<EnclaveUnfreeze>(EnclaveArgs::default()).await?;
    let name = code(&state.name);
    Ok(Answer::Aloud(Message::new(match state.frozen_by.as_slice() {
        [] => format!("{name} is in use again."),
        others => format!("Your freeze of {name} is lifted. It stays frozen by {}.", told::freezers(others)),
    })))
}
