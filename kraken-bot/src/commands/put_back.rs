//! `put TENTACLE back`: what somebody changed where it runs is made as it was deployed.

use crate::asked::{Answer, Asked, Stop};
use crate::slack::blocks::Message;
use wire::EnclaveRef;
use wire::tools::drift::{StateRepair, StateRepairAnswer, StateRepairArgs};
use workflow::TentacleName;

pub(super) async fn run(asked: &Asked<'_>, tentacle: TentacleName) -> Result<Answer, Stop> {
    asked.channel()?;
    let args = StateRepairArgs { enclave: EnclaveRef::default(), name: tentacle };
    Ok(Answer::Aloud(told(&asked.call::<StateRepair>(args).await?)))
}

pub(super) fn told(done: &StateRepairAnswer) -> Message {
    let name = &done.name;
    match done.put_back.len() {
        0 => Message::new(format!("*{name}* is as it was deployed. Nothing had to be put back.")),
        _ => Message::new(format!("*{name}* is as it was deployed again. What was changed was put back.")),
    }
}
