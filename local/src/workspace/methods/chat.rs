//! `chat.*`: what the bot says.

use serde_json::{Value, json};

use super::Call;
use crate::workspace::act::channel::open_direct;
use crate::workspace::act::message::{self, To};
use crate::workspace::api::args::Args;
use crate::workspace::blocks::{self, Place};
use crate::workspace::fault::Fault;
use crate::workspace::id::{ChannelId, UserId};
use crate::workspace::shape;
use crate::workspace::state::State;
use crate::workspace::state::message::Content;
use crate::workspace::ts::Ts;
use crate::workspace::turn::Turn;

fn content(args: &Args) -> Result<Content, Fault> {
    let blocks = match args.json("blocks", Fault::InvalidBlocksFormat)? {
        Some(blocks) => blocks::accept(blocks, Place::Message)?,
        None => Vec::new(),
    };
    let attachments = match args.json("attachments", Fault::InvalidAttachments)? {
        Some(Value::Array(attachments)) => attachments,
        Some(_) => return Err(Fault::InvalidAttachments),
        None => Vec::new(),
    };
    let metadata = args.json("metadata", Fault::InvalidMetadataFormat)?;
    Ok(Content { text: args.text("text").unwrap_or_default(), blocks, attachments, metadata })
}

/// The channel of a call, by id or by name with a `#`.
pub(super) fn channel(state: &State, args: &Args) -> Result<ChannelId, Fault> {
    let named = args.required("channel")?;
    let by_name = named.strip_prefix('#').and_then(|name| state.channel_named(name));
    Ok(by_name.map_or_else(|| ChannelId::from(named.as_str()), |channel| channel.id.clone()))
}

/// Where a message goes. A person's id stands for the direct conversation with them, which begins where there is none.
pub(super) fn to(turn: &mut Turn<'_>, args: &Args) -> Result<To, Fault> {
    let person = UserId::from(args.required("channel")?.as_str());
    let channel = if turn.users.contains_key(&person) {
        let caller = Call::caller(turn);
        open_direct(turn, &caller, &person).map_err(|_| Fault::ChannelNotFound)?.0
    } else {
        channel(turn, args)?
    };
    Ok(To {
        channel,
        thread: args.ts("thread_ts", Fault::CannotReplyToMessage)?,
        broadcast: args.flag("reply_broadcast"),
    })
}

pub(super) fn named_ts(args: &Args, name: &str) -> Result<Ts, Fault> {
    args.ts(name, Fault::MessageNotFound)?.ok_or_else(|| Fault::missing(name))
}

pub(super) fn posted(state: &State, channel: &ChannelId, ts: Ts) -> Result<Value, Fault> {
    let channel = state.channels.get(channel).ok_or(Fault::ChannelNotFound)?;
    let message = channel.messages.get(&ts).ok_or(Fault::MessageNotFound)?;
    Ok(shape::message::message(state, channel, message))
}

/// <https://docs.slack.dev/reference/methods/chat.postMessage>
pub(super) fn post_message(turn: &mut Turn<'_>, call: &Call<'_>) -> Result<Value, Fault> {
    let (to, content) = (to(turn, call.args)?, content(call.args)?);
    let ts = message::post(turn, &Call::caller(turn), &to, content)?;
    Ok(json!({ "channel": to.channel, "ts": ts, "message": posted(turn, &to.channel, ts)? }))
}

/// <https://docs.slack.dev/reference/methods/chat.postEphemeral>
pub(super) fn post_ephemeral(turn: &mut Turn<'_>, call: &Call<'_>) -> Result<Value, Fault> {
    let (to, content) = (to(turn, call.args)?, content(call.args)?);
    let reader = UserId::from(call.args.required("user")?.as_str());
    let ts = message::whisper(turn, &Call::caller(turn), &reader, &to, content)?;
    Ok(json!({ "message_ts": ts }))
}

/// <https://docs.slack.dev/reference/methods/chat.update>
pub(super) fn update(turn: &mut Turn<'_>, call: &Call<'_>) -> Result<Value, Fault> {
    let (id, ts) = (channel(turn, call.args)?, named_ts(call.args, "ts")?);
    let content = kept(turn, &id, ts, call.args, content(call.args)?);
    message::edit(turn, &Call::caller(turn), &id, ts, content)?;
    let message = posted(turn, &id, ts)?;
    Ok(json!({ "channel": id, "ts": ts, "text": message.get("text"), "message": message }))
}

/// What is not sent stays as it was.
fn kept(state: &State, channel: &ChannelId, ts: Ts, args: &Args, new: Content) -> Content {
    let old = state.channels.get(channel).and_then(|channel| channel.messages.get(&ts));
    let old = old.map(|message| message.content.clone()).unwrap_or_default();
    let sent = |name: &str| args.all().contains_key(name);
    Content {
        text: if sent("text") { new.text } else { old.text },
        blocks: if sent("blocks") { new.blocks } else { old.blocks },
        attachments: if sent("attachments") { new.attachments } else { old.attachments },
        metadata: new.metadata.or(old.metadata),
    }
}

/// <https://docs.slack.dev/reference/methods/chat.delete>
pub(super) fn delete(turn: &mut Turn<'_>, call: &Call<'_>) -> Result<Value, Fault> {
    let (id, ts) = (channel(turn, call.args)?, named_ts(call.args, "ts")?);
    message::delete(turn, &Call::caller(turn), &id, ts)?;
    Ok(json!({ "channel": id, "ts": ts }))
}

/// <https://docs.slack.dev/reference/methods/chat.getPermalink>
pub(super) fn get_permalink(state: &State, call: &Call<'_>) -> Result<Value, Fault> {
    let (id, ts) = (channel(state, call.args)?, named_ts(call.args, "message_ts")?);
    let channel = state.channel_for(&Call::caller(state), &id)?;
    let message = channel.messages.get(&ts).ok_or(Fault::MessageNotFound)?;
    let base = call.addresses.base();
    let mut link = format!("{base}/archives/{id}/{}", ts.in_link());
    if let Some(thread) = message.thread {
        link = format!("{link}?thread_ts={thread}&cid={id}");
    }
    Ok(json!({ "channel": id, "permalink": link }))
}
