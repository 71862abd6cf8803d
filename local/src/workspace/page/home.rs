//! The app's own page: what it published for this person.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::Response;

use super::actor::Actor;
use super::channel::show_page;
use super::elements::{Block, Maker, What};
use super::frame::{Frame, Here, channel_href};
use super::html::Writer;
use super::look::Look;
use super::words;
use crate::serve::Served;
use crate::workspace::act;
use crate::workspace::event::Tab;

#[derive(Template)]
#[template(path = "workspace/home.html")]
struct Page {
    frame: Frame,
    /// What the app shows; none until it published something.
    view: Option<Home>,
    direct_href: String,
    not_connected: &'static str,
}

struct Home {
    id: String,
    hash: String,
    blocks: Vec<Block>,
}

/// Tells the app that somebody looks.
pub(super) async fn visited(served: &Served, actor: &Actor, tab: Tab) {
    let visited = served.workspace.turn(|turn| act::home::visit(turn, &actor.id, tab)).await;
    if let Err(fault) = visited {
        tracing::warn!(%fault, "the app was not told of a visit");
    }
}

/// Shows it.
pub(super) async fn show(State(served): State<Arc<Served>>, actor: Actor, look: Look) -> Response {
    // The page's script looks again whenever something changes; that is no visit.
    if !look.again {
        visited(&served, &actor, Tab::Home).await;
    }
    let state = served.workspace.now();
    let frame = Frame::new(&served, &state, &actor, &Here::Home, &look);
    let view = state.homes.get(&actor.id).and_then(|id| state.views.get(id)).map(|view| {
        let writer = Writer { state: &state, reader: &actor.id };
        let maker = Maker { writer, values: &view.values, errors: &view.errors };
        Home { id: view.id.to_string(), hash: view.hash.clone(), blocks: maker.blocks(view.blocks()) }
    });
    let direct = state.direct(&actor.id, &state.app.user);
    let direct_href = direct.map_or_else(String::new, |direct| channel_href(&actor.name, direct));
    show_page(&Page { frame, view, direct_href, not_connected: words::NOT_CONNECTED })
}
