//! What people say and do that the app answers: messages, slash commands, buttons, modals.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use http::HeaderMap;
use serde_json::{Map, Value, json};

use super::actor::Actor;
use super::channel::find;
use super::outcome::Outcome;
use super::words;
use crate::door::Form;
use crate::serve::Served;
use crate::workspace::act::interact::{self, Fields, Origin, Submitted};
use crate::workspace::act::message::{self, To};
use crate::workspace::act::{membership, respond, shortcut};
use crate::workspace::compose;
use crate::workspace::fault::Fault;
use crate::workspace::id::{ChannelId, UserId, ViewId};
use crate::workspace::socket::exchange::Cargo;
use crate::workspace::state::Response as Address;
use crate::workspace::turn::Turn;
use crate::workspace::values::Place;

/// What was typed and chosen in a form.
fn fields(form: &Form) -> Fields {
    let mut fields = Fields::new();
    for (name, value) in form.fields() {
        if let Ok(place) = name.parse::<Place>() {
            fields.entry(place).or_default().push(value.clone());
        }
    }
    fields
}

/// Says something, or gives a slash command.
pub(super) async fn post(
    State(served): State<Arc<Served>>,
    actor: Actor,
    headers: HeaderMap,
    form: Form,
) -> Response {
    let outcome = Outcome::of(&form, &headers);
    let text = form.get("text").unwrap_or_default().trim().to_owned();
    if text.starts_with('/') {
        return command(&served, &actor, &form, &text, outcome).await;
    }
    let posted = served.workspace.turn(|turn| {
        let channel = find(turn, &actor.id, form.get("channel").unwrap_or_default())?.id.clone();
        let thread = form.get("thread").filter(|ts| !ts.is_empty()).map(str::parse).transpose();
        let thread = thread.map_err(|_| Fault::CannotReplyToMessage)?;
        let to = To { channel, thread, broadcast: form.get("broadcast") == Some("yes") };
        let content = compose::message(turn, &actor.id, &text);
        let unheard = is_unheard(turn, &to.channel, &content.text);
        Ok((message::post(turn, &actor.id, &to, content)?, unheard))
    });
    match posted.await {
        Ok((ts, unheard)) => {
            let note = unheard.then(|| ("message".to_owned(), json!(words::NOT_HEARD)));
            outcome.done(None, Map::from_iter([("ts".to_owned(), json!(ts))].into_iter().chain(note)))
        }
        Err(fault) => outcome.refused(&fault),
    }
}

/// Whether the text speaks to the app where the app is not.
fn is_unheard(turn: &Turn<'_>, channel: &ChannelId, text: &str) -> bool {
    let place = turn.channels.get(channel);
    place.is_some_and(|place| !turn.bot_is_in(place)) && text.contains(&format!("<@{}>", turn.app.user))
}

/// The workspace's own command, by which people and apps are brought into a channel.
const INVITE: &str = "/invite";

/// Brings in whoever is mentioned.
fn invite(turn: &mut Turn<'_>, actor: &Actor, place: &str, rest: &str) -> Result<(), Fault> {
    let channel = find(turn, &actor.id, place)?.id.clone();
    let mentioned = compose::message(turn, &actor.id, rest).text;
    let id = |word: &str| word.strip_prefix("<@").and_then(|word| word.strip_suffix('>')).map(UserId::from);
    let users: Vec<UserId> = mentioned.split_whitespace().filter_map(id).collect();
    membership::invite(turn, &actor.id, &channel, &users)
}

async fn command(served: &Served, actor: &Actor, form: &Form, text: &str, outcome: Outcome) -> Response {
    let (name, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
    if name == INVITE {
        let place = form.get("channel").unwrap_or_default();
        return match served.workspace.turn(|turn| invite(turn, actor, place, rest)).await {
            Ok(()) => outcome.done(None, Map::new()),
            Err(fault) => outcome.refused(&fault),
        };
    }
    if !served.workspace.now().app.commands.iter().any(|known| known == name) {
        return outcome.problem("unknown_command", words::NO_SUCH_COMMAND);
    }
    let place = form.get("channel").unwrap_or_default();
    let made = served.workspace.turn(|turn| {
        let channel = find(turn, &actor.id, place)?.id.clone();
        // As for an app whose command has `should_escape`: people and channels are named by their ids.
        let rest = compose::message(turn, &actor.id, rest).text;
        let payload = interact::command(turn, &actor.id, &channel, name, &rest)?;
        Ok((channel, payload))
    });
    let (channel, payload) = match made.await {
        Ok(made) => made,
        Err(fault) => return outcome.refused(&fault),
    };
    let Ok(answer) = served.workspace.exchange.send(Cargo::SlashCommands, payload).await else {
        return outcome.problem("operation_timeout", words::NO_ANSWER);
    };
    // An acknowledgement without words is all that was needed.
    if answer.get("text").is_none() && answer.get("blocks").is_none() {
        return outcome.done(None, Map::new());
    }
    let address = Address {
        channel,
        user: actor.id.clone(),
        origin: None,
        thread: None,
        at: jiff::Timestamp::now(),
        used: 0,
    };
    match served.workspace.turn(|turn| respond::answer(turn, &address, &answer)).await {
        Ok(()) => outcome.done(None, Map::new()),
        Err(fault) => outcome.refused(&fault),
    }
}

fn origin(turn: &Turn<'_>, actor: &Actor, form: &Form) -> Result<Origin, Fault> {
    if let Some(view) = form.get("view") {
        return Ok(Origin::View(ViewId::from(view)));
    }
    let channel = find(turn, &actor.id, form.get("channel").unwrap_or_default())?.id.clone();
    let ts = form.get("ts").unwrap_or_default().parse().map_err(|_| Fault::MessageNotFound)?;
    Ok(Origin::Message(channel, ts))
}

/// Uses a button or another element.
pub(super) async fn click(
    State(served): State<Arc<Served>>,
    actor: Actor,
    headers: HeaderMap,
    form: Form,
) -> Response {
    let outcome = Outcome::of(&form, &headers);
    let made = served.workspace.turn(|turn| {
        let origin = origin(turn, &actor, &form)?;
        let place = form.get("click").unwrap_or_default().parse::<Place>();
        let place = place.map_err(|_| Fault::missing("click"))?;
        interact::click(turn, &actor.id, &origin, &place, &fields(&form))
    });
    handed_over(&served, outcome, made.await).await
}

/// Uses the app's shortcut, on a message where one is named.
pub(super) async fn shortcut(
    State(served): State<Arc<Served>>,
    actor: Actor,
    headers: HeaderMap,
    form: Form,
) -> Response {
    let outcome = Outcome::of(&form, &headers);
    let callback = form.get("callback").unwrap_or_default();
    let made = served.workspace.turn(|turn| match form.get("ts") {
        None => shortcut::anywhere(turn, &actor.id, callback),
        Some(ts) => {
            let channel = find(turn, &actor.id, form.get("channel").unwrap_or_default())?.id.clone();
            let ts = ts.parse().map_err(|_| Fault::MessageNotFound)?;
            shortcut::on_message(turn, &actor.id, callback, (&channel, ts))
        }
    });
    handed_over(&served, outcome, made.await).await
}

/// Hands what somebody did to the app, which must take it in time.
async fn handed_over(served: &Served, outcome: Outcome, made: Result<Value, Fault>) -> Response {
    match made {
        Ok(payload) => match served.workspace.exchange.send(Cargo::Interactive, payload).await {
            Ok(_) => outcome.done(None, Map::new()),
            Err(_) => outcome.problem("operation_timeout", words::NO_ANSWER),
        },
        Err(fault) => outcome.refused(&fault),
    }
}

/// Submits the topmost modal.
pub(super) async fn submit(
    State(served): State<Arc<Served>>,
    actor: Actor,
    headers: HeaderMap,
    form: Form,
) -> Response {
    let outcome = Outcome::of(&form, &headers);
    let id = ViewId::from(form.get("view").unwrap_or_default());
    let made = served.workspace.turn(|turn| interact::submit(turn, &actor.id, &id, &fields(&form)));
    let payload = match made.await {
        Ok(Submitted::Send(payload)) => payload,
        Ok(Submitted::Incomplete) => return outcome.done(None, Map::new()),
        Err(fault) => return outcome.refused(&fault),
    };
    let answer = served.workspace.exchange.send(Cargo::Interactive, payload).await;
    let kept = served.workspace.turn(|turn| match &answer {
        Ok(answer) => interact::answered(turn, &actor.id, &id, answer),
        Err(_) => interact::unanswered(turn, &actor.id, &id, words::NO_ANSWER),
    });
    match kept.await {
        Ok(()) => outcome.done(None, Map::new()),
        Err(fault) => outcome.refused(&fault),
    }
}

/// Closes the topmost modal.
pub(super) async fn close(
    State(served): State<Arc<Served>>,
    actor: Actor,
    headers: HeaderMap,
    form: Form,
) -> Response {
    let outcome = Outcome::of(&form, &headers);
    let id = ViewId::from(form.get("view").unwrap_or_default());
    match served.workspace.turn(|turn| interact::close(turn, &actor.id, &id)).await {
        Ok(payload) => {
            if let Some(payload) = payload {
                // Nobody waits: the window is closed whatever the app says.
                let told: Result<Value, _> =
                    served.workspace.exchange.send(Cargo::Interactive, payload).await;
                tracing::debug!(answered = told.is_ok(), "a window was closed");
            }
            outcome.done(None, Map::new())
        }
        Err(fault) => outcome.refused(&fault),
    }
}
