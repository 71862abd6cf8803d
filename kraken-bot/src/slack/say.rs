//! Says things in Slack, and finds again what was said.

use super::blocks::Message;
use super::{Method, Slack, SlackError};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// Where something is said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) channel: String,
    /// The thread; none says it in the channel itself.
    pub(crate) thread: Option<String>,
}

#[derive(Deserialize)]
struct Posted {
    ts: String,
}

#[derive(Deserialize)]
struct Opened {
    channel: OpenedChannel,
}

#[derive(Deserialize)]
struct OpenedChannel {
    id: String,
}

#[derive(Deserialize)]
struct Messages {
    #[serde(default)]
    messages: Vec<Value>,
}

/// What is sent to say something.
#[derive(Serialize)]
struct Post<'a> {
    channel: &'a str,
    text: String,
    blocks: Vec<Value>,
    unfurl_links: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    thread_ts: Option<&'a str>,
    /// The one who can read it; everybody when left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    user: Option<&'a str>,
}

impl<'a> Post<'a> {
    fn new(place: &'a Place, message: &Message, key: Option<&str>, user: Option<&'a str>) -> Self {
        Self {
            channel: &place.channel,
            text: message.plain(),
            blocks: message.blocks(key),
            unfurl_links: false,
            thread_ts: place.thread.as_deref(),
            user,
        }
    }
}

impl Slack {
    /// Says something for all to read; `key` is carried in it. Answers the message's `ts`.
    pub(crate) async fn say(
        &self,
        place: &Place,
        message: &Message,
        key: &str,
    ) -> Result<String, SlackError> {
        let post = Post::new(place, message, Some(key), None);
        let posted: Posted = self.tell(Method::ChatPostMessage, &post).await?;
        Ok(posted.ts)
    }

    /// Says something that only `user` can read.
    pub(crate) async fn whisper(
        &self,
        place: &Place,
        user: &str,
        message: &Message,
    ) -> Result<(), SlackError> {
        let post = Post::new(place, message, None, Some(user));
        let _: Value = self.tell(Method::ChatPostEphemeral, &post).await?;
        Ok(())
    }

    /// Changes a message of ours.
    pub(crate) async fn change(&self, place: &Place, ts: &str, message: &Message) -> Result<(), SlackError> {
        let body = json!({
            "channel": place.channel, "ts": ts, "text": message.plain(), "blocks": message.blocks(None),
        });
        let _: Value = self.tell(Method::ChatUpdate, &body).await?;
        Ok(())
    }

    /// The message in `place` that carries `key`, if it was said.
    pub(crate) async fn find(&self, place: &Place, key: &str) -> Result<Option<String>, SlackError> {
        let mut params = vec![("channel", place.channel.clone()), ("limit", "200".to_owned())];
        let method = match &place.thread {
            Some(thread) => {
                params.push(("ts", thread.clone()));
                Method::ConversationsReplies
            }
            None => Method::ConversationsHistory,
        };
        let found: Messages = self.ask(method, &params).await?;
        let carries = |message: &&Value| {
            let blocks = message.get("blocks").and_then(Value::as_array);
            blocks.is_some_and(|blocks| {
                blocks.iter().any(|block| block.get("block_id").is_some_and(|id| id == key))
            })
        };
        let found = found.messages.iter().find(carries);
        Ok(found.and_then(|message| message.get("ts")?.as_str()).map(str::to_owned))
    }

    /// The direct conversation with somebody.
    pub(crate) async fn direct(&self, user: &str) -> Result<String, SlackError> {
        let opened: Opened = self.tell(Method::ConversationsOpen, &json!({"users": user})).await?;
        Ok(opened.channel.id)
    }

    /// Invites somebody into a channel; that they are in it already is fine.
    pub(crate) async fn invite(&self, channel: &str, user: &str) -> Result<(), SlackError> {
        let body = json!({"channel": channel, "users": user});
        let invited: Result<Value, SlackError> = self.tell(Method::ConversationsInvite, &body).await;
        match invited {
            Err(error) if error.code() != Some("already_in_channel") => Err(error),
            _ => Ok(()),
        }
    }
}
