//! `reach_approve`: the enclave's owner says yes or no to what a deploy would newly reach.

use super::{About, Effect, Handler, Repeat};
use crate::call::Call;
use crate::gate::{act, unavailable};
use crate::progress::Progress;
use crate::server::Server;
use policy::Action;
use wire::tools::approval::{ReachApprove, ReachApproveAnswer, ReachApproveArgs};
use wire::{Failure, FailureCode};

impl Handler for ReachApprove {
    const ABOUT: About = About {
        title: "Approve new reach",
        description: "Says yes or no to what a deploy would newly reach: hosts, ports, secrets, schedules. Only for the enclave's \
                      owner, by a click in the channel or on the server's own page; a token alone is refused.",
        effect: Effect::Changes,
        repeat: Repeat::Resumes,
    };
    const ACTIONS: &'static [Action] = &[Action::ApproveReach];

    async fn handle(
        server: &Server,
        call: &Call,
        args: ReachApproveArgs,
        _: &Progress,
    ) -> Result<ReachApproveAnswer, Failure> {
        let change = server.gate.change(call).await?;
        let (change, grant) = change.enclave::<act::ApproveReach>(None).await?;
        let mut changing = change.decided();
        let decided = changing.tx().decide_approval(&grant, args.approval, args.approve, &call.shown()).await;
        let Some(decided) = decided.map_err(|error| unavailable(&error))? else {
            let failure = Failure::new(
                FailureCode::Conflict,
                "nothing waits for this approval any more: it was decided already, or a day has passed",
            );
            return Err(changing.failed(failure.with_remedy("deploy again to ask anew")).await);
        };
        changing.done().await?;
        Ok(ReachApproveAnswer {
            approval: decided.id,
            enclave: decided.enclave,
            tentacle: decided.tentacle,
            version: decided.version,
            approved: args.approve,
            asked_by_you: call.person_id() == Some(&decided.asker),
            asked_by: decided.asked_by,
            changes: decided.changes.iter().map(ToString::to_string).collect(),
        })
    }
}
