//! `wf_transfer`: gives a tentacle to another member.

use super::wf_list::named;
use super::{About, Effect, Handler, Repeat, bounds, people};
use crate::call::Call;
use crate::gate::target::OnTentacle;
use crate::gate::{act, unavailable};
use crate::progress::Progress;
use crate::server::Server;
use crate::store::{PersonId, Rights};
use policy::{Action, Class};
use wire::tools::custody::{WfTransfer, WfTransferAnswer, WfTransferArgs};
use wire::{Failure, FailureCode};

impl Handler for WfTransfer {
    const ABOUT: About = About {
        title: "Give a tentacle away",
        description: "Gives a tentacle to another member of its enclave, who owns it from then on. Its mode stays as it is.",
        effect: Effect::Changes,
        repeat: Repeat::Resumes,
    };
    const ACTIONS: &'static [Action] = &[Action::TentacleTransfer];

    async fn handle(
        server: &Server,
        call: &Call,
        args: WfTransferArgs,
        _: &Progress,
    ) -> Result<WfTransferAnswer, Failure> {
        let named = named(args.enclave)?;
        bounds::people("to", std::slice::from_ref(&args.to))?;
        let (change, grant) = server
            .gate
            .change(call)
            .await?
            .tentacle::<act::TentacleTransfer>(named.as_ref(), &args.name)
            .await?;
        let target = grant.target();
        let mut changing = change.decided();
        let rights = server.store.rights().await.map_err(|error| unavailable(&error))?;
        let to = match heir(&args.to, target, &rights) {
            Ok(to) => to,
            Err(failure) => return Err(changing.failed(failure).await),
        };
        let given = changing.tx().transfer_tentacle(&grant, &to, &call.changes()).await;
        given.map_err(|error| unavailable(&error))?;
        changing.done().await?;
        server.follow(&grant, &target.record.name).await;
        let from = target.tentacle.as_ref().map(|tentacle| rights.shown(&tentacle.owner).to_owned());
        let enclave = target.record.name.clone();
        Ok(WfTransferAnswer {
            name: args.name,
            namespace: enclave.clone(),
            enclave,
            from: from.unwrap_or_default(),
            to: rights.shown(&to).to_owned(),
        })
    }
}

/// Who is meant: somebody who can own it, as the record stands in this very transaction.
fn heir(text: &str, target: &OnTentacle, rights: &Rights) -> Result<PersonId, Failure> {
    let somebody = people::resolve(text, &target.record, rights)?;
    let refuse = |why: &str| Failure::new(FailureCode::Conflict, format!("`{}` {why}", somebody.shown));
    if somebody.standing.class() == Class::Other {
        let because = somebody.standing.visitor_because().map_or("is not a member", |because| because.told());
        return Err(refuse(&format!("cannot own a tentacle here: {because}"))
            .with_remedy("only a member of the enclave can own one of its tentacles"));
    }
    somebody.person.clone().ok_or_else(|| {
        refuse("has not signed in yet").with_remedy("they sign in by asking the Kraken for anything")
    })
}
