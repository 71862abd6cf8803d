//! `remove TENTACLE`, and for good `remove TENTACLE for good`

use crate::asked::{Answer, Asked, Stop};
use crate::slack::blocks::Message;
use wire::tools::tentacle::{WfRemove, WfRemoveArgs};
use wire::{EnclaveRef, FailureCode};
use workflow::TentacleName;

pub(super) async fn run(asked: &Asked<'_>, tentacle: TentacleName, confirmed: bool) -> Result<Answer, Stop> {
    asked.channel()?;
    let confirm = confirmed.then(|| tentacle.to_string());
    let args = WfRemoveArgs { enclave: EnclaveRef::default(), name: tentacle.clone(), confirm };
    match asked.call::<WfRemove>(args).await {
        Ok(_) => Ok(Answer::Aloud(
            Message::new(format!("*{tentacle}* is removed."))
                .note("Its files in the working copy are still there."),
        )),
        Err(Stop::Refused(failure)) if failure.code == FailureCode::ConfirmationRequired => {
            Ok(Answer::Whisper(Message::new(format!(
                "This removes *{tentacle}* with its logs, for good. To go on, say `remove {tentacle} for good`."
            ))))
        }
        Err(stop) => Err(stop),
    }
}
