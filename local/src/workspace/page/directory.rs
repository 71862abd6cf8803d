//! All channels that a person may know of, and a form for a new one.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::Response;

use super::actor::Actor;
use super::channel::show_page;
use super::elements::{Block, What};
use super::frame::{Frame, Here, channel_href};
use super::look::Look;
use crate::serve::Served;
use crate::workspace::state::Kind;

#[derive(Template)]
#[template(path = "workspace/directory.html")]
struct Page {
    frame: Frame,
    entries: Vec<Entry>,
    can_create: bool,
}

struct Entry {
    id: String,
    name: String,
    href: String,
    topic: String,
    members: usize,
    is_private: bool,
    is_archived: bool,
    is_member: bool,
    has_app: bool,
}

/// Shows them.
pub(super) async fn show(State(served): State<Arc<Served>>, actor: Actor, look: Look) -> Response {
    let state = served.workspace.now();
    let is_guest = state.users.get(&actor.id).is_some_and(|user| user.is_restricted);
    let mut entries: Vec<Entry> = state
        .channels
        .values()
        .filter(|channel| channel.is_visible_to(&actor.id, is_guest))
        .filter_map(|channel| {
            Some(Entry {
                id: channel.id.to_string(),
                name: channel.kind.name()?.to_owned(),
                href: channel_href(&actor.name, channel),
                topic: channel.topic.value.clone(),
                members: channel.members.len(),
                is_private: matches!(channel.kind, Kind::Private { .. }),
                is_archived: channel.is_archived,
                is_member: channel.has(&actor.id),
                has_app: state.bot_is_in(channel),
            })
        })
        .collect();
    entries.sort_by(|one, other| (one.is_archived, &one.name).cmp(&(other.is_archived, &other.name)));
    let frame = Frame::new(&served, &state, &actor, &Here::Directory, &look);
    show_page(&Page { frame, entries, can_create: !is_guest })
}
