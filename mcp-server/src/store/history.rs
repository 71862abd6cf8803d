//! What ran and what was deployed, as it is read back.

use super::row::Reader;
use super::{Store, StoreError};
use crate::gate::Authorized;
use crate::gate::act::{TentacleCompare, TentacleDescribe, TentacleHistory};
use crate::gate::target::OnTentacle;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use sqlx::any::AnyRow;
use std::collections::BTreeMap;
use wire::tools::tentacle::SourceCommit;
use wire::{Failure, FailureCode};
use workflow::TentacleName;

/// So long after it began, or was last said to wait for its turn, a run of which nobody has told an end has none: no run may take
/// as long.
pub(crate) const LONGEST_RUN: SignedDuration = SignedDuration::from_mins(15);

/// The most characters of an error that are kept.
const ERROR: usize = 500;

/// How a run ended, or that it did not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RunOutcome {
    Running,
    Succeeded,
    Failed,
    /// The server was stopped in the middle.
    Interrupted,
    /// It was due and did not begin: the server was away, or the enclave frozen.
    Missed,
    /// It was due and did not begin: the one before it was still going on.
    Skipped,
}

impl RunOutcome {
    const ALL: [Self; 6] =
        [Self::Running, Self::Succeeded, Self::Failed, Self::Interrupted, Self::Missed, Self::Skipped];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Interrupted => "interrupted",
            Self::Missed => "missed",
            Self::Skipped => "skipped",
        }
    }

    fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|outcome| outcome.name() == name)
    }
}

/// How long a node took.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct NodeTime {
    pub(crate) name: String,
    pub(crate) duration_ms: u64,
    pub(crate) success: bool,
}

impl NodeTime {
    /// The most nodes of which the time is kept.
    pub(crate) const MOST: usize = 200;

    pub(super) fn text(nodes: &[Self]) -> String {
        // INVARIANT: texts and numbers are always JSON
        serde_json::to_string(nodes).unwrap_or_default()
    }
}

/// How a run ended.
#[derive(Debug, Clone)]
pub(crate) struct RunEnd {
    pub(crate) outcome: RunOutcome,
    pub(crate) duration_ms: i64,
    pub(crate) nodes: Vec<NodeTime>,
    pub(crate) error: String,
}

/// Cuts an error to what is kept of it.
pub(crate) fn brief(error: &str) -> String {
    match error.char_indices().nth(ERROR) {
        Some((end, _)) => format!("{}…", error.get(..end).unwrap_or_default()),
        None => error.to_owned(),
    }
}

/// How a deploy ended.
#[derive(Debug, Clone, Copy)]
pub(crate) enum DeployEnd<'a> {
    /// The version runs.
    Deployed,
    /// This step failed.
    Failed { step: &'static str, failure: &'a Failure },
}

impl<'a> DeployEnd<'a> {
    pub(super) fn texts(self) -> (&'static str, &'static str, &'a str) {
        match self {
            Self::Deployed => ("deployed", "", ""),
            Self::Failed { step, failure } => {
                // A fault of ours is not told in detail here either.
                let ours = failure.code == FailureCode::Internal;
                (
                    "failed",
                    step,
                    if ours { "something went wrong on the server's side" } else { &failure.message },
                )
            }
        }
    }
}

/// A run, as it is read back.
#[derive(Debug, Clone)]
pub(crate) struct RunRecord {
    pub(crate) id: String,
    pub(crate) tentacle: TentacleName,
    pub(crate) version: String,
    pub(crate) cause: String,
    pub(crate) asked_by: String,
    pub(crate) due_at: Option<Timestamp>,
    pub(crate) started_at: Timestamp,
    pub(crate) duration_ms: i64,
    pub(crate) outcome: RunOutcome,
    pub(crate) moments: i64,
    pub(crate) nodes: Vec<NodeTime>,
    pub(crate) error: String,
}

/// A deploy, as it is read back.
#[derive(Debug, Clone)]
pub(crate) struct DeployRecord {
    pub(crate) id: String,
    pub(crate) tentacle: TentacleName,
    /// Which version it is of its tentacle; 0 where it failed.
    pub(crate) number: i64,
    pub(crate) version: String,
    pub(crate) reach: String,
    pub(crate) source: String,
    pub(crate) commit: Option<SourceCommit>,
    pub(crate) asked_by: String,
    pub(crate) client: String,
    pub(crate) started_at: Timestamp,
    pub(crate) duration_ms: i64,
    pub(crate) deployed: bool,
    pub(crate) step: String,
    pub(crate) error: String,
}

/// Which part of a history: so many records, older than the one of this id.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Window<'a> {
    pub(crate) before: Option<&'a str>,
    pub(crate) most: usize,
}

impl Window<'_> {
    /// An id that is greater than any: those are of hexadecimal digits.
    pub(super) const END: &'static str = "g";

    pub(super) fn most(self) -> i64 {
        i64::try_from(self.most).unwrap_or(i64::MAX)
    }
}

mod sealed {
    pub(crate) trait Reads {}
}

/// The proof that somebody may read what happened to a tentacle.
pub(crate) trait MayReadHistory: sealed::Reads + Send + Sync {
    fn of(&self) -> &OnTentacle;
}

macro_rules! reads {
    ($($act:ident)+) => {
        $(
            impl sealed::Reads for Authorized<$act> {}
            impl MayReadHistory for Authorized<$act> {
                fn of(&self) -> &OnTentacle {
                    self.target()
                }
            }
        )+
    };
}

use crate::gate::act::{TentacleAudit, TentacleEvents, TentacleHealth, TentacleStatus};
reads! { TentacleHistory TentacleEvents TentacleHealth TentacleDescribe TentacleCompare TentacleAudit TentacleStatus }

/// What is read of a run.
pub(super) const RUN: &str =
    "id, tentacle, version, cause, asked_by, due_at, started_at, duration_ms, outcome, moments, nodes, error";

/// What is read of a deploy.
pub(super) const DEPLOY: &str = "id, tentacle, version, reach, source, asked_by, client, started_at, duration_ms, outcome, \
     step, error, source_commit, number";

impl Store {
    /// The content of the version of this number; `None` where it is not on record.
    pub(crate) async fn numbered(
        &self,
        grant: &dyn MayReadHistory,
        number: i64,
    ) -> Result<Option<String>, StoreError> {
        let of = grant.of();
        let row = sqlx::query(
            "SELECT version FROM deploy_history WHERE enclave = $1 AND tentacle = $2 AND number = $3 AND number > 0",
        )
        .bind(of.record.name.as_str())
        .bind(of.name.as_str())
        .bind(number)
        .fetch_optional(self.pool())
        .await?;
        row.as_ref().map(|row| Reader::new(row, "a deploy").text("version")).transpose()
    }

    /// The newest number of a version with this content; `None` where it is not on record.
    pub(crate) async fn number_of(
        &self,
        grant: &dyn MayReadHistory,
        version: &str,
    ) -> Result<Option<i64>, StoreError> {
        let of = grant.of();
        let row = sqlx::query(
            "SELECT number FROM deploy_history WHERE enclave = $1 AND tentacle = $2 AND version = $3 AND number > 0 \
             ORDER BY number DESC LIMIT 1",
        )
        .bind(of.record.name.as_str())
        .bind(of.name.as_str())
        .bind(version)
        .fetch_optional(self.pool())
        .await?;
        row.as_ref().map(|row| Reader::new(row, "a deploy").number("number")).transpose()
    }

    /// The versions whose source is kept, the newest first.
    pub(crate) async fn versions(&self, grant: &dyn MayReadHistory) -> Result<Vec<String>, StoreError> {
        let of = grant.of();
        let rows = sqlx::query(
            "SELECT version FROM version_source WHERE enclave = $1 AND tentacle = $2 ORDER BY deployed_at DESC, version",
        )
        .bind(of.record.name.as_str())
        .bind(of.name.as_str())
        .fetch_all(self.pool())
        .await?;
        rows.iter().map(|row| Reader::new(row, "a version").text("version")).collect()
    }

    /// The source of a version, text by path; `None` where it is not kept.
    pub(crate) async fn source(
        &self,
        grant: &dyn MayReadHistory,
        version: &str,
    ) -> Result<Option<BTreeMap<String, String>>, StoreError> {
        let of = grant.of();
        let row = sqlx::query(
            "SELECT files FROM version_source WHERE enclave = $1 AND tentacle = $2 AND version = $3",
        )
        .bind(of.record.name.as_str())
        .bind(of.name.as_str())
        .bind(version)
        .fetch_optional(self.pool())
        .await?;
        row.as_ref().map(files).transpose()
    }

    /// The source of the version that runs, for the server itself; `None` where it is not kept.
    pub(crate) async fn running_source(
        &self,
        of: &OnTentacle,
    ) -> Result<Option<BTreeMap<String, String>>, StoreError> {
        let version = of.tentacle.as_ref().map_or("", |record| record.version.as_str());
        let row = sqlx::query(
            "SELECT files FROM version_source WHERE enclave = $1 AND tentacle = $2 AND version = $3",
        )
        .bind(of.record.name.as_str())
        .bind(of.name.as_str())
        .bind(version)
        .fetch_optional(self.pool())
        .await?;
        row.as_ref().map(files).transpose()
    }
}

/// Whoever ran what began before this moment, in milliseconds, has not come back to say how it ended.
pub(super) fn ended_before(now: Timestamp) -> i64 {
    (now - LONGEST_RUN).as_millisecond()
}

/// A source as it is kept.
fn files(row: &AnyRow) -> Result<BTreeMap<String, String>, StoreError> {
    let row = Reader::new(row, "a version");
    let files = serde_json::from_str(&row.text("files")?).ok();
    // What it says instead is not for a log.
    row.known("source", "…", files)
}

pub(super) fn run(row: &AnyRow, now: Timestamp) -> Result<RunRecord, StoreError> {
    let row = Reader::new(row, "a run");
    let started_at = row.time("started_at")?;
    let outcome = match row.parsed("outcome", RunOutcome::named)? {
        RunOutcome::Running if started_at.as_millisecond() < ended_before(now) => RunOutcome::Interrupted,
        outcome => outcome,
    };
    Ok(RunRecord {
        id: row.text("id")?,
        tentacle: row.parsed("tentacle", |text| text.parse().ok())?,
        version: row.text("version")?,
        cause: row.text("cause")?,
        asked_by: row.text("asked_by")?,
        due_at: Some(row.time("due_at")?).filter(|due| *due != Timestamp::UNIX_EPOCH),
        started_at,
        duration_ms: row.number("duration_ms")?,
        outcome,
        moments: row.number("moments")?,
        nodes: row.parsed("nodes", |text| serde_json::from_str(text).ok())?,
        error: row.text("error")?,
    })
}

pub(super) fn deploy(row: &AnyRow) -> Result<DeployRecord, StoreError> {
    let row = Reader::new(row, "a deploy");
    Ok(DeployRecord {
        id: row.text("id")?,
        tentacle: row.parsed("tentacle", |text| text.parse().ok())?,
        number: row.number("number")?,
        version: row.text("version")?,
        reach: row.text("reach")?,
        source: row.text("source")?,
        commit: super::row::commit(&row)?,
        asked_by: row.text("asked_by")?,
        client: row.text("client")?,
        started_at: row.time("started_at")?,
        duration_ms: row.number("duration_ms")?,
        deployed: row.text("outcome")? == "deployed",
        step: row.text("step")?,
        error: row.text("error")?,
    })
}
