//! What people do with channels and messages, beside talking.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::Response;
use http::HeaderMap;
use serde::Deserialize;
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

impl Done {
    fn at(there: String) -> Self {
        Self { there: Some(there), facts: Map::new() }
    }
}

/// A deed's form, and who sent it.
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

/// Something to do, as the address names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Name {
    Edit,
    Delete,
    Dismiss,
    React,
    Read,
    Create,
    Join,
    Leave,
    Invite,
    Remove,
    Archive,
    Unarchive,
    Rename,
    Topic,
}

/// Carries out the deed of the address.
pub(super) async fn carry_out(
    State(served): State<Arc<Served>>,
    actor: Actor,
    Path((_, name)): Path<(String, Name)>,
    headers: HeaderMap,
    form: Form,
) -> Response {
    let outcome = Outcome::of(&form, &headers);
    let done = served.workspace.turn(|turn| Deed { actor: &actor, form: &form }.carry_out(turn, name));
    match done.await {
        Ok(Done { there, facts }) => outcome.done(there, facts),
        Err(fault) => outcome.refused(&fault),
    }
}

impl Deed<'_> {
    fn carry_out(&self, turn: &mut Turn<'_>, name: Name) -> Result<Done, Fault> {
        let me = &self.actor.id;
        match name {
            Name::Edit => {
                let content = compose::message(turn, me, self.field("text"));
                message::edit(turn, me, &self.channel(turn)?, self.ts()?, content)?;
            }
            Name::Delete => message::delete(turn, me, &self.channel(turn)?, self.ts()?)?,
            Name::Dismiss => message::dismiss(turn, me, &self.channel(turn)?, self.ts()?)?,
            Name::Read => message::read_up_to(turn, me, &self.channel(turn)?, self.ts()?)?,
            Name::React => self.react(turn)?,
            Name::Join => {
                membership::join(turn, me, &self.channel(turn)?)?;
            }
            Name::Invite => membership::invite(turn, me, &self.channel(turn)?, &[self.user(turn)?])?,
            Name::Remove => membership::kick(turn, me, &self.channel(turn)?, &self.user(turn)?)?,
            Name::Archive => channel::archive(turn, me, &self.channel(turn)?)?,
            Name::Unarchive => channel::unarchive(turn, me, &self.channel(turn)?)?,
            Name::Topic => {
                channel::set_topic(turn, me, &self.channel(turn)?, self.field("topic").trim())?;
            }
            Name::Leave => {
                membership::leave(turn, me, &self.channel(turn)?)?;
                return Ok(Done::at(format!("/as/{}", self.actor.name)));
            }
            Name::Rename => {
                channel::rename(turn, me, &self.channel(turn)?, self.wanted_name())?;
                return Ok(Done::at(self.named_channel()));
            }
            Name::Create => {
                let is_private = self.field("private") == "yes";
                let id = channel::create(turn, me, self.wanted_name(), is_private)?;
                let facts = Map::from_iter([("channel".to_owned(), json!(id))]);
                return Ok(Done { facts, ..Done::at(self.named_channel()) });
            }
        }
        Ok(Done::default())
    }

    /// Leaves a reaction, or takes it back.
    fn react(&self, turn: &mut Turn<'_>) -> Result<(), Fault> {
        let (me, place, ts) = (&self.actor.id, self.channel(turn)?, self.ts()?);
        match react::add(turn, me, &place, ts, self.field("name")) {
            Err(Fault::AlreadyReacted) => react::remove(turn, me, &place, ts, self.field("name")),
            added => added,
        }
    }

    /// The name that a channel is to have.
    fn wanted_name(&self) -> &str {
        self.field("name").trim().trim_start_matches('#')
    }

    /// The address of the channel of that name.
    fn named_channel(&self) -> String {
        format!("/as/{}/c/{}", self.actor.name, self.wanted_name())
    }
}
