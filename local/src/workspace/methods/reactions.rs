//! `reactions.*`.

use serde_json::{Value, json};

use super::Call;
use crate::workspace::act::react;
use crate::workspace::api::args::Args;
use crate::workspace::fault::Fault;
use crate::workspace::id::ChannelId;
use crate::workspace::shape;
use crate::workspace::state::State;
use crate::workspace::ts::Ts;
use crate::workspace::turn::Turn;

fn item(args: &Args) -> Result<(ChannelId, Ts), Fault> {
    let channel = ChannelId::from(args.required("channel")?.as_str());
    let ts = args.ts("timestamp", Fault::BadTimestamp)?.ok_or_else(|| Fault::missing("timestamp"))?;
    Ok((channel, ts))
}

fn name(args: &Args) -> Result<String, Fault> {
    Ok(args.required("name")?.trim_matches(':').to_owned())
}

/// <https://docs.slack.dev/reference/methods/reactions.add>
pub(super) fn add(turn: &mut Turn<'_>, call: &Call<'_>) -> Result<Value, Fault> {
    let (channel, ts) = item(call.args)?;
    react::add(turn, &Call::caller(turn), &channel, ts, &name(call.args)?)?;
    Ok(json!({}))
}

/// <https://docs.slack.dev/reference/methods/reactions.remove>
pub(super) fn remove(turn: &mut Turn<'_>, call: &Call<'_>) -> Result<Value, Fault> {
    let (channel, ts) = item(call.args)?;
    react::remove(turn, &Call::caller(turn), &channel, ts, &name(call.args)?)?;
    Ok(json!({}))
}

/// <https://docs.slack.dev/reference/methods/reactions.get>
pub(super) fn get(state: &State, call: &Call<'_>) -> Result<Value, Fault> {
    let (id, ts) = item(call.args)?;
    let channel = state.channel_for(&Call::caller(state), &id)?;
    let message = channel.messages.get(&ts).ok_or(Fault::MessageNotFound)?;
    let shape = shape::message::message(state, channel, message);
    Ok(json!({ "type": "message", "channel": id, "message": shape }))
}
