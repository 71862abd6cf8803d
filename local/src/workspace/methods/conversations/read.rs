//! Which channels there are, and who is in them.

use serde_json::{Value, json};

use super::{Call, Fault, named};
use crate::workspace::api::args::Args;
use crate::workspace::api::cursor::page;
use crate::workspace::id::UserId;
use crate::workspace::shape::{self, with};
use crate::workspace::state::{Channel, Kind, State};

/// Which kinds of conversation a list is asked for.
pub(in crate::workspace::methods) struct Types {
    public: bool,
    private: bool,
    direct: bool,
}

impl Types {
    /// Public channels alone, unless others are named.
    pub(in crate::workspace::methods) fn read(args: &Args) -> Result<Self, Fault> {
        let names = args.list("types");
        let mut types = Self { public: names.is_empty(), private: false, direct: false };
        for name in names {
            match name.as_str() {
                "public_channel" => types.public = true,
                "private_channel" => types.private = true,
                "im" => types.direct = true,
                // There are none here.
                "mpim" => {}
                _ => return Err(Fault::InvalidTypes),
            }
        }
        Ok(types)
    }

    pub(in crate::workspace::methods) fn include(&self, channel: &Channel) -> bool {
        match channel.kind {
            Kind::Public { .. } => self.public,
            Kind::Private { .. } => self.private,
            Kind::Direct => self.direct,
        }
    }
}

/// The page of those channels that `wanted` takes, as the bot sees them.
pub(in crate::workspace::methods) fn listed(
    state: &State,
    args: &Args,
    wanted: impl Fn(&Channel) -> bool,
) -> Result<Value, Fault> {
    let viewer = Call::caller(state);
    let no_archived = args.flag("exclude_archived");
    let all = state
        .channels
        .values()
        .filter(|channel| channel.is_visible_to(&viewer, false) && wanted(channel))
        .filter(|channel| !(no_archived && channel.is_archived));
    let page = page(args, 100, all, |channel| channel.id.to_string())?;
    let channels: Vec<Value> = page
        .items
        .iter()
        .map(|channel| {
            let shape = shape::channel::channel(state, channel, &viewer);
            match channel.kind {
                Kind::Direct => shape,
                Kind::Public { .. } | Kind::Private { .. } => {
                    with(shape, [("num_members", json!(channel.members.len()))])
                }
            }
        })
        .collect();
    Ok(json!({ "channels": channels, "response_metadata": page.metadata() }))
}

/// <https://docs.slack.dev/reference/methods/conversations.list>
pub(in crate::workspace::methods) fn list(state: &State, call: &Call<'_>) -> Result<Value, Fault> {
    let types = Types::read(call.args)?;
    listed(state, call.args, |channel| types.include(channel))
}

/// <https://docs.slack.dev/reference/methods/conversations.info>
pub(in crate::workspace::methods) fn info(state: &State, call: &Call<'_>) -> Result<Value, Fault> {
    let viewer = Call::caller(state);
    let channel = state.channel_for(&viewer, &named(call)?)?;
    let shape = shape::channel::channel(state, channel, &viewer);
    let count = call.args.flag("include_num_members").then(|| ("num_members", json!(channel.members.len())));
    Ok(json!({ "channel": with(shape, count) }))
}

/// <https://docs.slack.dev/reference/methods/conversations.members>
pub(in crate::workspace::methods) fn members(state: &State, call: &Call<'_>) -> Result<Value, Fault> {
    let channel = state.channel_for(&Call::caller(state), &named(call)?)?;
    let page = page(call.args, 100, channel.members.iter(), |id| UserId::to_string(id))?;
    Ok(json!({ "members": page.items, "response_metadata": page.metadata() }))
}
