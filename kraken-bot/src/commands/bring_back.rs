//! The button under `set up this channel` where the channel had an enclave before: its tentacles come back from the archive.

use super::deploy::NO_ENCLAVE;
use super::deploy::committed::{not_carried, whose};
use super::roll_back::NO_GIT;
use crate::asked::{Answer, Asked, Stop};
use crate::slack::blocks::{Button, Message, code};
use crate::state::StateStop;
use state_repo::Archived;
use wire::tools::enclave::EnclaveBefore;
use wire::tools::person::Whoami;
use wire::tools::tentacle::{WfApply, WfApplyArgs};
use wire::{EnclaveRef, Nothing};
use workflow::scaffold::Scaffold;
use workflow::{EnclaveName, TentacleName};

/// What the button is for.
pub(crate) const BRING_BACK: &str = "bring_back_archived";

/// Between the enclave's name and the day, in what is kept of the button.
const BETWEEN: char = '/';

/// What is kept of the button.
pub(super) fn about(before: &EnclaveBefore) -> String {
    format!("{}{BETWEEN}{}", before.name, before.removed_on)
}

/// Which enclave a button brings back.
pub(crate) fn read(about: &str) -> Option<Archived> {
    let (name, day) = about.split_once(BETWEEN)?;
    Some(Archived { enclave: name.parse().ok()?, on: day.parse().ok()? })
}

/// The button that is known by `id`.
pub(super) fn button(id: &str) -> Button {
    Button {
        action: BRING_BACK,
        label: "Bring its tentacles back",
        value: id.to_owned(),
        style: Some("primary"),
    }
}

pub(super) async fn run(asked: &Asked<'_>, from: Archived) -> Result<Answer, Stop> {
    asked.channel()?;
    let me = asked.call::<Whoami>(Nothing {}).await?;
    let here = me.enclave.as_ref().ok_or_else(|| Stop::Told(NO_ENCLAVE.to_owned()))?;
    let Some(state) = &asked.kraken.state else { return Err(Stop::Told(NO_GIT.to_owned())) };
    let repo = |error| not_carried(&StateStop::Repo(error));
    let missing = state.archived(from.clone(), here.name.clone()).await.map_err(repo)?;
    // Whoever may not deploy them changes nothing in git either: the server decides for each.
    for tentacle in &missing {
        asked.call::<WfApply>(could_be(tentacle)).await?;
    }
    let into = here.name.clone();
    let change = whose(asked, &me, &into, None);
    let came = state.bring_back((from.clone(), into), missing, change).await.map_err(repo)?;
    Ok(Answer::Aloud(told(&from.enclave, &came)))
}

/// Asks whether a tentacle of this name could be deployed.
fn could_be(tentacle: &TentacleName) -> WfApplyArgs {
    let files = Scaffold::Hello.files(tentacle);
    WfApplyArgs {
        enclave: EnclaveRef::default(),
        commit: None,
        name: tentacle.clone(),
        files: files.into_iter().map(|file| (file.path.to_owned(), file.text)).collect(),
        dry_run: true,
        manifests: Vec::new(),
    }
}

pub(super) fn told(before: &EnclaveName, came: &[TentacleName]) -> Message {
    let before = code(before);
    let Some(first) = came.first() else {
        return Message::new(format!(
            "Nothing of {before} is left in the archive that this enclave does not have."
        ));
    };
    let names: Vec<String> = came.iter().map(code).collect();
    Message::new(format!("*Back from the archive of {before}:* {}. They are in git, and do not run yet.", names.join(", ")))
        .line(format!("*Next:* `deploy {first}` puts it to work, as it is in git."))
        .note("Secrets that were set on the server are to be set again. Those in git open only in an enclave of the same name.")
}
