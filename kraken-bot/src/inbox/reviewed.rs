//! Requests whose change is being reviewed: they wait until the review comes further, however long that takes.

use super::{Inbox, InboxError};
use sqlx::Row as _;
use workflow::EnclaveName;

/// What a request waits for. No account of Slack's is called so.
fn key(enclave: &EnclaveName, number: u64) -> String {
    format!("{enclave}#{number}")
}

impl Inbox {
    /// The pull request that a request has asked for; from now on news are what comes after what is known of it now.
    pub(crate) async fn review(&self, event: &str) -> Result<Option<u64>, InboxError> {
        let row = sqlx::query(
            "UPDATE event SET review_moved = 0 WHERE id = $1 AND review IS NOT NULL RETURNING review",
        )
        .bind(event)
        .fetch_optional(self.pool())
        .await?;
        let Some(row) = row else { return Ok(None) };
        let review: String = row.try_get("review")?;
        Ok(review.rsplit_once('#').and_then(|(_, number)| number.parse().ok()))
    }

    /// A request has asked for this pull request.
    pub(crate) async fn asks_for_review(
        &self,
        event: &str,
        enclave: &EnclaveName,
        number: u64,
    ) -> Result<(), InboxError> {
        sqlx::query("UPDATE event SET review = $1, review_moved = 0 WHERE id = $2")
            .bind(key(enclave, number))
            .bind(event)
            .execute(self.pool())
            .await?;
        Ok(())
    }

    /// It waits until its review comes further; `false` where that has happened already since it was looked at.
    pub(crate) async fn wait_for_review(&self, seq: i64) -> Result<bool, InboxError> {
        let waits = sqlx::query(
            "UPDATE event SET waits_for = review, begun_at = NULL \
             WHERE seq = $1 AND done_at IS NULL AND review_moved = 0",
        )
        .bind(seq)
        .execute(self.pool())
        .await?;
        Ok(waits.rows_affected() > 0)
    }

    /// A review came further; answers whether a request is about it, which goes on then.
    pub(crate) async fn review_moved(&self, enclave: &EnclaveName, number: u64) -> Result<bool, InboxError> {
        let moved = sqlx::query(
            "UPDATE event SET review_moved = 1, waits_for = CASE WHEN waits_for = review THEN NULL ELSE waits_for END \
             WHERE review = $1 AND done_at IS NULL",
        )
        .bind(key(enclave, number))
        .execute(self.pool())
        .await?;
        self.wake();
        Ok(moved.rows_affected() > 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::slack::envelope::{Incoming, What};

    #[tokio::test]
    async fn a_request_waits_for_its_review_and_no_news_of_it_are_missed() {
        let dir = tempfile::tempdir().unwrap();
        let inbox = Inbox::open(&dir.path().join("state.db")).await.unwrap();
        let said = serde_json::json!({"user": "UANA", "text": "deploy hello", "ts": "1.1", "thread": "1.1", "direct": false});
        let what = What::Said(serde_json::from_value(said).unwrap());
        inbox
            .receive(&Incoming { id: "Ev1".into(), team: "T1".into(), channel: "C1".into(), what, at: None })
            .await
            .unwrap();
        let seq = inbox.open_events().await.unwrap()[0].seq;
        let prices: EnclaveName = "prices".parse().unwrap();
        assert_eq!(inbox.review("Ev1").await.unwrap(), None);
        assert!(!inbox.review_moved(&prices, 12).await.unwrap());

        inbox.asks_for_review("Ev1", &prices, 12).await.unwrap();
        assert!(inbox.wait_for_review(seq).await.unwrap());
        assert_eq!(inbox.open_events().await.unwrap(), []);
        inbox.let_go_of_the_forgotten().await.unwrap();
        assert_eq!(inbox.open_events().await.unwrap(), []);
        assert!(!inbox.review_moved(&prices, 13).await.unwrap());
        assert!(!inbox.review_moved(&"study".parse().unwrap(), 12).await.unwrap());
        assert!(inbox.review_moved(&prices, 12).await.unwrap());
        assert_eq!(inbox.open_events().await.unwrap().len(), 1);

        // what comes while it is looked at is looked at once more
        assert_eq!(inbox.review("Ev1").await.unwrap(), Some(12));
        assert!(inbox.review_moved(&prices, 12).await.unwrap());
        assert!(!inbox.wait_for_review(seq).await.unwrap());
        inbox.review("Ev1").await.unwrap();
        assert!(inbox.wait_for_review(seq).await.unwrap());

        inbox.done(seq).await.unwrap();
        assert!(!inbox.review_moved(&prices, 12).await.unwrap());
    }
}
