//! `cluster_profile`: what there is to run on, and what of it is not enforced.

use super::wf_list::named;
use super::{About, Effect, Handler, Repeat};
use crate::backend::{Survey, Usage};
use crate::call::Call;
use crate::gate::act;
use crate::progress::Progress;
use crate::server::Server;
use jiff::Timestamp;
use policy::Action;
use std::collections::BTreeMap;
use wire::Failure;
use wire::tools::cluster::{ClusterProfile, ClusterProfileAnswer, ClusterProfileArgs};

impl Handler for ClusterProfile {
    const ABOUT: About = About {
        title: "Profile of the cluster",
        description: "What there is to run on, and what of it is not enforced; with an enclave, what it may use. Operators see the \
                      nodes too.",
        effect: Effect::Reads,
        repeat: Repeat::Resumes,
    };
    const ACTIONS: &'static [Action] = &[Action::ClusterProfile, Action::ClusterSummary, Action::Info];

    async fn handle(
        server: &Server,
        call: &Call,
        args: ClusterProfileArgs,
        _: &Progress,
    ) -> Result<ClusterProfileAnswer, Failure> {
        let look = server.gate.look(call).await?;
        let usage = match named(args.enclave)? {
            Some(name) => {
                let grant = look.enclave::<act::Info>(Some(&name))?;
                Some(server.backend.usage(&grant).await.map_err(|error| error.into_failure())?)
            }
            None => None,
        };
        let grant = look.survey()?;
        let survey = server.backend.survey(&grant).await.map_err(|error| error.into_failure())?;
        Ok(answer(server, survey, usage, grant.is_whole()))
    }
}

fn answer(server: &Server, survey: Survey, usage: Option<Usage>, whole: bool) -> ClusterProfileAnswer {
    let enforcement = server.backend.enforces();
    let mut warnings = enforcement.not_enforced();
    if whole {
        warnings.extend(survey.unseen.into_iter().map(|what| format!("not looked at: {what}")));
    }
    let quota = usage.as_ref().map(|usage| -> BTreeMap<String, String> {
        usage.resources.iter().map(|it| (it.name.clone(), it.limit.clone())).collect()
    });
    ClusterProfileAnswer {
        generated_at: Timestamp::now(),
        backend: server.backend.name().to_owned(),
        summary: !whole,
        guidance: guidance(survey.gvisor, server.backend.simulated()),
        k8s_version: survey.version,
        distribution: survey.distribution,
        nodes: if whole { survey.nodes } else { Vec::new() },
        runtime_classes: survey.runtime_classes,
        gvisor: survey.gvisor,
        cni: survey.cni,
        network_policy: survey.network_policy,
        storage_classes: survey.storage_classes,
        csi_drivers: survey.csi_drivers,
        extensions: survey.extensions,
        quota,
        limit_range: usage.as_ref().map(|usage| usage.each.clone()).filter(|each| !each.is_empty()),
        pod_security: usage.map(|usage| usage.pod_security).unwrap_or_default(),
        warnings,
        walls: enforcement.name().to_owned(),
        properties: enforcement.lines(),
    }
}

/// What to know when writing a tentacle.
fn guidance(gvisor: bool, simulated: Option<&'static str>) -> Vec<String> {
    let always = "name every host in `contract.dependencies`: nothing else is reached";
    let other_kernel = "there is no gVisor: code calls the kernel of what it runs on, through a filter";
    let sandbox = simulated.or((!gvisor).then_some(other_kernel));
    [always].into_iter().chain(sandbox).map(str::to_owned).collect()
}
