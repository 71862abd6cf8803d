//! What was said in a thread before a message.

use super::{Cursor, Method, Slack, SlackError};
use serde::Deserialize;

/// How many pages of a thread are read at most.
const PAGES: usize = 5;

/// Something that was said before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Earlier {
    /// By which account; `you` for the Kraken itself.
    pub(crate) by: String,
    /// The words.
    pub(crate) words: String,
}

#[derive(Deserialize)]
struct Replies {
    #[serde(default)]
    messages: Vec<Reply>,
    #[serde(default)]
    response_metadata: Cursor,
}

#[derive(Deserialize)]
struct Reply {
    #[serde(default)]
    user: String,
    #[serde(default)]
    text: String,
    #[serde(default)]
    ts: String,
}

impl Slack {
    /// What stands in a thread before the message `ts`, the oldest first.
    pub(crate) async fn said_before(
        &self,
        channel: &str,
        thread: &str,
        ts: &str,
    ) -> Result<Vec<Earlier>, SlackError> {
        let mut before = Vec::new();
        let mut cursor = String::new();
        for _ in 0..PAGES {
            let mut params =
                vec![("channel", channel.to_owned()), ("ts", thread.to_owned()), ("limit", "200".to_owned())];
            if !cursor.is_empty() {
                params.push(("cursor", cursor));
            }
            let page: Replies = self.ask(Method::ConversationsReplies, &params).await?;
            // Times of one channel have the same length, so that their order is that of their letters.
            let earlier =
                page.messages.into_iter().filter(|reply| reply.ts.as_str() < ts && !reply.text.is_empty());
            before.extend(earlier.map(|reply| Earlier {
                by: if reply.user == self.me.user_id { "you".to_owned() } else { reply.user },
                words: reply.text,
            }));
            cursor = page.response_metadata.next_cursor;
            if cursor.is_empty() {
                break;
            }
        }
        Ok(before)
    }
}
