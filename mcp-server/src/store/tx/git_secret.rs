//! The files of secrets that a version has in git, kept as they are: encrypted. Those that serve stay until a deploy has come to
//! its end, whatever the one that is under way brings: it may fail, and it may be of the same version.

use super::Tx;
use crate::gate::Authorized;
use crate::gate::act::Apply;
use crate::git_secrets::GitSecrets;
use crate::store::{Store, StoreError};
use sqlx::{AnyConnection, Row};
use workflow::{EnclaveName, TentacleName};

/// Whether files serve, as the store has it.
const SERVES: i64 = 1;
const WAITS: i64 = 0;

impl Tx {
    /// Keeps the files of a version that is being deployed, beside those that serve.
    pub(crate) async fn put_git_secrets(
        &mut self,
        grant: &Authorized<Apply>,
        version: &str,
        secrets: &GitSecrets,
    ) -> Result<(), StoreError> {
        self.forget_git_secrets(grant, version).await?;
        self.insert_git_secrets(grant, version, secrets, WAITS).await
    }

    /// The version has come to run with these: whatever was kept of it and of others goes.
    pub(crate) async fn serve_git_secrets(
        &mut self,
        grant: &Authorized<Apply>,
        version: &str,
        secrets: &GitSecrets,
    ) -> Result<(), StoreError> {
        sqlx::query("DELETE FROM git_secret WHERE enclave = $1 AND tentacle = $2")
            .bind(grant.target().record.name.as_str())
            .bind(grant.target().name.as_str())
            .execute(self.connection())
            .await?;
        self.insert_git_secrets(grant, version, secrets, SERVES).await
    }

    /// The version did not come to run: what serves stays alone.
    pub(crate) async fn forget_git_secrets(
        &mut self,
        grant: &Authorized<Apply>,
        version: &str,
    ) -> Result<(), StoreError> {
        sqlx::query(
            "DELETE FROM git_secret WHERE enclave = $1 AND tentacle = $2 AND version = $3 AND serves = $4",
        )
        .bind(grant.target().record.name.as_str())
        .bind(grant.target().name.as_str())
        .bind(version)
        .bind(WAITS)
        .execute(self.connection())
        .await?;
        Ok(())
    }

    async fn insert_git_secrets(
        &mut self,
        grant: &Authorized<Apply>,
        version: &str,
        secrets: &GitSecrets,
        serves: i64,
    ) -> Result<(), StoreError> {
        for (service, file) in &secrets.0 {
            sqlx::query(
                "INSERT INTO git_secret (enclave, tentacle, version, service, file, serves) \
                 VALUES ($1, $2, $3, $4, $5, $6)",
            )
            .bind(grant.target().record.name.as_str())
            .bind(grant.target().name.as_str())
            .bind(version)
            .bind(service)
            .bind(file)
            .bind(serves)
            .execute(self.connection())
            .await?;
        }
        Ok(())
    }

    /// The files of a version: of the one that runs those that serve, of another those with which it is being deployed.
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
    /// The files of a version: of the one that runs those that serve, of another those with which it is being deployed.
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
        "SELECT service, file FROM git_secret \
         JOIN tentacle ON tentacle.enclave = git_secret.enclave AND tentacle.name = git_secret.tentacle \
         WHERE git_secret.enclave = $1 AND git_secret.tentacle = $2 AND git_secret.version = $3 \
         AND serves = CASE WHEN tentacle.version = git_secret.version THEN 1 ELSE 0 END",
    )
    .bind(enclave.as_str())
    .bind(tentacle.as_str())
    .bind(version)
    .fetch_all(connection)
    .await?;
    let file = |row: &sqlx::any::AnyRow| Ok((row.try_get("service")?, row.try_get("file")?));
    Ok(GitSecrets(rows.iter().map(file).collect::<Result<_, StoreError>>()?))
}
