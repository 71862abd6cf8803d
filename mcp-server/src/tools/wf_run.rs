//! `wf_run`: runs a tentacle and waits for its answer.

use super::wf_list::named;
use super::{About, Effect, Handler, Repeat};
use crate::call::Call;
use crate::gate::act;
use crate::progress::Progress;
use crate::runs::{self, Ran};
use crate::server::Server;
use crate::store::RunBegin;
use policy::Action;
use serde_json::Value;
use std::time::Duration;
use wire::Failure;
use wire::tools::tentacle::{WfRun, WfRunAnswer, WfRunArgs};

/// How long a run may take when nothing else is said.
const USUAL: Duration = Duration::from_secs(120);

impl Handler for WfRun {
    const ABOUT: About = About {
        title: "Run a tentacle",
        description: "Runs a tentacle with an input and waits for its answer, 120 s when nothing is said and 600 s at most; progress \
                      tells what becomes of each node. A run whose nodes failed is answered with `success` false and what each node said.",
        effect: Effect::Changes,
        repeat: Repeat::Never,
    };
    const ACTIONS: &'static [Action] = &[Action::Run];

    async fn handle(
        server: &Server,
        call: &Call,
        args: WfRunArgs,
        progress: &Progress,
    ) -> Result<WfRunAnswer, Failure> {
        let named = named(args.enclave)?;
        let (change, grant) =
            server.gate.change(call).await?.tentacle::<act::Run>(named.as_ref(), &args.name).await?;
        let asked_by = call.shown();
        let begin = RunBegin { cause: "", asked_by: &asked_by, due_at: None };
        let begun = runs::begin(change.decided(), &grant, &begin).await?;
        let limit = args.timeout_seconds.map_or(USUAL, |seconds| Duration::from_secs(seconds.max(1).into()));
        let input = args.input.unwrap_or_else(|| Value::Object(serde_json::Map::new()));
        let Ran { report, duration_ms } =
            runs::heard((server, call), &grant, begun, (input, limit), (&begin, progress)).await?;
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
