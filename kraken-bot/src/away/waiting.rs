//! What waits in the inbox until the server or the issuer is back.

use super::Away;
use crate::inbox::{Inbox, InboxError, now};
use crate::slack::envelope::Incoming;
use sqlx::Row;

impl Inbox {
    /// It waits until `away` is back. Until then it can be taken back.
    pub(super) async fn wait_for_return(&self, seq: i64, away: Away) -> Result<(), InboxError> {
        sqlx::query(
            "UPDATE event SET waits_for = $1, begun_at = NULL, away_since = COALESCE(away_since, $2) \
             WHERE seq = $3 AND done_at IS NULL",
        )
        .bind(away.name())
        .bind(now())
        .bind(seq)
        .execute(self.pool())
        .await?;
        Ok(())
    }

    /// Whatever waited for it goes on.
    pub(super) async fn is_back(&self, away: Away) -> Result<(), InboxError> {
        let waits: Option<i64> =
            sqlx::query_scalar("SELECT 1 FROM event WHERE waits_for = $1 AND done_at IS NULL LIMIT 1")
                .bind(away.name())
                .fetch_optional(self.pool())
                .await?;
        if waits.is_some() {
            self.signed_in(away.name()).await?;
        }
        Ok(())
    }

    /// What news of `channel` wait for: what is asked there after them must not be done before they are told.
    pub(crate) async fn news_wait(&self, channel: &str, before: i64) -> Result<Option<Away>, InboxError> {
        for away in Away::ALL {
            let waits: Option<i64> = sqlx::query_scalar(
                "SELECT 1 FROM event WHERE channel = $1 AND fact = 1 AND waits_for = $2 AND done_at IS NULL \
                 AND seq < $3 LIMIT 1",
            )
            .bind(channel)
            .bind(away.name())
            .bind(before)
            .fetch_optional(self.pool())
            .await?;
            if waits.is_some() {
                return Ok(Some(away));
            }
        }
        Ok(None)
    }

    /// Gives up what people asked that has waited since before then; answers what it was. News are never given up.
    pub(super) async fn waited_since_before(&self, then: i64) -> Result<Vec<Incoming>, InboxError> {
        let rows = sqlx::query(
            "SELECT seq, content FROM event WHERE away_since < $1 AND fact = 0 AND done_at IS NULL \
             AND waits_for IN ($2, $3)",
        )
        .bind(then)
        .bind(Away::Server.name())
        .bind(Away::Issuer.name())
        .fetch_all(self.pool())
        .await?;
        let mut given_up = Vec::with_capacity(rows.len());
        for row in &rows {
            given_up.push(serde_json::from_str(&row.try_get::<String, _>("content")?)?);
            self.done(row.try_get("seq")?).await?;
        }
        Ok(given_up)
    }
}
