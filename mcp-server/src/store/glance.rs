//! What a list tells of each of its enclaves besides the record: what waits for the owner, and the newest run. Each is one query for
//! a page, however many enclaves are on it.

use super::record::LastRun;
use super::tx::{JOIN_VALID, now};
use super::{Store, StoreError, row};
use crate::gate::Authorized;
use crate::gate::act::{TentacleList, Waiting};
use sqlx::{AssertSqlSafe, Row};
use std::collections::{BTreeMap, BTreeSet};
use workflow::{EnclaveName, TentacleName};

/// What waits for the owner of an enclave.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Waits {
    /// Questions whether new reach may be had.
    pub(crate) approvals: u64,
    /// People who ask to be let in.
    pub(crate) joins: u64,
}

impl Store {
    /// What waits for the owners of these enclaves, where anything does.
    pub(crate) async fn waits(
        &self,
        grants: &[Authorized<Waiting>],
    ) -> Result<BTreeMap<EnclaveName, Waits>, StoreError> {
        let of: BTreeMap<_, _> =
            grants.iter().map(|it| &it.target().record.name).map(|it| (it.as_str(), it)).collect();
        if of.is_empty() {
            return Ok(BTreeMap::new());
        }
        let names = places(3, of.len());
        let query = format!(
            "SELECT enclave, COUNT(*) AS approvals, 0 AS joins FROM approval \
             WHERE state = 'waiting' AND expires_at > $1 AND enclave IN ({names}) GROUP BY enclave \
             UNION ALL \
             SELECT enclave, 0, COUNT(*) FROM join_request \
             WHERE refused = 0 AND asked_at > $2 AND enclave IN ({names}) GROUP BY enclave"
        );
        let mut query = sqlx::query(AssertSqlSafe(query)).bind(now()).bind(now() - JOIN_VALID);
        for name in of.keys() {
            query = query.bind(*name);
        }
        let mut found: BTreeMap<EnclaveName, Waits> = BTreeMap::new();
        for row in query.fetch_all(self.pool()).await? {
            let (name, count): (String, _) = (row.try_get("enclave")?, |what| {
                row.try_get::<i64, _>(what).map(|n| u64::try_from(n).unwrap_or_default())
            });
            let Some(name) = of.get(name.as_str()) else { continue };
            let waits = found.entry((*name).clone()).or_default();
            waits.approvals += count("approvals")?;
            waits.joins += count("joins")?;
        }
        Ok(found)
    }

    /// The newest of the last runs of these tentacles in each enclave, with whose it was.
    pub(crate) async fn newest_runs(
        &self,
        seen: &[Authorized<TentacleList>],
    ) -> Result<BTreeMap<EnclaveName, (TentacleName, LastRun)>, StoreError> {
        let targets: BTreeMap<_, _> = seen
            .iter()
            .map(Authorized::target)
            .map(|it| ((it.record.name.as_str(), it.name.as_str()), it))
            .collect();
        let enclaves: BTreeSet<_> = targets.keys().map(|(enclave, _)| *enclave).collect();
        if enclaves.is_empty() {
            return Ok(BTreeMap::new());
        }
        let query = format!(
            "SELECT enclave, tentacle, started_at, duration_ms, success, asked_by FROM last_run \
             WHERE enclave IN ({}) ORDER BY started_at DESC, tentacle",
            places(1, enclaves.len())
        );
        let mut query = sqlx::query(AssertSqlSafe(query));
        for enclave in enclaves {
            query = query.bind(enclave);
        }
        let mut newest = BTreeMap::new();
        for row in query.fetch_all(self.pool()).await? {
            let of: (String, String) = (row.try_get("enclave")?, row.try_get("tentacle")?);
            let Some(target) = targets.get(&(of.0.as_str(), of.1.as_str())) else { continue };
            if !newest.contains_key(&target.record.name) {
                let run = row::last_run(&row)?;
                newest.insert(target.record.name.clone(), (target.name.clone(), run));
            }
        }
        Ok(newest)
    }
}

/// So many parameters of a statement, the first of which has this number.
fn places(first: usize, count: usize) -> String {
    let all: Vec<_> = (first..first + count).map(|number| format!("${number}")).collect();
    all.join(", ")
}
