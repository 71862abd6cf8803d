//! What webhooks were called with: stored before the caller is answered, taken once.

use super::{Tx, Unmet};
use crate::call::TriggerRef;
use crate::gate::Authorized;
use crate::gate::act::TriggerRun;
use crate::store::row::Reader;
use crate::store::{Store, StoreError};
use jiff::Timestamp;
use policy::State;
use serde_json::Value;
use sqlx::Row;
use sqlx::any::AnyRow;
use uuid::Uuid;

/// For so long a repetition is known, in milliseconds.
const KNOWN: i64 = 24 * 3600 * 1000;

/// How many deliveries of one tentacle may wait.
const WAITING: i64 = 100;

/// What has waited for longer is not run any more, in milliseconds.
const EXPIRES: i64 = 24 * 3600 * 1000;

/// How many that are too old are handed out in one go.
const MOST: i64 = 100;

const COLUMNS: &str = "SELECT id, enclave, tentacle, name, received_at FROM hook_delivery";

/// What became of a delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stored {
    /// It will be run.
    New,
    /// It came before.
    Known,
    /// Too many wait.
    Full,
    /// The tentacle is gone.
    Gone,
}

/// A delivery that waits.
#[derive(Debug, Clone)]
pub(crate) struct Delivery {
    pub(crate) id: String,
    pub(crate) of: TriggerRef,
    pub(crate) received_at: Timestamp,
}

impl Tx {
    /// Stores a delivery whose signature fits. Nobody is asked for the right to be called: the run is decided on later.
    pub(crate) async fn store_delivery(
        &mut self,
        of: &TriggerRef,
        delivery: &str,
        input: &str,
        now: Timestamp,
    ) -> Result<Stored, StoreError> {
        let old = now.as_millisecond() - KNOWN;
        sqlx::query(
            "DELETE FROM hook_delivery WHERE enclave = $1 AND tentacle = $2 AND state = 'taken' AND received_at < $3",
        )
        .bind(of.enclave.as_str())
        .bind(of.tentacle.as_str())
        .bind(old)
        .execute(self.connection())
        .await?;
        let known = sqlx::query(
            "SELECT id FROM hook_delivery WHERE enclave = $1 AND tentacle = $2 AND name = $3 AND delivery = $4",
        )
        .bind(of.enclave.as_str())
        .bind(of.tentacle.as_str())
        .bind(of.name.as_str())
        .bind(delivery)
        .fetch_optional(self.connection())
        .await?;
        if known.is_some() {
            return Ok(Stored::Known);
        }
        let waiting = sqlx::query(
            "SELECT COUNT(*) AS n FROM hook_delivery WHERE state = 'waiting' AND enclave = $1 AND tentacle = $2",
        )
        .bind(of.enclave.as_str())
        .bind(of.tentacle.as_str())
        .fetch_one(self.connection())
        .await?;
        if waiting.try_get::<i64, _>("n")? >= WAITING {
            return Ok(Stored::Full);
        }
        let stored = sqlx::query(
            "INSERT INTO hook_delivery (id, enclave, tentacle, name, delivery, input, state, received_at) \
             SELECT $4, enclave, tentacle, name, $5, $6, 'waiting', $7 FROM tentacle_trigger \
             WHERE enclave = $1 AND tentacle = $2 AND name = $3",
        )
        .bind(of.enclave.as_str())
        .bind(of.tentacle.as_str())
        .bind(of.name.as_str())
        .bind(Uuid::now_v7().to_string())
        .bind(delivery)
        .bind(input)
        .bind(now.as_millisecond())
        .execute(self.connection())
        .await?;
        Ok(if stored.rows_affected() == 1 { Stored::New } else { Stored::Gone })
    }

    /// Takes a delivery for the run that `_` allows; answers its input. Of all who try, one has it.
    pub(crate) async fn take_delivery(
        &mut self,
        _: &Authorized<TriggerRun>,
        delivery: &Delivery,
    ) -> Result<Option<Value>, StoreError> {
        let found = sqlx::query("SELECT input FROM hook_delivery WHERE id = $1 AND state = 'waiting'")
            .bind(&delivery.id)
            .fetch_optional(self.connection())
            .await?;
        let Some(found) = found else { return Ok(None) };
        let input = Reader::new(&found, "a delivery").text("input")?;
        let taken = sqlx::query(
            "UPDATE hook_delivery SET state = 'taken', input = '' WHERE id = $1 AND state = 'waiting'",
        )
        .bind(&delivery.id)
        .execute(self.connection())
        .await?;
        // INVARIANT: what was stored was JSON
        Ok(Some(serde_json::from_str(&input).unwrap_or_default()).filter(|_| taken.rows_affected() == 1))
    }

    /// Lets go of a delivery that will not be run, and writes down why.
    pub(crate) async fn drop_delivery(
        &mut self,
        delivery: &Delivery,
        unmet: Option<Unmet>,
    ) -> Result<(), StoreError> {
        let dropped = sqlx::query(
            "UPDATE hook_delivery SET state = 'taken', input = '' WHERE id = $1 AND state = 'waiting'",
        )
        .bind(&delivery.id)
        .execute(self.connection())
        .await?;
        if let Some(unmet) = unmet.filter(|_| dropped.rows_affected() == 1) {
            self.note(&delivery.of, unmet).await?;
        }
        Ok(())
    }
}

impl Store {
    /// The delivery of each tentacle that has waited the longest, where its enclave is one in which anything is run. All of
    /// them: whoever has many tentacles keeps nobody else's from being seen.
    pub(crate) async fn waiting_deliveries(&self, now: Timestamp) -> Result<Vec<Delivery>, StoreError> {
        let query = format!(
            "{COLUMNS} WHERE id IN (SELECT MIN(waits.id) FROM hook_delivery waits JOIN enclave ON enclave.name = waits.enclave \
             WHERE waits.state = 'waiting' AND waits.received_at >= $1 AND enclave.state = $2 \
             GROUP BY waits.enclave, waits.tentacle) ORDER BY id"
        );
        let rows = sqlx::query(sqlx::AssertSqlSafe(query))
            .bind(now.as_millisecond() - EXPIRES)
            .bind(State::Active.name())
            .fetch_all(self.pool())
            .await?;
        rows.iter().map(read).collect()
    }

    /// Deliveries that have waited for too long, whatever state their enclave is in, the oldest first.
    pub(crate) async fn expired_deliveries(&self, now: Timestamp) -> Result<Vec<Delivery>, StoreError> {
        let query = format!("{COLUMNS} WHERE state = 'waiting' AND received_at < $1 ORDER BY id LIMIT $2");
        let rows = sqlx::query(sqlx::AssertSqlSafe(query))
            .bind(now.as_millisecond() - EXPIRES)
            .bind(MOST)
            .fetch_all(self.pool())
            .await?;
        rows.iter().map(read).collect()
    }
}

fn read(row: &AnyRow) -> Result<Delivery, StoreError> {
    let row = Reader::new(row, "a delivery");
    let of = TriggerRef {
        enclave: row.parsed("enclave", |text| text.parse().ok())?,
        tentacle: row.parsed("tentacle", |text| text.parse().ok())?,
        name: row.parsed("name", |text| text.parse().ok())?,
    };
    Ok(Delivery { id: row.text("id")?, of, received_at: row.time("received_at")? })
}
