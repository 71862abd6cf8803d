//! `join_decide`: the owner lets somebody in who asked, or not.

use super::{About, Effect, Handler, Repeat};
use crate::call::Call;
use crate::gate::{act, unavailable};
use crate::progress::Progress;
use crate::server::Server;
use crate::store::{EnclaveRecord, JoinRequest, StoreError};
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
        let bring = args.allow.then(|| outside(record, &request)).flatten();
        let tx = changing.tx();
        tx.end_join_request(&grant, &request, args.allow).await.map_err(failed)?;
        let told = if args.allow {
            tx.add_member(&grant, &request.verdict()).await.map_err(failed)?;
            let then = if bring.is_some() {
                "you are a member once you are in its channel"
            } else {
                "you are a member now"
            };
            format!("{} has let you into the enclave {}: {then}.", call.shown(), record.name)
        } else {
            format!("{} does not let you into the enclave {} for now.", call.shown(), record.name)
        };
        tx.notify_person(record, &request.person, &told, None).await.map_err(failed)?;
        changing.done().await?;
        server.follow(&grant, &record.name).await;
        Ok(JoinDecideAnswer {
            enclave: record.name.clone(),
            person: request.shown,
            allowed: args.allow,
            bring,
        })
    }
}

/// The Slack account of whoever asked without being in the enclave's channel: they were invited.
fn outside(record: &EnclaveRecord, request: &JoinRequest) -> Option<String> {
    let channel = record.channel.as_ref()?;
    let away = !request.account.is_empty() && !channel.people.contains_key(&request.account);
    away.then(|| request.account.clone())
}
