//! Triggers, as the scheduler and whoever describes a tentacle read them.

use super::happened::{of_one_enclave, places};
use super::row::Reader;
use super::{MayReadHistory, Store, StoreError};
use crate::call::TriggerRef;
use crate::triggers::Spec;
use jiff::Timestamp;
use sqlx::Row;
use sqlx::any::AnyRow;

/// How many triggers are looked at in one go.
const MOST: i64 = 100;

/// A trigger that is in place.
#[derive(Debug, Clone)]
pub(crate) struct TriggerRecord {
    pub(crate) of: TriggerRef,
    pub(crate) spec: Spec,
    /// When it is due next.
    pub(crate) due_at: Option<Timestamp>,
    /// The id of its last run; empty for none.
    pub(crate) running: String,
}

const COLUMNS: &str = "SELECT enclave, tentacle, name, kind, spec, due_at, running FROM tentacle_trigger ";

impl Store {
    /// Triggers for which the time has come, the longest waiting first.
    pub(crate) async fn due_triggers(&self, now: Timestamp) -> Result<Vec<TriggerRecord>, StoreError> {
        let query = format!("{COLUMNS} WHERE fire_at <= $1 ORDER BY fire_at LIMIT $2");
        let rows = sqlx::query(sqlx::AssertSqlSafe(query))
            .bind(now.as_millisecond())
            .bind(MOST)
            .fetch_all(self.pool())
            .await?;
        Ok(rows.iter().filter_map(passed_over).collect())
    }

    /// When the next trigger's time comes.
    pub(crate) async fn next_fire(&self) -> Result<Option<Timestamp>, StoreError> {
        let row =
            sqlx::query("SELECT MIN(fire_at) AS next FROM tentacle_trigger").fetch_one(self.pool()).await?;
        let next: Option<i64> = row.try_get("next")?;
        Ok(next.and_then(|next| Timestamp::from_millisecond(next).ok()))
    }

    /// The triggers of a tentacle, by name.
    pub(crate) async fn triggers(
        &self,
        grant: &dyn MayReadHistory,
    ) -> Result<Vec<TriggerRecord>, StoreError> {
        let query = format!("{COLUMNS} WHERE enclave = $1 AND tentacle = $2 ORDER BY name");
        let rows = sqlx::query(sqlx::AssertSqlSafe(query))
            .bind(grant.of().record.name.as_str())
            .bind(grant.of().name.as_str())
            .fetch_all(self.pool())
            .await?;
        rows.iter().map(read).collect()
    }

    /// What the clock runs of these tentacles, which are of one enclave, by tentacle and name: so many after the one that is named.
    pub(crate) async fn crons_in<G: MayReadHistory>(
        &self,
        grants: &[G],
        (tentacle, name): (&str, &str),
        most: usize,
    ) -> Result<Vec<TriggerRecord>, StoreError> {
        let Some((enclave, names)) = of_one_enclave(grants) else { return Ok(Vec::new()) };
        let query = format!(
            "{COLUMNS} WHERE enclave = $1 AND kind = 'cron' AND (tentacle > $2 OR (tentacle = $2 AND name > $3)) \
             AND tentacle IN ({}) ORDER BY tentacle, name LIMIT $4",
            places(5, &names)
        );
        let mut query = sqlx::query(sqlx::AssertSqlSafe(query))
            .bind(enclave)
            .bind(tentacle)
            .bind(name)
            .bind(i64::try_from(most).unwrap_or(i64::MAX));
        for name in names {
            query = query.bind(name);
        }
        query.fetch_all(self.pool()).await?.iter().map(read).collect()
    }

    /// One trigger.
    pub(crate) async fn trigger(&self, of: &TriggerRef) -> Result<Option<TriggerRecord>, StoreError> {
        let query = format!("{COLUMNS} WHERE enclave = $1 AND tentacle = $2 AND name = $3");
        let row = sqlx::query(sqlx::AssertSqlSafe(query))
            .bind(of.enclave.as_str())
            .bind(of.tentacle.as_str())
            .bind(of.name.as_str())
            .fetch_optional(self.pool())
            .await?;
        row.as_ref().map(read).transpose()
    }
}

/// A row that cannot be read is passed over and said: it must not keep the others from running.
fn passed_over(row: &AnyRow) -> Option<TriggerRecord> {
    match read(row) {
        Ok(record) => Some(record),
        Err(error) => {
            tracing::error!(%error, "a trigger in the store cannot be read");
            None
        }
    }
}

fn read(row: &AnyRow) -> Result<TriggerRecord, StoreError> {
    let row = Reader::new(row, "a trigger");
    let of = TriggerRef {
        enclave: row.parsed("enclave", |text| text.parse().ok())?,
        tentacle: row.parsed("tentacle", |text| text.parse().ok())?,
        name: row.parsed("name", |text| text.parse().ok())?,
    };
    let kind = row.text("kind")?;
    Ok(TriggerRecord {
        of,
        spec: row.parsed("spec", |text| Spec::read(&kind, text))?,
        due_at: row.optional_time("due_at")?,
        running: row.text("running")?,
    })
}
