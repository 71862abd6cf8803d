//! `give TENTACLE to @SOMEBODY`

use crate::asked::{Answer, Asked, Stop};
use crate::slack::blocks::{Message, escape};
use wire::EnclaveRef;
use wire::tools::custody::{WfTransfer, WfTransferAnswer, WfTransferArgs};
use workflow::TentacleName;

pub(super) async fn run(asked: &Asked<'_>, tentacle: TentacleName, to: String) -> Result<Answer, Stop> {
    asked.channel()?;
    let args = WfTransferArgs { enclave: EnclaveRef::default(), name: tentacle, to: to.clone() };
    let done = asked.call::<WfTransfer>(args).await?;
    Ok(Answer::Aloud(told(&done, &to)))
}

pub(super) fn told(done: &WfTransferAnswer, to: &str) -> Message {
    Message::new(format!("*{}* is <@{to}>'s now. Before, it was {}'s.", done.name, escape(&done.from)))
        .note("Its mode stays as it is.")
}
