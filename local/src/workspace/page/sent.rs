//! What the app was sent lately, and what became of it: nobody can do anything here.

use std::sync::Arc;

use askama::Template;
use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::actor::Actor;
use super::channel::show_page;
use super::elements::{Block, What};
use super::frame::{Frame, Here};
use super::look::Look;
use super::row::local;
use crate::serve::Served;
use crate::workspace::socket::exchange::sent::{Became, MOST, Sent};

#[derive(Template)]
#[template(path = "workspace/sent.html")]
struct Page {
    frame: Frame,
    entries: Vec<Entry>,
    most: usize,
}

struct Entry {
    id: String,
    at: String,
    kind: &'static str,
    about: String,
    to: String,
    again: u32,
    became: String,
    is_lost: bool,
    payload: String,
}

/// Shows it, the newest first.
pub(super) async fn show(State(served): State<Arc<Served>>, actor: Actor, look: Look) -> Response {
    let all = served.workspace.exchange.log.all();
    if look.wants_json {
        let all: Vec<Value> = all.iter().map(facts).collect();
        return Json(json!({ "ok": true, "sent": all })).into_response();
    }
    let state = served.workspace.now();
    let frame = Frame::new(&served, &state, &actor, &Here::Sent, &look);
    show_page(&Page { frame, entries: all.into_iter().map(entry).collect(), most: MOST })
}

fn clock(at: Timestamp) -> String {
    local(at).strftime("%H:%M:%S%.3f").to_string()
}

fn entry(sent: Sent) -> Entry {
    let became = match sent.became {
        Became::Waits => "On its way".to_owned(),
        Became::Acknowledged(at) => format!("Acknowledged at {}", clock(at)),
        Became::Lost(at) => format!("Acknowledged at {}, which counts as lost", clock(at)),
        Became::Silence => "Not acknowledged in time".to_owned(),
        Became::Broken => "The connection ended before".to_owned(),
    };
    Entry {
        at: clock(sent.at),
        is_lost: !matches!(sent.became, Became::Waits | Became::Acknowledged(_)),
        id: sent.id,
        kind: sent.kind,
        about: sent.about,
        to: sent.to,
        again: sent.again,
        became,
        payload: sent.payload,
    }
}

fn facts(sent: &Sent) -> Value {
    let (became, at) = match sent.became {
        Became::Waits => ("waits", None),
        Became::Acknowledged(at) => ("acknowledged", Some(at)),
        Became::Lost(at) => ("lost", Some(at)),
        Became::Silence => ("not_acknowledged", None),
        Became::Broken => ("connection_ended", None),
    };
    json!({
        "envelope_id": sent.id, "at": sent.at, "type": sent.kind, "about": sent.about, "to": sent.to,
        "retry_attempt": sent.again, "became": became, "acknowledged_at": at, "payload": sent.payload,
    })
}
