//! Cards that ask for an approval: which there are, and how they are settled when it is decided, here or elsewhere.

use crate::inbox::{Inbox, InboxError, now};
use crate::kraken::Kraken;
use crate::slack::Place;
use crate::slack::blocks::Message;
use sqlx::Row;
use uuid::Uuid;

/// How long a card is remembered, in seconds: an approval is good for a day.
const REMEMBERED: i64 = 3 * 24 * 3600;

impl Inbox {
    /// A card that asks for `approval` stands there.
    pub(crate) async fn card(&self, approval: Uuid, channel: &str, ts: &str) -> Result<(), InboxError> {
        sqlx::query(
            "INSERT INTO card (approval, channel, ts, made_at) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",
        )
        .bind(approval.to_string())
        .bind(channel)
        .bind(ts)
        .bind(now())
        .execute(self.pool())
        .await?;
        sqlx::query("DELETE FROM card WHERE made_at < $1")
            .bind(now() - REMEMBERED)
            .execute(self.pool())
            .await?;
        Ok(())
    }

    async fn cards(&self, approval: Uuid) -> Result<Vec<(String, String)>, InboxError> {
        let rows = sqlx::query("SELECT channel, ts FROM card WHERE approval = $1")
            .bind(approval.to_string())
            .fetch_all(self.pool())
            .await?;
        rows.iter().map(|row| Ok((row.try_get("channel")?, row.try_get("ts")?))).collect()
    }
}

/// Every card that asked for it says what became of it, and has no buttons any more. Where that fails, a press is refused by
/// the server all the same.
pub(crate) async fn settle(kraken: &Kraken, approval: Uuid, settled: &Message) {
    let cards = match kraken.inbox.cards(approval).await {
        Ok(cards) => cards,
        Err(error) => {
            tracing::error!(%error, "which cards ask for an approval is not known");
            return;
        }
    };
    for (channel, ts) in cards {
        let place = Place { channel, thread: None };
        if let Err(error) = kraken.slack.change(&place, &ts, settled).await {
            tracing::warn!(%error, "a card could not be changed");
        }
    }
}
