//! Tells an open page that something changed; it looks again by itself. An event without data would not reach it.

use std::convert::Infallible;
use std::sync::Arc;

use axum::extract::{Query, State};
use axum::response::sse::{Event, KeepAlive, Sse};
use futures::{Stream, StreamExt, stream};
use serde::Deserialize;

use super::actor::Actor;
use crate::serve::Served;

#[derive(Deserialize)]
pub(super) struct Known {
    /// The state that the page shows.
    since: Option<u64>,
}

/// Follows the workspace until the page is closed or the server ends. What changed between the page and its first
/// look is told at once.
pub(super) async fn follow(
    State(served): State<Arc<Served>>,
    _: Actor,
    Query(known): Query<Known>,
) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let mut changes = served.workspace.watch();
    if known.since != Some(served.workspace.now().revision) {
        changes.mark_changed();
    }
    let connections = served.workspace.exchange.watch();
    let shutdown = served.shutdown.clone();
    let events = stream::unfold((changes, connections), |(mut changes, mut connections)| async {
        let alive = tokio::select! {
            changed = changes.changed() => changed.is_ok(),
            changed = connections.changed() => changed.is_ok(),
        };
        alive.then(|| (Ok(Event::default().event("change").data("look again")), (changes, connections)))
    });
    let ended = async move { shutdown.cancelled().await };
    Sse::new(events.take_until(Box::pin(ended))).keep_alive(KeepAlive::default())
}
