//! `wf_logs`: what a tentacle printed.

use super::wf_list::named;
use super::{About, Effect, Handler, Repeat};
use crate::call::Call;
use crate::gate::act;
use crate::progress::Progress;
use crate::server::Server;
use policy::Action;
use wire::tools::tentacle::{WfLogs, WfLogsAnswer, WfLogsArgs};
use wire::{Failure, FailureCode};
use workflow::TentacleName;

/// How many lines are answered when nothing is said, and at most.
const USUAL: u32 = 100;
const MOST: u32 = 1_000;

impl Handler for WfLogs {
    const ABOUT: About = About {
        title: "Logs of a tentacle",
        description: "Answers the last lines that a tentacle printed: 100 when nothing is said, 1000 at most.",
        effect: Effect::Reads,
        repeat: Repeat::Resumes,
    };
    const ACTIONS: &'static [Action] = &[Action::TentacleLogs];

    async fn handle(
        server: &Server,
        call: &Call,
        args: WfLogsArgs,
        _: &Progress,
    ) -> Result<WfLogsAnswer, Failure> {
        let look = server.gate.look(call).await?;
        let named = named(args.enclave)?;
        let name = match (args.name, args.pod) {
            (Some(name), _) => name,
            (None, Some(copy)) => look.tentacle_of(named.as_ref(), &copy).map_or_else(|| read(&copy), Ok)?,
            (None, None) => return Err(Failure::new(FailureCode::Invalid, "no tentacle is named")),
        };
        let grant = look.tentacle::<act::TentacleLogs>(named.as_ref(), &name)?;
        let lines = args.tail_lines.unwrap_or(USUAL).clamp(1, MOST) as usize;
        let logs =
            server.backend.logs(&grant, lines).await.map_err(crate::backend::BackendError::into_failure)?;
        let enclave = grant.target().record.name.clone();
        Ok(WfLogsAnswer {
            name,
            namespace: enclave.clone(),
            enclave,
            pod: logs.copy,
            container: "engine".to_owned(),
            lines: logs.lines,
            truncated: logs.truncated,
        })
    }
}

/// A copy that nobody knows is asked for as a tentacle of that name, which is refused as one.
fn read(copy: &str) -> Result<TentacleName, Failure> {
    copy.parse().map_err(|error: workflow::NameError| Failure::new(FailureCode::Invalid, error.to_string()))
}
