//! The workspace of the first start: four people, the Kraken, three channels.

use std::convert::Infallible;

use jiff::Timestamp;

use super::change::{Change, ChannelChange};
use super::id::{AppId, BotId, ChannelId, TeamId, UserId};
use super::state::{App, Kind, State, Team, User};
use crate::journal::{Draft, JournalError, Store};
use crate::people::{PEOPLE, Person, Standing};

/// Founds the workspace where there is none yet.
pub(super) async fn found(store: &Store<State>, now: Timestamp) -> Result<(), JournalError> {
    if !store.now().users.is_empty() {
        return Ok(());
    }
    let founded: Result<(), Infallible> = store
        .write(|draft| {
            everything(draft, now);
            Ok(())
        })
        .await?;
    let Ok(()) = founded;
    Ok(())
}

fn everything(draft: &mut Draft<State>, now: Timestamp) {
    let bot = UserId::random();
    let team =
        Team { id: TeamId::random(), name: "Tentacular".to_owned(), domain: "tentacular-local".to_owned() };
    let app = App {
        id: AppId::random(),
        name: "Kraken".to_owned(),
        bot: BotId::random(),
        user: bot.clone(),
        commands: vec!["/kraken".to_owned()],
    };
    draft.make(Change::Founded { team, app });
    draft.make(Change::UserSaved(kraken(&bot, now)));
    let mut ids = Vec::new();
    for person in PEOPLE {
        let user = account(&person, now);
        ids.push((person.name, user.id.clone()));
        draft.make(Change::UserSaved(user));
    }
    let someone = |name: &str| ids.iter().find(|(other, _)| *other == name).map(|(_, id)| id.clone());
    let (Some(ana), Some(ben), Some(cy), Some(gil)) =
        (someone("ana"), someone("ben"), someone("cy"), someone("gil"))
    else {
        return;
    };
    let everybody = [ana.clone(), ben.clone(), cy.clone(), gil.clone()];
    channel(draft, ("general", true), &ana, &everybody, now);
    channel(draft, ("price-watch", false), &ana, &[ana.clone(), ben.clone(), gil, bot], now);
    channel(draft, ("random", false), &ben, &[ana.clone(), ben.clone(), cy], now);
}

fn kraken(id: &UserId, now: Timestamp) -> User {
    User {
        id: id.clone(),
        name: "kraken".to_owned(),
        given: "Kraken".to_owned(),
        family: String::new(),
        email: None,
        is_bot: true,
        is_restricted: false,
        deleted: false,
        updated: now,
    }
}

fn account(person: &Person, now: Timestamp) -> User {
    User {
        id: UserId::random(),
        name: person.name.to_owned(),
        given: person.given.to_owned(),
        family: person.family.to_owned(),
        email: Some(person.email()),
        is_bot: false,
        is_restricted: person.standing == Standing::Guest,
        deleted: false,
        updated: now,
    }
}

fn channel(
    draft: &mut Draft<State>,
    (name, is_general): (&str, bool),
    creator: &UserId,
    members: &[UserId],
    at: Timestamp,
) {
    let id = ChannelId::random();
    let kind = Kind::Public { name: name.to_owned() };
    draft.make(Change::ChannelCreated { id: id.clone(), kind, creator: creator.clone(), at, is_general });
    for user in members {
        let what = ChannelChange::Joined { user: user.clone(), inviter: None };
        draft.make(Change::Channel { id: id.clone(), what });
    }
}
