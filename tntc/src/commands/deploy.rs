//! `tntc deploy`.

use super::{Context, Effect};
use crate::cli::InEnclave;
use crate::failed::Failed;
use crate::folder::Folder;
use crate::output::{View, words};
use std::path::PathBuf;
use wire::EnclaveRef;
use wire::tools::tentacle::{FixturesPassed, WfApply, WfApplyAnswer, WfApplyArgs};

/// What to deploy.
#[derive(Debug, clap::Args)]
pub(crate) struct Deploy {
    /// The tentacle's folder, with its `workflow.yaml`
    #[arg(default_value = ".")]
    dir: PathBuf,
    #[command(flatten)]
    within: InEnclave,
    /// Check and decide only: nothing is changed
    #[arg(long)]
    dry_run: bool,
}

impl Deploy {
    pub(crate) async fn run(&self, context: &Context) -> Result<(), Failed> {
        // What is wrong with the files is said without asking anybody.
        let folder = Folder::read(&self.dir)?;
        let args = WfApplyArgs {
            enclave: EnclaveRef::from(self.within.enclave.clone()),
            name: folder.workflow.name.clone(),
            files: folder.texts()?,
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
