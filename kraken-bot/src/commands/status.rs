//! `status [TENTACLE]`

pub(super) mod layers;

use self::layers::Layers;
use crate::asked::{Answer, Asked, Stop};
use crate::slack::blocks::{Message, code, escape};
use crate::told;
use wire::EnclaveRef;
use wire::tools::enclave::{EnclaveArgs, EnclaveInfo, EnclaveInfoAnswer};
use wire::tools::tentacle::{TentacleEntry, WfList, WfListArgs, WfStatus, WfStatusAnswer, WfStatusArgs};
use workflow::TentacleName;

pub(super) async fn of_enclave(asked: &Asked<'_>) -> Result<Answer, Stop> {
    asked.channel()?;
    let info = asked.call::<EnclaveInfo>(EnclaveArgs::default()).await?;
    let enclave = EnclaveRef::from(info.name.clone());
    let list = asked.call::<WfList>(WfListArgs { enclave, ..WfListArgs::default() }).await?;
    let layers = layers::of(asked, (&info.name, info.id)).await?;
    Ok(Answer::Aloud(enclave_told(&info, &list.workflows, &layers)))
}

pub(super) async fn of_tentacle(asked: &Asked<'_>, tentacle: TentacleName) -> Result<Answer, Stop> {
    asked.channel()?;
    let args = WfStatusArgs { enclave: EnclaveRef::default(), name: tentacle, detail: false };
    Ok(Answer::Aloud(tentacle_told(&asked.call::<WfStatus>(args).await?)))
}

pub(super) fn enclave_told(
    info: &EnclaveInfoAnswer,
    tentacles: &[TentacleEntry],
    layers: &Layers,
) -> Message {
    let state = match info.frozen_by.as_slice() {
        [] => info.status.clone(),
        by => format!("frozen by {}", told::freezers(by)),
    };
    let mut message = Message::new(format!("*{}* is {state}. {} owns it.", info.name, escape(&info.owner)));
    if tentacles.is_empty() {
        message = message.line("There are no tentacles that you can see. `new hello` writes a first one.");
    }
    for tentacle in tentacles {
        let ready = if tentacle.ready { "ready" } else { "not ready" };
        message = message.line(format!(
            "• {} is {ready}, {}{}",
            code(&tentacle.name),
            deployed(tentacle),
            description(&tentacle.description)
        ));
    }
    message = layers.add_to(message);
    let mut small = format!(
        "Mode {}: {}.",
        code(info.preset.as_deref().unwrap_or(&info.mode)),
        escape(&info.mode_meaning)
    );
    if !info.not_enforced.is_empty() {
        small.push_str(&format!(" Not enforced here: {}.", escape(&info.not_enforced.join("; "))));
    }
    message.note(small)
}

fn description(text: &str) -> String {
    if text.is_empty() { ".".to_owned() } else { format!(": {}", escape(text)) }
}

pub(super) fn tentacle_told(status: &WfStatusAnswer) -> Message {
    let tentacle = &status.tentacle;
    let runs = match status.in_flight {
        0 => String::new(),
        1 => " One run is going on.".to_owned(),
        count => format!(" {count} runs are going on."),
    };
    let ready = if tentacle.ready { "ready" } else { "not ready" };
    let last = status.last_run.as_ref().map_or_else(
        || "It has not been run yet.".to_owned(),
        |last| {
            let how = if last.success { "succeeded" } else { "failed" };
            format!(
                "Its last run {how} after {}, asked for by {}.",
                seconds(last.duration_ms),
                escape(&last.by)
            )
        },
    );
    let mut small = format!("In {}; its source is {}.", escape(&status.sandbox), escape(&status.source));
    if !status.not_enforced.is_empty() {
        small.push_str(&format!(" Not enforced: {}.", escape(&status.not_enforced.join("; "))));
    }
    Message::new(format!("*{}* is {ready}.{runs} {last}", tentacle.name)).line(whose(tentacle)).note(small)
}

/// When it was deployed, and by whom.
fn deployed(tentacle: &TentacleEntry) -> String {
    if tentacle.version.is_empty() {
        return "never deployed to its end".to_owned();
    }
    format!("deployed {} ago by {}", tentacle.age, escape(&tentacle.deployed_by))
}

/// Who deployed it, and whose it is.
fn whose(tentacle: &TentacleEntry) -> String {
    let (by, owner) = (escape(&tentacle.deployed_by), escape(&tentacle.owner));
    if tentacle.version.is_empty() {
        return format!("It was never deployed to its end. {owner} owns it.");
    }
    let deployed = format!("Deployed {} ago by {by}", tentacle.age);
    if by == owner { format!("{deployed}, who owns it.") } else { format!("{deployed}. {owner} owns it.") }
}

/// A duration in words: `0.3 s`, `2 min`. What takes less than the least that is told, takes that.
pub(crate) fn seconds(millis: u64) -> String {
    match millis {
        0..100 => "0.1 s".to_owned(),
        100..60_000 => format!("{}.{} s", millis / 1000, millis % 1000 / 100),
        _ => format!("{} min", millis / 60_000),
    }
}
