//! Modals and Home tabs, as the app opens and changes them.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use crate::random;
use crate::workspace::blocks::{self, Place};
use crate::workspace::change::interaction::TRIGGER_LIVES;
use crate::workspace::change::{Change, InteractionChange, ViewChange};
use crate::workspace::fault::Fault;
use crate::workspace::id::{UserId, ViewId};
use crate::workspace::state::view::{Surface, View};
use crate::workspace::state::{State, Trigger};
use crate::workspace::turn::Turn;

/// Slack's limit in bytes.
const LARGEST: usize = 250_000;
/// Slack's limit of modals on top of each other.
const MOST_STACKED: usize = 3;

/// A view payload that was checked, without a place yet.
pub(crate) struct Draft {
    surface: Surface,
    body: Map<String, Value>,
}

/// Checks a view payload.
pub(crate) fn accept(payload: Value) -> Result<Draft, Fault> {
    if payload.to_string().len() > LARGEST {
        return Err(Fault::ViewTooLarge);
    }
    let Value::Object(mut body) = payload else { return Err(Fault::missing("view")) };
    let surface = match body.get("type").and_then(Value::as_str) {
        Some("modal") => Surface::Modal,
        Some("home") => Surface::Home,
        Some(_) | None => {
            return Err(invalid("`type` must be one of: modal, home [json-pointer:/view/type]"));
        }
    };
    let blocks = body.remove("blocks").ok_or_else(|| Fault::missing("blocks"))?;
    let blocks = blocks::accept(blocks, Place::View).map_err(|fault| match fault {
        Fault::InvalidBlocks(mistakes) => Fault::InvalidArguments(mistakes),
        other => other,
    })?;
    if surface == Surface::Modal {
        check_modal(&body, &blocks)?;
    }
    for (key, most) in [("private_metadata", 3000), ("callback_id", 255), ("external_id", 255)] {
        if body.get(key).and_then(Value::as_str).is_some_and(|text| text.chars().count() > most) {
            return Err(invalid(&format!(
                "must be less than {} characters [json-pointer:/view/{key}]",
                most + 1
            )));
        }
    }
    body.insert("blocks".to_owned(), Value::Array(blocks));
    Ok(Draft { surface, body })
}

fn invalid(message: &str) -> Fault {
    Fault::InvalidArguments(vec![format!("[ERROR] {message}")])
}

fn check_modal(body: &Map<String, Value>, blocks: &[Value]) -> Result<(), Fault> {
    if !body.contains_key("title") {
        return Err(Fault::missing("title"));
    }
    for key in ["title", "submit", "close"] {
        let text =
            body.get(key).map(|text| text.pointer("/text").and_then(Value::as_str).unwrap_or_default());
        if text.is_some_and(|text| text.is_empty() || text.chars().count() > 24) {
            return Err(invalid(&format!("must be less than 25 characters [json-pointer:/view/{key}/text]")));
        }
    }
    let has_input = blocks.iter().any(|block| block.get("type").and_then(Value::as_str) == Some("input"));
    if has_input && !body.contains_key("submit") {
        return Err(invalid("`submit` is required when there are inputs [json-pointer:/view/submit]"));
    }
    Ok(())
}

fn check_external(state: &State, draft: &Draft, except: Option<&ViewId>) -> Result<(), Fault> {
    let wanted = draft.body.get("external_id").and_then(Value::as_str).unwrap_or_default();
    let taken = |view: &View| view.text("external_id") == wanted && Some(&view.id) != except;
    if !wanted.is_empty() && state.views.values().any(|view| taken(view)) {
        return Err(Fault::DuplicateExternalId);
    }
    Ok(())
}

fn new_hash(now: Timestamp) -> String {
    format!("{}.{}", now.as_second(), random::mixed(8))
}

fn make(now: Timestamp, draft: Draft, user: &UserId, below: Option<&View>) -> View {
    let id = ViewId::random();
    View {
        surface: draft.surface,
        user: user.clone(),
        body: draft.body,
        hash: new_hash(now),
        root: below.map_or_else(|| id.clone(), |below| below.root.clone()),
        previous: below.map(|below| below.id.clone()),
        values: json!({}),
        errors: Map::new(),
        id,
    }
}

fn exchange(turn: &mut Turn<'_>, id: &str) -> Result<Trigger, Fault> {
    let trigger = turn.triggers.get(id).cloned().ok_or(Fault::InvalidTriggerId)?;
    if trigger.exchanged {
        return Err(Fault::ExchangedTriggerId);
    }
    if turn.now().duration_since(trigger.at) > TRIGGER_LIVES {
        return Err(Fault::ExpiredTriggerId);
    }
    turn.make(Change::Interaction(InteractionChange::TriggerExchanged { id: id.to_owned() }));
    Ok(trigger)
}

fn must_be(draft: &Draft, surface: Surface) -> Result<(), Fault> {
    if draft.surface == surface {
        return Ok(());
    }
    Err(invalid(&format!("`type` must be {} [json-pointer:/view/type]", surface.word())))
}

/// Opens a modal for the person whose interaction gave the trigger.
pub(crate) fn open(turn: &mut Turn<'_>, trigger: &str, draft: Draft) -> Result<View, Fault> {
    must_be(&draft, Surface::Modal)?;
    check_external(turn, &draft, None)?;
    let trigger = exchange(turn, trigger)?;
    let view = make(turn.now(), draft, &trigger.user, None);
    turn.make(Change::View(ViewChange::Opened(view.clone())));
    Ok(view)
}

/// Puts a modal on top of the one that the interaction was in.
pub(crate) fn push(turn: &mut Turn<'_>, trigger: &str, draft: Draft) -> Result<View, Fault> {
    must_be(&draft, Surface::Modal)?;
    check_external(turn, &draft, None)?;
    let trigger = exchange(turn, trigger)?;
    let below = trigger.from.and_then(|id| turn.views.get(&id).cloned()).ok_or(Fault::ViewNotFound)?;
    push_on(turn, &below, draft)
}

/// Puts a modal on top of `below`.
pub(crate) fn push_on(turn: &mut Turn<'_>, below: &View, draft: Draft) -> Result<View, Fault> {
    if turn.modals.get(&below.user).map_or(0, Vec::len) >= MOST_STACKED {
        return Err(Fault::PushLimitReached);
    }
    let view = make(turn.now(), draft, &below.user, Some(below));
    turn.make(Change::View(ViewChange::Pushed(view.clone())));
    Ok(view)
}

/// How a view is named in a request.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Named<'a> {
    Id(&'a str),
    External(&'a str),
}

/// Changes a view where it is. What was typed stays where its block stays.
pub(crate) fn update(
    turn: &mut Turn<'_>,
    name: Named<'_>,
    hash: Option<&str>,
    draft: Draft,
) -> Result<View, Fault> {
    let old = turn.views.values().find(|view| match name {
        Named::Id(id) => AsRef::<str>::as_ref(&view.id) == id,
        Named::External(id) => view.text("external_id") == id,
    });
    let old = old.cloned().ok_or(Fault::ViewNotFound)?;
    must_be(&draft, old.surface)?;
    if hash.is_some_and(|hash| hash != old.hash) {
        return Err(Fault::HashConflict);
    }
    check_external(turn, &draft, Some(&old.id))?;
    let view = View { body: draft.body, hash: new_hash(turn.now()), errors: Map::new(), ..View::clone(&old) };
    turn.make(Change::View(ViewChange::Saved(view.clone())));
    Ok(view)
}

/// Sets a person's Home tab.
pub(crate) fn publish(
    turn: &mut Turn<'_>,
    user: &UserId,
    hash: Option<&str>,
    draft: Draft,
) -> Result<View, Fault> {
    must_be(&draft, Surface::Home)?;
    turn.active_user(user)?;
    let old = turn.homes.get(user).and_then(|id| turn.views.get(id));
    if hash.is_some_and(|hash| old.is_none_or(|old| old.hash != hash)) {
        return Err(Fault::HashConflict);
    }
    check_external(turn, &draft, old.map(|old| &old.id))?;
    let view = make(turn.now(), draft, user, None);
    turn.make(Change::View(ViewChange::HomePublished(view.clone())));
    Ok(view)
}

#[cfg(test)]
mod tests;
