//! The outbox: what channels must hear. The relay reads it and says what it has told.

use super::tx::{holdable, now};
use super::{EnclaveRecord, Store, StoreError, Tx};
use crate::gate::Authorized;
use crate::gate::act::Notices;
use jiff::Timestamp;
use sqlx::Row;
use uuid::Uuid;
use wire::tools::channel::Notice;

/// How many notices one answer holds.
const MOST: i64 = 100;

/// What stands before an approval that is not asked for, but decided.
const DECIDED: &str = "decided:";

impl Tx {
    /// Puts a text into the outbox, where the enclave has a channel to tell it in.
    pub(crate) async fn notify(&mut self, record: &EnclaveRecord, text: &str) -> Result<(), StoreError> {
        self.notify_with(record, text, None).await
    }

    /// Puts a question into the outbox: an approval that the enclave's owner gives or refuses there.
    pub(crate) async fn notify_with(
        &mut self,
        record: &EnclaveRecord,
        text: &str,
        approval: Option<Uuid>,
    ) -> Result<(), StoreError> {
        self.put(record, text, approval.map(|id| id.to_string()).unwrap_or_default()).await
    }

    /// Puts into the outbox what became of a question, so that its card in the channel asks no longer.
    pub(crate) async fn notify_decided(
        &mut self,
        record: &EnclaveRecord,
        text: &str,
        approval: Uuid,
    ) -> Result<(), StoreError> {
        self.put(record, text, format!("{DECIDED}{approval}")).await
    }

    async fn put(&mut self, record: &EnclaveRecord, text: &str, approval: String) -> Result<(), StoreError> {
        let Some(channel) = &record.channel else { return Ok(()) };
        sqlx::query(
            "INSERT INTO notice (id, team, channel, enclave, told, at, approval) VALUES ($1, $2, $3, $4, $5, $6, $7)",
        )
        .bind(Uuid::now_v7().to_string())
        .bind(&channel.team)
        .bind(&channel.id)
        .bind(record.name.as_str())
        .bind(holdable(text).into_owned())
        .bind(now())
        .bind(approval)
        .execute(self.connection())
        .await?;
        Ok(())
    }

    /// These have been told.
    pub(crate) async fn acknowledge(
        &mut self,
        _: &Authorized<Notices>,
        ids: &[Uuid],
    ) -> Result<(), StoreError> {
        for id in ids {
            sqlx::query("DELETE FROM notice WHERE id = $1")
                .bind(id.to_string())
                .execute(self.connection())
                .await?;
        }
        Ok(())
    }
}

impl Store {
    /// The oldest notices that have not been told.
    pub(crate) async fn notices(&self, _: &Authorized<Notices>) -> Result<Vec<Notice>, StoreError> {
        let rows = sqlx::query(
            "SELECT id, team, channel, enclave, told, at, approval FROM notice ORDER BY id LIMIT $1",
        )
        .bind(MOST)
        .fetch_all(&self.pool)
        .await?;
        let mut notices = Vec::with_capacity(rows.len());
        for row in rows {
            let (id, enclave): (String, String) = (row.try_get("id")?, row.try_get("enclave")?);
            let at: i64 = row.try_get("at")?;
            // A row that cannot be read is passed over and said: it must not keep the others from being told.
            let (Ok(id), Ok(enclave), Ok(at)) =
                (id.parse(), enclave.parse(), Timestamp::from_millisecond(at))
            else {
                tracing::error!(id, enclave, "a notice in the store cannot be read");
                continue;
            };
            let (team, channel) = (row.try_get("team")?, row.try_get("channel")?);
            let about: String = row.try_get("approval")?;
            let decided = about.strip_prefix(DECIDED).and_then(|id| id.parse().ok());
            let (approval, text) = (about.parse().ok(), row.try_get("told")?);
            notices.push(Notice { id, team, channel, enclave, text, approval, decided, at });
        }
        Ok(notices)
    }
}
