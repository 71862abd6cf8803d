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
        Ok(_) => Ok(Answer::Aloud(told(&tentacle))),
        Err(Stop::Refused(failure)) if failure.code == FailureCode::ConfirmationRequired => {
            let event = &asked.incoming.id;
            asked.kraken.inbox.make_button(event, &asked.account.id, tentacle.as_str()).await?;
            Ok(Answer::Whisper(question(&tentacle, event)))
        }
        Err(stop) => Err(stop),
    }
}

pub(super) fn told(tentacle: &TentacleName) -> Message {
    Message::new(format!("*{tentacle}* is removed.")).note("Its files in the working copy are still there.")
}

/// Asks whether it is meant; the button is known by `event`.
pub(super) fn question(tentacle: &TentacleName, event: &str) -> Message {
    let button = Button {
        action: REMOVE_TENTACLE,
        label: "Remove for good",
        value: event.to_owned(),
        style: Some("danger"),
    };
    Message::new(format!("This removes *{tentacle}* with its logs, for good.")).buttons(&[button]).note(
        format!("The button is yours alone, for ten minutes, once. In words: `remove {tentacle} for good`."),
    )
}
