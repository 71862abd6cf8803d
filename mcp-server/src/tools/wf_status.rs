//! `wf_status`: whether a tentacle runs, how its last run went, and what its sandbox cannot enforce.

use super::wf_events::happened;
use super::wf_list::{entry, named};
use super::{About, Effect, Handler, Repeat};
use crate::call::Call;
use crate::gate::{act, unavailable};
use crate::progress::Progress;
use crate::server::Server;
use crate::store::Window;
use policy::Action;
use std::slice;
use wire::tools::history::TentacleEvent;
use wire::tools::tentacle::{Event, LastRun, Pod, SourceCommit, WfStatus, WfStatusAnswer, WfStatusArgs};
use wire::{Failure, FailureCode};

/// How many events are told in detail.
const EVENTS: usize = 20;

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
        let events = if args.detail {
            let window = Window { before: None, most: EVENTS };
            let happened = happened(server, slice::from_ref(&grant), window).await;
            happened.map_err(|error| unavailable(&error))?.0
        } else {
            Vec::new()
        };
        let tentacle = entry(server, look.rights(), target).ok_or_else(gone)?;
        Ok(WfStatusAnswer {
            state: state.state.to_owned(),
            in_flight: state.in_flight,
            last_run: last.map(|last| LastRun {
                started_at: last.started_at,
                duration_ms: last.duration_ms.unsigned_abs(),
                success: last.success,
                by: last.asked_by,
            }),
            source: SourceCommit::told(tentacle.commit.as_ref()),
            tentacle,
            not_enforced: server.backend.enforces().not_enforced(),
            pods: pods.collect(),
            events: events.into_iter().map(event).collect(),
            sandbox: state.sandbox,
        })
    }
}

fn event(told: TentacleEvent) -> Event {
    let TentacleEvent { kind, reason, message, count, .. } = told;
    Event { kind, reason, message, count }
}
