//! What a person does with what the app shows: clicks, chooses, submits, closes, types a slash command. Each gives the
//! payload that the app gets.

use jiff::Timestamp;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::random;
use crate::workspace::change::{Change, InteractionChange, ViewChange};
use crate::workspace::fault::Fault;
use crate::workspace::id::{ChannelId, UserId, ViewId};
use crate::workspace::shape::{self, with};
use crate::workspace::state::{Message, Response, Trigger, View};
use crate::workspace::ts::Ts;
use crate::workspace::turn::Turn;
use crate::workspace::values::{self, Place};

/// What was typed and chosen, by the place of the element.
pub(crate) type Fields = std::collections::BTreeMap<Place, Vec<String>>;

/// What the person looked at.
#[derive(Debug, Clone)]
pub(crate) enum Origin {
    /// A message, for all or for one.
    Message(ChannelId, Ts),
    /// A modal or Home tab.
    View(ViewId),
}

pub(super) fn trigger(turn: &mut Turn<'_>, user: &UserId, from: Option<ViewId>) -> String {
    let id = format!("{}.{}.{}", random::digits(13), random::digits(12), random::hex(16));
    let trigger = Trigger { user: user.clone(), at: turn.now(), exchanged: false, from };
    turn.make(Change::Interaction(InteractionChange::TriggerIssued { id: id.clone(), trigger }));
    id
}

pub(super) fn response_url(turn: &mut Turn<'_>, response: Response) -> String {
    let id = Uuid::new_v4();
    turn.make(Change::Interaction(InteractionChange::ResponseOffered { id, response }));
    format!("{}/respond/{id}", turn.setting().base)
}

/// The parts that every interactive payload has.
pub(super) fn common(turn: &Turn<'_>, kind: &str, user: &UserId) -> Result<Value, Fault> {
    let user = turn.active_user(user)?;
    Ok(json!({
        "type": kind,
        "team": { "id": turn.team.id, "domain": turn.team.domain },
        "user": {
            "id": user.id,
            "username": user.name,
            "name": user.name,
            "team_id": turn.team.id,
        },
        "api_app_id": turn.app.id,
        "token": turn.setting().verification,
        "enterprise": null,
        "is_enterprise_install": false,
    }))
}

/// A message that `user` sees, in a channel where something can be done.
pub(super) fn seen_message(
    turn: &Turn<'_>,
    user: &UserId,
    channel: &ChannelId,
    ts: Ts,
) -> Result<(Message, bool), Fault> {
    let channel = turn.open_channel_of(user, channel)?;
    if let Some(message) = channel.messages.get(&ts) {
        return Ok((Message::clone(message), false));
    }
    let whisper = channel.whispers.get(&ts).filter(|whisper| whisper.only_for.as_ref() == Some(user));
    whisper.map(|whisper| (Message::clone(whisper), true)).ok_or(Fault::MessageNotFound)
}

fn seen_view(turn: &Turn<'_>, user: &UserId, id: &ViewId) -> Result<View, Fault> {
    let view = turn.views.get(id).filter(|view| view.user == *user);
    view.map(|view| View::clone(view)).ok_or(Fault::ViewNotFound)
}

/// A click or choice in a message, a modal or a Home tab. What isn't there cannot be clicked.
pub(crate) fn click(
    turn: &mut Turn<'_>,
    user: &UserId,
    origin: &Origin,
    place: &Place,
    fields: &Fields,
) -> Result<Value, Fault> {
    match origin {
        Origin::Message(channel, ts) => click_in_message(turn, user, (channel, *ts), place, fields),
        Origin::View(id) => click_in_view(turn, user, id, place, fields),
    }
}

fn click_in_message(
    turn: &mut Turn<'_>,
    user: &UserId,
    (id, ts): (&ChannelId, Ts),
    place: &Place,
    fields: &Fields,
) -> Result<Value, Fault> {
    let (message, is_ephemeral) = seen_message(turn, user, id, ts)?;
    let blocks = &message.content.blocks;
    let action_ts = turn.ts();
    let action = values::action(blocks, place, fields, action_ts)
        .ok_or_else(|| Fault::InvalidArguments(vec!["[ERROR] no such action".to_owned()]))?;
    let trigger_id = trigger(turn, user, None);
    let response = Response {
        channel: id.clone(),
        user: user.clone(),
        origin: Some((ts, is_ephemeral)),
        thread: message.thread,
        at: turn.now(),
        used: 0,
    };
    let response_url = response_url(turn, response);
    let channel = turn.channel_for(user, id)?;
    let mut container = json!({
        "type": "message",
        "message_ts": ts,
        "channel_id": id,
        "is_ephemeral": is_ephemeral,
    });
    if let Some(thread) = message.thread {
        container = with(container, [("thread_ts", json!(thread))]);
    }
    let mut fields = vec![
        ("container", container),
        ("channel", json!({ "id": id, "name": channel.kind.name().unwrap_or("directmessage") })),
        ("trigger_id", json!(trigger_id)),
        ("response_url", json!(response_url)),
        ("state", json!({ "values": values::read(blocks, fields) })),
        ("actions", json!([action])),
    ];
    // Slack does not send what an ephemeral message said.
    if !is_ephemeral {
        fields.push(("message", shape::message::message(turn, channel, &message)));
    }
    Ok(with(common(turn, "block_actions", user)?, fields))
}

fn click_in_view(
    turn: &mut Turn<'_>,
    user: &UserId,
    id: &ViewId,
    place: &Place,
    fields: &Fields,
) -> Result<Value, Fault> {
    let mut view = seen_view(turn, user, id)?;
    let action_ts = turn.ts();
    let action = values::action(view.blocks(), place, fields, action_ts)
        .ok_or_else(|| Fault::InvalidArguments(vec!["[ERROR] no such action".to_owned()]))?;
    view.values = values::read(view.blocks(), fields);
    turn.make(Change::View(ViewChange::Saved(view.clone())));
    let trigger_id = trigger(turn, user, Some(id.clone()));
    Ok(with(
        common(turn, "block_actions", user)?,
        [
            ("container", json!({ "type": "view", "view_id": id })),
            ("trigger_id", json!(trigger_id)),
            ("view", shape::view::view(turn, &view)),
            ("state", json!({ "values": view.values })),
            ("actions", json!([action])),
        ],
    ))
}

/// What came of pressing a modal's submit button.
pub(crate) enum Submitted {
    /// Required inputs are empty: the app is not asked.
    Incomplete,
    /// The app gets this.
    Send(Value),
}

/// Submits the topmost modal.
pub(crate) fn submit(
    turn: &mut Turn<'_>,
    user: &UserId,
    id: &ViewId,
    fields: &Fields,
) -> Result<Submitted, Fault> {
    let mut view = topmost(turn, user, id)?;
    view.values = values::read(view.blocks(), fields);
    view.errors = values::missing(view.blocks(), &view.values);
    let complete = view.errors.is_empty();
    turn.make(Change::View(ViewChange::Saved(view.clone())));
    if !complete {
        return Ok(Submitted::Incomplete);
    }
    let trigger_id = trigger(turn, user, Some(id.clone()));
    Ok(Submitted::Send(with(
        common(turn, "view_submission", user)?,
        [
            ("trigger_id", json!(trigger_id)),
            ("view", shape::view::view(turn, &view)),
            ("response_urls", json!([])),
        ],
    )))
}

fn topmost(turn: &Turn<'_>, user: &UserId, id: &ViewId) -> Result<View, Fault> {
    let top = turn.modals.get(user).and_then(|stack| stack.last());
    if top == Some(id) { seen_view(turn, user, id) } else { Err(Fault::ViewNotFound) }
}

/// Closes the topmost modal; gives a payload where the app asked to be told.
pub(crate) fn close(turn: &mut Turn<'_>, user: &UserId, id: &ViewId) -> Result<Option<Value>, Fault> {
    let view = topmost(turn, user, id)?;
    let what = if view.flag("clear_on_close") {
        ViewChange::Cleared { user: user.clone() }
    } else {
        ViewChange::Closed { user: user.clone() }
    };
    turn.make(Change::View(what));
    if !view.flag("notify_on_close") {
        return Ok(None);
    }
    let is_cleared = view.flag("clear_on_close");
    Ok(Some(with(
        common(turn, "view_closed", user)?,
        [("view", shape::view::view(turn, &view)), ("is_cleared", json!(is_cleared))],
    )))
}

/// What the app answered to a submission.
pub(crate) fn answered(turn: &mut Turn<'_>, user: &UserId, id: &ViewId, answer: &Value) -> Result<(), Fault> {
    let view = topmost(turn, user, id)?;
    let payload = || super::view::accept(answer.get("view").cloned().unwrap_or_default());
    match answer.get("response_action").and_then(Value::as_str) {
        Some("errors") => {
            let errors = answer.get("errors").and_then(Value::as_object).cloned().unwrap_or_default();
            turn.make(Change::View(ViewChange::Saved(View { errors, ..view })));
        }
        Some("update") => {
            super::view::update(turn, super::view::Named::Id(id.as_ref()), None, payload()?)?;
        }
        Some("push") => {
            super::view::push_on(turn, &view, payload()?)?;
        }
        Some("clear") => turn.make(Change::View(ViewChange::Cleared { user: user.clone() })),
        Some(_) | None => turn.make(Change::View(ViewChange::Closed { user: user.clone() })),
    }
    Ok(())
}

/// The app did not answer in time: the modal stays and says so.
pub(crate) fn unanswered(turn: &mut Turn<'_>, user: &UserId, id: &ViewId, words: &str) -> Result<(), Fault> {
    let view = topmost(turn, user, id)?;
    let errors = Map::from_iter([(String::new(), json!(words))]);
    turn.make(Change::View(ViewChange::Saved(View { errors, ..view })));
    Ok(())
}

/// A slash command, typed where `user` is.
pub(crate) fn command(
    turn: &mut Turn<'_>,
    user: &UserId,
    channel: &ChannelId,
    command: &str,
    text: &str,
) -> Result<Value, Fault> {
    let place = turn.open_channel_of(user, channel)?;
    let channel_name = place.kind.name().unwrap_or("directmessage").to_owned();
    let user_name = turn.active_user(user)?.name.clone();
    let trigger_id = trigger(turn, user, None);
    let response = Response {
        channel: channel.clone(),
        user: user.clone(),
        origin: None,
        thread: None,
        at: turn.now(),
        used: 0,
    };
    let response_url = response_url(turn, response);
    Ok(json!({
        "token": turn.setting().verification,
        "team_id": turn.team.id,
        "team_domain": turn.team.domain,
        "channel_id": channel,
        "channel_name": channel_name,
        "user_id": user,
        "user_name": user_name,
        "command": command,
        "text": text,
        "api_app_id": turn.app.id,
        "is_enterprise_install": "false",
        "response_url": response_url,
        "trigger_id": trigger_id,
    }))
}

/// Whether the time for answers is over.
pub(crate) fn is_over(response: &Response, now: Timestamp) -> bool {
    now.duration_since(response.at) > crate::workspace::change::interaction::RESPONSE_LIVES
}
