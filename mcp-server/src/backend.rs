//! What carries out what was allowed. Every effect takes the grant for it, and takes its target from there.

pub mod apart;
mod asking;
pub mod audit;
mod beside;
mod cutter;
mod error;
mod kubernetes;
mod log_line;
mod machine;
mod rehearsal;
mod simulator;
pub mod survey;
mod watch;

pub use apart::Apart;
pub use audit::{Audit, Audited};
pub use error::BackendError;
pub use machine::{Alone, Laid, Tools, attend};
pub use rehearsal::Rehearsed;
pub use survey::{Survey, Usage};
pub use watch::Watch;

use self::beside::Allowed;
use crate::config::{Args, BackendKind};
use crate::gate::act::{
    Apply, Deprovision, Info, List, Provision, Remove, Restart, Revoke, SetSecret, TentacleAudit,
    TentacleLogs,
};
use crate::gate::target::OnTentacle;
use crate::gate::{Authorized, Changed, MayRun, SurveyGrant};
pub use crate::git_secrets::GitSecrets;
pub use crate::putting_back::Serves;
pub use crate::review::Cleared;
use crate::rollout::{LastTurn, Rollouts, Turn};
use crate::store::{EnclaveRecord, Quota};
use crate::supply::Supply;
use async_trait::async_trait;
use futures::stream::BoxStream;
use manifest::QuotaPreset;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;
use wire::enforcement::Enforcement;
use workflow::{Bundle, PartName, Sandbox, SecretName, TentacleName};

/// Where enclaves live and tentacles run.
#[async_trait]
pub trait Backend: fmt::Debug + Send + Sync {
    /// Its name: `kubernetes`, `machine` or `simulator`.
    fn name(&self) -> &'static str;

    /// What it enforces here, and what not.
    fn enforces(&self) -> Enforcement;

    /// What every answer says that would come of code, where no code is run; `None` where it is.
    fn simulated(&self) -> Option<&'static str> {
        None
    }

    /// The stages in which an enclave is made, in order, each the steps that are taken side by side. Each step can be
    /// repeated; the last stage makes the enclave usable.
    fn steps(&self) -> &'static [&'static [&'static str]];

    /// Takes one of [`Backend::steps`].
    async fn provision(
        &self,
        grant: &Authorized<Provision>,
        enclave: &EnclaveView,
        step: &'static str,
    ) -> Result<(), BackendError>;

    /// Removes an enclave and all that is in it, in its last turn; answers when nothing is left.
    async fn deprovision(&self, _: &LastTurn, grant: &Authorized<Deprovision>) -> Result<(), BackendError>;

    /// Makes what the backend shows and enforces of an enclave agree with its record.
    async fn mirror(&self, grant: &dyn Changed, enclave: &EnclaveView) -> Result<(), BackendError>;

    /// Whether what has such a sandbox can be deployed or observed here, whoever approves it. Both ask it themselves; tools
    /// ask it before they ask an owner.
    fn takes(&self, sandbox: &Sandbox) -> Result<(), BackendError>;

    /// Deploys a version in its tentacle's turn: the one before serves until this one is ready and has passed its fixtures.
    async fn deploy(
        &self,
        _: &Turn,
        grant: &Authorized<Apply>,
        cleared: &Cleared<'_>,
    ) -> Result<Deployed, BackendError>;

    /// The version that this deploy made is the tentacle's now: what was before it goes, after the runs on it, where
    /// that has not gone with the deploy.
    async fn settled(&self, _: &Authorized<Apply>) {}

    /// The versions of an enclave's tentacles that no record names, as far as a stop between a deploy and their removal can have left
    /// any.
    async fn left_behind(&self, _: &EnclaveRecord) -> Result<Vec<LeftBehind>, BackendError> {
        Ok(Vec::new())
    }

    /// Removes such versions of the enclave that is granted, after the runs on them and in the background: neither what its record names
    /// nor what somebody goes back to meanwhile.
    async fn clear_away(&self, _: &Authorized<Revoke>, _: Vec<LeftBehind>) {}

    /// Removes a tentacle in its turn; answers what was removed, in plain words.
    async fn remove(&self, _: &Turn, grant: &Authorized<Remove>) -> Result<Vec<String>, BackendError>;

    /// Runs a tentacle and waits for its answer.
    async fn run(&self, grant: &dyn MayRun, order: RunOrder) -> Result<RunReport, BackendError>;

    /// Runs a version once where it serves nobody, with no more than its sandbox has, and notes what its nodes ask for: the
    /// report's output has it as `observed`. Nothing of it stays.
    async fn observe(
        &self,
        grant: &Authorized<Apply>,
        cleared: &Cleared<'_>,
        order: RunOrder,
    ) -> Result<RunReport, BackendError>;

    /// Ends the copy that serves, after the runs on it: the next run begins with a fresh one.
    async fn restart(&self, grant: &Authorized<Restart>) -> Result<(), BackendError>;

    /// The last lines that a tentacle, or one of its sidecars, printed.
    async fn logs(&self, grant: &Authorized<TentacleLogs>, what: &LogOrder) -> Result<Logs, BackendError>;

    /// The same, and what it prints from then on, without a gap; ends with the copy that prints.
    async fn follow(
        &self,
        grant: &Authorized<TentacleLogs>,
        what: &LogOrder,
    ) -> Result<LogStream, BackendError>;

    /// A secret has another value now, or none: what runs with the old one is replaced.
    async fn secret_changed(&self, grant: &Authorized<SetSecret>, name: &SecretName);

    /// How a tentacle is, from the index: no call to anything.
    fn state(&self, of: &OnTentacle) -> TentacleState;

    /// What of an enclave is not as its record says, from the index; `None` where the backend is as the record says, and
    /// where nobody but this server changes it.
    fn drift(&self, _: &EnclaveRecord) -> Option<String> {
        None
    }

    /// What somebody changed or took away of an enclave's tentacles past this server, as far as that can be seen without
    /// asking anything; nothing where nobody but this server changes them.
    async fn apart(&self, _: &EnclaveRecord) -> Result<BTreeMap<TentacleName, Vec<Apart>>, BackendError> {
        Ok(BTreeMap::new())
    }

    /// Makes what there is of the version that a tentacle's record names as it was made; answers what was not. Where nothing
    /// is different nothing is written.
    async fn put_back(&self, _: &Serves<'_>) -> Result<Vec<String>, BackendError> {
        Ok(Vec::new())
    }

    /// Looks at what is really there of an enclave: not at what was meant to be, and not at the index.
    async fn audit(&self, grant: &Authorized<List>, what: Audit) -> Result<Audited, BackendError>;

    /// Looks at all that is really there of a tentacle.
    async fn audit_tentacle(&self, grant: &Authorized<TentacleAudit>) -> Result<Audited, BackendError>;

    /// What there is to run on.
    async fn survey(&self, grant: &SurveyGrant) -> Result<Survey, BackendError>;

    /// What is missing to run anything, and of this enclave: each check with the command that mends it.
    async fn preflight(&self, grant: &SurveyGrant, of: Option<&Authorized<Info>>) -> Vec<survey::Check>;

    /// How much of its share an enclave uses.
    async fn usage(&self, grant: &Authorized<Info>) -> Result<Usage, BackendError>;

    /// How old the index is at most; `None` when it has lost its place and is being read anew.
    fn index_age(&self) -> Option<Duration>;
}

/// An enclave with the names that people read.
#[derive(Debug, Clone)]
pub struct EnclaveView {
    /// The record.
    pub record: EnclaveRecord,
    /// Who owns it, to show.
    pub owner: String,
    /// Who owns each tentacle, to show.
    pub tentacle_owners: BTreeMap<TentacleName, String>,
}

/// A version that was replaced, and that is still there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeftBehind {
    /// The tentacle.
    pub tentacle: TentacleName,
    /// What the backend calls it.
    pub name: String,
}

/// A version of a tentacle: its source, and everything that the server derived from it.
#[derive(Debug, Clone)]
pub struct Version {
    /// The source.
    pub bundle: Bundle,
    /// The sandbox, derived from the contract.
    pub sandbox: Sandbox,
    /// The hash of the source, which names the version.
    pub hash: String,
    /// The secrets that lie in git beside it and that it is given: the same version can come with others.
    pub secrets: GitSecrets,
}

/// What a deploy did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Deployed {
    /// What was made or changed, in plain words.
    pub applied: Vec<String>,
    /// How many things were made.
    pub created: u64,
    /// How many were changed.
    pub updated: u64,
    /// How many were removed.
    pub deleted: u64,
    /// What came of its fixtures; `None` where it has none, or no code was run.
    pub rehearsed: Option<Rehearsed>,
}

/// What to run.
#[derive(Debug, Clone)]
pub struct RunOrder {
    /// The input of the first nodes.
    pub input: Value,
    /// After this long the run is stopped.
    pub limit: Duration,
    /// Who is told how far it has come.
    pub watch: Watch,
}

/// What a run gave.
#[derive(Debug, Clone, PartialEq)]
pub struct RunReport {
    /// Whether every node succeeded.
    pub success: bool,
    /// What the engine answered.
    pub output: Value,
    /// Which copy ran it.
    pub copy: String,
}

/// What of a log is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogOrder {
    /// How many lines, from the end.
    pub lines: usize,
    /// The sidecar that printed them; the tentacle's own code when there is none.
    pub sidecar: Option<PartName>,
}

impl LogOrder {
    /// Refuses it where there are no sidecars.
    ///
    /// # Errors
    /// When a sidecar's log is asked for.
    pub fn without_sidecars(&self) -> Result<(), BackendError> {
        self.sidecar.as_ref().map_or(Ok(()), |name| Err(BackendError::NoSidecar(name.to_string())))
    }
}

/// What a tentacle printed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Logs {
    /// Which copy.
    pub copy: String,
    /// The lines, the oldest first.
    pub lines: Vec<String>,
    /// Whether there were more.
    pub truncated: bool,
}

/// What a tentacle prints, a line each, for people.
pub type LogStream = BoxStream<'static, String>;

/// How a tentacle is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TentacleState {
    /// `idle`, `running`, `starting` or `failing`.
    pub state: &'static str,
    /// Whether it can be run.
    pub ready: bool,
    /// How many runs are going on.
    pub in_flight: u64,
    /// The sandbox that holds it.
    pub sandbox: String,
    /// Its copies, the newest first.
    pub copies: Vec<CopyState>,
    /// Whether it was made as it would be made now: on the engine that the operator's configuration names.
    pub current: bool,
}

/// A copy of a tentacle, as it is known without asking.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CopyState {
    /// Its name.
    pub name: String,
    /// Whether it takes runs.
    pub ready: bool,
    /// How often it was started anew.
    pub restarts: u64,
    /// What it was made from, where that is an image.
    pub image: Option<String>,
    /// Where it runs, where there is more than one place.
    pub node: Option<String>,
}

/// The backend that the configuration names.
///
/// # Errors
/// When it cannot be used.
pub async fn from_args(
    args: &Args,
    supply: Arc<Supply>,
    rollouts: Arc<Rollouts>,
) -> Result<Box<dyn Backend>, BackendError> {
    match args.backend {
        BackendKind::Kubernetes => {
            Ok(Box::new(kubernetes::Kubernetes::connect(args, supply, rollouts).await?))
        }
        BackendKind::Machine => Ok(Box::new(machine::Machine::open(args, supply).await?)),
        BackendKind::Simulator => Ok(Box::new(simulator::Simulator::new(supply, Allowed::of(args)))),
    }
}

/// How much an enclave of this size may use, wherever it is.
fn preset(quota: Quota) -> QuotaPreset {
    match quota {
        Quota::Small => QuotaPreset::Small,
        Quota::Medium => QuotaPreset::Medium,
        Quota::Large => QuotaPreset::Large,
    }
}
