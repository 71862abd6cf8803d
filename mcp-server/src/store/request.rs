//! Requests and assertions that have been seen: nothing is done twice.

use super::tx::now;
use super::{EnclaveRecord, Store, StoreError, Tx};
use sqlx::Row;
use std::time::Duration;
use uuid::Uuid;

/// How long an answer is kept for a repetition. Slack repeats an event for an hour at most.
const KEPT: Duration = Duration::from_secs(24 * 3600);

/// How long a used assertion is remembered: longer than any lives.
const ASSERTION_KEPT: Duration = Duration::from_secs(300);

/// A request that is done once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestId {
    /// The digest of everything that makes it this request.
    pub key: String,
    /// The Slack workspace in which it was made.
    pub team: String,
    /// The channel; empty where it was made in none.
    pub channel: String,
}

/// What stands for an answer that is not kept any more.
const FORGOTTEN: &str = "";

/// What is known of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Claimed {
    /// It is new, and now it is ours.
    New,
    /// It was begun and has no answer: the server ended in the middle.
    Begun,
    /// It has been answered: this.
    Answered(String),
    /// It has been answered, and the answer went with the enclave that it was about.
    Forgotten,
}

impl Store {
    /// Takes an assertion once: `false` when it was taken before.
    ///
    /// # Errors
    /// When that cannot be written down; then it must not be taken.
    pub async fn use_assertion(&self, jti: Uuid) -> Result<bool, StoreError> {
        let mut tx = self.begin().await?;
        tx.forget_expired().await?;
        let done = sqlx::query(
            "INSERT INTO used_assertion (jti, expires_at) VALUES ($1, $2) ON CONFLICT DO NOTHING",
        )
        .bind(jti.to_string())
        .bind(in_future(ASSERTION_KEPT))
        .execute(tx.connection())
        .await?;
        tx.commit().await?;
        Ok(done.rows_affected() == 1)
    }

    /// Takes a request, unless it was taken before.
    ///
    /// # Errors
    /// When that cannot be written down; then it must not be done.
    pub async fn claim_request(&self, request: &RequestId) -> Result<Claimed, StoreError> {
        let mut tx = self.begin().await?;
        let found = sqlx::query("SELECT answer FROM request WHERE key = $1")
            .bind(&request.key)
            .fetch_optional(tx.connection())
            .await?;
        let claimed = match found {
            Some(row) => match row.try_get::<Option<String>, _>("answer")? {
                None => Claimed::Begun,
                Some(answer) if answer == FORGOTTEN => Claimed::Forgotten,
                Some(answer) => Claimed::Answered(answer),
            },
            None => {
                sqlx::query(
                    "INSERT INTO request (key, answer, expires_at, team, channel) VALUES ($1, NULL, $2, $3, $4)",
                )
                .bind(&request.key)
                .bind(in_future(KEPT))
                .bind(&request.team)
                .bind(&request.channel)
                .execute(tx.connection())
                .await?;
                Claimed::New
            }
        };
        tx.commit().await?;
        Ok(claimed)
    }

    /// Keeps the answer to a request for its repetitions.
    ///
    /// # Errors
    /// When it cannot be written down.
    pub async fn answer_request(&self, key: &str, answer: &str) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        sqlx::query("UPDATE request SET answer = $1 WHERE key = $2")
            .bind(answer)
            .bind(key)
            .execute(tx.connection())
            .await?;
        tx.commit().await
    }

    /// Lets go of a request that changed nothing, so that it may be tried again.
    ///
    /// # Errors
    /// When it cannot be written down.
    pub async fn release_request(&self, key: &str) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        sqlx::query("DELETE FROM request WHERE key = $1 AND answer IS NULL")
            .bind(key)
            .execute(tx.connection())
            .await?;
        tx.commit().await
    }
}

impl Tx {
    /// Forgets what was answered in the channel of an enclave that goes; not that it was asked, or a late delivery of
    /// the same event would do it again.
    pub(super) async fn forget_answers(&mut self, record: &EnclaveRecord) -> Result<(), StoreError> {
        let Some(channel) = &record.channel else { return Ok(()) };
        sqlx::query("UPDATE request SET answer = $1 WHERE team = $2 AND channel = $3 AND answer IS NOT NULL")
            .bind(FORGOTTEN)
            .bind(&channel.team)
            .bind(&channel.id)
            .execute(self.connection())
            .await?;
        Ok(())
    }

    async fn forget_expired(&mut self) -> Result<(), StoreError> {
        for statement in
            ["DELETE FROM used_assertion WHERE expires_at < $1", "DELETE FROM request WHERE expires_at < $1"]
        {
            sqlx::query(statement).bind(now()).execute(self.connection()).await?;
        }
        Ok(())
    }
}

fn in_future(span: Duration) -> i64 {
    now().saturating_add(i64::try_from(span.as_millis()).unwrap_or(i64::MAX))
}
