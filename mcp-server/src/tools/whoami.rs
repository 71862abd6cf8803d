//! `whoami`: as whom the caller is taken, here.

use super::{About, Effect, Handler, Repeat};
use crate::call::Call;
use crate::gate::{Look, act, unavailable};
use crate::page::Matter;
use crate::progress::Progress;
use crate::server::Server;
use crate::store::Review;
use policy::{Action, Names, Question, Target, explain};
use wire::tools::person::{OfferedTo, SlackAccount, StandingIn, Whoami, WhoamiAnswer};
use wire::{Failure, Nothing};

impl Handler for Whoami {
    const ABOUT: About = About {
        title: "Who am I",
        description: "Says who the caller is to the server, which Slack accounts are bound, what they are invited to and \
                      offered, and, in a channel, where the caller stands in the channel's enclave.",
        effect: Effect::Reads,
        repeat: Repeat::Resumes,
    };
    const ACTIONS: &'static [Action] = &[Action::Whoami];

    async fn handle(server: &Server, call: &Call, _: Nothing, _: &Progress) -> Result<WhoamiAnswer, Failure> {
        let look = server.gate.look(call).await?;
        let grant = look.itself::<act::Whoami>()?;
        let enclave = here(&look, call);
        let accounts = call.person_id().map(|person| look.rights().accounts_of(person)).unwrap_or_default();
        let accounts = accounts
            .iter()
            .map(|account| SlackAccount { team: account.team.clone(), user: account.user.clone() });
        let invitations = match call.person().and_then(|person| person.verified_email.as_deref()) {
            Some(email) => server.store.invitations_of(&grant, email).await,
            None => Ok(Vec::new()),
        };
        let offers = match call.person_id() {
            Some(person) => {
                server.store.offers_to(&grant, person).await.map_err(|error| unavailable(&error))?
            }
            None => Vec::new(),
        };
        let with_page =
            |offer: OfferedTo| OfferedTo { page: server.on_page(&Matter::Offer(offer.offer)), ..offer };
        let who = call.who();
        Ok(WhoamiAnswer {
            kind: who.kind,
            issuer: who.issuer.unwrap_or_default(),
            subject: who.subject.unwrap_or_default(),
            name: call.person().map(|person| person.shown().to_owned()),
            email: call.person().and_then(|person| person.verified_email.clone()),
            client: who.client.unwrap_or_default(),
            accounts: accounts.collect(),
            enclave,
            invitations: invitations.map_err(|error| unavailable(&error))?,
            offers: offers.into_iter().map(with_page).collect(),
        })
    }
}

/// Where the caller stands in the enclave of the channel that the call came from.
fn here(look: &Look<'_>, call: &Call) -> Option<StandingIn> {
    let (team, channel) = call.channel()?;
    let record = look.rights().enclave_of(team, &channel.id)?;
    let facts = look.facts_of(record);
    let target = Target::Enclave(&facts);
    let question = Question { principal: call.principal(), action: Action::Info, target };
    let owner = Some(look.rights().shown(&record.owner));
    let names = Names { person: None, enclave: Some(record.name.as_str()), tentacle: None, owner };
    let told = explain(&policy::decide(&question), Action::Info, target, names);
    Some(StandingIn {
        name: record.name.clone(),
        id: Some(record.id),
        class: super::people::class_word(facts.standing.class()).to_owned(),
        told: told.steps.into_iter().next().unwrap_or_default(),
        may_ask_to_join: super::join_ask::may_ask(&facts.standing),
        review: record.review == Review::Required,
    })
}
