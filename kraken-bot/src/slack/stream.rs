//! A message that grows while something is worked on, where the workspace has such: Slack's own streaming
//! (<https://docs.slack.dev/reference/methods/chat.startStream>).

use super::blocks::Message;
use super::say::Posted;
use super::{Method, Place, Slack, SlackError};
use serde_json::{Value, json};
use std::sync::atomic::Ordering;

/// Slack's words for a workspace, or an installation, that has no such messages, or not with what the Kraken puts into them.
const HAS_NONE: [&str; 8] = [
    "access_denied",
    "feature_not_enabled",
    "invalid_arguments",
    "invalid_chunks",
    "method_deprecated",
    "missing_scope",
    "not_allowed_token_type",
    "unknown_method",
];

impl Slack {
    /// Begins one, for `user` to watch; answers its `ts`, or none where there is no such thing. A workspace that has refused it is
    /// not asked again.
    pub(crate) async fn begin_growing(
        &self,
        place: &Place,
        user: &str,
        chunks: &[Value],
    ) -> Result<Option<String>, SlackError> {
        // It is always a reply.
        let Some(thread) = place.thread.as_ref().filter(|_| !self.grows_nothing.load(Ordering::Relaxed))
        else {
            return Ok(None);
        };
        let body = json!({
            "channel": place.channel, "thread_ts": thread, "recipient_user_id": user,
            "recipient_team_id": self.me.team_id, "chunks": chunks,
        });
        match self.tell::<Posted>(Method::ChatStartStream, &body).await {
            Ok(posted) => Ok(Some(posted.ts)),
            Err(error) if error.is_final() => {
                tracing::debug!(%error, "no message that grows could be begun");
                if error.code().is_some_and(|code| HAS_NONE.contains(&code)) {
                    self.grows_nothing.store(true, Ordering::Relaxed);
                }
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    /// Adds to one; answers whether it grows yet: Slack ends one that is open for too long.
    pub(crate) async fn grow(&self, place: &Place, ts: &str, chunks: &[Value]) -> Result<bool, SlackError> {
        let body = json!({"channel": place.channel, "ts": ts, "chunks": chunks});
        grew(self.tell(Method::ChatAppendStream, &body).await)
    }

    /// Ends one with `message` at its bottom, which carries `key`; answers whether it grew until now.
    pub(crate) async fn end_growing(
        &self,
        place: &Place,
        ts: &str,
        (message, key): (&Message, Option<&str>),
        chunks: &[Value],
    ) -> Result<bool, SlackError> {
        let body = json!({
            "channel": place.channel, "ts": ts, "blocks": message.blocks(key), "chunks": chunks,
        });
        grew(self.tell(Method::ChatStopStream, &body).await)
    }
}

/// A refusal means that it grows no more.
fn grew(answer: Result<Value, SlackError>) -> Result<bool, SlackError> {
    match answer {
        Ok(_) => Ok(true),
        Err(error) if error.is_final() => {
            tracing::debug!(%error, "a message grows no more");
            Ok(false)
        }
        Err(error) => Err(error),
    }
}
