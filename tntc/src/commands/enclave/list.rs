//! `tntc enclave list`.

use crate::commands::{Context, Effect};
use crate::failed::Failed;
use crate::output::{View, words};
use crate::pages;
use wire::tools::enclave::{EnclaveEntry, EnclaveList, EnclaveListAnswer, EnclaveListArgs};

/// Which enclaves.
#[derive(Debug, clap::Args)]
pub(crate) struct List {
    /// Only those in this state: `provisioning`, `active`, `frozen` or `deprovisioning`
    #[arg(long, value_name = "STATE")]
    status: Option<String>,
}

impl List {
    pub(crate) async fn run(&self, context: &Context) -> Result<(), Failed> {
        let connection = context.connect(Effect::Reads).await?;
        let args = EnclaveListArgs { status: self.status.clone(), ..EnclaveListArgs::default() };
        let mut all = EnclaveListAnswer { enclaves: Vec::new(), next_cursor: None };
        pages::each::<EnclaveList, Failed>(&connection, args, |page| {
            all.enclaves.extend(page.enclaves);
            Ok(())
        })
        .await?;
        connection.close().await;
        Ok(context.output.show(&all, view)?)
    }
}

fn view(all: &EnclaveListAnswer) -> View {
    let row = |entry: &EnclaveEntry| {
        let channel =
            if entry.channel_name.is_empty() { String::new() } else { format!("#{}", entry.channel_name) };
        [
            entry.name.to_string(),
            entry.status.clone(),
            entry.owner.clone(),
            channel,
            entry.mode.clone(),
            words::count(entry.members.len() as u64, "member", "members"),
            entry.your_class.clone(),
        ]
    };
    let heads = ["NAME", "STATE", "OWNER", "CHANNEL", "MODE", "PEOPLE", "YOU"];
    View::new().table(heads, all.enclaves.iter().map(row), "there is no enclave that you can see")
}
