//! `deploy TENTACLE`: deploys the files of the working copy.

pub(super) mod committed;
pub(super) mod reviewed;

use super::approve;
use super::new::not_written;
use super::own_files;
use crate::asked::{Answer, Asked, Stop};
use crate::live::{self, Words};
use crate::slack::blocks::{Message, escape};
use wire::tools::approval::ApprovalAsked;
use wire::tools::person::Whoami;
use wire::tools::tentacle::{FixturesPassed, WfApply, WfApplyAnswer, WfApplyArgs};
use wire::{EnclaveRef, Nothing};
use workflow::TentacleName;

/// What is told where there is nothing to deploy into.
pub(super) const NO_ENCLAVE: &str =
    "This channel has no enclave yet. Whoever made it can say `set up this channel`.";

pub(super) async fn run(asked: &Asked<'_>, tentacle: TentacleName) -> Result<Answer, Stop> {
    asked.channel()?;
    let me = asked.call::<Whoami>(Nothing {}).await?;
    let here = me.enclave.as_ref().ok_or_else(|| Stop::Told(NO_ENCLAVE.to_owned()))?;
    own_files::settle(asked, &here.name, here.id)?;
    if let Some(state) = &asked.kraken.state {
        return committed::run(asked, state, (here.name.clone(), &me), tentacle).await;
    }
    let files = asked.kraken.working_copy.read(&here.name, &tentacle);
    // Whether there are files is for those alone who may deploy them: the server is asked in any case.
    let (files, missing) = match files {
        Ok(files) => (files, None),
        Err(error) => (Default::default(), Some(not_written(error))),
    };
    let words = words(&tentacle);
    let args = WfApplyArgs {
        enclave: EnclaveRef::default(),
        commit: None,
        name: tentacle,
        files,
        dry_run: missing.is_some(),
        manifests: Vec::new(),
    };
    match (live::call::<WfApply>(asked, args, words, |_| Vec::new()).await, missing) {
        (Err(Stop::Refused(failure)), Some(missing)) if failure.code == wire::FailureCode::Invalid => {
            Err(missing)
        }
        (Err(stop), _) => Err(stop),
        (Ok(_), Some(missing)) => Err(missing),
        (Ok(deployed), None) => Ok(Answer::Aloud(told(&deployed))),
    }
}

/// What is said while it goes on.
pub(super) fn words(tentacle: &TentacleName) -> Words {
    Words { going: format!("*{tentacle}* is being deployed."), what: format!("The deploy of *{tentacle}*") }
}

/// What the deploy waits for, with the buttons for whoever may decide.
fn question(waits: &WfApplyAnswer, asked: &ApprovalAsked) -> Message {
    let name = &waits.name;
    let said = format!(
        "The new version of *{name}* would newly do this, and {} must approve it first. Nothing was changed.",
        escape(&asked.owner)
    );
    let mut message = Message::new(said).line(approve::changes(&asked.changes));
    if !waits.missing_secrets.is_empty() {
        let missing = escape(&waits.missing_secrets.join(", "));
        message = message.line(format!("Secrets that are still to be set: {missing}."));
    }
    if let Some(page) = &asked.page {
        message = message
            .line(format!("<{page}|The server's own page> asks the same, after a sign-in for just that."));
    }
    message
        .asking_for(asked.id)
        .buttons(&approve::buttons(asked.id))
        .note(format!("Only {} can decide, once, within a day.", escape(&asked.owner)))
}

pub(super) fn told(deployed: &WfApplyAnswer) -> Message {
    let name = &deployed.name;
    if let Some(asked) = &deployed.approval {
        return question(deployed, asked);
    }
    let said = match deployed.status.as_str() {
        "unchanged" => format!("*{name}* runs exactly this already; nothing was changed."),
        _ => format!("*{name}* is deployed."),
    };
    let mut message = Message::new(said);
    if let Some(fixtures) = &deployed.fixtures {
        message = message.line(fixtures_line(fixtures));
    }
    message = message.line(format!("*Next:* `run {name}`, `status {name}`, `logs {name}`."));
    if !deployed.not_enforced.is_empty() {
        let source = match deployed.source.as_str() {
            "" => String::new(),
            source => format!("Its source is {}. ", escape(source)),
        };
        let gaps = escape(&deployed.not_enforced.join("; "));
        message = message.note(format!("{source}Not enforced: {gaps}."));
    }
    message
}

/// What came of its fixtures.
fn fixtures_line(FixturesPassed { passed, drift }: &FixturesPassed) -> String {
    let passed = match passed {
        1 => "One test of its own passed".to_owned(),
        several => format!("{several} tests of its own passed"),
    };
    if drift.is_empty() {
        format!("{passed}.")
    } else {
        format!("{passed}, but {}.", escape(&drift.join("; ")))
    }
}
