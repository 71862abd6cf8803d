//! `tntc state repair`: puts back what somebody changed where a tentacle runs.

use crate::cli::InEnclave;
use crate::commands::{Context, Effect};
use crate::failed::Failed;
use crate::output::{View, words};
use wire::EnclaveRef;
use wire::tools::drift::{StateRepair, StateRepairAnswer, StateRepairArgs};
use workflow::TentacleName;

/// Which tentacle.
#[derive(Debug, clap::Args)]
pub(crate) struct Repair {
    /// The tentacle's name
    name: TentacleName,
    #[command(flatten)]
    within: InEnclave,
}

impl Repair {
    pub(crate) async fn run(&self, context: &Context) -> Result<(), Failed> {
        let enclave = EnclaveRef::from(self.within.enclave.clone());
        let args = StateRepairArgs { enclave, name: self.name.clone() };
        let answer = context.call::<StateRepair>(Effect::Writes, &args).await?;
        Ok(context.output.show(&answer, view)?)
    }
}

fn view(done: &StateRepairAnswer) -> View {
    let how = match done.put_back.len() {
        0 => "is as it was deployed: nothing was written".to_owned(),
        count => {
            format!(
                "is as it was deployed again: {} put back",
                words::count(count as u64, "object", "objects")
            )
        }
    };
    let rows = done.put_back.iter().map(|object| [object.clone()]);
    let view = View::new().verdict(true, format!("{}/{} {how}", done.enclave, done.name));
    if done.put_back.is_empty() { view } else { view.table(["PUT BACK"], rows, "") }
}
