//! What went between the Kraken and the model, on disk until the request is answered, and whether the request was taken back.

use super::model::Turn;
use crate::inbox::{Inbox, InboxError};
use sqlx::Row;
use std::time::Duration;

/// How often it is looked whether a message was taken back.
const LOOK: Duration = Duration::from_millis(500);

impl Inbox {
    /// What went to and fro about an event so far.
    pub(super) async fn turns(&self, event: &str) -> Result<Vec<Turn>, InboxError> {
        let rows = sqlx::query("SELECT content FROM model_turn WHERE event = $1 ORDER BY number")
            .bind(event)
            .fetch_all(self.pool())
            .await?;
        let contents: Result<Vec<String>, sqlx::Error> =
            rows.iter().map(|row| row.try_get("content")).collect();
        let turns: Result<Vec<Turn>, _> =
            contents?.iter().map(|content| serde_json::from_str(content)).collect();
        match turns {
            Ok(turns) => Ok(turns),
            Err(error) => {
                // Of another release: begun anew. What was done is not done again, for the server knows the event.
                tracing::warn!(%error, "what went between the Kraken and the model cannot be read");
                sqlx::query("DELETE FROM model_turn WHERE event = $1")
                    .bind(event)
                    .execute(self.pool())
                    .await?;
                Ok(Vec::new())
            }
        }
    }

    /// Writes the next one down.
    pub(super) async fn keep_turn(&self, event: &str, number: usize, turn: &Turn) -> Result<(), InboxError> {
        sqlx::query("INSERT INTO model_turn (event, number, content) VALUES ($1, $2, $3)")
            .bind(event)
            .bind(i64::try_from(number).unwrap_or(i64::MAX))
            .bind(serde_json::to_string(turn)?)
            .execute(self.pool())
            .await?;
        Ok(())
    }

    /// Whether the message that an event is was deleted.
    pub(super) async fn is_taken_back(&self, event: &str) -> Result<bool, InboxError> {
        let found = sqlx::query("SELECT 1 FROM event WHERE id = 'un' || $1")
            .bind(event)
            .fetch_optional(self.pool())
            .await?;
        Ok(found.is_some())
    }

    /// Waits until it was.
    pub(super) async fn taken_back(&self, event: &str) {
        loop {
            tokio::time::sleep(LOOK).await;
            if matches!(self.is_taken_back(event).await, Ok(true)) {
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_another_release_wrote_is_begun_anew() {
        let dir = tempfile::tempdir().unwrap();
        let inbox = Inbox::open(&dir.path().join("state.db")).await.unwrap();
        let turn = Turn::Person { words: "why?".to_owned(), with_others: false };
        inbox.keep_turn("Ev1", 0, &turn).await.unwrap();
        assert_eq!(inbox.turns("Ev1").await.unwrap(), std::slice::from_ref(&turn));
        sqlx::query("UPDATE model_turn SET content = 'odd'").execute(inbox.pool()).await.unwrap();
        assert_eq!(inbox.turns("Ev1").await.unwrap(), []);
        inbox.keep_turn("Ev1", 0, &turn).await.unwrap();
    }
}
