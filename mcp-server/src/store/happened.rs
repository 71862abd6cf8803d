//! What happened to several tentacles of one enclave, each with one query.

use super::history::{DEPLOY, RUN, deploy, ended_before, run};
use super::{DeployRecord, MayReadHistory, RunRecord, Store, StoreError, Window};
use jiff::Timestamp;
use sqlx::any::AnyRow;
use std::collections::BTreeMap;
use workflow::TentacleName;

/// Which records: from what table, and what else holds of them.
struct Which<'w> {
    columns: &'w str,
    table: &'w str,
    holds: &'w str,
}

impl Store {
    /// The last run of each that has ended, or was due and did not begin. One that was skipped says nothing of how a tentacle is: the
    /// one before it went on.
    pub(crate) async fn last_ended<G: MayReadHistory>(
        &self,
        grants: &[G],
    ) -> Result<BTreeMap<TentacleName, RunRecord>, StoreError> {
        let Some((enclave, names)) = of_one_enclave(grants) else { return Ok(BTreeMap::new()) };
        let now = Timestamp::now();
        let query = format!(
            "SELECT {RUN} FROM run_history WHERE id IN (SELECT MAX(id) FROM run_history WHERE enclave = $1 \
             AND tentacle IN ({}) AND outcome <> 'skipped' AND {} GROUP BY tentacle)",
            places(2, &names),
            ended(now)
        );
        let mut query = sqlx::query(sqlx::AssertSqlSafe(query)).bind(enclave);
        for name in names {
            query = query.bind(name);
        }
        let rows = query.fetch_all(self.pool()).await?;
        rows.iter().map(|row| run(row, now).map(|run| (run.tentacle.clone(), run))).collect()
    }

    /// Their runs, the newest first.
    pub(crate) async fn runs_in<G: MayReadHistory>(
        &self,
        grants: &[G],
        window: Window<'_>,
    ) -> Result<Vec<RunRecord>, StoreError> {
        self.runs_that(grants, "1 = 1", window, Timestamp::now()).await
    }

    /// Those of their runs that do not go on any more, the newest first.
    pub(crate) async fn ended_in<G: MayReadHistory>(
        &self,
        grants: &[G],
        window: Window<'_>,
    ) -> Result<Vec<RunRecord>, StoreError> {
        let now = Timestamp::now();
        self.runs_that(grants, &ended(now), window, now).await
    }

    async fn runs_that<G: MayReadHistory>(
        &self,
        grants: &[G],
        holds: &str,
        window: Window<'_>,
        now: Timestamp,
    ) -> Result<Vec<RunRecord>, StoreError> {
        let rows = self.newest(grants, &Which { columns: RUN, table: "run_history", holds }, window).await?;
        rows.iter().map(|row| run(row, now)).collect()
    }

    /// Their deploys, the newest first.
    pub(crate) async fn deploys_in<G: MayReadHistory>(
        &self,
        grants: &[G],
        window: Window<'_>,
    ) -> Result<Vec<DeployRecord>, StoreError> {
        let which = Which { columns: DEPLOY, table: "deploy_history", holds: "1 = 1" };
        let rows = self.newest(grants, &which, window).await?;
        rows.iter().map(deploy).collect()
    }

    /// The ids are looked for in the index alone, and only what is answered is read.
    async fn newest<G: MayReadHistory>(
        &self,
        grants: &[G],
        which: &Which<'_>,
        window: Window<'_>,
    ) -> Result<Vec<AnyRow>, StoreError> {
        let Some((enclave, names)) = of_one_enclave(grants) else { return Ok(Vec::new()) };
        let Which { columns, table, holds } = which;
        let query = format!(
            "SELECT {columns} FROM {table} WHERE id IN (SELECT id FROM {table} WHERE enclave = $1 AND id < $2 \
             AND tentacle IN ({}) AND {holds} ORDER BY id DESC LIMIT $3) ORDER BY id DESC",
            places(4, &names)
        );
        let mut query = sqlx::query(sqlx::AssertSqlSafe(query))
            .bind(enclave)
            .bind(window.before.unwrap_or(Window::END))
            .bind(window.most());
        for name in names {
            query = query.bind(name);
        }
        Ok(query.fetch_all(self.pool()).await?)
    }
}

/// What holds of a run that does not go on any more.
fn ended(now: Timestamp) -> String {
    format!("(outcome <> 'running' OR started_at < {})", ended_before(now))
}

/// The enclave of the first, with the tentacles in it that may be read. What is granted in another enclave says nothing of this one's.
pub(super) fn of_one_enclave<G: MayReadHistory>(grants: &[G]) -> Option<(&str, Vec<&str>)> {
    let record = &grants.first()?.of().record;
    let here = grants.iter().map(MayReadHistory::of).filter(|of| of.record.id == record.id);
    Some((record.name.as_str(), here.map(|of| of.name.as_str()).collect()))
}

/// The places of these names in a statement, where the first of them is `first`.
pub(super) fn places(first: usize, names: &[&str]) -> String {
    let places: Vec<String> = (first..first + names.len()).map(|place| format!("${place}")).collect();
    places.join(", ")
}
