//! The Kraken's parts, held together, and how it says something exactly once.

use crate::agent::Agent;
use crate::asked::place;
use crate::facts::Seen;
use crate::inbox::{Inbox, InboxError, Said};
use crate::issuer::Issuer;
use crate::server::Server;
use crate::sessions::Sessions;
use crate::slack::blocks::Message;
use crate::slack::envelope::{How, Incoming, Said as Asking};
use crate::slack::{Place, Slack, SlackError, said_at};
use crate::state::StateRepo;
use crate::working_copy::WorkingCopy;
use serde_json::Value;
use std::sync::Arc;
use uuid::Uuid;

/// Everything that the Kraken needs to answer.
pub(crate) struct Kraken {
    pub(crate) slack: Slack,
    pub(crate) inbox: Inbox,
    pub(crate) sessions: Sessions,
    pub(crate) issuer: Arc<Issuer>,
    pub(crate) server: Server,
    pub(crate) working_copy: WorkingCopy,
    /// Where what people write is committed; `None` where files travel in the call.
    pub(crate) state: Option<StateRepo>,
    /// What answers people's own words; `None` where no model is set up.
    pub(crate) agent: Option<Agent>,
    pub(crate) seen: Seen,
}

/// Why something could not be said.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SayError {
    /// Slack.
    #[error(transparent)]
    Slack(#[from] SlackError),
    /// The memory.
    #[error(transparent)]
    Memory(#[from] InboxError),
}

impl Kraken {
    /// Says something for all to read, once: what was perhaps said before a crash is looked for first. Answers where it
    /// stands, as it was said the first time.
    pub(crate) async fn say_once(
        &self,
        place: &Place,
        message: &Message,
        key: &str,
    ) -> Result<String, SayError> {
        let found = match self.inbox.about_to_say(key).await? {
            Said::Already(ts) => return Ok(ts),
            Said::New => None,
            Said::Perhaps(since) => self.slack.find(place, key, since).await?,
        };
        let ts = match found {
            Some(ts) => ts,
            None => self.slack.say(place, message, key).await?,
        };
        if let Some(approval) = message.asks_for() {
            self.inbox.card(approval, &place.channel, &ts).await?;
        }
        self.spoke_at(place).await?;
        self.inbox.said(key, &ts).await?;
        Ok(ts)
    }

    /// Something stands there that all can read: where that is in a thread, what is for one alone is seen there, too.
    async fn spoke_at(&self, place: &Place) -> Result<(), InboxError> {
        match &place.thread {
            Some(thread) => self.inbox.spoke_in(&place.channel, thread).await,
            None => Ok(()),
        }
    }

    /// Begins a message that grows, once; answers whether the workspace has such.
    pub(crate) async fn begin_growing(
        &self,
        place: &Place,
        user: &str,
        (chunks, key): (&[Value], &str),
    ) -> Result<bool, SayError> {
        self.inbox.about_to_say(key).await?;
        match self.slack.begin_growing(place, user, chunks).await? {
            Some(ts) => {
                self.spoke_at(place).await?;
                self.inbox.said(key, &ts).await?;
            }
            None => {
                self.inbox.unsaid(key).await?;
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Says something once, as the end of the message that grows under the key `growing`, where there is one. What grows no more is
    /// left as `left`, and it is said anew.
    pub(crate) async fn say_at_last(
        &self,
        place: &Place,
        (message, key): (&Message, &str),
        (growing, left): (&str, &Message),
    ) -> Result<String, SayError> {
        let Some(open) = self.find_said(place, growing).await? else {
            return self.say_once(place, message, key).await;
        };
        let found = match self.inbox.about_to_say(key).await? {
            Said::Already(ts) => return Ok(ts),
            Said::New => None,
            // It is carried by what has grown since before.
            Said::Perhaps(since) => self.slack.find(place, key, since.min(said_at(&open))).await?,
        };
        if found.is_none() && !self.slack.end_growing(place, &open, (message, Some(key)), &[]).await? {
            if let Err(error) = self.slack.change(place, &open, left).await {
                tracing::debug!(%error, "what grew could not be settled");
            }
            return self.say_once(place, message, key).await;
        }
        let ts = found.unwrap_or(open);
        self.inbox.said(key, &ts).await?;
        Ok(ts)
    }

    /// Says something that only the one who asked can read: in their thread where somebody has replied there, else in the channel. They
    /// can ask where the Kraken is not: then Slack tells them, or a direct message does.
    pub(crate) async fn whisper(
        &self,
        incoming: &Incoming,
        said: &Asking,
        message: &Message,
    ) -> Result<(), SayError> {
        let place = place(incoming, said);
        let has_replies = match &place.thread {
            Some(thread) => said.is_reply() || self.inbox.has_spoken_in(&place.channel, thread).await?,
            None => false,
        };
        let mut whispered = self.slack.whisper(&place, has_replies, (&said.user, message)).await;
        if let (Err(error), How::Slash(address)) = (&whispered, &said.how)
            && error.is_final()
        {
            // One that does not answer is tried again with the whole; one that is over leaves a direct message.
            whispered = self.slack.respond(address, message).await;
        }
        match whispered {
            Err(error) if error.is_final() && said.is_from_anywhere() => {
                let place = Place { channel: self.slack.direct(&said.user).await?, thread: None };
                let key = format!("whisper:{}:{}", incoming.id, Uuid::now_v7());
                self.slack.say(&place, message, &key).await?;
                Ok(())
            }
            whispered => Ok(whispered?),
        }
    }

    /// Where something stands that was to be said once; `None` when it was not said.
    pub(crate) async fn find_said(&self, place: &Place, key: &str) -> Result<Option<String>, SayError> {
        Ok(match self.inbox.is_said(key).await? {
            None | Some(Said::New) => None,
            Some(Said::Already(ts)) => Some(ts),
            Some(Said::Perhaps(since)) => self.slack.find(place, key, since).await?,
        })
    }
}

#[cfg(test)]
mod tests;
