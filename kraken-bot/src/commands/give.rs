//! `give TENTACLE to @SOMEBODY`

use crate::asked::{Answer, Asked, Stop};
use crate::slack::blocks::{Message, escape};
use wire::EnclaveRef;
use wire::tools::custody::{WfTransfer, WfTransferArgs};
use workflow::TentacleName;

pub(super) async fn run(asked: &Asked<'_>, tentacle: TentacleName, to: String) -> Result<Answer, Stop> {
    asked.channel()?;
    let args = WfTransferArgs { enclave: EnclaveRef::default(), name: tentacle, to: to.clone() };
    let done = asked.call::<WfTransfer>(args).await?;
    let told = format!("*{}* is <@{to}>'s now. Before, it was {}'s.", done.name, escape(&done.from));
    Ok(Answer::Aloud(Message::new(told).note("Its mode stays as it is.")))
}
