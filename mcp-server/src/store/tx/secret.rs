//! Secrets of an enclave: set and removed by its owner. What is stored is sealed before it comes here.

use super::{Tx, holdable, now};
use crate::gate::Authorized;
use crate::gate::act::{Apply, Info, SetSecret};
use crate::store::record::SecretRecord;
use crate::store::{Store, StoreError, row};
use std::collections::BTreeSet;
use workflow::{EnclaveName, SecretName};

impl Tx {
    /// Sets a secret; one of that name is replaced.
    pub(crate) async fn put_secret(
        &mut self,
        grant: &Authorized<SetSecret>,
        name: &SecretName,
        sealed: &str,
        by: &str,
    ) -> Result<(), StoreError> {
        sqlx::query(
            "INSERT INTO secret (enclave, name, sealed, set_by, set_at) VALUES ($1, $2, $3, $4, $5) \
             ON CONFLICT (enclave, name) DO UPDATE SET sealed = excluded.sealed, set_by = excluded.set_by, \
             set_at = excluded.set_at",
        )
        .bind(grant.target().record.name.as_str())
        .bind(name.as_str())
        .bind(sealed)
        .bind(holdable(by).into_owned())
        .bind(now())
        .execute(self.connection())
        .await?;
        Ok(())
    }

    /// Those of `names` that are not set in the enclave.
    pub(crate) async fn missing_secrets(
        &mut self,
        grant: &Authorized<Apply>,
        names: &BTreeSet<SecretName>,
    ) -> Result<Vec<String>, StoreError> {
        let mut missing = Vec::new();
        for name in names {
            let found = sqlx::query("SELECT name FROM secret WHERE enclave = $1 AND name = $2")
                .bind(grant.target().record.name.as_str())
                .bind(name.as_str())
                .fetch_optional(self.connection())
                .await?;
            if found.is_none() {
                missing.push(name.to_string());
            }
        }
        Ok(missing)
    }

    /// How many secrets the enclave has besides the one of this name.
    pub(crate) async fn other_secrets(
        &mut self,
        grant: &Authorized<SetSecret>,
        name: &SecretName,
    ) -> Result<usize, StoreError> {
        let rows = sqlx::query("SELECT name FROM secret WHERE enclave = $1 AND name <> $2")
            .bind(grant.target().record.name.as_str())
            .bind(name.as_str())
            .fetch_all(self.connection())
            .await?;
        Ok(rows.len())
    }

    /// Removes a secret; tells whether there was one.
    pub(crate) async fn forget_secret(
        &mut self,
        grant: &Authorized<SetSecret>,
        name: &SecretName,
    ) -> Result<bool, StoreError> {
        let gone = sqlx::query("DELETE FROM secret WHERE enclave = $1 AND name = $2")
            .bind(grant.target().record.name.as_str())
            .bind(name.as_str())
            .execute(self.connection())
            .await?;
        Ok(gone.rows_affected() > 0)
    }
}

impl Store {
    /// Which secrets an enclave has; never what they are.
    pub(crate) async fn secrets(&self, grant: &Authorized<Info>) -> Result<Vec<SecretRecord>, StoreError> {
        let rows = sqlx::query("SELECT name, set_by, set_at FROM secret WHERE enclave = $1 ORDER BY name")
            .bind(grant.target().record.name.as_str())
            .fetch_all(self.pool())
            .await?;
        rows.iter().map(row::secret).collect()
    }

    /// A secret as it is stored, sealed.
    pub(crate) async fn sealed_secret(
        &self,
        enclave: &EnclaveName,
        name: &SecretName,
    ) -> Result<Option<String>, StoreError> {
        use sqlx::Row;
        let found = sqlx::query("SELECT sealed FROM secret WHERE enclave = $1 AND name = $2")
            .bind(enclave.as_str())
            .bind(name.as_str())
            .fetch_optional(self.pool())
            .await?;
        Ok(found.map(|row| row.try_get("sealed")).transpose()?)
    }
}
