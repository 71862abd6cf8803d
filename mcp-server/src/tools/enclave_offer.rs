//! `enclave_offer`: the owner offers the enclave to another member. Nothing changes before they accept.

use super::{About, Effect, Handler, Repeat, bounds, people};
use crate::call::Call;
use crate::gate::{act, unavailable};
use crate::page::Matter;
use crate::progress::Progress;
use crate::server::Server;
use crate::store::{EnclaveRecord, PersonId, Rights, StoreError};
use policy::{Action, Class, ENCLAVES_PER_OWNER};
use std::sync::Arc;
use wire::tools::channel::NoticeQuestion;
use wire::tools::ownership::{EnclaveOffer, EnclaveOfferAnswer, EnclaveOfferArgs};
use wire::{Failure, FailureCode};

impl Handler for EnclaveOffer {
    const ABOUT: About = About {
        title: "Offer an enclave",
        description: "Offers an enclave to another full member, who owns it once they have accepted, within a day. Only for its \
                      owner, by a click in the channel or on the server's own page, or for an operator; a token alone is \
                      refused.",
        effect: Effect::Changes,
        repeat: Repeat::Resumes,
    };
    const ACTIONS: &'static [Action] = &[Action::Transfer];

    async fn handle(
        server: &Server,
        call: &Call,
        args: EnclaveOfferArgs,
        _: &Progress,
    ) -> Result<EnclaveOfferAnswer, Failure> {
        let failed = |error: StoreError| unavailable(&error);
        bounds::people("to", std::slice::from_ref(&args.to))?;
        let change = server.gate.change(call).await?;
        let asked = change.enclave::<act::Transfer>(args.name.as_ref()).await;
        let (change, grant) = asked.map_err(|refused| match &args.name {
            Some(name) => server.or_on_page(call, refused, &Matter::Giving(name.clone())),
            None => refused,
        })?;
        let record = Arc::clone(&grant.target().record);
        let mut changing = change.decided();
        let rights = server.store.rights().await.map_err(failed)?;
        let to = match heir(&args.to, &record, &rights) {
            Ok(to) => to,
            Err(failure) => return Err(changing.failed(failure).await),
        };
        if changing.tx().owned_by(&to).await.map_err(failed)? >= ENCLAVES_PER_OWNER {
            let many = format!("`{}` owns {ENCLAVES_PER_OWNER} enclaves already", rights.shown(&to));
            return Err(changing.failed(Failure::new(FailureCode::Conflict, many)).await);
        }
        let has_card = match record.team() {
            Some(team) => changing.tx().account_of(&to, team).await.map_err(failed)?.is_some(),
            None => false,
        };
        if !has_card && server.page.is_none() {
            let shown = rights.shown(&to);
            let what = format!("`{shown}` cannot be asked: they have no card in Slack to click");
            let unreachable = Failure::new(FailureCode::Conflict, what)
                .with_remedy("ask the operator for the server's own page (`--page-client`)");
            return Err(changing.failed(unreachable).await);
        }
        let by_operator = call.operator().is_some();
        let offer = changing.tx().offer_enclave(&grant, &to, by_operator).await.map_err(failed)?;
        let shown = rights.shown(&to).to_owned();
        let question = Some(NoticeQuestion::Offer(offer.id));
        let told = in_words(&call.shown(), &record);
        changing.tx().notify_person(&record, &to, &told, question).await.map_err(failed)?;
        if let Some(told) = call.emergency(&format!("offered this enclave to {shown}")) {
            changing.tx().notify(&record, &told).await.map_err(failed)?;
        }
        changing.done().await?;
        Ok(EnclaveOfferAnswer {
            offer: offer.id,
            enclave: record.name.clone(),
            to: shown,
            expires_at: offer.expires_at,
            page: server.on_page(&Matter::Offer(offer.id)),
        })
    }
}

/// The question, for the one who is asked.
fn in_words(by: &str, record: &EnclaveRecord) -> String {
    let channel = record.channel.as_ref().map(|channel| channel.name.as_str()).unwrap_or_default();
    format!(
        "{by} offers you the enclave {} (#{channel}). Whoever owns it decides who belongs to it, what it may reach, and \
         whether it stays.",
        record.name
    )
}

/// Who is meant: a member who is not the owner, as the record stands in this very transaction.
fn heir(text: &str, record: &EnclaveRecord, rights: &Rights) -> Result<PersonId, Failure> {
    let somebody = people::resolve(text, record, rights)?;
    let refuse = |why: &str| Failure::new(FailureCode::Conflict, format!("`{}` {why}", somebody.shown));
    match somebody.standing.class() {
        Class::Owner => return Err(refuse("owns this enclave already")),
        Class::Other => {
            let because = somebody.standing.visitor_because().map_or("is not a member", |it| it.told());
            return Err(refuse(&format!("cannot own this enclave: {because}"))
                .with_remedy("only a full member who is in the channel can own it"));
        }
        Class::Member => {}
    }
    somebody.person.clone().ok_or_else(|| {
        refuse("has not signed in yet").with_remedy("they sign in by asking the Kraken for anything")
    })
}
