//! Messages that grow while the app works on them.

use serde_json::Value;

use super::message::{self, To};
use crate::workspace::change::{Change, MessageChange};
use crate::workspace::fault::Fault;
use crate::workspace::id::{ChannelId, UserId};
use crate::workspace::state::State;
use crate::workspace::state::message::Content;
use crate::workspace::state::stream::Stream;
use crate::workspace::ts::Ts;
use crate::workspace::turn::Turn;

/// Begins one.
pub(crate) fn begin(turn: &mut Turn<'_>, app: &UserId, to: &To, stream: Stream) -> Result<Ts, Fault> {
    let content = stream.content();
    message::post_growing(turn, app, to, content, stream)
}

/// What an open one is made of so far.
pub(crate) fn open(state: &State, app: &UserId, channel: &ChannelId, ts: Ts) -> Result<Stream, Fault> {
    let message = state.open_channel_of(app, channel)?.messages.get(&ts).ok_or(Fault::MessageNotFound)?;
    message.stream.clone().ok_or(Fault::MessageNotInStreamingState)
}

/// Lets it be what it is by now.
pub(crate) fn grow(turn: &mut Turn<'_>, channel: &ChannelId, ts: Ts, stream: Stream) {
    let what = MessageChange::Streamed { ts, content: stream.content(), stream: Some(stream) };
    turn.make(Change::Message { channel: channel.clone(), what });
}

/// It grows no more; `bottom` stands below it.
pub(crate) fn end(
    turn: &mut Turn<'_>,
    channel: &ChannelId,
    ts: Ts,
    stream: &Stream,
    (bottom, metadata): (Vec<Value>, Option<Value>),
) -> Result<(), Fault> {
    let Content { text, mut blocks, attachments, .. } = stream.content();
    blocks.extend(bottom);
    if blocks.is_empty() {
        return Err(Fault::NoText);
    }
    let content = Content { text, blocks, attachments, metadata };
    let what = MessageChange::Streamed { ts, content, stream: None };
    turn.make(Change::Message { channel: channel.clone(), what });
    Ok(())
}

/// Ends all that are open, as Slack does with one that is open for too long.
pub(crate) fn end_all(turn: &mut Turn<'_>) {
    let open = |state: &State| -> Vec<(ChannelId, Ts, Content)> {
        let channels = state.channels.values();
        let messages = channels.flat_map(|channel| channel.messages.values().map(|it| (&channel.id, it)));
        let open = messages.filter(|(_, message)| message.stream.is_some());
        open.map(|(id, message)| (id.clone(), message.ts, message.content.clone())).collect()
    };
    for (channel, ts, content) in open(turn) {
        let what = MessageChange::Streamed { ts, content, stream: None };
        turn.make(Change::Message { channel, what });
    }
}
