//! Socket Mode: the app opens a WebSocket with a ticket, is sent envelopes, and acknowledges each.
//! <https://docs.slack.dev/apis/events-api/using-socket-mode>

use std::sync::Arc;

use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::mpsc;
use tokio::time::Instant;

use crate::serve::Served;

pub(crate) mod exchange;
pub(crate) mod tickets;

use exchange::{Connection, Outgoing};

/// An envelope's acknowledgement is small.
const LARGEST_FRAME: usize = 512 * 1024;

#[derive(Deserialize)]
pub(crate) struct Link {
    ticket: String,
}

/// The end of the address that `apps.connections.open` gives. A ticket opens one connection.
pub(crate) async fn connect(
    State(served): State<Arc<Served>>,
    Query(link): Query<Link>,
    upgrade: WebSocketUpgrade,
) -> Response {
    if !served.workspace.tickets.take(&link.ticket) {
        return StatusCode::FORBIDDEN.into_response();
    }
    upgrade
        .max_message_size(LARGEST_FRAME)
        .on_upgrade(move |socket| async move { talk(&served, socket).await })
}

/// Serves one connection until one of the two sides ends it.
async fn talk(served: &Served, mut socket: WebSocket) {
    let exchange = &served.workspace.exchange;
    let (sender, mut outgoing) = mpsc::unbounded_channel();
    let connection = exchange.join(sender, None);
    let app = &served.workspace.now().app;
    let hello = hello(app.id.as_ref(), exchange.connected(), &connection);
    if socket.send(Message::text(hello.to_string())).await.is_ok() {
        connection.ready();
        let pause = served.timing.ping;
        let mut ping = tokio::time::interval_at(Instant::now() + pause, pause);
        let mut heard = Instant::now();
        loop {
            tokio::select! {
                next = outgoing.recv() => match next {
                    Some(Outgoing::Text(text)) => {
                        if socket.send(Message::text(text)).await.is_err() { break }
                    }
                    Some(Outgoing::Close) => {
                        let _closing = socket.send(Message::Close(None)).await;
                        break;
                    }
                    Some(Outgoing::Drop) | None => break,
                },
                frame = socket.recv() => match frame {
                    Some(Ok(Message::Text(text))) => { heard = Instant::now(); receive(&connection, text.as_str()) }
                    Some(Ok(Message::Binary(_) | Message::Ping(_) | Message::Pong(_))) => heard = Instant::now(),
                    Some(Ok(Message::Close(_)) | Err(_)) | None => break,
                },
                _ = ping.tick() => {
                    let silent = heard.elapsed() > 3 * pause;
                    if silent || socket.send(Message::Ping("Ping from applink".into())).await.is_err() { break }
                }
                () = served.shutdown.cancelled() => {
                    let _closing = socket.send(Message::Close(None)).await;
                    break;
                }
            }
        }
    }
}

fn hello(app: &str, connections: usize, connection: &Connection) -> Value {
    json!({
        "type": "hello",
        "num_connections": connections,
        "connection_info": { "app_id": app },
        "debug_info": {
            "host": connection.host(),
            "started": jiff::Timestamp::now().strftime("%Y-%m-%d %H:%M:%S.000").to_string(),
            "build_number": 1,
            "approximate_connection_time": 18060,
        },
    })
}

/// What an app sends is an acknowledgement, or of no interest.
fn receive(connection: &Connection, text: &str) {
    #[derive(Deserialize)]
    struct Acknowledgement {
        envelope_id: String,
        #[serde(default)]
        payload: Value,
    }
    match serde_json::from_str::<Acknowledgement>(text) {
        Ok(acknowledgement) => {
            connection.acknowledged(acknowledgement.envelope_id, acknowledgement.payload);
        }
        Err(error) => tracing::debug!(%error, "a frame that is no acknowledgement"),
    }
}
