//! `join_decide`: the owner lets somebody in who asked, or not.

use super::{About, Effect, Handler, Repeat};
use crate::call::Call;
use crate::gate::{act, unavailable};
use crate::progress::Progress;
use crate::server::Server;
use crate::store::StoreError;
use policy::Action;
use wire::tools::joining::{JoinDecide, JoinDecideAnswer, JoinDecideArgs};
use wire::{Failure, FailureCode};

impl Handler for JoinDecide {
    const ABOUT: About = About {
        title: "Answer who asks to join",
        description: "Lets somebody into the channel's enclave who asked for it, or not. Only for its owner.",
        effect: Effect::Changes,
        repeat: Repeat::Resumes,
    };
    const ACTIONS: &'static [Action] = &[Action::AddMember];

    async fn handle(
        server: &Server,
        call: &Call,
        args: JoinDecideArgs,
        _: &Progress,
    ) -> Result<JoinDecideAnswer, Failure> {
        let failed = |error: StoreError| unavailable(&error);
        let (change, grant) =
            server.gate.change(call).await?.enclave::<act::AddMember>(args.name.as_ref()).await?;
        let record = &grant.target().record;
        let mut changing = change.decided();
        let Some(request) = changing.tx().join_request(&grant, args.request).await.map_err(failed)? else {
            let gone = "nobody waits under this request any more: it was answered, or a week has passed";
            return Err(changing.failed(Failure::new(FailureCode::Conflict, gone)).await);
        };
        let tx = changing.tx();
        tx.end_join_request(&grant, &request, args.allow).await.map_err(failed)?;
        let told = if args.allow {
            tx.add_member(&grant, &request.verdict()).await.map_err(failed)?;
            format!("{} has let you into the enclave {}: you are a member now.", call.shown(), record.name)
        } else {
            format!("{} does not let you into the enclave {} for now.", call.shown(), record.name)
        };
        tx.notify_person(record, &request.person, &told, None).await.map_err(failed)?;
        changing.done().await?;
        server.follow(&grant, &record.name).await;
        Ok(JoinDecideAnswer { enclave: record.name.clone(), person: request.shown, allowed: args.allow })
    }
}
