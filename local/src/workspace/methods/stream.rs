//! `chat.startStream`, `chat.appendStream`, `chat.stopStream`: what the bot says bit by bit.

use serde_json::{Value, json};

use super::Call;
use super::chat::{channel, named_ts, posted, to};
use crate::workspace::act::stream;
use crate::workspace::api::args::Args;
use crate::workspace::blocks::{self, Place};
use crate::workspace::fault::Fault;
use crate::workspace::id::UserId;
use crate::workspace::state::Kind;
use crate::workspace::state::stream::Stream;
use crate::workspace::turn::Turn;

/// <https://docs.slack.dev/reference/methods/chat.startStream>
pub(super) fn start(turn: &mut Turn<'_>, call: &Call<'_>) -> Result<Value, Fault> {
    let to = to(turn, call.args)?;
    let caller = Call::caller(turn);
    let is_direct = matches!(turn.channel_for(&caller, &to.channel)?.kind, Kind::Direct);
    if is_direct && to.thread.is_none() {
        return Err(Fault::missing("thread_ts"));
    }
    let given = |name: &str| call.args.text(name).filter(|text| !text.is_empty());
    let recipient = given("recipient_user_id").map(|id| UserId::from(id.as_str()));
    match recipient {
        None if !is_direct => return Err(Fault::MissingRecipientUserId),
        Some(user) => drop(turn.active_user(&user)?),
        None => {}
    }
    if !is_direct && given("recipient_team_id").is_none() {
        return Err(Fault::MissingRecipientTeamId);
    }
    let mut stream = Stream::new(given("task_display_mode").as_deref() == Some("plan"));
    add(&mut stream, call.args)?;
    let ts = stream::begin(turn, &caller, &to, stream)?;
    Ok(json!({ "channel": to.channel, "ts": ts }))
}

/// <https://docs.slack.dev/reference/methods/chat.appendStream>
pub(super) fn append(turn: &mut Turn<'_>, call: &Call<'_>) -> Result<Value, Fault> {
    let (id, ts) = (channel(turn, call.args)?, named_ts(call.args, "ts")?);
    let mut grown = stream::open(turn, &Call::caller(turn), &id, ts)?;
    if !add(&mut grown, call.args)? {
        return Err(Fault::NoText);
    }
    stream::grow(turn, &id, ts, grown);
    Ok(json!({ "channel": id, "ts": ts }))
}

/// <https://docs.slack.dev/reference/methods/chat.stopStream>
pub(super) fn stop(turn: &mut Turn<'_>, call: &Call<'_>) -> Result<Value, Fault> {
    let (id, ts) = (channel(turn, call.args)?, named_ts(call.args, "ts")?);
    let mut grown = stream::open(turn, &Call::caller(turn), &id, ts)?;
    add(&mut grown, call.args)?;
    let bottom = match call.args.json("blocks", Fault::InvalidBlocksFormat)? {
        Some(blocks) => blocks::accept(blocks, Place::Message)?,
        None => Vec::new(),
    };
    let metadata = call.args.json("metadata", Fault::InvalidMetadataFormat)?;
    stream::end(turn, &id, ts, &grown, (bottom, metadata))?;
    Ok(json!({ "channel": id, "ts": ts, "message": posted(turn, &id, ts)? }))
}

/// Adds what is sent; answers whether there was anything.
fn add(stream: &mut Stream, args: &Args) -> Result<bool, Fault> {
    let text = args.text("markdown_text").filter(|text| !text.is_empty());
    if let Some(text) = &text {
        stream.say(text)?;
    }
    let chunks = match args.json("chunks", Fault::InvalidChunks)? {
        Some(Value::Array(chunks)) => chunks,
        Some(_) => return Err(Fault::InvalidChunks),
        None => Vec::new(),
    };
    for chunk in &chunks {
        stream.add(chunk)?;
    }
    Ok(text.is_some() || !chunks.is_empty())
}
