//! A message as the page shows it.

use std::sync::Arc;

use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};
use serde_json::{Map, Value};

use super::elements::{Block, Maker};
use super::frame::Face;
use super::html::{Html, Writer, glyph};
use crate::workspace::id::UserId;
use crate::workspace::state::message::Subtype;
use crate::workspace::state::{Channel, Message, State};
use crate::workspace::ts::Ts;

/// Messages of one person that are closer together than this share one head.
const GROUP_SECONDS: u64 = 300;

/// One line of a conversation.
pub(super) enum Row {
    /// A new day begins.
    Day(String),
    /// The workspace tells of something.
    Notice { key: String, time: Time, html: Html },
    /// Somebody says something.
    Message(Box<Said>),
}

/// When something was.
pub(super) struct Time {
    pub(super) short: String,
    pub(super) full: String,
    pub(super) iso: String,
}

/// What somebody said.
pub(super) struct Said {
    pub(super) key: String,
    pub(super) link: String,
    pub(super) author: String,
    pub(super) face: Face,
    pub(super) badge: &'static str,
    pub(super) time: Time,
    pub(super) blocks: Vec<Block>,
    /// The app's name for the first of them.
    pub(super) block_id: String,
    pub(super) attachments: Vec<Html>,
    /// Only the reader sees it.
    pub(super) is_whisper: bool,
    pub(super) is_own: bool,
    pub(super) is_edited: bool,
    /// It grows yet: the app is at work on it.
    pub(super) is_streaming: bool,
    /// The head is that of the message before.
    pub(super) is_grouped: bool,
    /// The text as it was typed, while the reader changes it.
    pub(super) editing: Option<String>,
    pub(super) reactions: Vec<Reaction>,
    pub(super) thread: Option<Thread>,
    /// What the app is doing below it, as it says: `Kraken is on it…`.
    pub(super) doing: Option<String>,
    /// The thread's address; none within a thread.
    pub(super) reply_href: Option<String>,
    pub(super) edit_href: String,
    /// The reader may act here.
    pub(super) is_open: bool,
}

/// A kind of reaction.
pub(super) struct Reaction {
    pub(super) name: String,
    pub(super) glyph: String,
    pub(super) count: usize,
    pub(super) who: String,
    pub(super) is_mine: bool,
}

/// The thread below a message.
pub(super) struct Thread {
    pub(super) faces: Vec<Face>,
    pub(super) count: usize,
    /// How many of them only the reader sees.
    pub(super) whispers: usize,
    pub(super) last: Time,
}

/// Makes rows for one reader of one channel.
pub(super) struct Rows<'a> {
    pub(super) state: &'a State,
    pub(super) channel: &'a Channel,
    pub(super) reader: &'a UserId,
    /// The channel's address.
    pub(super) href: String,
    /// The message that is being changed.
    pub(super) editing: Option<Ts>,
    /// The thread whose pane this is.
    pub(super) in_thread: Option<Ts>,
}

/// The messages for all and the reader's own, in order.
pub(super) fn merged<'a>(
    all: impl Iterator<Item = &'a Arc<Message>>,
    own: impl Iterator<Item = &'a Arc<Message>>,
) -> Vec<&'a Message> {
    let mut messages: Vec<&Message> = all.chain(own).map(AsRef::as_ref).collect();
    messages.sort_by_key(|message| message.ts);
    messages
}

fn block_id(message: &Message) -> String {
    let id = message.content.blocks.first().and_then(|block| block.get("block_id")?.as_str());
    id.unwrap_or_default().to_owned()
}

pub(super) fn time(ts: Ts) -> Time {
    let zoned = local(ts.time());
    Time {
        short: zoned.strftime("%H:%M").to_string(),
        full: zoned.strftime("%A, %-d %B %Y at %H:%M").to_string(),
        iso: ts.time().to_string(),
    }
}

/// This machine's time: the browser is on it, too.
pub(super) fn local(time: Timestamp) -> Zoned {
    time.to_zoned(TimeZone::system())
}

fn day(ts: Ts, today: &Zoned) -> String {
    let date = local(ts.time());
    if date.date() == today.date() {
        return "Today".to_owned();
    }
    let was_yesterday = today.yesterday().is_ok_and(|yesterday| yesterday.date() == date.date());
    if was_yesterday { "Yesterday".to_owned() } else { date.strftime("%A, %-d %B %Y").to_string() }
}

impl Rows<'_> {
    /// The rows, with a line where a day begins.
    pub(super) fn make(&self, messages: &[&Message]) -> Vec<Row> {
        let today = local(Timestamp::now());
        let mut rows = Vec::new();
        let mut last_day = String::new();
        let mut before: Option<&Message> = None;
        for message in messages {
            let this_day = day(message.ts, &today);
            if self.in_thread.is_none() && this_day != last_day {
                rows.push(Row::Day(this_day.clone()));
                before = None;
            }
            last_day = this_day;
            let is_notice = message.subtype.as_ref().is_some_and(Subtype::is_notice);
            if is_notice {
                rows.push(self.notice(message));
                before = None;
            } else {
                rows.push(Row::Message(Box::new(self.said(message, before))));
                before = Some(message);
            }
        }
        rows
    }

    fn writer(&self) -> Writer<'_> {
        Writer { state: self.state, reader: self.reader }
    }

    fn notice(&self, message: &Message) -> Row {
        Row::Notice {
            key: message.ts.to_string(),
            time: time(message.ts),
            html: self.writer().notice(&message.author, &message.content.text),
        }
    }

    fn said(&self, message: &Message, before: Option<&Message>) -> Said {
        let author = self.state.users.get(&message.author);
        let thread = self.thread(message);
        let grouped = before.is_some_and(|before| {
            before.author == message.author
                && before.only_for == message.only_for
                && message.ts.seconds() - before.ts.seconds() < GROUP_SECONDS
        });
        let is_own = message.author == *self.reader;
        Said {
            key: message.ts.to_string(),
            link: message.ts.in_link(),
            author: author.map_or_else(|| "Somebody".to_owned(), |author| author.full_name()),
            face: author.map_or(Face { initial: '?', tone: 1, is_app: false }, |author| Face::of(author)),
            badge: match author.map(|author| (author.is_bot, author.is_restricted)) {
                Some((true, _)) => "App",
                Some((false, true)) => "Guest",
                Some((false, false)) | None => "",
            },
            time: time(message.ts),
            blocks: self.blocks(message),
            block_id: block_id(message),
            attachments: self.attachments(message),
            is_whisper: message.only_for.is_some(),
            is_own,
            is_edited: message.edited.is_some(),
            is_streaming: message.stream.is_some(),
            is_grouped: grouped,
            editing: (is_own && self.editing == Some(message.ts)).then(|| self.typed(&message.content.text)),
            reactions: self.reactions(message),
            thread,
            doing: if self.in_thread.is_none() { self.doing(message.ts) } else { None },
            reply_href: match self.in_thread {
                None => Some(format!("{}?thread={}", self.href, message.thread.unwrap_or(message.ts))),
                Some(_) => None,
            },
            edit_href: match self.in_thread {
                None => format!("{}?edit={}", self.href, message.ts),
                Some(thread) => format!("{}?thread={thread}&edit={}", self.href, message.ts),
            },
            is_open: !self.channel.is_archived && self.channel.has(self.reader),
        }
    }

    /// The text with names instead of ids, as its author would type it.
    fn typed(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for user in self.state.users.values() {
            text = text.replace(&format!("<@{}>", user.id), &format!("@{}", user.name));
        }
        for channel in self.state.channels.values() {
            if let Some(name) = channel.kind.name() {
                text = text.replace(&format!("<#{}|{name}>", channel.id), &format!("#{name}"));
            }
        }
        for word in ["here", "channel", "everyone"] {
            text = text.replace(&format!("<!{word}>"), &format!("@{word}"));
        }
        // What is left in angles is an address.
        text.replace(['<', '>'], "").replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
    }

    fn blocks(&self, message: &Message) -> Vec<Block> {
        let content = &message.content;
        if content.blocks.is_empty() {
            let text = self.writer().mrkdwn(&content.text);
            return if text.is_empty() { Vec::new() } else { vec![Block::Text(text)] };
        }
        let (values, errors) = (Value::Null, Map::new());
        Maker { writer: self.writer(), values: &values, errors: &errors }.blocks(&content.blocks)
    }

    fn attachments(&self, message: &Message) -> Vec<Html> {
        let text = |attachment: &Value| {
            ["text", "fallback"].into_iter().find_map(|key| attachment.get(key)?.as_str().map(str::to_owned))
        };
        message.content.attachments.iter().filter_map(text).map(|text| self.writer().mrkdwn(&text)).collect()
    }

    fn reactions(&self, message: &Message) -> Vec<Reaction> {
        let name = |id: &UserId| self.state.users.get(id).map_or("somebody", |user| user.name.as_str());
        message
            .reactions
            .iter()
            .map(|kind| Reaction {
                name: kind.name.clone(),
                glyph: glyph(&kind.name),
                count: kind.users.len(),
                who: kind.users.iter().map(name).collect::<Vec<_>>().join(", "),
                is_mine: kind.users.contains(self.reader),
            })
            .collect()
    }

    fn thread(&self, message: &Message) -> Option<Thread> {
        if self.in_thread.is_some() || message.thread.is_some() {
            return None;
        }
        let own = self.own_replies(message.ts);
        let whispers = own.len();
        let replies = merged(self.channel.replies(message.ts), own.into_iter());
        let last = replies.last()?;
        let mut authors: Vec<&UserId> = Vec::new();
        for reply in &replies {
            if !authors.contains(&&reply.author) {
                authors.push(&reply.author);
            }
        }
        let faces = authors.into_iter().filter_map(|id| self.state.users.get(id)).map(|user| Face::of(user));
        Some(Thread { faces: faces.take(4).collect(), count: replies.len(), whispers, last: time(last.ts) })
    }

    /// What the app is doing in a thread, as it says.
    pub(super) fn doing(&self, thread: Ts) -> Option<String> {
        let status = self.channel.status(thread)?;
        Some(format!("{} {status}", self.state.app.name))
    }

    /// What only the reader sees in a thread.
    pub(super) fn own_replies(&self, parent: Ts) -> Vec<&Arc<Message>> {
        let mine = |message: &&Arc<Message>| {
            message.thread == Some(parent) && message.only_for.as_ref() == Some(self.reader)
        };
        self.channel.whispers.values().filter(mine).collect()
    }

    /// What only the reader sees in the channel's own line.
    pub(super) fn own_top_level(&self) -> Vec<&Arc<Message>> {
        let mine = |message: &&Arc<Message>| {
            message.thread.is_none() && message.only_for.as_ref() == Some(self.reader)
        };
        self.channel.whispers.values().filter(mine).collect()
    }
}
