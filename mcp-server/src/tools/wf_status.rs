//! `wf_status`: whether a tentacle runs, how its last run went, and what its sandbox cannot enforce.

use super::wf_list::{entry, named};
use super::{About, Effect, Handler, Repeat};
use crate::call::Call;
use crate::gate::{act, unavailable};
use crate::progress::Progress;
use crate::server::Server;
use policy::Action;
use wire::tools::tentacle::{LastRun, Pod, SourceCommit, WfStatus, WfStatusAnswer, WfStatusArgs};
use wire::{Failure, FailureCode};

impl Handler for WfStatus {
    const ABOUT: About = About {
        title: "Status of a tentacle",
        description: "Says whether a tentacle can be run, what is going on, how its last run went, and what its sandbox cannot \
                      enforce.",
        effect: Effect::Reads,
        repeat: Repeat::Resumes,
    };
    const ACTIONS: &'static [Action] = &[Action::TentacleStatus];

    async fn handle(
        server: &Server,
        call: &Call,
        args: WfStatusArgs,
        _: &Progress,
    ) -> Result<WfStatusAnswer, Failure> {
        let look = server.gate.look(call).await?;
        let grant = look.tentacle::<act::TentacleStatus>(named(args.enclave)?.as_ref(), &args.name)?;
        let target = grant.target();
        let state = server.backend.state(target);
        let last = server.store.last_run(&grant).await.map_err(|error| unavailable(&error))?;
        let gone = || Failure::new(FailureCode::NotFound, format!("there is no tentacle `{}`", args.name));
        let pods = state.copies.iter().map(|copy| Pod {
            name: copy.name.clone(),
            phase: if copy.ready { "Running" } else { "Pending" }.to_owned(),
            ready: copy.ready,
            node_name: copy.node.clone().unwrap_or_else(|| server.backend.name().to_owned()),
        });
        let commit = target.tentacle.as_ref().and_then(|record| record.commit.clone());
        Ok(WfStatusAnswer {
            tentacle: entry(server, look.rights(), target).ok_or_else(gone)?,
            state: state.state.to_owned(),
            in_flight: state.in_flight,
            last_run: last.map(|last| LastRun {
                started_at: last.started_at,
                duration_ms: last.duration_ms.unsigned_abs(),
                success: last.success,
                by: last.asked_by,
            }),
            source: SourceCommit::told(commit.as_ref()),
            commit,
            not_enforced: server.backend.enforces().not_enforced(),
            pods: pods.collect(),
            events: Vec::new(),
            sandbox: state.sandbox,
        })
    }
}
