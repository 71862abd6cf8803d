//! The files of secrets that a version has in git, kept as they are: encrypted.

use super::Tx;
use crate::gate::Authorized;
use crate::gate::act::Apply;
use crate::git_secrets::GitSecrets;
use crate::store::{Store, StoreError};
use sqlx::{AnyConnection, Row};
use workflow::{EnclaveName, TentacleName};

impl Tx {
    /// Keeps the files of a version that is being deployed, in place of those that it had.
    pub(crate) async fn put_git_secrets(
        &mut self,
        grant: &Authorized<Apply>,
        version: &str,
        secrets: &GitSecrets,
    ) -> Result<(), StoreError> {
        let (enclave, tentacle) = (grant.target().record.name.as_str(), grant.target().name.as_str());
        sqlx::query("DELETE FROM git_secret WHERE enclave = $1 AND tentacle = $2 AND version = $3")
            .bind(enclave)
            .bind(tentacle)
            .bind(version)
            .execute(self.connection())
            .await?;
        for (service, file) in &secrets.0 {
            sqlx::query(
                "INSERT INTO git_secret (enclave, tentacle, version, service, file) VALUES ($1, $2, $3, $4, $5)",
            )
            .bind(enclave)
            .bind(tentacle)
            .bind(version)
            .bind(service)
            .bind(file)
            .execute(self.connection())
            .await?;
        }
        Ok(())
    }

    /// Lets go of the files of all versions but the one that runs now.
    pub(crate) async fn keep_git_secrets(
        &mut self,
        grant: &Authorized<Apply>,
        version: &str,
    ) -> Result<(), StoreError> {
        sqlx::query("DELETE FROM git_secret WHERE enclave = $1 AND tentacle = $2 AND version <> $3")
            .bind(grant.target().record.name.as_str())
            .bind(grant.target().name.as_str())
            .bind(version)
            .execute(self.connection())
            .await?;
        Ok(())
    }

    /// The files of a version.
    pub(crate) async fn git_secrets(
        &mut self,
        grant: &Authorized<Apply>,
        version: &str,
    ) -> Result<GitSecrets, StoreError> {
        let target = grant.target();
        read(self.connection(), &target.record.name, &target.name, version).await
    }
}

impl Store {
    /// The files of a version.
    pub(crate) async fn git_secrets(
        &self,
        enclave: &EnclaveName,
        tentacle: &TentacleName,
        version: &str,
    ) -> Result<GitSecrets, StoreError> {
        read(&mut *self.pool().acquire().await?, enclave, tentacle, version).await
    }
}

async fn read(
    connection: &mut AnyConnection,
    enclave: &EnclaveName,
    tentacle: &TentacleName,
    version: &str,
) -> Result<GitSecrets, StoreError> {
    let rows = sqlx::query(
        "SELECT service, file FROM git_secret WHERE enclave = $1 AND tentacle = $2 AND version = $3",
    )
    .bind(enclave.as_str())
    .bind(tentacle.as_str())
    .bind(version)
    .fetch_all(connection)
    .await?;
    let file = |row: &sqlx::any::AnyRow| Ok((row.try_get("service")?, row.try_get("file")?));
    Ok(GitSecrets(rows.iter().map(file).collect::<Result<_, StoreError>>()?))
}
