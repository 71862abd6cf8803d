//! How far the backend shows and enforces what the records say.

use super::{Store, StoreError, Tx};
use policy::State;
use sqlx::Row;
use sqlx::any::AnyRow;
use workflow::EnclaveName;

/// An enclave whose backend has not followed its record yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Behind {
    pub(crate) name: EnclaveName,
    pub(crate) frozen: bool,
    /// The generation that the backend is to come to.
    pub(crate) wanted: i64,
}

impl Store {
    /// The enclaves whose backend has not followed their record yet, by name.
    pub(crate) async fn behind_mirrors(&self) -> Result<Vec<Behind>, StoreError> {
        let rows = sqlx::query(
            "SELECT name, state, mirror_wanted FROM enclave \
             WHERE mirror_made < mirror_wanted AND state IN ('active', 'frozen') ORDER BY name",
        )
        .fetch_all(self.pool())
        .await?;
        rows.iter().filter_map(|row| read(row).transpose()).collect()
    }
}

impl Tx {
    /// The backend shows and enforces the record up to this generation.
    pub(crate) async fn mirrored(&mut self, name: &EnclaveName, generation: i64) -> Result<(), StoreError> {
        sqlx::query("UPDATE enclave SET mirror_made = $1 WHERE name = $2 AND mirror_made < $1")
            .bind(generation)
            .bind(name.as_str())
            .execute(self.connection())
            .await?;
        Ok(())
    }
}

/// Reads a row; a name that is none is passed over, so that it does not keep the others from being followed: whoever
/// reads that record hears of it.
fn read(row: &AnyRow) -> Result<Option<Behind>, StoreError> {
    let Ok(name) = row.try_get::<String, _>("name")?.parse() else { return Ok(None) };
    let frozen = row.try_get::<String, _>("state")? == State::Frozen.name();
    Ok(Some(Behind { name, frozen, wanted: row.try_get("mirror_wanted")? }))
}
