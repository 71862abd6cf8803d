//! `set mode of TENTACLE to PRESET`

use crate::asked::{Answer, Asked, Stop};
use crate::commands::set_mode;
use crate::slack::blocks::{Message, code};
use policy::{Mode, Preset};
use wire::EnclaveRef;
use wire::tools::custody::{WfSetMode, WfSetModeAnswer, WfSetModeArgs};
use workflow::TentacleName;

pub(super) async fn run(asked: &Asked<'_>, tentacle: TentacleName, mode: String) -> Result<Answer, Stop> {
    asked.channel()?;
    set_mode::known(&mode, &format!("set mode of {tentacle} to MODE"))?;
    let args = WfSetModeArgs { enclave: EnclaveRef::default(), name: tentacle, mode };
    let done = asked.call::<WfSetMode>(args).await?;
    Ok(Answer::Aloud(told(&done)))
}

pub(super) fn told(done: &WfSetModeAnswer) -> Message {
    let set: Option<Mode> = done.mode.parse().ok();
    let name = set.and_then(Preset::of).map_or_else(|| done.mode.clone(), |preset| preset.name().to_owned());
    let told = format!("The mode of *{}* is {} now", done.name, code(&name));
    let told = match set {
        Some(mode) => format!("{told}: {}.", policy::describe(mode)),
        None => format!("{told}."),
    };
    Message::new(told).note("The enclave's mode holds besides.")
}
