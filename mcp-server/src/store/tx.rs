//! One change: reads see the truth, writes need a grant.

mod approval;
mod delivery;
mod enclave;
mod git_secret;
mod history;
mod invitation;
mod joining;
mod member;
mod ownership;
mod restore;
mod secret;
mod tentacle;
mod trigger;

pub(crate) use approval::{Tried, Wanted};
pub(crate) use delivery::{Delivery, Stored};
pub(crate) use enclave::{NewEnclaveRecord, Side};
pub(crate) use history::{DeployRow, RunBegin};
pub(crate) use invitation::MOST_INVITATIONS;
pub(crate) use joining::Asker;
pub(super) use joining::VALID as JOIN_VALID;
pub(crate) use member::Heard;
pub(crate) use ownership::AnsweredIn;
pub(crate) use restore::{Restored, RestoredTentacle};
pub(crate) use tentacle::DeployedVersion;
pub(crate) use trigger::{Claim, Step, Unmet};

use super::record::{EnclaveRecord, PersonId};
use super::row::Reader;
use super::{Rights, StoreError, row};
use jiff::Timestamp;
use sqlx::{Any, AnyConnection, Row, Transaction};
use std::borrow::Cow;
use std::sync::Arc;
use tokio::sync::{Notify, OwnedSemaphorePermit};
use workflow::EnclaveName;

/// A change in the making. Dropped without a commit, nothing of it has happened.
pub(crate) struct Tx {
    inner: Transaction<'static, Any>,
    /// What was in memory when it began.
    held: Arc<Rights>,
    /// That it is this one's turn.
    _turn: OwnedSemaphorePermit,
    /// Who is to hear that something was changed.
    changed: Option<Arc<Notify>>,
}

impl Tx {
    pub(super) fn new(
        inner: Transaction<'static, Any>,
        held: Arc<Rights>,
        turn: OwnedSemaphorePermit,
        changed: Option<Arc<Notify>>,
    ) -> Self {
        Self { inner, held, _turn: turn, changed }
    }

    pub(super) fn connection(&mut self) -> &mut AnyConnection {
        &mut self.inner
    }

    /// Makes it hold.
    pub(crate) async fn commit(self) -> Result<(), StoreError> {
        self.inner.commit().await?;
        if let Some(changed) = self.changed {
            changed.notify_one();
        }
        Ok(())
    }

    /// The enclave of this name.
    pub(crate) async fn enclave(
        &mut self,
        name: &EnclaveName,
    ) -> Result<Option<Arc<EnclaveRecord>>, StoreError> {
        match self.held.enclave(name).cloned() {
            Some(held) if self.is_unchanged(&held).await? => Ok(Some(held)),
            _ => Ok(row::enclave(&mut self.inner, name.as_str()).await?.map(Arc::new)),
        }
    }

    /// Whether a record that is in memory says what the store says at this moment, in which nobody else changes anything: the number
    /// of its last change is the same. So a change in an enclave with a thousand tentacles reads one row and not all of them.
    async fn is_unchanged(&mut self, held: &EnclaveRecord) -> Result<bool, StoreError> {
        let found = sqlx::query("SELECT changed FROM enclave WHERE name = $1")
            .bind(held.name.as_str())
            .fetch_optional(&mut *self.inner)
            .await?;
        let changed = found.map(|row| row.try_get::<i64, _>("changed")).transpose()?;
        let unchanged = changed == Some(held.changed);
        // Whatever changes a record counts up. Who forgot it is found by every test that comes this way.
        if cfg!(debug_assertions) && unchanged {
            let read = row::enclave(&mut self.inner, held.name.as_str()).await?;
            debug_assert_eq!(read.as_ref(), Some(held), "a record was changed and not counted up");
        }
        Ok(unchanged)
    }

    /// The enclave of this channel.
    pub(crate) async fn enclave_of(
        &mut self,
        team: &str,
        channel: &str,
    ) -> Result<Option<Arc<EnclaveRecord>>, StoreError> {
        let found = sqlx::query("SELECT name FROM enclave WHERE team = $1 AND channel = $2")
            .bind(team)
            .bind(channel)
            .fetch_optional(&mut *self.inner)
            .await?;
        let Some(found) = found else { return Ok(None) };
        let found = Reader::new(&found, format!("the enclave of channel `{channel}`"));
        self.enclave(&found.parsed("name", |text| text.parse().ok())?).await
    }

    /// The Slack account that is bound to `person` in `team`.
    pub(crate) async fn account_of(
        &mut self,
        person: &PersonId,
        team: &str,
    ) -> Result<Option<String>, StoreError> {
        let found =
            sqlx::query("SELECT account FROM binding WHERE team = $1 AND issuer = $2 AND subject = $3")
                .bind(team)
                .bind(&person.issuer)
                .bind(&person.subject)
                .fetch_optional(&mut *self.inner)
                .await?;
        found.map(|row| Ok(row.try_get("account")?)).transpose()
    }

    /// The identity that is bound to a Slack account.
    pub(crate) async fn person_of(
        &mut self,
        team: &str,
        account: &str,
    ) -> Result<Option<PersonId>, StoreError> {
        let found = sqlx::query("SELECT issuer, subject FROM binding WHERE team = $1 AND account = $2")
            .bind(team)
            .bind(account)
            .fetch_optional(&mut *self.inner)
            .await?;
        let read = |row: sqlx::any::AnyRow| {
            Ok(PersonId { issuer: row.try_get("issuer")?, subject: row.try_get("subject")? })
        };
        found.map(read).transpose()
    }

    /// How many enclaves `person` owns.
    pub(crate) async fn owned_by(&mut self, person: &PersonId) -> Result<u32, StoreError> {
        let count =
            sqlx::query("SELECT COUNT(*) AS n FROM enclave WHERE owner_issuer = $1 AND owner_subject = $2")
                .bind(&person.issuer)
                .bind(&person.subject)
                .fetch_one(&mut *self.inner)
                .await?;
        Ok(u32::try_from(count.try_get::<i64, _>("n")?).unwrap_or(u32::MAX))
    }

    /// Counts up, so that every reader sees that rights have changed; answers the new number.
    pub(super) async fn next_generation(&mut self) -> Result<i64, StoreError> {
        let row = sqlx::query("UPDATE generation SET number = number + 1 WHERE one = 1 RETURNING number")
            .fetch_one(&mut *self.inner)
            .await?;
        Ok(row.try_get("number")?)
    }

    /// Marks the enclave's record as changed now.
    async fn touch(&mut self, name: &EnclaveName) -> Result<(), StoreError> {
        let generation = self.next_generation().await?;
        sqlx::query("UPDATE enclave SET changed = $1, updated_at = $2 WHERE name = $3")
            .bind(generation)
            .bind(now())
            .bind(name.as_str())
            .execute(&mut *self.inner)
            .await?;
        Ok(())
    }

    /// The same for a change that the backend must follow.
    async fn touch_mirrored(&mut self, name: &EnclaveName) -> Result<(), StoreError> {
        self.touch(name).await?;
        sqlx::query("UPDATE enclave SET mirror_wanted = changed WHERE name = $1")
            .bind(name.as_str())
            .execute(&mut *self.inner)
            .await?;
        Ok(())
    }
}

/// A text that people choose, as every kind of store can hold it: PostgreSQL takes no NUL, and one person's name must not
/// keep a whole report out.
pub(super) fn holdable(text: &str) -> Cow<'_, str> {
    if text.contains('\0') { Cow::Owned(text.replace('\0', "\u{fffd}")) } else { Cow::Borrowed(text) }
}

/// Now, in milliseconds since 1970.
pub(super) fn now() -> i64 {
    Timestamp::now().as_millisecond()
}
