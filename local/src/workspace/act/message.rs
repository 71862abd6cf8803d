//! Posting, changing and deleting messages.

use uuid::Uuid;

use crate::workspace::change::{Change, MessageChange};
use crate::workspace::fault::Fault;
use crate::workspace::id::{ChannelId, UserId};
use crate::workspace::state::channel::Status;
use crate::workspace::state::message::{Content, Message, Subtype};
use crate::workspace::state::stream::Stream;
use crate::workspace::state::{Channel, State};
use crate::workspace::ts::Ts;
use crate::workspace::turn::Turn;

/// Slack cuts or refuses what is longer.
const MOST_CHARACTERS: usize = 40_000;

/// Where a message goes.
#[derive(Debug, Clone, Default)]
pub(crate) struct To {
    pub(crate) channel: ChannelId,
    /// The thread, named by its first message or any reply.
    pub(crate) thread: Option<Ts>,
    /// Whether the channel sees the reply as well.
    pub(crate) broadcast: bool,
}

fn check(content: &Content) -> Result<(), Fault> {
    if content.text.is_empty() && content.blocks.is_empty() && content.attachments.is_empty() {
        return Err(Fault::NoText);
    }
    if content.text.chars().count() > MOST_CHARACTERS { Err(Fault::MsgTooLong) } else { Ok(()) }
}

/// The first message of the thread that `ts` is in.
fn thread_of(channel: &Channel, ts: Ts) -> Result<Ts, Fault> {
    let message = channel.messages.get(&ts).ok_or(Fault::CannotReplyToMessage)?;
    Ok(message.thread.unwrap_or(ts))
}

/// Posts for everybody in the channel.
pub(crate) fn post(turn: &mut Turn<'_>, author: &UserId, to: &To, content: Content) -> Result<Ts, Fault> {
    check(&content)?;
    posted(turn, author, to, (content, None))
}

/// Posts what is going to grow; it may be empty yet.
pub(crate) fn post_growing(
    turn: &mut Turn<'_>,
    author: &UserId,
    to: &To,
    content: Content,
    stream: Stream,
) -> Result<Ts, Fault> {
    posted(turn, author, to, (content, Some(stream)))
}

fn posted(
    turn: &mut Turn<'_>,
    author: &UserId,
    to: &To,
    (content, stream): (Content, Option<Stream>),
) -> Result<Ts, Fault> {
    let channel = turn.open_channel_of(author, &to.channel)?;
    let thread = to.thread.map(|ts| thread_of(channel, ts)).transpose()?;
    let by_person = !turn.active_user(author)?.is_bot;
    let ts = turn.ts();
    let message = Message {
        thread,
        subtype: (to.broadcast && thread.is_some()).then_some(Subtype::ThreadBroadcast),
        client_msg_id: by_person.then(Uuid::new_v4),
        stream,
        ..Message::new(ts, author.clone(), content)
    };
    turn.make(Change::Message { channel: to.channel.clone(), what: MessageChange::Posted(message) });
    end_status(turn, author, &to.channel, thread);
    Ok(ts)
}

/// Posts for one person in the channel. In a thread that nobody has replied in yet, Slack takes it and shows it to nobody
/// (<https://docs.slack.dev/reference/methods/chat.postEphemeral>).
pub(crate) fn whisper(
    turn: &mut Turn<'_>,
    author: &UserId,
    reader: &UserId,
    to: &To,
    content: Content,
) -> Result<Ts, Fault> {
    check(&content)?;
    let channel = turn.open_channel_of(author, &to.channel)?;
    if !channel.has(reader) {
        return Err(Fault::UserNotInChannel);
    }
    let thread = to.thread.map(|ts| thread_of(channel, ts)).transpose()?;
    let is_shown = thread.is_none_or(|thread| channel.replies(thread).next().is_some());
    let ts = turn.ts();
    let message =
        Message { thread, only_for: Some(reader.clone()), ..Message::new(ts, author.clone(), content) };
    if is_shown {
        turn.make(Change::Message { channel: to.channel.clone(), what: MessageChange::Whispered(message) });
    }
    end_status(turn, author, &to.channel, thread);
    Ok(ts)
}

/// A message that the workspace itself writes about what `author` did.
pub(crate) fn notice(
    turn: &mut Turn<'_>,
    author: &UserId,
    channel: &ChannelId,
    subtype: Subtype,
    text: String,
) {
    let ts = turn.ts();
    let message =
        Message { subtype: Some(subtype), ..Message::new(ts, author.clone(), Content::plain(text)) };
    turn.make(Change::Message { channel: channel.clone(), what: MessageChange::Posted(message) });
}

/// The message, where `actor` wrote it.
fn own<'a>(
    state: &'a State,
    actor: &UserId,
    channel: &ChannelId,
    ts: Ts,
    refused: Fault,
) -> Result<&'a Message, Fault> {
    let message = state.channel_for(actor, channel)?.messages.get(&ts).ok_or(Fault::MessageNotFound)?;
    let is_notice = message.subtype.as_ref().is_some_and(Subtype::is_notice);
    if message.author == *actor && !is_notice { Ok(message) } else { Err(refused) }
}

/// Changes what a message says. The author's own messages only.
pub(crate) fn edit(
    turn: &mut Turn<'_>,
    actor: &UserId,
    channel: &ChannelId,
    ts: Ts,
    content: Content,
) -> Result<(), Fault> {
    check(&content)?;
    if own(turn, actor, channel, ts, Fault::CantUpdateMessage)?.stream.is_some() {
        return Err(Fault::StreamingStateConflict);
    }
    turn.open_channel_of(actor, channel)?;
    let edited = (actor.clone(), turn.ts());
    let what = MessageChange::Edited { ts, content, edited: Some(edited) };
    turn.make(Change::Message { channel: channel.clone(), what });
    Ok(())
}

/// Takes a message away. The author's own messages only.
pub(crate) fn delete(turn: &mut Turn<'_>, actor: &UserId, channel: &ChannelId, ts: Ts) -> Result<(), Fault> {
    own(turn, actor, channel, ts, Fault::CantDeleteMessage)?;
    turn.open_channel_of(actor, channel)?;
    turn.make(Change::Message { channel: channel.clone(), what: MessageChange::Deleted { ts } });
    Ok(())
}

/// Takes away what only `reader` saw.
pub(crate) fn dismiss(
    turn: &mut Turn<'_>,
    reader: &UserId,
    channel: &ChannelId,
    ts: Ts,
) -> Result<(), Fault> {
    let whispers = &turn.channel_for(reader, channel)?.whispers;
    match whispers.get(&ts) {
        Some(message) if message.only_for.as_ref() == Some(reader) => {}
        Some(_) | None => return Err(Fault::MessageNotFound),
    }
    turn.make(Change::Message { channel: channel.clone(), what: MessageChange::Deleted { ts } });
    Ok(())
}

/// Says what the app is doing in a thread; an empty text takes it away.
pub(crate) fn say_status(
    turn: &mut Turn<'_>,
    app: &UserId,
    channel: &ChannelId,
    thread: Ts,
    text: String,
) -> Result<(), Fault> {
    let messages = &turn.open_channel_of(app, channel)?.messages;
    if messages.get(&thread).is_none_or(|first| first.thread.is_some()) {
        return Err(Fault::InvalidThreadTs);
    }
    let status = (!text.is_empty()).then(|| Status { text, at: turn.now() });
    let what = MessageChange::StatusSet { thread, status };
    turn.make(Change::Message { channel: channel.clone(), what });
    Ok(())
}

/// Whatever the app says in a thread ends what it said that it was doing there.
fn end_status(turn: &mut Turn<'_>, author: &UserId, channel: &ChannelId, thread: Option<Ts>) {
    let Some(thread) = thread.filter(|_| *author == turn.app.user) else { return };
    if turn.channels.get(channel).is_some_and(|channel| channel.statuses.contains_key(&thread)) {
        let what = MessageChange::StatusSet { thread, status: None };
        turn.make(Change::Message { channel: channel.clone(), what });
    }
}

/// Notes up to where `reader` has read.
pub(crate) fn read_up_to(
    turn: &mut Turn<'_>,
    reader: &UserId,
    channel: &ChannelId,
    ts: Ts,
) -> Result<(), Fault> {
    let so_far = turn.channel_for(reader, channel)?.read.get(reader).copied().unwrap_or_default();
    if ts > so_far {
        let what = MessageChange::ReadUpTo { ts, user: reader.clone() };
        turn.make(Change::Message { channel: channel.clone(), what });
    }
    Ok(())
}
