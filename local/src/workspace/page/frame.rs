//! What stands around every page: the channels, the app, and who one acts as.

use std::sync::Arc;

use super::actor::Actor;
use super::look::Look;
use super::modal::{self, Modal};
use crate::people::tone;
use crate::serve::Served;
use crate::workspace::id::{ChannelId, UserId};
use crate::workspace::state::{Channel, Kind, State, User};

/// The picture of a person: a letter on a tone.
pub(super) struct Face {
    pub(super) initial: char,
    pub(super) tone: usize,
    pub(super) is_app: bool,
}

impl Face {
    pub(super) fn of(user: &User) -> Self {
        let initial = user.given.chars().next().unwrap_or('?');
        Self { initial, tone: tone(&user.name), is_app: user.is_bot }
    }
}

/// A person to act as.
pub(super) struct PersonLink {
    pub(super) face: Face,
    pub(super) full_name: String,
    pub(super) name: String,
    pub(super) is_guest: bool,
    pub(super) is_me: bool,
    pub(super) href: String,
}

/// A channel in the list.
pub(super) struct ChannelLink {
    pub(super) name: String,
    pub(super) href: String,
    pub(super) is_private: bool,
    pub(super) is_archived: bool,
    pub(super) is_here: bool,
    pub(super) unread: usize,
    /// Whether one of the unread messages speaks to the reader.
    pub(super) calls: bool,
}

/// The app in the list.
pub(super) struct AppLink {
    pub(super) name: String,
    pub(super) face: Face,
    pub(super) href: String,
    pub(super) is_here: bool,
    pub(super) unread: usize,
    pub(super) is_connected: bool,
}

/// Where in the workspace a page is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Here {
    /// The list alone, on a narrow screen; with this channel beside it on a wide one.
    List(ChannelId),
    /// A channel.
    Channel(ChannelId),
    /// The app's own page.
    Home,
    /// All channels.
    Directory,
    /// What the app was sent.
    Sent,
}

impl Here {
    fn channel(&self) -> Option<&ChannelId> {
        match self {
            Self::List(id) | Self::Channel(id) => Some(id),
            Self::Home | Self::Directory | Self::Sent => None,
        }
    }
}

/// What stands around every page.
pub(super) struct Frame {
    pub(super) team: String,
    pub(super) me: PersonLink,
    pub(super) people: Vec<PersonLink>,
    pub(super) channels: Vec<ChannelLink>,
    pub(super) app: AppLink,
    pub(super) form_token: String,
    /// Which state of the workspace this is, at the latest.
    pub(super) revision: u64,
    /// The address of this page, for forms to come back to.
    pub(super) back: String,
    /// On a narrow screen only the list is shown.
    pub(super) is_list: bool,
    pub(super) is_directory: bool,
    pub(super) is_sent: bool,
    pub(super) problem: Option<String>,
    pub(super) modal: Option<Modal>,
    /// What can be mentioned, for completion.
    pub(super) mentionable: Vec<Mentionable>,
}

/// Somebody who can be mentioned.
pub(super) struct Mentionable {
    pub(super) name: String,
    pub(super) full_name: String,
    pub(super) note: &'static str,
}

/// The address of a channel's page.
pub(super) fn channel_href(person: &str, channel: &Channel) -> String {
    let place = channel.kind.name().unwrap_or_else(|| channel.id.as_ref());
    format!("/as/{person}/c/{place}")
}

/// How many messages `reader` has not read, and whether one of them speaks to them.
fn unread(channel: &Channel, reader: &UserId) -> (usize, bool) {
    let since = channel.read.get(reader).copied().unwrap_or_default();
    let call = format!("<@{reader}>");
    let new = channel.messages.range(since..).map(|(_, message)| message).filter(|message| {
        let is_notice =
            message.subtype.as_ref().is_some_and(crate::workspace::state::message::Subtype::is_notice);
        message.ts > since && message.author != *reader && !is_notice
    });
    let whispers = channel
        .whispers
        .range(since..)
        .filter(|(ts, whisper)| **ts > since && whisper.only_for.as_ref() == Some(reader))
        .count();
    let (mut count, mut calls) = (whispers, whispers > 0);
    for message in new {
        count += 1;
        calls |= message.content.text.contains(&call);
    }
    (count, calls)
}

impl Frame {
    pub(super) fn new(served: &Served, state: &State, actor: &Actor, here: &Here, look: &Look) -> Self {
        let people: Vec<&Arc<User>> =
            state.users.values().filter(|user| !user.is_bot && !user.deleted).collect();
        let mut people: Vec<PersonLink> =
            people.into_iter().map(|user| person(state, user, actor, here)).collect();
        people.sort_by(|one, other| one.name.cmp(&other.name));
        let me = state.users.get(&actor.id).map(|user| person(state, user, actor, here));
        Self {
            team: state.team.name.clone(),
            me: me.unwrap_or_else(|| nobody(actor)),
            people,
            channels: channels(state, actor, here),
            app: app(served, state, actor, here),
            form_token: served.door.form_token().to_owned(),
            revision: state.revision,
            back: look.address.clone(),
            is_list: matches!(here, Here::List(_)),
            is_directory: *here == Here::Directory,
            is_sent: *here == Here::Sent,
            problem: look.problem.clone(),
            modal: modal::of(state, &actor.id),
            mentionable: mentionable(state),
        }
    }
}

fn person(state: &State, user: &User, actor: &Actor, here: &Here) -> PersonLink {
    let place = here.channel().and_then(|id| state.channels.get(id));
    let same_place = place.filter(|channel| channel.is_visible_to(&user.id, user.is_restricted));
    let href = match (same_place, here) {
        (Some(channel), _) if !matches!(channel.kind, Kind::Direct) => channel_href(&user.name, channel),
        (_, Here::Home) => format!("/as/{}/home", user.name),
        (_, Here::Sent) => format!("/as/{}/sent", user.name),
        (_, _) => format!("/as/{}", user.name),
    };
    PersonLink {
        face: Face::of(user),
        full_name: user.full_name(),
        name: user.name.clone(),
        is_guest: user.is_restricted,
        is_me: user.id == actor.id,
        href,
    }
}

/// An account that went away between two looks.
fn nobody(actor: &Actor) -> PersonLink {
    PersonLink {
        face: Face { initial: '?', tone: 1, is_app: false },
        full_name: actor.name.clone(),
        name: actor.name.clone(),
        is_guest: false,
        is_me: true,
        href: "/".to_owned(),
    }
}

fn channels(state: &State, actor: &Actor, here: &Here) -> Vec<ChannelLink> {
    let mut links: Vec<ChannelLink> = state
        .channels
        .values()
        .filter(|channel| channel.has(&actor.id) || here.channel() == Some(&channel.id))
        .filter_map(|channel| {
            let (unread, calls) = unread(channel, &actor.id);
            Some(ChannelLink {
                name: channel.kind.name()?.to_owned(),
                href: channel_href(&actor.name, channel),
                is_private: matches!(channel.kind, Kind::Private { .. }),
                is_archived: channel.is_archived,
                is_here: here.channel() == Some(&channel.id),
                unread,
                calls,
            })
        })
        .collect();
    links.sort_by(|one, other| one.name.cmp(&other.name));
    links
}

fn app(served: &Served, state: &State, actor: &Actor, here: &Here) -> AppLink {
    let bot = state.users.get(&state.app.user);
    let direct = state.direct(&actor.id, &state.app.user);
    AppLink {
        name: state.app.name.clone(),
        face: bot.map_or(Face { initial: '?', tone: 1, is_app: true }, |bot| Face::of(bot)),
        href: format!("/as/{}/home", actor.name),
        is_here: *here == Here::Home || direct.is_some_and(|direct| here.channel() == Some(&direct.id)),
        unread: direct.map_or(0, |direct| unread(direct, &actor.id).0),
        is_connected: served.workspace.exchange.connected() > 0,
    }
}

fn mentionable(state: &State) -> Vec<Mentionable> {
    let note = |user: &User| match (user.is_bot, user.is_restricted) {
        (true, _) => "App",
        (false, true) => "Guest",
        (false, false) => "",
    };
    let mut all: Vec<Mentionable> = state
        .users
        .values()
        .filter(|user| !user.deleted)
        .map(|user| Mentionable { name: user.name.clone(), full_name: user.full_name(), note: note(user) })
        .collect();
    // The app first: it is what people talk to here.
    all.sort_by(|one, other| (one.note != "App", &one.name).cmp(&(other.note != "App", &other.name)));
    all
}
