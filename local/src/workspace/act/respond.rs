//! What the app sends to a response address, or with its acknowledgement of a slash command.

use serde_json::Value;
use uuid::Uuid;

use crate::workspace::act::interact::is_over;
use crate::workspace::blocks::{self, Place};
use crate::workspace::change::interaction::RESPONSE_USES;
use crate::workspace::change::{Change, InteractionChange, MessageChange};
use crate::workspace::fault::Fault;
use crate::workspace::state::Response;
use crate::workspace::state::message::{Content, Message};
use crate::workspace::ts::Ts;
use crate::workspace::turn::Turn;

/// Uses the address once.
pub(crate) fn at(turn: &mut Turn<'_>, id: Uuid, body: &Value) -> Result<(), Fault> {
    let response = turn.responses.get(&id).cloned().ok_or(Fault::ExpiredUrl)?;
    if is_over(&response, turn.now()) {
        return Err(Fault::ExpiredUrl);
    }
    if response.used >= RESPONSE_USES {
        return Err(Fault::UsedUrl);
    }
    turn.make(Change::Interaction(InteractionChange::ResponseUsed { id }));
    answer(turn, &response, body)
}

/// Puts the answer where the interaction happened. The bot need not be in that channel.
pub(crate) fn answer(turn: &mut Turn<'_>, response: &Response, body: &Value) -> Result<(), Fault> {
    let channel = turn.channels.get(&response.channel).ok_or(Fault::ChannelNotFound)?;
    if channel.is_archived {
        return Err(Fault::IsArchived);
    }
    let flag = |key: &str| body.get(key).is_some_and(|value| *value == true || *value == "true");
    if let Some((ts, is_ephemeral)) = response.origin {
        let ours = |message: &Message| message.author == turn.app.user;
        let kept = if is_ephemeral { channel.whispers.get(&ts) } else { channel.messages.get(&ts) };
        let there = kept.is_some_and(|message| ours(message));
        if flag("delete_original") {
            return change(turn, response, there, MessageChange::Deleted { ts });
        }
        if flag("replace_original") {
            let edited = (!is_ephemeral).then(|| (turn.app.user.clone(), turn.ts()));
            let content = content(body)?;
            return change(turn, response, there, MessageChange::Edited { ts, content, edited });
        }
    }
    let content = content(body)?;
    let for_all = body.get("response_type").and_then(Value::as_str) == Some("in_channel");
    say(turn, response, content, for_all);
    Ok(())
}

fn change(turn: &mut Turn<'_>, response: &Response, there: bool, what: MessageChange) -> Result<(), Fault> {
    if !there {
        return Err(Fault::MessageNotFound);
    }
    turn.make(Change::Message { channel: response.channel.clone(), what });
    Ok(())
}

fn say(turn: &mut Turn<'_>, response: &Response, content: Content, for_all: bool) {
    let ts: Ts = turn.ts();
    let author = turn.app.user.clone();
    let message = Message { thread: response.thread, ..Message::new(ts, author, content) };
    let what = if for_all {
        MessageChange::Posted(message)
    } else {
        MessageChange::Whispered(Message { only_for: Some(response.user.clone()), ..message })
    };
    turn.make(Change::Message { channel: response.channel.clone(), what });
}

fn content(body: &Value) -> Result<Content, Fault> {
    let text = body.get("text").and_then(Value::as_str).unwrap_or_default().to_owned();
    let blocks = match body.get("blocks") {
        Some(blocks) => blocks::accept(blocks.clone(), Place::Message)?,
        None => Vec::new(),
    };
    if text.is_empty() && blocks.is_empty() {
        return Err(Fault::NoText);
    }
    Ok(Content { text, blocks, ..Content::default() })
}
