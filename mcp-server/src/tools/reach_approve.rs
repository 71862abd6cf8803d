//! `reach_approve`: the enclave's owner says yes or no to what a deploy would newly reach.

use super::{About, Effect, Handler, Repeat};
use crate::call::Call;
use crate::gate::{act, unavailable};
use crate::progress::Progress;
use crate::server::Server;
use crate::store::Approval;
use policy::Action;
use std::sync::Arc;
use uuid::Uuid;
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
        // On the page there is no channel that says which enclave is meant: the question itself does.
        let named = if call.on_page { Some(asked(server, call, args.approval).await?.enclave) } else { None };
        let change = server.gate.change(call).await?;
        let (change, grant) = change.enclave::<act::ApproveReach>(named.as_ref()).await?;
        let record = Arc::clone(&grant.target().record);
        let mut changing = change.decided();
        let decided = changing.tx().decide_approval(&grant, args.approval, args.approve, &call.shown()).await;
        let Some(decided) = decided.map_err(|error| unavailable(&error))? else {
            return Err(changing.failed(gone()).await);
        };
        if call.on_page {
            // In the channel the card shows what became of it; what is said elsewhere is told there.
            let told = in_words(&decided, args.approve);
            changing
                .tx()
                .notify_decided(&record, &told, decided.id)
                .await
                .map_err(|error| unavailable(&error))?;
        }
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

/// The question of this id, as somebody on the page names it. It is looked up before anybody is asked for it, so nothing of
/// it may be told before the gate has said yes.
pub(crate) async fn asked(server: &Server, call: &Call, id: Uuid) -> Result<Approval, Failure> {
    let found = server.store.approval(id).await.map_err(|error| unavailable(&error))?;
    found.ok_or_else(|| {
        server.gate.refuse_call(call, ReachApprove::ACTIONS, "no_such_approval");
        gone()
    })
}

/// Nothing waits under that id, whether or not it ever did.
pub(crate) fn gone() -> Failure {
    let what = "nothing waits for this approval any more: it was decided already, another version runs by now, or a day has passed";
    Failure::new(FailureCode::Conflict, what).with_remedy("deploy again to ask anew")
}

/// What was decided, for the channel.
fn in_words(decided: &Approval, approved: bool) -> String {
    let Approval { asked_by, decided_by, tentacle, .. } = decided;
    if approved {
        format!(
            "{decided_by} has approved what {tentacle} would newly do: {asked_by} can deploy it now, once."
        )
    } else {
        format!("{decided_by} has refused what {tentacle} would newly do. Nothing was changed.")
    }
}
