//! `wf_pods`: the copies in which tentacles run.

use super::wf_list::{age, named};
use super::{About, Effect, Handler, Repeat};
use crate::backend::CopyState;
use crate::call::Call;
use crate::gate::act;
use crate::gate::target::OnTentacle;
use crate::progress::Progress;
use crate::server::Server;
use jiff::Timestamp;
use policy::Action;
use wire::Failure;
use wire::tools::pods::{PodEntry, WfPods, WfPodsAnswer, WfPodsArgs};

impl Handler for WfPods {
    const ABOUT: About = About {
        title: "Copies of tentacles",
        description: "The copies in which the tentacles of an enclave run that the caller may see. `wf_logs` takes the name of one.",
        effect: Effect::Reads,
        repeat: Repeat::Resumes,
    };
    const ACTIONS: &'static [Action] = &[Action::List, Action::TentacleStatus];

    async fn handle(
        server: &Server,
        call: &Call,
        args: WfPodsArgs,
        _: &Progress,
    ) -> Result<WfPodsAnswer, Failure> {
        let look = server.gate.look(call).await?;
        let listed = look.enclave::<act::List>(named(args.enclave)?.as_ref())?;
        let cursor = args.page.cursor.as_deref();
        let mut seen = look
            .tentacles::<act::TentacleStatus>(listed)
            .filter(|grant| cursor.is_none_or(|cursor| grant.target().name.as_str() > cursor));
        let page: Vec<_> = seen.by_ref().take(args.page.size()).collect();
        let last = page.last().filter(|_| seen.next().is_some());
        Ok(WfPodsAnswer {
            next_cursor: last.map(|last| last.target().name.to_string()),
            pods: page.iter().flat_map(|grant| copies(server, grant.target())).collect(),
        })
    }
}

/// The copies of a tentacle; one that is started when it is asked for is one, too.
fn copies(server: &Server, of: &OnTentacle) -> Vec<PodEntry> {
    let state = server.backend.state(of);
    let Some(record) = of.tentacle.as_ref().filter(|record| !record.version.is_empty()) else {
        return Vec::new();
    };
    let digits: String = record.version.rsplit(':').next().unwrap_or_default().chars().take(8).collect();
    let mut copies = state.copies;
    if copies.is_empty() {
        copies.push(CopyState {
            name: format!("{}-{digits}", of.name),
            ready: state.ready,
            ..CopyState::default()
        });
    }
    let phase = |ready: bool| match (ready, state.state) {
        (true, _) => "Running",
        (false, "failing") => "Failed",
        (false, _) => "Pending",
    };
    let entry = |copy: CopyState| PodEntry {
        phase: phase(copy.ready).to_owned(),
        name: copy.name,
        tentacle: of.name.clone(),
        age: age(record.deployed_at, Timestamp::now()),
        images: copy.image.into_iter().collect(),
        restarts: copy.restarts,
        ready: copy.ready,
    };
    copies.into_iter().map(entry).collect()
}
