//! `tntc list`.

use super::{Context, Effect};
use crate::failed::Failed;
use crate::output::View;
use crate::pages;
use wire::tools::tentacle::{TentacleEntry, WfList, WfListAnswer, WfListArgs};
use wire::{EnclaveRef, Page};
use workflow::EnclaveName;

/// Which tentacles.
#[derive(Debug, clap::Args)]
pub(crate) struct List {
    /// Only those of this enclave
    #[arg(short, long, env = "TENTACULAR_ENCLAVE", value_name = "NAME")]
    enclave: Option<EnclaveName>,
    /// Only those of this owner
    #[arg(long, value_name = "PERSON")]
    owner: Option<String>,
    /// Only those with this tag
    #[arg(long, value_name = "TAG")]
    tag: Option<String>,
}

impl List {
    pub(crate) async fn run(&self, context: &Context) -> Result<(), Failed> {
        let connection = context.connect(Effect::Reads).await?;
        let enclave = self.enclave.clone().map_or_else(EnclaveRef::default, EnclaveRef::from);
        let (owner, tag) = (self.owner.clone(), self.tag.clone());
        let args = WfListArgs { enclave, owner, tag, page: Page::default() };
        let mut all = WfListAnswer { workflows: Vec::new(), next_cursor: None };
        pages::each::<WfList, Failed>(&connection, args, |page| {
            all.workflows.extend(page.workflows);
            Ok(())
        })
        .await?;
        connection.close().await;
        Ok(context.output.show(&all, view)?)
    }
}

fn view(all: &WfListAnswer) -> View {
    let row = |entry: &TentacleEntry| {
        [
            entry.enclave.to_string(),
            entry.name.to_string(),
            ready(entry),
            version(&entry.version),
            entry.owner.clone(),
            entry.mode.clone(),
            entry.age.clone(),
            entry.description.clone(),
        ]
    };
    let heads = ["ENCLAVE", "NAME", "READY", "VERSION", "OWNER", "MODE", "AGE", "WHAT IT DOES"];
    View::new().table(heads, all.workflows.iter().map(row), "there is no tentacle that you can see")
}

/// Whether it can be run, in a word.
pub(super) fn ready(entry: &TentacleEntry) -> String {
    if entry.ready { "yes" } else { "no" }.to_owned()
}

/// The beginning of a version's name, which tells those of one tentacle apart.
pub(super) fn version(hash: &str) -> String {
    hash.strip_prefix("sha256:").unwrap_or(hash).chars().take(12).collect()
}

/// When what runs was deployed, as `when` says it, and by whom.
pub(super) fn deployed(entry: &TentacleEntry, when: &str) -> String {
    if entry.version.is_empty() {
        return "never to its end".to_owned();
    }
    format!("{when} by {} with {}", entry.deployed_by, entry.deployed_via)
}
