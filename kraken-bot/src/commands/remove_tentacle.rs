//! `remove TENTACLE`, and for good `remove TENTACLE for good`

use crate::asked::{Answer, Asked, Stop};
use crate::clicks::REMOVE_TENTACLE;
use crate::slack::blocks::{Button, Message};
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
            let event = &asked.incoming.id;
            asked.kraken.inbox.make_button(event, &asked.account.id, tentacle.as_str()).await?;
            let button = Button {
                action: REMOVE_TENTACLE,
                label: "Remove for good",
                value: event.clone(),
                style: Some("danger"),
            };
            Ok(Answer::Whisper(
                Message::new(format!("This removes *{tentacle}* with its logs, for good."))
                    .buttons(&[button])
                    .note(format!(
                        "The button is yours alone, for ten minutes, once. In words: `remove {tentacle} for good`."
                    )),
            ))
        }
        Err(stop) => Err(stop),
    }
}
