//! `tntc deploy`.

use super::state::off_the_runtime;
use super::{Context, Effect};
use crate::cli::InEnclave;
use crate::failed::Failed;
use crate::folder::Folder;
use crate::output::{View, words};
use state_repo::{Staged, StateError, WorkingClone};
use std::collections::BTreeMap;
use std::path::PathBuf;
use wire::EnclaveRef;
use wire::tools::tentacle::{FixturesPassed, WfApply, WfApplyAnswer, WfApplyArgs};

/// What to deploy.
#[derive(Debug, clap::Args)]
pub(crate) struct Deploy {
    /// The tentacle's folder, with its `workflow.yaml`. In a clone of the state repo its commit is deployed, which must be
    /// pushed
    #[arg(default_value = ".")]
    dir: PathBuf,
    #[command(flatten)]
    within: InEnclave,
    /// Send the files as they are on this disk, for a server without a state repo
    #[arg(long)]
    from_disk: bool,
    /// Check and decide only: nothing is changed
    #[arg(long)]
    dry_run: bool,
}

impl Deploy {
    pub(crate) async fn run(&self, context: &Context) -> Result<(), Failed> {
        // What is wrong with the files is said without asking anybody.
        let folder = Folder::read(&self.dir)?;
        let committed = if self.from_disk { None } else { self.committed(&folder).await? };
        let args = WfApplyArgs {
            enclave: EnclaveRef::from(self.within.enclave.clone()),
            name: folder.workflow.name.clone(),
            files: if committed.is_some() { BTreeMap::new() } else { folder.texts()? },
            commit: committed.map(|at| at.committed.commit.to_string()),
            dry_run: self.dry_run,
            manifests: Vec::new(),
        };
        let answer = context.call_patiently::<WfApply>(Effect::Writes, &args).await?;
        context.output.show(&answer, view)?;
        match answer.approval {
            // For scripts: it was not done.
            Some(waits) => {
                let place = waits.page.map(|page| format!(": {page}")).unwrap_or_default();
                Err(Failed::Bad(format!("it waits for the approval of {}{place}", waits.owner)))
            }
            None => Ok(()),
        }
    }
}

impl Deploy {
    /// The commit of the folder, where it is a tentacle's in a clone of a state repo. There it must be as it is committed,
    /// and pushed.
    async fn committed(&self, folder: &Folder) -> Result<Option<Staged>, Failed> {
        let (dir, named, hash) =
            (self.dir.clone(), self.within.enclave.clone(), folder.bundle.content_hash());
        off_the_runtime(move || {
            let clone = match WorkingClone::discover(&dir) {
                Ok(clone) => clone,
                Err(StateError::NotARepo(_)) => return Ok(None),
                Err(error) => return Err(error.into()),
            };
            let Some((enclave, tentacle)) = clone.place(&dir)? else { return Ok(None) };
            if enclave != named {
                return Err(Failed::Usage {
                    what: format!("this folder belongs to the enclave `{enclave}`, and `{named}` is named"),
                    next: "name its own enclave, or move the folder to the other's and commit that",
                });
            }
            let staged = clone.deployable(enclave, tentacle)?;
            if staged.hash != hash {
                // What git hides of it would not be deployed, and is on the disk all the same.
                let what = "what is on this disk is not what is committed: git ignores some of it";
                return Err(Failed::Bad(what.to_owned()));
            }
            Ok(Some(staged))
        })
        .await
    }
}

fn view(applied: &WfApplyAnswer) -> View {
    let what = match applied.status.as_str() {
        "checked" => "can be deployed; nothing was changed".to_owned(),
        "needs_approval" => "would newly reach something; nothing was changed".to_owned(),
        status => format!("is {status}"),
    };
    let said = format!("{}/{} {what}", applied.enclave, applied.name);
    View::new().verdict(applied.approval.is_none(), said).values([
        ("Version", applied.version.clone()),
        ("Source", applied.source.clone()),
        ("Newly reaches", words::list(&applied.new_reach)),
        ("Missing secrets", words::list(&applied.missing_secrets)),
        ("Ignored", words::list(&applied.ignored)),
        ("Changed", words::list(&applied.applied)),
        ("Fixtures", applied.fixtures.as_ref().map(passed).unwrap_or_default()),
        ("Not enforced", words::list(&applied.not_enforced)),
    ])
}

/// What came of its fixtures.
fn passed(fixtures: &FixturesPassed) -> String {
    let passed = format!("{} passed", fixtures.passed);
    if fixtures.drift.is_empty() { passed } else { format!("{passed}; {}", words::list(&fixtures.drift)) }
}
