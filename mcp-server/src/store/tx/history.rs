//! What is written down of runs and deploys, in the transactions that they begin and end with.

use super::{Tx, holdable, now};
use crate::gate::act::Apply;
use crate::gate::target::OnTentacle;
use crate::gate::{Authorized, MayRun};
use crate::store::history::{DeployEnd, NodeTime, RunEnd};
use crate::store::{StoreError, row};
use jiff::Timestamp;
use uuid::Uuid;
use wire::tools::tentacle::SourceCommit;
use workflow::Reach;

/// How many runs and deploys of one tentacle are kept, and the sources of how many versions.
const RUNS: i64 = 500;
const DEPLOYS: i64 = 100;
const SOURCES: i64 = 10;

/// How long runs and deploys are kept, in milliseconds: 90 days.
const AGE: i64 = 90 * 24 * 3600 * 1000;

/// A run that begins.
#[derive(Debug, Clone)]
pub(crate) struct RunBegin<'a> {
    /// The trigger's name; empty where a person asked.
    pub(crate) cause: &'a str,
    /// Who or what asked, to show.
    pub(crate) asked_by: &'a str,
    /// When the trigger was due.
    pub(crate) due_at: Option<Timestamp>,
}

/// A deploy that was begun.
#[derive(Debug, Clone)]
pub(crate) struct DeployRow<'a> {
    pub(crate) version: &'a str,
    pub(crate) reach: &'a Reach,
    pub(crate) asked_by: &'a str,
    pub(crate) client: &'a str,
    pub(crate) commit: Option<&'a SourceCommit>,
    pub(crate) started_at: Timestamp,
    pub(crate) end: DeployEnd<'a>,
}

const BEGIN_RUN: &str = "INSERT INTO run_history (id, enclave, tentacle, version, cause, asked_by, due_at, started_at, \
     duration_ms, outcome, moments, nodes, error) \
     SELECT $3, enclave, name, version, $4, $5, $6, $7, 0, 'running', 1, '[]', '' FROM tentacle \
     WHERE enclave = $1 AND name = $2";

const INTERRUPTED_LAST: &str = "INSERT INTO last_run (enclave, tentacle, started_at, duration_ms, success, asked_by) \
     SELECT enclave, tentacle, started_at, duration_ms, 0, asked_by FROM run_history WHERE id = $1 \
     ON CONFLICT (enclave, tentacle) DO UPDATE SET started_at = excluded.started_at, \
     duration_ms = excluded.duration_ms, success = excluded.success, asked_by = excluded.asked_by \
     WHERE last_run.started_at <= excluded.started_at";

const PUT_DEPLOY: &str = "INSERT INTO deploy_history (id, enclave, tentacle, version, reach, source, asked_by, client, \
     started_at, duration_ms, outcome, step, error, source_commit, number) \
     SELECT $3, enclave, name, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, \
     CASE WHEN $15 = 1 THEN deploys ELSE 0 END FROM tentacle \
     WHERE enclave = $1 AND name = $2";

impl Tx {
    /// A run begins.
    pub(crate) async fn begin_run(
        &mut self,
        grant: &dyn MayRun,
        begin: &RunBegin<'_>,
    ) -> Result<(), StoreError> {
        let target = grant.target();
        sqlx::query(BEGIN_RUN)
            .bind(target.record.name.as_str())
            .bind(target.name.as_str())
            .bind(grant.id().to_string())
            .bind(begin.cause)
            .bind(holdable(begin.asked_by).into_owned())
            .bind(begin.due_at.map_or(0, Timestamp::as_millisecond))
            .bind(now())
            .execute(self.connection())
            .await?;
        self.prune(target, "run_history", RUNS).await
    }

    /// A run has ended.
    pub(crate) async fn end_run(&mut self, grant: &dyn MayRun, end: &RunEnd) -> Result<(), StoreError> {
        sqlx::query(
            "UPDATE run_history SET duration_ms = $2, outcome = $3, nodes = $4, error = $5 WHERE id = $1",
        )
        .bind(grant.id().to_string())
        .bind(end.duration_ms)
        .bind(end.outcome.name())
        .bind(NodeTime::text(&end.nodes))
        .bind(holdable(&end.error).into_owned())
        .execute(self.connection())
        .await?;
        Ok(())
    }

    /// The server was stopped in the middle of this run, if it was one: then it is the last one that ended.
    pub(crate) async fn interrupt_run(&mut self, id: Uuid) -> Result<(), StoreError> {
        let interrupted = sqlx::query(
            "UPDATE run_history SET outcome = 'interrupted' WHERE id = $1 AND outcome = 'running'",
        )
        .bind(id.to_string())
        .execute(self.connection())
        .await?;
        if interrupted.rows_affected() == 0 {
            return Ok(());
        }
        sqlx::query(INTERRUPTED_LAST).bind(id.to_string()).execute(self.connection()).await?;
        Ok(())
    }

    /// Writes down a deploy, unless its tentacle is gone.
    pub(crate) async fn put_deploy(
        &mut self,
        grant: &Authorized<Apply>,
        deploy: &DeployRow<'_>,
    ) -> Result<(), StoreError> {
        let target = grant.target();
        let duration = Timestamp::now().duration_since(deploy.started_at).as_millis();
        let (outcome, step, error) = deploy.end.texts();
        let counts = matches!(deploy.end, DeployEnd::Deployed);
        if counts {
            sqlx::query("UPDATE tentacle SET deploys = deploys + 1 WHERE enclave = $1 AND name = $2")
                .bind(target.record.name.as_str())
                .bind(target.name.as_str())
                .execute(self.connection())
                .await?;
        }
        sqlx::query(PUT_DEPLOY)
            .bind(target.record.name.as_str())
            .bind(target.name.as_str())
            .bind(grant.id().to_string())
            .bind(deploy.version)
            .bind(deploy.reach.digest())
            .bind(holdable(&SourceCommit::told(deploy.commit)).into_owned())
            .bind(holdable(deploy.asked_by).into_owned())
            .bind(deploy.client)
            .bind(deploy.started_at.as_millisecond())
            .bind(i64::try_from(duration).unwrap_or(i64::MAX))
            .bind(outcome)
            .bind(step)
            .bind(holdable(error).into_owned())
            .bind(holdable(&row::commit_text(deploy.commit)).into_owned())
            .bind(i64::from(counts))
            .execute(self.connection())
            .await?;
        self.prune(target, "deploy_history", DEPLOYS).await
    }

    /// Keeps the source of the version that runs now, and of some before it.
    pub(crate) async fn put_source(
        &mut self,
        grant: &Authorized<Apply>,
        version: &str,
        files: &str,
    ) -> Result<(), StoreError> {
        let (enclave, name) = (grant.target().record.name.as_str(), grant.target().name.as_str());
        sqlx::query(
            "INSERT INTO version_source (enclave, tentacle, version, files, deployed_at) VALUES ($1, $2, $3, $4, $5) \
             ON CONFLICT (enclave, tentacle, version) DO UPDATE SET deployed_at = excluded.deployed_at",
        )
        .bind(enclave)
        .bind(name)
        .bind(version)
        .bind(files)
        .bind(now())
        .execute(self.connection())
        .await?;
        sqlx::query(
            "DELETE FROM version_source WHERE enclave = $1 AND tentacle = $2 AND version NOT IN (SELECT version FROM \
             version_source WHERE enclave = $1 AND tentacle = $2 ORDER BY deployed_at DESC, version LIMIT $3)",
        )
        .bind(enclave)
        .bind(name)
        .bind(SOURCES)
        .execute(self.connection())
        .await?;
        Ok(())
    }

    /// Lets go of what is too old or too much.
    pub(super) async fn prune(
        &mut self,
        of: &OnTentacle,
        table: &'static str,
        most: i64,
    ) -> Result<(), StoreError> {
        let delete = match table {
            "run_history" => {
                "DELETE FROM run_history WHERE enclave = $1 AND tentacle = $2 AND (started_at < $3 OR id <= (SELECT id \
                 FROM run_history WHERE enclave = $1 AND tentacle = $2 ORDER BY id DESC LIMIT 1 OFFSET $4))"
            }
            _ => {
                "DELETE FROM deploy_history WHERE enclave = $1 AND tentacle = $2 AND (started_at < $3 OR id <= (SELECT id \
                 FROM deploy_history WHERE enclave = $1 AND tentacle = $2 ORDER BY id DESC LIMIT 1 OFFSET $4))"
            }
        };
        sqlx::query(delete)
            .bind(of.record.name.as_str())
            .bind(of.name.as_str())
            .bind(now() - AGE)
            .bind(most)
            .execute(self.connection())
            .await?;
        Ok(())
    }
}
