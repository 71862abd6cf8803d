//! Threads in which the Kraken has said something aloud. Slack shows what is for one person alone in a thread only where somebody
//! has replied already.

use super::{Inbox, InboxError, Said, now};

fn key(channel: &str, thread: &str) -> String {
    format!("spoke:{channel}/{thread}")
}

impl Inbox {
    /// The Kraken has said something there for all to read.
    pub(crate) async fn spoke_in(&self, channel: &str, thread: &str) -> Result<(), InboxError> {
        sqlx::query(
            "INSERT INTO post (key, ts, made_at) VALUES ($1, '', $2) \
             ON CONFLICT (key) DO UPDATE SET made_at = excluded.made_at",
        )
        .bind(key(channel, thread))
        .bind(now())
        .execute(self.pool())
        .await?;
        Ok(())
    }

    /// Whether it has, in the last days.
    pub(crate) async fn has_spoken_in(&self, channel: &str, thread: &str) -> Result<bool, InboxError> {
        Ok(matches!(self.is_said(&key(channel, thread)).await?, Some(Said::Already(_))))
    }
}
