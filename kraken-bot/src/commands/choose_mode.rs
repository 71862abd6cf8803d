//! `set mode` and `set mode of TENTACLE`, without saying which: what holds, and a button to choose another.

use crate::asked::{Answer, Asked, Stop};
use crate::modals::ASK_MODE;
use crate::slack::blocks::{Button, Message, code, escape};
use policy::{Mode, Preset};
use wire::EnclaveRef;
use wire::tools::enclave::{EnclaveArgs, EnclaveInfo, EnclaveInfoAnswer};
use wire::tools::tentacle::{WfStatus, WfStatusAnswer, WfStatusArgs};
use workflow::TentacleName;

pub(super) async fn run(asked: &Asked<'_>, tentacle: Option<TentacleName>) -> Result<Answer, Stop> {
    asked.channel()?;
    let message = match tentacle {
        None => of_enclave(asked).await?,
        Some(tentacle) => of_tentacle(asked, tentacle).await?,
    };
    Ok(Answer::Whisper(message))
}

async fn of_enclave(asked: &Asked<'_>) -> Result<Message, Stop> {
    Ok(enclave_told(&asked.call::<EnclaveInfo>(EnclaveArgs::default()).await?))
}

/// The mode of the enclave.
pub(super) fn enclave_told(info: &EnclaveInfoAnswer) -> Message {
    let present = info.preset.as_deref().unwrap_or(&info.mode);
    let told =
        format!("The mode of {} is {}: {}.", code(&info.name), code(present), escape(&info.mode_meaning));
    let message = Message::new(told);
    if info.your_class != "owner" {
        return message.note(format!("Only {}, who owns it, can change it.", escape(&info.owner)));
    }
    message.buttons(&[button(format!("/{present}"))]).note("Or say it at once, e.g. `set mode member-read`.")
}

async fn of_tentacle(asked: &Asked<'_>, tentacle: TentacleName) -> Result<Message, Stop> {
    let args = WfStatusArgs { enclave: EnclaveRef::default(), name: tentacle, detail: false };
    Ok(tentacle_told(&asked.call::<WfStatus>(args).await?))
}

/// The mode of a tentacle.
pub(super) fn tentacle_told(status: &WfStatusAnswer) -> Message {
    let tentacle = &status.tentacle.name;
    let mode: Option<Mode> = status.tentacle.mode.parse().ok();
    let present = mode.and_then(Preset::of).map_or(status.tentacle.mode.as_str(), |preset| preset.name());
    let meaning = mode.map(|mode| format!(": {}", policy::describe(mode))).unwrap_or_default();
    let told = format!("The mode of *{tentacle}* is {}{meaning}.", code(present));
    Message::new(told).buttons(&[button(format!("{tentacle}/{present}"))]).note(format!(
        "The enclave's mode holds besides. Or say it at once, e.g. `set mode of {tentacle} to private`."
    ))
}

fn button(value: String) -> Button {
    Button { action: ASK_MODE, label: "Choose a mode", value, style: None }
}
