//! What tests need and nobody could do to the real Slack: refuse calls for a while, break connections, change accounts.
//! Nothing can be forged: events follow from what happened, here as elsewhere. Every path needs the secret.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, patch, post};
use axum::{Json, Router};
use http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

use super::act::person::{self, Difference};
use super::act::stream;
use super::change::Change;
use super::fault::Fault;
use super::socket::exchange::Ending;
use crate::door::Program;
use crate::serve::Served;

/// Which methods refuse or are not there, and which scopes the bot has lost.
#[derive(Default)]
pub(crate) struct Limits {
    refuse: Mutex<BTreeMap<String, Refuse>>,
    withdrawn: Mutex<BTreeSet<String>>,
    lacking: Mutex<BTreeSet<String>>,
}

#[derive(Debug, Clone, Copy)]
struct Refuse {
    times: u32,
    retry_after: u64,
}

impl Limits {
    /// Counts a call of `method` against its limit.
    pub(super) fn pass(&self, method: &str) -> Result<(), Fault> {
        let mut refuse = self.refuse.lock().unwrap_or_else(PoisonError::into_inner);
        match refuse.get_mut(method) {
            Some(limit) if limit.times > 0 => {
                limit.times -= 1;
                Err(Fault::RateLimited(limit.retry_after))
            }
            Some(_) | None => Ok(()),
        }
    }

    /// Whether this workspace has no such method.
    pub(super) fn lacks(&self, method: &str) -> bool {
        self.lacking.lock().unwrap_or_else(PoisonError::into_inner).contains(method)
    }

    /// The scope to name, where the bot has none of `scopes` any more.
    pub(super) fn withdrawn(&self, scopes: &'static [&'static str]) -> Option<&'static str> {
        let withdrawn = self.withdrawn.lock().unwrap_or_else(PoisonError::into_inner);
        let all_gone = scopes.iter().all(|scope| withdrawn.contains(*scope));
        scopes.first().copied().filter(|_| all_gone)
    }
}

/// The paths under `/control`.
pub(crate) fn routes() -> Router<Arc<Served>> {
    Router::new()
        .route("/ratelimit", post(ratelimit))
        .route("/scopes", post(scopes))
        .route("/lacks", post(lacks))
        .route("/tiers", post(tiers))
        .route("/streams/end", post(end_streams))
        .route("/disconnect", post(disconnect))
        .route("/redeliver", post(redeliver))
        .route("/hold", post(hold))
        .route("/delivery", get(delivery))
        .route("/give-up", post(give_up))
        .route("/people", post(hire))
        .route("/people/{name}", patch(change))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RateLimit {
    method: String,
    /// How many calls are refused from now on.
    times: u32,
    /// In seconds.
    retry_after: u64,
}

async fn ratelimit(
    State(served): State<Arc<Served>>,
    _: Program,
    Json(limit): Json<RateLimit>,
) -> StatusCode {
    let mut refuse = served.workspace.limits.refuse.lock().unwrap_or_else(PoisonError::into_inner);
    refuse.insert(limit.method, Refuse { times: limit.times, retry_after: limit.retry_after });
    StatusCode::NO_CONTENT
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Scopes {
    withdrawn: BTreeSet<String>,
}

async fn scopes(State(served): State<Arc<Served>>, _: Program, Json(scopes): Json<Scopes>) -> StatusCode {
    *served.workspace.limits.withdrawn.lock().unwrap_or_else(PoisonError::into_inner) = scopes.withdrawn;
    StatusCode::NO_CONTENT
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Lacks {
    methods: BTreeSet<String>,
}

async fn lacks(State(served): State<Arc<Served>>, _: Program, Json(lacks): Json<Lacks>) -> StatusCode {
    *served.workspace.limits.lacking.lock().unwrap_or_else(PoisonError::into_inner) = lacks.methods;
    StatusCode::NO_CONTENT
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Held {
    held: bool,
}

async fn tiers(State(served): State<Arc<Served>>, _: Program, Json(wish): Json<Held>) -> StatusCode {
    served.workspace.tiers.hold(wish.held);
    StatusCode::NO_CONTENT
}

async fn end_streams(State(served): State<Arc<Served>>, _: Program) -> Response {
    let ended = served.workspace.turn(|turn| {
        stream::end_all(turn);
        Ok(())
    });
    match ended.await {
        Ok(()) => StatusCode::NO_CONTENT.into_response(),
        Err(fault) => refused(&fault),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Disconnect {
    how: Ending,
}

async fn disconnect(
    State(served): State<Arc<Served>>,
    _: Program,
    Json(wish): Json<Disconnect>,
) -> StatusCode {
    served.workspace.exchange.end(wish.how);
    StatusCode::NO_CONTENT
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Redeliver {
    /// How many times more each event is sent.
    times: u32,
}

async fn redeliver(State(served): State<Arc<Served>>, _: Program, Json(wish): Json<Redeliver>) -> StatusCode {
    served.workspace.exchange.send_again(wish.times);
    StatusCode::NO_CONTENT
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Hold {
    /// Whether events wait.
    held: bool,
    /// What draws the order of those that waited.
    #[serde(default)]
    seed: Option<u64>,
}

async fn hold(State(served): State<Arc<Served>>, _: Program, Json(wish): Json<Hold>) -> StatusCode {
    served.workspace.exchange.hold(wish.held, wish.seed);
    StatusCode::NO_CONTENT
}

async fn delivery(State(served): State<Arc<Served>>, _: Program) -> Json<Value> {
    let state = served.workspace.now();
    let waiting: Vec<&Value> = state.outbox.values().map(|queued| &queued.payload).collect();
    Json(json!({ "connections": served.workspace.exchange.connected(), "waiting": waiting }))
}

/// What waits is given up, as Slack gives up what no app has taken for long.
async fn give_up(State(served): State<Arc<Served>>, _: Program) -> Response {
    let given_up = served.workspace.turn(|turn| {
        let numbers = turn.outbox.keys().copied().collect();
        turn.make(Change::Settled { numbers });
        Ok(())
    });
    match given_up.await {
        Ok(()) => StatusCode::NO_CONTENT.into_response(),
        Err(fault) => refused(&fault),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Hire {
    name: String,
    given: String,
    family: String,
}

async fn hire(State(served): State<Arc<Served>>, _: Program, Json(new): Json<Hire>) -> Response {
    let hired = served.workspace.turn(|turn| person::hire(turn, &new.name, &new.given, &new.family)).await;
    match hired {
        Ok(id) => Json(json!({ "id": id })).into_response(),
        Err(fault) => refused(&fault),
    }
}

async fn change(
    State(served): State<Arc<Served>>,
    _: Program,
    Path(name): Path<String>,
    Json(difference): Json<Difference>,
) -> Response {
    let changed = served.workspace.turn(|turn| {
        let id = turn.user_named(&name).ok_or(Fault::UserNotFound)?.id.clone();
        person::change(turn, &id, difference)
    });
    match changed.await {
        Ok(()) => StatusCode::NO_CONTENT.into_response(),
        Err(fault) => refused(&fault),
    }
}

fn refused(fault: &Fault) -> Response {
    (StatusCode::BAD_REQUEST, Json(json!({ "error": fault.to_string() }))).into_response()
}
