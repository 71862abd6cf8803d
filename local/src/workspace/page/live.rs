//! Tells an open page that something changed; it looks again by itself.

use std::convert::Infallible;
use std::sync::Arc;

use axum::extract::State;
use axum::response::sse::{Event, KeepAlive, Sse};
use futures::{Stream, StreamExt, stream};

use super::actor::Actor;
use crate::serve::Served;

/// Follows the workspace until the page is closed or the server ends.
pub(super) async fn follow(
    State(served): State<Arc<Served>>,
    _: Actor,
) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let changes = served.workspace.watch();
    let connections = served.workspace.exchange.watch();
    let shutdown = served.shutdown.clone();
    let events = stream::unfold((changes, connections), |(mut changes, mut connections)| async {
        let alive = tokio::select! {
            changed = changes.changed() => changed.is_ok(),
            changed = connections.changed() => changed.is_ok(),
        };
        alive.then(|| (Ok(Event::default().event("change").data("")), (changes, connections)))
    });
    let ended = async move { shutdown.cancelled().await };
    Sse::new(events.take_until(Box::pin(ended))).keep_alive(KeepAlive::default())
}
