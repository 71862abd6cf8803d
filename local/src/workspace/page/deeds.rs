//! What people do with channels and messages, beside talking.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::Response;
use http::HeaderMap;
use serde_json::{Map, Value, json};

use super::actor::Actor;
use super::channel::find;
use super::outcome::Outcome;
use crate::door::Form;
use crate::serve::Served;
use crate::workspace::act::{channel, membership, message, react};
use crate::workspace::compose;
use crate::workspace::fault::Fault;
use crate::workspace::id::{ChannelId, UserId};
use crate::workspace::ts::Ts;
use crate::workspace::turn::Turn;

/// What came of a deed.
#[derive(Default)]
struct Done {
    /// The page to show, where it is not the one before.
    there: Option<String>,
    facts: Map<String, Value>,
}

/// A deed's form, with the channel that it names.
struct Deed<'a> {
    actor: &'a Actor,
    form: &'a Form,
}

impl Deed<'_> {
    fn field(&self, name: &str) -> &str {
        self.form.get(name).unwrap_or_default()
    }

    fn channel(&self, turn: &Turn<'_>) -> Result<ChannelId, Fault> {
        Ok(find(turn, &self.actor.id, self.field("channel"))?.id.clone())
    }

    fn ts(&self) -> Result<Ts, Fault> {
        self.field("ts").parse().map_err(|_| Fault::MessageNotFound)
    }

    /// Somebody by short name.
    fn user(&self, turn: &Turn<'_>) -> Result<UserId, Fault> {
        Ok(turn.user_named(self.field("user")).ok_or(Fault::UserNotFound)?.id.clone())
    }
}

/// Carries out the deed of the address.
pub(super) async fn carry_out(
    State(served): State<Arc<Served>>,
    actor: Actor,
    Path((_, name)): Path<(String, String)>,
    headers: HeaderMap,
    form: Form,
) -> Response {
    let outcome = Outcome::of(&form, &headers);
    let done = served.workspace.turn(|turn| {
        let deed = Deed { actor: &actor, form: &form };
        match name.as_str() {
            "edit" | "delete" | "dismiss" | "react" | "read" => on_message(turn, &deed, &name),
            _ => on_channel(turn, &deed, &name),
        }
    });
    match done.await {
        Ok(Done { there, facts }) => outcome.done(there, facts),
        Err(fault) => outcome.refused(&fault),
    }
}

fn on_message(turn: &mut Turn<'_>, deed: &Deed<'_>, name: &str) -> Result<Done, Fault> {
    let me = &deed.actor.id;
    let (place, ts) = (deed.channel(turn)?, deed.ts()?);
    match name {
        "edit" => {
            let content = compose::message(turn, me, deed.field("text"));
            message::edit(turn, me, &place, ts, content)?;
        }
        "delete" => message::delete(turn, me, &place, ts)?,
        "dismiss" => message::dismiss(turn, me, &place, ts)?,
        "read" => message::read_up_to(turn, me, &place, ts)?,
        _ => {
            let emoji = deed.field("name");
            match react::add(turn, me, &place, ts, emoji) {
                Err(Fault::AlreadyReacted) => react::remove(turn, me, &place, ts, emoji)?,
                added => added?,
            }
        }
    }
    Ok(Done::default())
}

fn on_channel(turn: &mut Turn<'_>, deed: &Deed<'_>, name: &str) -> Result<Done, Fault> {
    let me = &deed.actor.id;
    if name == "create" {
        let wanted = deed.field("name").trim().trim_start_matches('#');
        let id = channel::create(turn, me, wanted, deed.field("private") == "yes")?;
        let there = Some(format!("/as/{}/c/{wanted}", deed.actor.name));
        return Ok(Done { there, facts: Map::from_iter([("channel".to_owned(), json!(id))]) });
    }
    let place = deed.channel(turn)?;
    let mut there = None;
    match name {
        "join" => {
            membership::join(turn, me, &place)?;
        }
        "leave" => {
            membership::leave(turn, me, &place)?;
            there = Some(format!("/as/{}", deed.actor.name));
        }
        "invite" => membership::invite(turn, me, &place, &[deed.user(turn)?])?,
        "remove" => membership::kick(turn, me, &place, &deed.user(turn)?)?,
        "archive" => channel::archive(turn, me, &place)?,
        "unarchive" => channel::unarchive(turn, me, &place)?,
        "topic" => channel::set_topic(turn, me, &place, deed.field("topic").trim())?,
        "rename" => {
            let wanted = deed.field("name").trim().trim_start_matches('#');
            channel::rename(turn, me, &place, wanted)?;
            there = Some(format!("/as/{}/c/{wanted}", deed.actor.name));
        }
        _ => return Err(Fault::UnknownMethod),
    }
    Ok(Done { there, facts: Map::new() })
}
