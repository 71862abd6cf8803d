//! What was said.

use std::sync::Arc;

use serde_json::{Value, json};

use super::{Call, Fault, named};
use crate::workspace::api::args::Args;
use crate::workspace::api::cursor::page;
use crate::workspace::shape;
use crate::workspace::state::{Channel, Message, State};
use crate::workspace::ts::Ts;

/// The part of the time line that is asked for.
struct Range {
    oldest: Option<Ts>,
    latest: Option<Ts>,
    inclusive: bool,
}

impl Range {
    fn read(args: &Args) -> Result<Self, Fault> {
        let bound = |name: &str, fault: Fault| {
            let text = args.text(name).filter(|text| !text.is_empty());
            text.map(|text| Ts::bound(&text).map_err(|_| fault)).transpose()
        };
        Ok(Self {
            oldest: bound("oldest", Fault::InvalidTsOldest)?,
            latest: bound("latest", Fault::InvalidTsLatest)?,
            inclusive: args.flag("inclusive"),
        })
    }

    fn holds(&self, ts: Ts) -> bool {
        let after = self.oldest.is_none_or(|oldest| ts > oldest || (self.inclusive && ts == oldest));
        let before = self.latest.is_none_or(|latest| ts < latest || (self.inclusive && ts == latest));
        after && before
    }
}

/// What the bot may read: a channel that it is in, or was in until the archive.
fn readable<'a>(state: &'a State, call: &Call<'_>) -> Result<&'a Channel, Fault> {
    let viewer = Call::caller(state);
    let channel = state.channel_for(&viewer, &named(call)?)?;
    if channel.has(&viewer) { Ok(channel) } else { Err(Fault::NotInChannel) }
}

fn answer<'a>(
    state: &State,
    channel: &Channel,
    args: &Args,
    messages: impl Iterator<Item = &'a Arc<Message>>,
) -> Result<Value, Fault> {
    let page = page(args, 100, messages, |message| message.ts.to_string())?;
    let shapes: Vec<Value> =
        page.items.iter().map(|message| shape::message::message(state, channel, message)).collect();
    Ok(json!({
        "messages": shapes,
        "has_more": page.has_more(),
        "pin_count": 0,
        "response_metadata": page.metadata(),
    }))
}

/// <https://docs.slack.dev/reference/methods/conversations.history>
pub(in crate::workspace::methods) fn history(state: &State, call: &Call<'_>) -> Result<Value, Fault> {
    let range = Range::read(call.args)?;
    let channel = readable(state, call)?;
    let newest_first = channel.top_level().rev().filter(|message| range.holds(message.ts));
    answer(state, channel, call.args, newest_first)
}

/// <https://docs.slack.dev/reference/methods/conversations.replies>
pub(in crate::workspace::methods) fn replies(state: &State, call: &Call<'_>) -> Result<Value, Fault> {
    let range = Range::read(call.args)?;
    let channel = readable(state, call)?;
    let ts = call.args.ts("ts", Fault::ThreadNotFound)?.ok_or_else(|| Fault::missing("ts"))?;
    let named = channel.messages.get(&ts).ok_or(Fault::ThreadNotFound)?;
    let parent = channel.messages.get(&named.thread.unwrap_or(ts)).ok_or(Fault::ThreadNotFound)?;
    let replies = channel.replies(parent.ts).filter(|message| range.holds(message.ts));
    answer(state, channel, call.args, std::iter::once(parent).chain(replies))
}
