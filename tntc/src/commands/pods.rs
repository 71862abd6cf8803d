//! `tntc pods`.

use super::{Context, Effect};
use crate::cli::InEnclave;
use crate::failed::Failed;
use crate::output::{View, words};
use crate::pages;
use wire::tools::pods::{PodEntry, WfPods, WfPodsAnswer, WfPodsArgs};
use wire::{EnclaveRef, Page};

/// Whose copies.
#[derive(Debug, clap::Args)]
pub(crate) struct Pods {
    #[command(flatten)]
    within: InEnclave,
}

impl Pods {
    pub(crate) async fn run(&self, context: &Context) -> Result<(), Failed> {
        let connection = context.connect(Effect::Reads).await?;
        let args =
            WfPodsArgs { enclave: EnclaveRef::from(self.within.enclave.clone()), page: Page::default() };
        let mut all = WfPodsAnswer { pods: Vec::new(), next_cursor: None };
        pages::each::<WfPods, Failed>(&connection, args, |page| {
            all.pods.extend(page.pods);
            Ok(())
        })
        .await?;
        connection.close().await;
        Ok(context.output.show(&all, view)?)
    }
}

fn view(all: &WfPodsAnswer) -> View {
    let row = |pod: &PodEntry| {
        [
            pod.name.clone(),
            pod.tentacle.to_string(),
            pod.phase.clone(),
            if pod.ready { "yes" } else { "no" }.to_owned(),
            pod.restarts.to_string(),
            pod.age.clone(),
            words::list(&pod.images),
        ]
    };
    let heads = ["COPY", "TENTACLE", "PHASE", "READY", "RESTARTS", "AGE", "IMAGES"];
    View::new().table(heads, all.pods.iter().map(row), "there is no copy that you can see")
}
