//! `roll back TENTACLE to N`: a new commit with what version N was, deployed like any other.

use super::deploy::NO_ENCLAVE;
use super::deploy::committed::{deployed, not_carried, of_commit, removed, whose};
use super::deploy::reviewed::{self, Asking};
use super::own_files;
use crate::asked::{Answer, Asked, Stop};
use crate::commands::new::not_written;
use crate::slack::blocks::code;
use crate::state::{Names, Standing, What};
use crate::working_copy::WorkingCopyError;
use state_repo::CommitId;
use wire::tools::history::{DeployEntry, HistoryOf, WfHistory, WfHistoryArgs};
use wire::tools::person::Whoami;
use wire::tools::tentacle::WfApply;
use wire::{EnclaveRef, Nothing, Page};
use workflow::TentacleName;

/// How many versions are looked through: as many as are kept.
const VERSIONS: u32 = 100;

/// What is told where deploys do not come from git.
pub(super) const NO_GIT: &str = "I can roll back only where deploys come from git, and here they come from the files on disk. Bring the \
    files back yourself, and ask me to deploy.";

/// What is told where somebody works on the files.
pub(super) const IN_WORK: &str = "The files on disk have changes that are not deployed, so I did nothing: I would lose them. Deploy them, or \
    give them up, and ask again.";

pub(super) async fn run(asked: &Asked<'_>, tentacle: TentacleName, to: u32) -> Result<Answer, Stop> {
    asked.channel()?;
    let me = asked.call::<Whoami>(Nothing {}).await?;
    let here = me.enclave.as_ref().ok_or_else(|| Stop::Told(NO_ENCLAVE.to_owned()))?;
    let args = WfHistoryArgs {
        enclave: EnclaveRef::default(),
        name: tentacle.clone(),
        of: HistoryOf::Deploys,
        page: Page { cursor: None, limit: Some(VERSIONS) },
    };
    let history = asked.call::<WfHistory>(args).await?;
    let Some(state) = &asked.kraken.state else { return Err(Stop::Told(NO_GIT.to_owned())) };
    own_files::settle(asked, &here.name, here.id)?;
    let names = Names { enclave: here.name.clone(), tentacle: tentacle.clone() };
    if let Some(answer) = reviewed::go_on(asked, state, &names).await? {
        return Ok(answer);
    }
    let commit = commit_of(&tentacle, to, &history.deploys)?;
    // Whoever may not deploy it changes nothing in git either.
    let check = asked.call::<WfApply>(of_commit(&tentacle, commit, true)).await?;
    // Else git would say one version and another would run.
    if !check.missing_secrets.is_empty() {
        return Err(Stop::Told(lacks_secrets(to, &check.missing_secrets)));
    }
    let message = format!("{tentacle}: back to version {to}");
    if here.review {
        let what = What::Version(commit, message);
        return match reviewed::propose(asked, state, (&names, &me), what).await? {
            Asking::Answered(answer) => Ok(answer),
            Asking::InGit(committed) => deployed(asked, &tentacle, &committed).await,
        };
    }
    let change = whose(asked, &me, &names.enclave, Some(&names.tentacle));
    let rolled = state.roll_back(&asked.kraken.working_copy, &names, (commit, message), change).await;
    let committed = rolled.map_err(|stop| not_carried(&stop))?;
    let committed = committed.map_err(|standing| nothing_done(&standing, tentacle.clone()))?;
    deployed(asked, &tentacle, &committed).await
}

/// Why nothing was committed.
fn nothing_done(standing: &Standing, tentacle: TentacleName) -> Stop {
    match standing {
        Standing::Nowhere => not_written(WorkingCopyError::NotThere(tentacle)),
        Standing::Removed(_) => Stop::Told(removed(&tentacle)),
        Standing::InGit(_) | Standing::Changed { .. } | Standing::Apart { .. } => {
            Stop::Told(IN_WORK.to_owned())
        }
    }
}

/// The commit of the version of this number.
fn commit_of(tentacle: &TentacleName, to: u32, deploys: &[DeployEntry]) -> Result<CommitId, Stop> {
    let version = deploys.iter().find(|deploy| deploy.number == Some(to.into()));
    let version = version.ok_or_else(|| Stop::Told(not_on_record(tentacle, to)))?;
    let commit = version.commit.as_ref().and_then(|commit| commit.id.parse().ok());
    commit.ok_or_else(|| Stop::Told(not_in_git(to)))
}

pub(super) fn not_on_record(tentacle: &TentacleName, to: u32) -> String {
    format!("There is no version {to} of `{tentacle}` on record. `versions {tentacle}` has those that are.")
}

pub(super) fn not_in_git(to: u32) -> String {
    format!("Version {to} was not deployed from git, so I cannot bring it back.")
}

/// Why nothing was changed for a version that could not be put to work.
pub(super) fn lacks_secrets(to: u32, missing: &[String]) -> String {
    let names: Vec<String> = missing.iter().map(code).collect();
    let first = missing.first().map(String::as_str).unwrap_or_default();
    format!(
        "Version {to} needs secrets that are not set, so I changed nothing: {}. The owner says `set secret {first}`; then ask me again.",
        names.join(", ")
    )
}
