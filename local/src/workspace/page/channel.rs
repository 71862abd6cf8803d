//! The page of a channel or a direct conversation, with a thread beside it.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};

use super::actor::Actor;
use super::elements::{Block, What};
use super::frame::{Face, Frame, Here, channel_href};
use super::look::{Look, USUAL};
use super::row::{Row, Rows, merged};
use super::thread::Pane;
use super::words;
use super::{home, json};
use crate::serve::Served;
use crate::workspace::event::Tab;
use crate::workspace::fault::Fault;
use crate::workspace::id::{ChannelId, UserId};
use crate::workspace::state::{Channel, Kind, State as Workspace, User};
use crate::workspace::ts::Ts;

/// Somebody in the channel, or who could be.
struct Member {
    face: Face,
    name: String,
    full_name: String,
    note: &'static str,
    is_me: bool,
    /// The reader may put them out.
    can_remove: bool,
}

#[derive(Template)]
#[template(path = "workspace/channel.html")]
struct Page {
    frame: Frame,
    id: String,
    name: String,
    is_private: bool,
    is_direct: bool,
    is_archived: bool,
    is_general: bool,
    is_member: bool,
    can_manage: bool,
    topic: String,
    created_by: String,
    members: Vec<Member>,
    others: Vec<Member>,
    rows: Vec<Row>,
    /// How many messages before them are not shown.
    earlier: usize,
    earlier_href: String,
    /// The newest message, up to which the reader has read with this page.
    newest: String,
    thread: Option<Pane>,
    here_href: String,
    app_here: bool,
    not_connected: &'static str,
}

/// The channel that an address names: by its name or id.
pub(super) fn find<'a>(state: &'a Workspace, actor: &UserId, place: &str) -> Result<&'a Arc<Channel>, Fault> {
    let by_name = state.channel_named(place);
    let found =
        by_name.or_else(|| state.channels.get(&ChannelId::from(place))).ok_or(Fault::ChannelNotFound)?;
    state.channel_for(actor, &found.id)?;
    Ok(found)
}

/// The first channel of a person: the list on a narrow screen.
pub(super) async fn first(State(served): State<Arc<Served>>, actor: Actor, look: Look) -> Response {
    let state = served.workspace.now();
    let mut own: Vec<&Arc<Channel>> = state
        .channels
        .values()
        .filter(|channel| channel.has(&actor.id) && !matches!(channel.kind, Kind::Direct))
        .collect();
    // Where the app is, is where something happens.
    own.sort_by_key(|channel| (!state.bot_is_in(channel), channel.is_general, channel.kind.name()));
    match own.first() {
        Some(channel) => {
            let frame = Frame::new(&served, &state, &actor, &Here::List(channel.id.clone()), &look);
            page(frame, &state, &actor, channel, &look)
        }
        None => Redirect::to(&format!("/as/{}/channels", actor.name)).into_response(),
    }
}

/// A channel's page.
pub(super) async fn show(
    State(served): State<Arc<Served>>,
    actor: Actor,
    Path((_, place)): Path<(String, String)>,
    look: Look,
) -> Response {
    let state = served.workspace.now();
    let Ok(channel) = find(&state, &actor.id, &place) else {
        return Redirect::to(&format!("/as/{}/channels", actor.name)).into_response();
    };
    if look.wants_json {
        return json::channel(&state, &actor.id, channel).into_response();
    }
    if matches!(channel.kind, Kind::Direct) && !look.again {
        home::visited(&served, &actor, Tab::Messages).await;
    }
    let frame = Frame::new(&served, &state, &actor, &Here::Channel(channel.id.clone()), &look);
    page(frame, &state, &actor, channel, &look)
}

fn page(frame: Frame, state: &Workspace, actor: &Actor, channel: &Channel, look: &Look) -> Response {
    let href = channel_href(&actor.name, channel);
    let rows = |in_thread| Rows {
        state,
        channel,
        reader: &actor.id,
        href: href.clone(),
        editing: look.edit,
        in_thread,
    };
    let line = rows(None);
    let messages = merged(channel.top_level(), line.own_top_level().into_iter());
    let earlier = messages.len().saturating_sub(look.last);
    let thread = look.thread.and_then(|ts| Pane::of(&rows(Some(ts)), ts));
    let is_guest = state.users.get(&actor.id).is_some_and(|user| user.is_restricted);
    let other = channel.other(&actor.id).and_then(|id| state.users.get(id));
    let name = channel.kind.name().map(str::to_owned).or_else(|| other.map(|other| other.full_name()));
    let is_direct = matches!(channel.kind, Kind::Direct);
    let is_member = channel.has(&actor.id);
    let can_manage = is_member && !is_guest && !channel.is_archived && !is_direct;
    let newest = channel.messages.keys().chain(channel.whispers.keys()).max();
    show_page(&Page {
        frame,
        id: channel.id.to_string(),
        name: name.unwrap_or_default(),
        is_private: matches!(channel.kind, Kind::Private { .. }),
        is_direct,
        is_archived: channel.is_archived,
        is_general: channel.is_general,
        is_member,
        can_manage,
        topic: channel.topic.value.clone(),
        created_by: state.users.get(&channel.creator).map_or_else(String::new, |user| user.full_name()),
        members: members(state, channel, &actor.id, can_manage && !channel.is_general),
        others: others(state, channel, &actor.id),
        rows: line.make(messages.get(earlier..).unwrap_or_default()),
        earlier,
        earlier_href: format!("{href}?last={}", look.last + USUAL),
        newest: newest.map(Ts::to_string).unwrap_or_default(),
        thread,
        here_href: href,
        app_here: state.bot_is_in(channel),
        not_connected: words::NOT_CONNECTED,
    })
}

/// A page, or the plain fact that there is none.
pub(super) fn show_page(page: &impl Template) -> Response {
    match page.render() {
        Ok(html) => axum::response::Html(html).into_response(),
        Err(error) => {
            tracing::error!(%error, "a page could not be made");
            http::StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

fn member(user: &User, reader: &UserId, can_remove: bool) -> Member {
    Member {
        face: Face::of(user),
        name: user.name.clone(),
        full_name: user.full_name(),
        note: match (user.is_bot, user.is_restricted) {
            (true, _) => "App",
            (false, true) => "Guest",
            (false, false) => "",
        },
        is_me: user.id == *reader,
        can_remove: can_remove && user.id != *reader,
    }
}

fn members(state: &Workspace, channel: &Channel, reader: &UserId, can_remove: bool) -> Vec<Member> {
    let users = channel.members.iter().filter_map(|id| state.users.get(id));
    users.map(|user| member(user, reader, can_remove)).collect()
}

fn others(state: &Workspace, channel: &Channel, reader: &UserId) -> Vec<Member> {
    let users = state.users.values().filter(|user| !user.deleted && !channel.has(&user.id));
    users.map(|user| member(user, reader, false)).collect()
}
