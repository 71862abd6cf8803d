//! Says things in Slack, and finds again what was said.

use super::blocks::Message;
use super::{Cursor, Method, Slack, SlackError, TIMEOUT, USUAL_WAIT};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use slack_morphism::errors::SlackClientError;
use slack_morphism::prelude::{SlackApiPostWebhookMessageRequest, SlackMessageContent, SlackResponseUrl};
use std::sync::atomic::Ordering;
use url::Url;

/// Where something is said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) channel: String,
    /// The thread; none says it in the channel itself.
    pub(crate) thread: Option<String>,
}

/// Slack's words for a workspace, or an installation, that does not show what a bot is doing.
const NOT_SHOWN: [&str; 4] = ["access_denied", "feature_not_enabled", "missing_scope", "unknown_method"];

/// What the address is called at which slash commands are answered.
const RESPONSE_URL: &str = "response_url";

/// Where something that was said stands.
#[derive(Deserialize)]
pub(super) struct Posted {
    pub(super) ts: String,
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
    #[serde(default)]
    response_metadata: Cursor,
}

/// How far Slack's clock and ours may be apart, in seconds.
const APART: i64 = 600;

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
    fn new(place: &'a Place, message: &Message, blocks: Vec<Value>) -> Self {
        Self {
            channel: &place.channel,
            text: message.plain(),
            blocks,
            unfurl_links: false,
            thread_ts: place.thread.as_deref(),
            user: None,
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
        let post = Post::new(place, message, message.blocks(Some(key)));
        let posted: Posted = self.tell(Method::ChatPostMessage, &post).await?;
        Ok(posted.ts)
    }

    /// Says something that only `user` can read. In a thread that has no reply Slack shows it to nobody
    /// (<https://docs.slack.dev/reference/methods/chat.postEphemeral>): there it stands in the channel, and carries what it is about.
    pub(crate) async fn whisper(
        &self,
        place: &Place,
        has_replies: bool,
        (user, message): (&str, &Message),
    ) -> Result<(), SlackError> {
        let blocks = match place.thread.as_deref().filter(|_| !has_replies) {
            Some(thread) => message.blocks_about(thread),
            None => message.blocks(None),
        };
        let post = Post::new(place, message, blocks);
        let thread_ts = post.thread_ts.filter(|_| has_replies);
        let post = Post { user: Some(user), thread_ts, ..post };
        let _: Value = self.tell(Method::ChatPostEphemeral, &post).await?;
        Ok(())
    }

    /// Answers a slash command at Slack's own address for that; only the one who gave it can read it. It works five times
    /// within half an hour, wherever the command was given: after that Slack refuses it for good.
    pub(crate) async fn respond(&self, address: &str, message: &Message) -> Result<(), SlackError> {
        // The address is as good as a token, and what the network says of a failure may hold it.
        let method = || RESPONSE_URL.to_owned();
        let no_answer = |detail: &str| SlackError::NoAnswer { method: method(), detail: detail.to_owned() };
        let over = |code: &str| SlackError::Refused { method: method(), code: code.to_owned() };
        let address = SlackResponseUrl(Url::parse(address).map_err(|_| over("no_address"))?);
        let content = SlackMessageContent::new().with_text(message.plain());
        let request = SlackApiPostWebhookMessageRequest::new(content);
        loop {
            let responding = self.client.respond_to_event(&address, &request);
            return match tokio::time::timeout(TIMEOUT, responding).await {
                Ok(Ok(_)) => Ok(()),
                Ok(Err(SlackClientError::RateLimitError(limit))) => {
                    tokio::time::sleep(limit.retry_after.unwrap_or(USUAL_WAIT).max(USUAL_WAIT)).await;
                    continue;
                }
                Ok(Err(SlackClientError::ApiError(error))) => Err(over(&error.code)),
                Ok(Err(SlackClientError::HttpError(error))) if error.status_code.is_client_error() => {
                    Err(over(error.status_code.as_str()))
                }
                Ok(Err(SlackClientError::HttpError(error))) => Err(no_answer(error.status_code.as_str())),
                Ok(Err(_)) => Err(no_answer("the connection or the answer was broken")),
                Err(_) => Err(no_answer("nothing in time")),
            };
        }
    }

    /// Changes a message of ours.
    pub(crate) async fn change(&self, place: &Place, ts: &str, message: &Message) -> Result<(), SlackError> {
        let body = json!({
            "channel": place.channel, "ts": ts, "text": message.plain(), "blocks": message.blocks(None),
        });
        let _: Value = self.tell(Method::ChatUpdate, &body).await?;
        Ok(())
    }

    /// Shows what the bot is doing in a thread, until it says something there; nothing takes it away. Answers whether the
    /// workspace shows such things: one that has refused it is not asked again.
    pub(crate) async fn doing(&self, place: &Place, text: &str) -> bool {
        if self.shows_nothing.load(Ordering::Relaxed) {
            return false;
        }
        let body = json!({"channel_id": place.channel, "thread_ts": place.thread, "status": text});
        let shown: Result<Value, SlackError> = self.tell(Method::AssistantThreadsSetStatus, &body).await;
        let Err(error) = shown else { return true };
        tracing::debug!(%error, "what the bot is doing could not be shown");
        if error.code().is_some_and(|code| NOT_SHOWN.contains(&code)) {
            self.shows_nothing.store(true, Ordering::Relaxed);
        }
        false
    }

    /// The message in `place` that carries `key`, if it was said. Nothing from before `since` is looked at, in seconds since 1970.
    pub(crate) async fn find(
        &self,
        place: &Place,
        key: &str,
        since: i64,
    ) -> Result<Option<String>, SlackError> {
        let mut cursor = String::new();
        loop {
            let mut params = vec![
                ("channel", place.channel.clone()),
                ("limit", "200".to_owned()),
                ("oldest", since.saturating_sub(APART).max(0).to_string()),
            ];
            let method = match &place.thread {
                Some(thread) => {
                    params.push(("ts", thread.clone()));
                    Method::ConversationsReplies
                }
                None => Method::ConversationsHistory,
            };
            if !cursor.is_empty() {
                params.push(("cursor", cursor));
            }
            let page: Messages = self.ask(method, &params).await?;
            if let Some(found) = page.messages.iter().find(|message| carries(message, key)) {
                return Ok(found.get("ts").and_then(Value::as_str).map(str::to_owned));
            }
            cursor = page.response_metadata.next_cursor;
            if cursor.is_empty() {
                return Ok(None);
            }
        }
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

/// When the message of this `ts` was said, in seconds since 1970.
pub(crate) fn said_at(ts: &str) -> i64 {
    ts.split('.').next().and_then(|seconds| seconds.parse().ok()).unwrap_or_default()
}

/// Whether one of a message's blocks, or of the tasks in it, is called `key`.
fn carries(message: &Value, key: &str) -> bool {
    let blocks = message.get("blocks").and_then(Value::as_array);
    let ids = |block: &Value| ["block_id", "task_id"].map(|name| block.get(name).cloned());
    blocks.into_iter().flatten().flat_map(ids).flatten().any(|id| id == key)
}

#[cfg(test)]
mod tests;
