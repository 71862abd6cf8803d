//! The tool that tells what runs now and what the clock will run.

use crate::tool::{EnclaveRef, Page, tool};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use workflow::{EnclaveName, TentacleName};

tool!(
    /// What runs, and what will?
    WfJobs = "wf_jobs": WfJobsArgs => WfJobsAnswer
);

/// Of which tentacles.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct WfJobsArgs {
    /// Their enclave.
    #[serde(flatten)]
    pub enclave: EnclaveRef,
    /// One tentacle; all that the caller may see when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<TentacleName>,
    /// Which part of both lists: 20 entries of each when nothing is said.
    #[serde(flatten)]
    pub page: Page,
}

/// What runs, and what will.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct WfJobsAnswer {
    /// Their enclave.
    pub enclave: EnclaveName,
    /// The same, under its older name.
    pub namespace: EnclaveName,
    /// The last runs, the newest first.
    pub jobs: Vec<JobEntry>,
    /// What the clock runs, by tentacle and name.
    pub cronjobs: Vec<CronJobEntry>,
    /// Where the next page of both lists begins; the one that has ended is empty there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
}

/// A run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct JobEntry {
    /// Its id.
    pub name: String,
    /// Of which tentacle.
    pub tentacle: TentacleName,
    /// `running`, `succeeded`, `failed`, `interrupted`, `missed` or `skipped`.
    pub status: String,
    /// Who asked for it, or which trigger.
    pub by: String,
    /// When it began.
    pub started_at: Timestamp,
    /// How many milliseconds it took; 0 while it runs.
    pub duration_ms: u64,
}

/// A cron trigger.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CronJobEntry {
    /// Its name.
    pub name: String,
    /// Of which tentacle.
    pub tentacle: TentacleName,
    /// The five fields of its schedule.
    pub schedule: String,
    /// The time zone in which they are read.
    pub timezone: String,
    /// Whether it waits because the enclave is frozen.
    pub suspended: bool,
    /// When it is due next.
    pub next_at: Option<Timestamp>,
}
