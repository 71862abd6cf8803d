//! The records of enclaves that the state repo has, or is to have.

use super::row::{self, Reader};
use super::{Store, StoreError, Tx};
use crate::gate::Authorized;
use crate::gate::act::{List, Provision};
use jiff::civil::Date;
use jiff::{Timestamp, tz::TimeZone};
use sqlx::Row;
use sqlx::any::AnyRow;
use std::collections::BTreeMap;
use workflow::{EnclaveName, TentacleName};

/// The newest record of an enclave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Recorded {
    pub(crate) enclave: EnclaveName,
    pub(crate) enclave_id: String,
    pub(crate) generation: i64,
    /// The digest of what it says, with the id of the key that signed it.
    pub(crate) content: String,
    /// The digest of what is signed.
    pub(crate) digest: String,
    /// The file.
    pub(crate) text: String,
    /// When the enclave was removed.
    pub(crate) removed_on: Option<Date>,
    /// The generation that the state repo has.
    pub(crate) published: i64,
    /// The enclave's workspace and channel; both empty where it has none.
    pub(crate) channel: (String, String),
}

impl Recorded {
    /// Whether the state repo does not have it yet.
    pub(crate) const fn waits(&self) -> bool {
        self.published < self.generation
    }
}

const ALL: &str = "SELECT enclave, enclave_id, generation, content, digest, text, removed_on, published, team, channel \
     FROM enclave_record";

impl Store {
    /// Whether rights have changed since records were last made.
    pub(crate) async fn records_are_behind(&self) -> Result<bool, StoreError> {
        let row = sqlx::query("SELECT number, recorded FROM generation WHERE one = 1")
            .fetch_one(self.pool())
            .await?;
        Ok(row.try_get::<i64, _>("recorded")? < row.try_get::<i64, _>("number")?)
    }

    /// The records that the state repo does not have yet.
    pub(crate) async fn waiting_records(&self) -> Result<Vec<Recorded>, StoreError> {
        let rows = sqlx::query(sqlx::AssertSqlSafe(format!("{ALL} WHERE published < generation")))
            .fetch_all(self.pool())
            .await?;
        rows.iter().map(read).collect()
    }

    /// The newest record of an enclave.
    pub(crate) async fn recorded(&self, grant: &Authorized<List>) -> Result<Option<Recorded>, StoreError> {
        let row = sqlx::query(sqlx::AssertSqlSafe(format!("{ALL} WHERE enclave = $1")))
            .bind(grant.target().record.name.as_str())
            .fetch_optional(self.pool())
            .await?;
        row.as_ref().map(read).transpose()
    }

    /// The state repo has it. Of an enclave that was removed only this is kept.
    pub(crate) async fn record_is_published(&self, record: &Recorded) -> Result<(), StoreError> {
        sqlx::query(
            "UPDATE enclave_record SET published = $1, text = CASE WHEN removed_on = '' THEN text ELSE '' END \
             WHERE enclave = $2 AND generation = $1",
        )
        .bind(record.generation)
        .bind(record.enclave.as_str())
        .execute(self.pool())
        .await?;
        Ok(())
    }

    /// The digest of what each tentacle may reach.
    pub(crate) async fn reach_digests(
        &self,
    ) -> Result<BTreeMap<(EnclaveName, TentacleName), String>, StoreError> {
        let rows = sqlx::query("SELECT enclave, name, reach FROM tentacle").fetch_all(self.pool()).await?;
        rows.iter()
            .map(|row| {
                let reader = Reader::new(row, "a tentacle");
                let whose = (
                    reader.parsed("enclave", |text| text.parse().ok())?,
                    reader.parsed("name", |text| text.parse().ok())?,
                );
                Ok((whose, row::reach(row)?.digest()))
            })
            .collect()
    }
}

impl Tx {
    /// Which change of rights was the last one.
    pub(crate) async fn generation(&mut self) -> Result<i64, StoreError> {
        let row =
            sqlx::query("SELECT number FROM generation WHERE one = 1").fetch_one(self.connection()).await?;
        Ok(row.try_get("number")?)
    }

    /// The newest record of every enclave.
    pub(crate) async fn records(&mut self) -> Result<Vec<Recorded>, StoreError> {
        let rows = sqlx::query(ALL).fetch_all(self.connection()).await?;
        rows.iter().map(read).collect()
    }

    /// The state repo is to have this record.
    pub(crate) async fn want_record(&mut self, record: &Recorded) -> Result<(), StoreError> {
        sqlx::query(
            "INSERT INTO enclave_record (enclave, enclave_id, generation, content, digest, text, removed_on, published, team, channel) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) \
             ON CONFLICT (enclave) DO UPDATE SET enclave_id = excluded.enclave_id, generation = excluded.generation, \
             content = excluded.content, digest = excluded.digest, text = excluded.text, removed_on = excluded.removed_on, \
             published = excluded.published, team = excluded.team, channel = excluded.channel",
        )
        .bind(record.enclave.as_str())
        .bind(&record.enclave_id)
        .bind(record.generation)
        .bind(&record.content)
        .bind(&record.digest)
        .bind(&record.text)
        .bind(record.removed_on.map(|date| date.to_string()).unwrap_or_default())
        .bind(record.published)
        .bind(&record.channel.0)
        .bind(&record.channel.1)
        .execute(self.connection())
        .await?;
        Ok(())
    }

    /// The enclave that this channel had before and that is gone, and when it went; the last one of several.
    pub(crate) async fn enclave_before(
        &mut self,
        _: &Authorized<Provision>,
        (team, channel): (&str, &str),
    ) -> Result<Option<(EnclaveName, Date)>, StoreError> {
        let row = sqlx::query(sqlx::AssertSqlSafe(format!(
            "{ALL} WHERE team = $1 AND channel = $2 AND enclave_id NOT IN (SELECT id FROM enclave) \
             ORDER BY generation DESC LIMIT 1"
        )))
        .bind(team)
        .bind(channel)
        .fetch_optional(self.connection())
        .await?;
        let record = row.as_ref().map(read).transpose()?;
        // One that went a moment ago is not told to have gone yet.
        Ok(record.map(|record| (record.enclave, record.removed_on.unwrap_or_else(today))))
    }

    /// All records were made for the rights as they are at this generation.
    pub(crate) async fn records_are_made(&mut self, generation: i64) -> Result<(), StoreError> {
        sqlx::query("UPDATE generation SET recorded = $1 WHERE one = 1")
            .bind(generation)
            .execute(self.connection())
            .await?;
        Ok(())
    }
}

/// The day, by the clock of the world.
pub(crate) fn today() -> Date {
    Timestamp::now().to_zoned(TimeZone::UTC).date()
}

fn read(row: &AnyRow) -> Result<Recorded, StoreError> {
    let row = Reader::new(row, "an enclave's record");
    Ok(Recorded {
        enclave: row.parsed("enclave", |text| text.parse().ok())?,
        enclave_id: row.text("enclave_id")?,
        generation: row.number("generation")?,
        content: row.text("content")?,
        digest: row.text("digest")?,
        text: row.text("text")?,
        removed_on: row.parsed("removed_on", |text| {
            if text.is_empty() { Some(None) } else { text.parse().ok().map(Some) }
        })?,
        published: row.number("published")?,
        channel: (row.text("team")?, row.text("channel")?),
    })
}
