//! What Slack tells is written down, once and as a whole, before Slack hears that it arrived.

use super::{Inbox, InboxError, Lane, now};
use crate::slack::envelope::{How, Incoming, What, message_id};
use sqlx::SqliteConnection;

impl Inbox {
    /// Writes down something that happened, once.
    pub(crate) async fn receive(&self, incoming: &Incoming) -> Result<(), InboxError> {
        let mut change = self.receiving.begin_with("BEGIN IMMEDIATE").await?;
        let channel = incoming.channel.as_str();
        match &incoming.what {
            What::Unsaid(ts) => take_back(&mut change, incoming, ts).await?,
            What::Said(said) if said.how == How::Overheard => {
                if !was_asked_in(&mut change, channel, &said.thread).await? {
                    // People's talk is not kept.
                    return Ok(());
                }
                write_down(&mut change, incoming).await?;
            }
            What::Said(said) if !said.direct && !said.thread.is_empty() && said.click.is_none() => {
                asked_in(&mut change, channel, &said.thread).await?;
                write_down(&mut change, incoming).await?;
            }
            _ => write_down(&mut change, incoming).await?,
        }
        change.commit().await?;
        self.news.notify_one();
        Ok(())
    }

    /// The Kraken is asked in a thread: from now on what is said there needs no mention.
    pub(crate) async fn asked_in(&self, channel: &str, thread: &str) -> Result<(), InboxError> {
        asked_in(&mut *self.pool.acquire().await?, channel, thread).await
    }
}

async fn write_down(change: &mut SqliteConnection, incoming: &Incoming) -> Result<(), InboxError> {
    sqlx::query(
        "INSERT INTO event (id, channel, conversation, fact, content, received_at) SELECT $1, $2, $3, $4, $5, $6 \
         WHERE NOT EXISTS (SELECT 1 FROM event WHERE id = 'un' || $1) ON CONFLICT DO NOTHING",
    )
    .bind(&incoming.id)
    .bind(&incoming.channel)
    .bind(incoming.conversation())
    .bind(Lane::of(incoming).number())
    .bind(serde_json::to_string(incoming)?)
    .bind(now())
    .execute(change)
    .await?;
    Ok(())
}

/// A message was taken back: unless work on it has begun, there will be none, also when it comes later than this.
async fn take_back(change: &mut SqliteConnection, incoming: &Incoming, ts: &str) -> Result<(), InboxError> {
    sqlx::query(
        "INSERT INTO event (id, channel, conversation, fact, content, received_at, done_at) \
         VALUES ($1, $2, $2, 0, '', $3, $3) ON CONFLICT DO NOTHING",
    )
    .bind(&incoming.id)
    .bind(&incoming.channel)
    .bind(now())
    .execute(&mut *change)
    .await?;
    sqlx::query(
        "UPDATE event SET done_at = $1, content = '' WHERE id = $2 AND done_at IS NULL AND begun_at IS NULL",
    )
    .bind(now())
    .bind(message_id(&incoming.channel, ts))
    .execute(change)
    .await?;
    Ok(())
}

async fn asked_in(change: &mut SqliteConnection, channel: &str, thread: &str) -> Result<(), InboxError> {
    sqlx::query(
        "INSERT INTO thread (channel, thread, asked_at) VALUES ($1, $2, $3) \
         ON CONFLICT (channel, thread) DO UPDATE SET asked_at = excluded.asked_at",
    )
    .bind(channel)
    .bind(thread)
    .bind(now())
    .execute(change)
    .await?;
    Ok(())
}

async fn was_asked_in(
    change: &mut SqliteConnection,
    channel: &str,
    thread: &str,
) -> Result<bool, InboxError> {
    let found = sqlx::query("SELECT 1 FROM thread WHERE channel = $1 AND thread = $2")
        .bind(channel)
        .bind(thread)
        .fetch_optional(change)
        .await?;
    Ok(found.is_some())
}
