//! What can be changed about a tentacle.

use super::{Tx, holdable, now};
use crate::gate::act::{Apply, Remove, TentacleSetMode, TentacleStatus, TentacleTighten, TentacleTransfer};
use crate::gate::target::OnTentacle;
use crate::gate::{Authorized, MayRun};
use crate::store::record::{ChangedBy, LastRun, PersonId};
use crate::store::{Store, StoreError, row};
use policy::Mode;
use wire::tools::tentacle::{Metadata, SourceCommit};
use workflow::Reach;

/// A version that has been deployed.
#[derive(Debug, Clone)]
pub(crate) struct DeployedVersion {
    pub(crate) description: String,
    pub(crate) version: String,
    /// All that it reaches.
    pub(crate) reach: Reach,
    pub(crate) deployed_by: String,
    pub(crate) deployed_via: String,
    /// The agent that chose it; empty where none said that it did.
    pub(crate) deployed_agent: String,
    /// The commit that it is from, where it is in git.
    pub(crate) commit: Option<SourceCommit>,
    pub(crate) metadata: Metadata,
}

impl Tx {
    /// Writes down a tentacle that is to be. Owner and mode are given here and never by a deploy.
    pub(crate) async fn put_tentacle(
        &mut self,
        grant: &Authorized<Apply>,
        owner: &PersonId,
        mode: Mode,
    ) -> Result<(), StoreError> {
        let target = grant.target();
        sqlx::query(
            "INSERT INTO tentacle (enclave, name, owner_issuer, owner_subject, mode, description, version, \
             deployed_by, deployed_via, created_at, deployed_at) \
             VALUES ($1, $2, $3, $4, $5, '', '', '', '', $6, $6)",
        )
        .bind(target.record.name.as_str())
        .bind(target.name.as_str())
        .bind(&owner.issuer)
        .bind(&owner.subject)
        .bind(mode.to_string())
        .bind(now())
        .execute(self.connection())
        .await?;
        self.touch(&target.record.name).await
    }

    /// This version runs now.
    pub(crate) async fn put_version(
        &mut self,
        grant: &Authorized<Apply>,
        deployed: &DeployedVersion,
    ) -> Result<(), StoreError> {
        let target = grant.target();
        sqlx::query(
            "UPDATE tentacle SET description = $3, version = $4, deployed_by = $5, deployed_via = $6, \
             deployed_at = $7, reach = $8, source_commit = $9, metadata = $10, deployed_agent = $11 \
             WHERE enclave = $1 AND name = $2",
        )
        .bind(target.record.name.as_str())
        .bind(target.name.as_str())
        .bind(holdable(&deployed.description).into_owned())
        .bind(&deployed.version)
        .bind(holdable(&deployed.deployed_by).into_owned())
        .bind(&deployed.deployed_via)
        .bind(now())
        .bind(row::reach_text(&deployed.reach))
        .bind(holdable(&row::commit_text(deployed.commit.as_ref())).into_owned())
        .bind(holdable(&row::json_text(&deployed.metadata)).into_owned())
        .bind(&deployed.deployed_agent)
        .execute(self.connection())
        .await?;
        self.void_approvals(grant, &deployed.version).await?;
        self.touch_mirrored(&target.record.name).await
    }

    /// What runs is what this commit has, as it turns out; answers whether another one was on record.
    pub(crate) async fn put_commit(
        &mut self,
        grant: &Authorized<Apply>,
        commit: &SourceCommit,
    ) -> Result<bool, StoreError> {
        let target = grant.target();
        let put = sqlx::query(
            "UPDATE tentacle SET source_commit = $3 WHERE enclave = $1 AND name = $2 AND source_commit <> $3",
        )
        .bind(target.record.name.as_str())
        .bind(target.name.as_str())
        .bind(holdable(&row::commit_text(Some(commit))).into_owned())
        .execute(self.connection())
        .await?;
        let is_another = put.rows_affected() > 0;
        if is_another {
            self.touch_mirrored(&target.record.name).await?;
        }
        Ok(is_another)
    }

    /// Gives the tentacle a mode that may grant something new.
    pub(crate) async fn set_tentacle_mode(
        &mut self,
        grant: &Authorized<TentacleSetMode>,
        mode: Mode,
        by: &ChangedBy,
    ) -> Result<(), StoreError> {
        self.put_tentacle_mode(grant.target(), mode, by).await
    }

    /// Gives the tentacle a mode that only takes away.
    pub(crate) async fn tighten_tentacle_mode(
        &mut self,
        grant: &Authorized<TentacleTighten>,
        mode: Mode,
        by: &ChangedBy,
    ) -> Result<(), StoreError> {
        self.put_tentacle_mode(grant.target(), mode, by).await
    }

    async fn put_tentacle_mode(
        &mut self,
        target: &OnTentacle,
        mode: Mode,
        by: &ChangedBy,
    ) -> Result<(), StoreError> {
        sqlx::query("UPDATE tentacle SET mode = $3, updated = $4 WHERE enclave = $1 AND name = $2")
            .bind(target.record.name.as_str())
            .bind(target.name.as_str())
            .bind(mode.to_string())
            .bind(holdable(&row::json_text(by)).into_owned())
            .execute(self.connection())
            .await?;
        self.touch_mirrored(&target.record.name).await
    }

    /// Somebody else owns it now.
    pub(crate) async fn transfer_tentacle(
        &mut self,
        grant: &Authorized<TentacleTransfer>,
        to: &PersonId,
        by: &ChangedBy,
    ) -> Result<(), StoreError> {
        let target = grant.target();
        sqlx::query(
            "UPDATE tentacle SET owner_issuer = $3, owner_subject = $4, updated = $5 WHERE enclave = $1 AND name = $2",
        )
        .bind(target.record.name.as_str())
        .bind(target.name.as_str())
        .bind(&to.issuer)
        .bind(&to.subject)
        .bind(holdable(&row::json_text(by)).into_owned())
        .execute(self.connection())
        .await?;
        self.touch_mirrored(&target.record.name).await
    }

    /// The tentacle is gone.
    pub(crate) async fn forget_tentacle(&mut self, grant: &Authorized<Remove>) -> Result<(), StoreError> {
        let target = grant.target();
        sqlx::query("DELETE FROM tentacle WHERE enclave = $1 AND name = $2")
            .bind(target.record.name.as_str())
            .bind(target.name.as_str())
            .execute(self.connection())
            .await?;
        self.void_all_approvals(grant).await?;
        self.touch(&target.record.name).await
    }

    /// The tentacle is gone, unless a version of it was ever deployed.
    pub(crate) async fn forget_undeployed(&mut self, grant: &Authorized<Apply>) -> Result<(), StoreError> {
        let target = grant.target();
        sqlx::query("DELETE FROM tentacle WHERE enclave = $1 AND name = $2 AND version = ''")
            .bind(target.record.name.as_str())
            .bind(target.name.as_str())
            .execute(self.connection())
            .await?;
        self.touch(&target.record.name).await
    }

    /// How the last run went. A tentacle that is gone meanwhile has none.
    pub(crate) async fn put_last_run(&mut self, grant: &dyn MayRun, run: &LastRun) -> Result<(), StoreError> {
        let target = grant.target();
        sqlx::query(
            "INSERT INTO last_run (enclave, tentacle, started_at, duration_ms, success, asked_by) \
             SELECT enclave, name, $3, $4, $5, $6 FROM tentacle WHERE enclave = $1 AND name = $2 \
             ON CONFLICT (enclave, tentacle) DO UPDATE SET started_at = excluded.started_at, \
             duration_ms = excluded.duration_ms, success = excluded.success, asked_by = excluded.asked_by",
        )
        .bind(target.record.name.as_str())
        .bind(target.name.as_str())
        .bind(run.started_at.as_millisecond())
        .bind(run.duration_ms)
        .bind(i64::from(run.success))
        .bind(holdable(&run.asked_by).into_owned())
        .execute(self.connection())
        .await?;
        Ok(())
    }
}

impl Store {
    /// How the last run went.
    pub(crate) async fn last_run(
        &self,
        grant: &Authorized<TentacleStatus>,
    ) -> Result<Option<LastRun>, StoreError> {
        let target = grant.target();
        let row = sqlx::query(
            "SELECT started_at, duration_ms, success, asked_by FROM last_run WHERE enclave = $1 AND tentacle = $2",
        )
        .bind(target.record.name.as_str())
        .bind(target.name.as_str())
        .fetch_optional(self.pool())
        .await?;
        row.as_ref().map(row::last_run).transpose()
    }
}
