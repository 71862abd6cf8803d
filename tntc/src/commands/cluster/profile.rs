//! `tntc cluster profile`.

use crate::commands::{Context, Effect};
use crate::failed::Failed;
use crate::output::{View, words};
use wire::EnclaveRef;
use wire::tools::cluster::{ClusterProfile, ClusterProfileAnswer, ClusterProfileArgs, RuntimeClassEntry};
use workflow::EnclaveName;

/// With what.
#[derive(Debug, clap::Args)]
pub(crate) struct Profile {
    /// With what this enclave may use
    #[arg(short, long, value_name = "NAME")]
    enclave: Option<EnclaveName>,
}

impl Profile {
    pub(crate) async fn run(&self, context: &Context) -> Result<(), Failed> {
        let enclave = self.enclave.clone().map(EnclaveRef::from).unwrap_or_default();
        let answer = context.call::<ClusterProfile>(Effect::Reads, &ClusterProfileArgs { enclave }).await?;
        Ok(context.output.show(&answer, view)?)
    }
}

fn view(told: &ClusterProfileAnswer) -> View {
    let class = |class: &RuntimeClassEntry| format!("{} ({})", class.name, class.handler);
    let classes: Vec<String> = told.runtime_classes.iter().map(class).collect();
    let installed = told.extensions.iter().filter(|(_, is)| **is).map(|(name, _)| name.clone());
    let installed: Vec<String> = installed.collect();
    let of = |amounts: &std::collections::BTreeMap<String, String>| {
        let each: Vec<String> = amounts.iter().map(|(name, amount)| format!("{name} {amount}")).collect();
        words::list(&each)
    };
    let view = View::new().values([
        ("Runs on", told.backend.clone()),
        ("Version", format!("{} ({})", told.k8s_version, told.distribution)),
        ("Runtime classes", words::list(&classes)),
        ("gVisor", if told.gvisor { "yes" } else { "no" }.to_owned()),
        ("Network plugin", told.cni.name.clone()),
        ("Network policies", told.network_policy.details.clone()),
        ("Storage drivers", words::list(&told.csi_drivers)),
        ("Installed besides", words::list(&installed)),
        ("The enclave's share", told.quota.as_ref().map(of).unwrap_or_default()),
        ("One container's", told.limit_range.as_ref().map(of).unwrap_or_default()),
        ("Pod Security", told.pod_security.clone()),
        ("To know", words::list(&told.guidance)),
        ("Not enforced", words::list(&told.warnings)),
    ]);
    if told.summary { view } else { view.joined(super::nodes::table(&told.nodes)) }
}
