//! The trail's rows.

use super::{EnclaveRecord, Store, StoreError, Tx};
use crate::gate::Authorized;
use crate::gate::act::{Trail, WholeTrail};
use serde_json::Value;
use sqlx::Row;
use sqlx::any::AnyRow;
use wire::canonical;
use wire::trail::Record;

/// A page of records, and where the next one begins.
#[derive(Debug, Clone, PartialEq)]
pub struct TrailPage {
    /// The records, as they are stored.
    pub records: Vec<Value>,
    /// The place of the last one, where there may be more.
    pub next: Option<(String, u64)>,
}

/// Where a record is found again: the enclave's name, and which it was of all that ever had this name. Both are empty
/// where there is none.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Filed {
    pub(crate) enclave: String,
    pub(crate) enclave_id: String,
}

impl Filed {
    /// Under this enclave.
    pub(crate) fn under(record: &EnclaveRecord) -> Self {
        Self { enclave: record.name.to_string(), enclave_id: record.id.to_string() }
    }
}

impl Tx {
    /// Writes a record; the trail gives it its number and its link.
    pub(crate) async fn add_record(&mut self, record: &Record, filed: &Filed) -> Result<(), StoreError> {
        let json = canonical::to_json(record)?;
        sqlx::query(
            "INSERT INTO trail (writer, seq, enclave, enclave_id, at, record) VALUES ($1, $2, $3, $4, $5, $6)",
        )
        .bind(&record.writer)
        .bind(i64::try_from(record.seq).unwrap_or(i64::MAX))
        .bind(&filed.enclave)
        .bind(&filed.enclave_id)
        .bind(record.at.as_millisecond())
        .bind(String::from_utf8_lossy(&json).into_owned())
        .execute(self.connection())
        .await?;
        Ok(())
    }

    /// Where records about the enclave that has this name now are filed.
    pub(crate) async fn filed(&mut self, name: &str) -> Result<Filed, StoreError> {
        let found = sqlx::query("SELECT id FROM enclave WHERE name = $1")
            .bind(name)
            .fetch_optional(self.connection())
            .await?;
        let id = found.map(|row| row.try_get("id")).transpose()?;
        Ok(Filed { enclave: name.to_owned(), enclave_id: id.unwrap_or_default() })
    }

    /// Where the chain of a writer ends.
    pub(crate) async fn end_of_chain(&mut self, writer: &str) -> Result<Option<(u64, String)>, StoreError> {
        let row = sqlx::query(END).bind(writer).fetch_optional(self.connection()).await?;
        row.as_ref().map(end).transpose()
    }
}

impl Store {
    /// Where the chain of a writer ends: its newest record's number and hash.
    pub(crate) async fn end_of_chain(&self, writer: &str) -> Result<Option<(u64, String)>, StoreError> {
        let row = sqlx::query(END).bind(writer).fetch_optional(&self.pool).await?;
        row.as_ref().map(end).transpose()
    }

    /// Whole chains, by writer and number, after the place `after`.
    pub(crate) async fn export_trail(
        &self,
        _: &Authorized<WholeTrail>,
        after: (String, u64),
        limit: usize,
    ) -> Result<TrailPage, StoreError> {
        let rows = sqlx::query(
            "SELECT writer, seq, record FROM trail WHERE writer > $1 OR (writer = $1 AND seq > $2) ORDER BY writer, seq LIMIT $3",
        )
        .bind(after.0)
        .bind(i64::try_from(after.1).unwrap_or(i64::MAX))
        .bind(i64::try_from(limit).unwrap_or(i64::MAX))
        .fetch_all(&self.pool)
        .await?;
        let records = rows.iter().map(read).collect::<Result<Vec<_>, _>>()?;
        let full = records.len() == limit;
        let last = rows.last().filter(|_| full);
        let next =
            last.map(|row| Ok::<_, StoreError>((row.try_get("writer")?, row.try_get::<i64, _>("seq")?)));
        let next = next.transpose()?.map(|(writer, seq)| (writer, seq.unsigned_abs()));
        Ok(TrailPage { records, next })
    }

    /// The newest records of all; the oldest of them first.
    pub(crate) async fn tail_of_all(
        &self,
        _: &Authorized<WholeTrail>,
        limit: usize,
    ) -> Result<Vec<Value>, StoreError> {
        let rows = sqlx::query("SELECT record FROM trail ORDER BY at DESC, seq DESC LIMIT $1")
            .bind(i64::try_from(limit).unwrap_or(i64::MAX))
            .fetch_all(&self.pool)
            .await?;
        rows.iter().rev().map(read).collect()
    }

    /// The newest records of one enclave; the oldest of them first. Those of an enclave that had its name before are
    /// nobody's but the operators'.
    pub(crate) async fn tail_of(
        &self,
        grant: &Authorized<Trail>,
        limit: usize,
    ) -> Result<Vec<Value>, StoreError> {
        let rows =
            sqlx::query("SELECT record FROM trail WHERE enclave_id = $1 ORDER BY at DESC, seq DESC LIMIT $2")
                .bind(grant.target().record.id.to_string())
                .bind(i64::try_from(limit).unwrap_or(i64::MAX))
                .fetch_all(&self.pool)
                .await?;
        rows.iter().rev().map(read).collect()
    }
}

const END: &str = "SELECT seq, record FROM trail WHERE writer = $1 ORDER BY seq DESC LIMIT 1";

fn end(row: &AnyRow) -> Result<(u64, String), StoreError> {
    let seq: i64 = row.try_get("seq")?;
    Ok((seq.unsigned_abs(), canonical::sha256(&read(row)?)?))
}

/// The record as it stands: what somebody changed is handed out as changed, for the verifier to find. What is no JSON
/// any more is handed out as a text: it must not keep the rest from being read.
fn read(row: &AnyRow) -> Result<Value, StoreError> {
    let json: String = row.try_get("record")?;
    Ok(serde_json::from_str(&json).unwrap_or(Value::String(json)))
}
