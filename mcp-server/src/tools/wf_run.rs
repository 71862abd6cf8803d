//! `wf_run`: runs a tentacle and waits for its answer.

use super::wf_list::named;
use super::{About, Effect, Handler, Repeat};
use crate::backend::{BackendError, RunOrder};
use crate::call::Call;
use crate::gate::{act, unavailable};
use crate::progress::Progress;
use crate::server::Server;
use crate::store::LastRun;
use jiff::Timestamp;
use policy::Action;
use serde_json::Value;
use std::time::{Duration, Instant};
use wire::tools::tentacle::{WfRun, WfRunAnswer, WfRunArgs};
use wire::{Failure, FailureCode};
use workflow::TentacleName;

/// How long a run may take when nothing else is said, and at most, in seconds.
const USUAL: u32 = 120;
const MOST: u32 = 600;

impl Handler for WfRun {
    const ABOUT: About = About {
        title: "Run a tentacle",
        description: "Runs a tentacle with an input and waits for its answer, 120 s when nothing is said and 600 s at most. A run \
                      whose nodes failed is answered with `success` false and what each node said.",
        effect: Effect::Changes,
        repeat: Repeat::Never,
    };
    const ACTIONS: &'static [Action] = &[Action::Run];

    async fn handle(
        server: &Server,
        call: &Call,
        args: WfRunArgs,
        _: &Progress,
    ) -> Result<WfRunAnswer, Failure> {
        let named = named(args.enclave)?;
        let (change, grant) =
            server.gate.change(call).await?.tentacle::<act::Run>(named.as_ref(), &args.name).await?;
        let changing = change.decided();
        if grant.target().tentacle.as_ref().is_none_or(|tentacle| tentacle.version.is_empty()) {
            let failure = Failure::new(
                FailureCode::Conflict,
                format!("`{}` cannot run yet: its first deploy has not come to its end", args.name),
            );
            return Err(changing.failed(failure.with_remedy("deploy it again")).await);
        }
        let effect = changing.begin("").await?;
        let limit = Duration::from_secs(u64::from(args.timeout_seconds.unwrap_or(USUAL).clamp(1, MOST)));
        let input = args.input.unwrap_or_else(|| Value::Object(serde_json::Map::new()));
        let (started_at, began) = (Timestamp::now(), Instant::now());
        let report = match server.backend.run(&grant, RunOrder { input, limit }).await {
            Ok(report) => report,
            Err(error) => return Err(effect.failed(told(error)).await),
        };
        let duration_ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
        let last = LastRun {
            started_at,
            duration_ms: i64::try_from(duration_ms).unwrap_or(i64::MAX),
            success: report.success,
            asked_by: call.shown(),
        };
        let mut ending = effect.end().await.map_err(|_| unrecorded(&args.name))?;
        let put = ending.tx().put_last_run(&grant, &last).await;
        put.map_err(|error| unavailable(&error)).map_err(|_| unrecorded(&args.name))?;
        ending.ran(report.success).await.map_err(|_| unrecorded(&args.name))?;
        let enclave = grant.target().record.name.clone();
        Ok(WfRunAnswer {
            name: args.name,
            namespace: enclave.clone(),
            enclave,
            success: report.success,
            output: report.output,
            duration_ms,
            pod_name: report.copy,
        })
    }
}

/// The run has ended, and that is not on record: its outcome stays open.
fn unrecorded(name: &TentacleName) -> Failure {
    let what =
        format!("`{name}` has run, but how that ended could not be put on record: the store does not answer");
    Failure::new(FailureCode::Unavailable, what).with_remedy("look at its logs before you run it again")
}

/// A run is never gone on with and never repeated by itself, and where the way to it broke nobody knows how far it came.
fn told(error: BackendError) -> Failure {
    let broke =
        matches!(error, BackendError::Fault(_) | BackendError::Unreachable(_) | BackendError::Lost(_));
    let failure = error.into_failure();
    if broke {
        return failure.with_remedy("look at its logs before you run it again: it may have run, or begun to");
    }
    failure
}
