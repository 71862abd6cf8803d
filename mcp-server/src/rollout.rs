//! How a version of a tentacle comes to run, and how a tentacle goes: whoever asked for it, and at the second try as at
//! the first.
//!
//! Its record is there before anything of it is, so that nothing can be left behind that nobody sees.

mod source;
mod turn;

pub(crate) use source::Source;
pub use turn::{LastTurn, Rollouts, Turn};

use crate::backend::{BackendError, Deployed, Version};
use crate::call::Call;
use crate::gate::act::{Apply, Remove};
use crate::gate::target::OnTentacle;
use crate::gate::{Authorized, Effect, unavailable};
use crate::github::Outcome;
use crate::review::Cleared;
use crate::server::Server;
use crate::store::{DeployEnd, DeployRow, DeployedVersion, Initiator, StoreError, Tried, Tx};
use jiff::Timestamp;
use policy::State;
use wire::{Failure, FailureCode};

/// Deploys what was cleared for `initiator`, as its effect was begun.
pub(crate) async fn deploy(
    (server, call): (&Server, &Call),
    grant: &Authorized<Apply>,
    effect: Effect<'_>,
    cleared: Cleared<'_>,
    initiator: &Initiator,
) -> Result<Deployed, Failure> {
    let source = cleared.source();
    let tell = |outcome: Outcome| {
        let target = grant.target();
        if let (Some(state), Some(commit)) = (&server.state, &source.commit) {
            state.tell(commit, (&target.record.name, &target.name), outcome);
        }
    };
    tell(Outcome::Begun);
    let deployed = put_to_work((server, call), grant, effect, &cleared, initiator).await;
    tell(if deployed.is_ok() { Outcome::Runs } else { Outcome::Failed });
    deployed
}

/// The whole of it, from its turn to the record of how it ended.
async fn put_to_work(
    (server, call): (&Server, &Call),
    grant: &Authorized<Apply>,
    effect: Effect<'_>,
    cleared: &Cleared<'_>,
    initiator: &Initiator,
) -> Result<Deployed, Failure> {
    let (target, source) = (grant.target(), cleared.source());
    let began = Began::new(grant, source, initiator);
    let failed = |failure| Failed { step: "turn", never_served: true, failure };
    let turn = match server.rollouts.turn(&target.record.name, &target.name).await {
        Ok(turn) => turn,
        Err(failure) => return Err(began.failed(effect, failed(failure)).await),
    };
    let again = match again((server, call), grant, source).await {
        Ok(again) => again,
        Err(failure) => return Err(began.failed(effect, failed(failure)).await),
    };
    let deployed = match server.backend.deploy(&turn, &again, cleared).await {
        Ok(deployed) => deployed,
        Err(error @ (BackendError::NotYet(_) | BackendError::NoSandbox(_))) => {
            // Nothing of it was made, and nothing can be: the record of a tentacle that never ran does not stay.
            let mut ending = effect.end().await?;
            let forget = async |tx: &mut Tx| -> Result<(), StoreError> {
                tx.forget_git_secrets(grant, &source.version.hash).await?;
                tx.return_approval(grant, &began.tried(true)).await?;
                tx.forget_undeployed(grant).await
            };
            forget(ending.tx()).await.map_err(|error| unavailable(&error))?;
            return Err(ending.failed(error.into_failure()).await);
        }
        Err(error) => {
            let (step, never_served) = (step(&error), error.is_before_serving());
            let failed = Failed { step, never_served, failure: error.into_failure() };
            return Err(began.failed(effect, failed).await);
        }
    };
    let row = DeployedVersion {
        description: source.description.clone(),
        version: source.version.hash.clone(),
        reach: source.version.sandbox.reach.clone(),
        deployed_by: initiator.shown.clone(),
        deployed_via: initiator.client.clone(),
        deployed_agent: initiator.agent.clone(),
        commit: source.commit.clone(),
        metadata: source.metadata.clone(),
    };
    let mut ending = effect.end().await?;
    let now = server.now();
    let put = async |tx: &mut Tx| -> Result<(), StoreError> {
        tx.put_version(grant, &row).await?;
        tx.put_triggers(grant, &source.triggers, now).await?;
        tx.put_source(grant, &row.version, &source.files).await?;
        tx.serve_git_secrets(grant, &row.version, &source.version.secrets).await?;
        began.put(tx, DeployEnd::Deployed).await
    };
    put(ending.tx()).await.map_err(|error| unavailable(&error))?;
    ending.done().await?;
    server.backend.settled(&again).await;
    Ok(deployed)
}

/// The same grant when its turn has come: whoever asked may deploy it still, and what it reaches goes beyond what runs by no more
/// than was looked at when it was asked for.
async fn again(
    (server, call): (&Server, &Call),
    grant: &Authorized<Apply>,
    source: &Source,
) -> Result<Authorized<Apply>, Failure> {
    still(server, grant.target(), &[State::Active]).await?;
    let now = server.gate.look(call).await?.again(grant)?;
    let runs = |of: &Authorized<Apply>| {
        of.target().tentacle.as_ref().map_or_else(String::new, |record| record.version.clone())
    };
    if runs(grant) == runs(&now) {
        return Ok(now);
    }
    let failed = |error: StoreError| unavailable(&error);
    let running = server.store.begin().await.map_err(failed)?.running_reach(&now).await.map_err(failed)?;
    if source.version.sandbox.reach.beyond(&running).is_empty() {
        return Ok(now);
    }
    let what = format!(
        "another version of `{}` came to run in the meantime, and this one reaches what that one does not",
        grant.target().name
    );
    Err(Failure::new(FailureCode::Conflict, what)
        .with_remedy("deploy it again: its reach is then compared with what runs now"))
}

/// A deploy that has begun, for the history.
struct Began<'a> {
    grant: &'a Authorized<Apply>,
    source: &'a Source,
    initiator: &'a Initiator,
    at: Timestamp,
}

impl<'a> Began<'a> {
    fn new(grant: &'a Authorized<Apply>, source: &'a Source, initiator: &'a Initiator) -> Self {
        Self { grant, source, initiator, at: Timestamp::now() }
    }

    /// Writes down how it ended.
    async fn put(&self, tx: &mut Tx, end: DeployEnd<'_>) -> Result<(), StoreError> {
        let row = DeployRow {
            version: &self.source.version.hash,
            reach: &self.source.version.sandbox.reach,
            asked_by: &self.initiator.shown,
            client: &self.initiator.client,
            commit: self.source.commit.as_ref(),
            started_at: self.at,
            end,
        };
        tx.put_deploy(self.grant, &row).await
    }

    /// It failed; the failure is handed back, with what has become of the owner's approval.
    async fn failed(&self, effect: Effect<'_>, failed: Failed) -> Failure {
        let Failed { step, never_served, failure } = failed;
        // Where this cannot be written the outcome stays open, and a restart finds it; the caller hears what came first.
        let Ok(mut ending) = effect.end().await else { return failure };
        let end = DeployEnd::Failed { step, failure: &failure };
        let put = async |tx: &mut Tx| -> Result<bool, StoreError> {
            tx.forget_git_secrets(self.grant, &self.source.version.hash).await?;
            self.put(tx, end).await?;
            tx.return_approval(self.grant, &self.tried(never_served)).await
        };
        match put(ending.tx()).await {
            Ok(true) => ending.failed(still_approved(failure, never_served)).await,
            Ok(false) => ending.failed(failure).await,
            Err(_) => failure,
        }
    }

    fn tried(&self, never_served: bool) -> Tried<'_> {
        let Version { hash, sandbox, .. } = &self.source.version;
        Tried { version: hash, reach: &sandbox.reach, asker: self.initiator, never_served }
    }
}

/// How a deploy failed.
struct Failed {
    step: &'static str,
    /// Whether it is certain that its version never served.
    never_served: bool,
    failure: Failure,
}

/// The failure, and that nobody has to approve the next try.
fn still_approved(failure: Failure, never_served: bool) -> Failure {
    let what = if never_served { "whatever reaches the same" } else { "this same version" };
    let holds =
        format!("what it newly reaches stays approved for {what}, until a day after it was asked for");
    let remedy = match &failure.remedy {
        Some(remedy) => format!("{remedy}; {holds}"),
        None => holds,
    };
    failure.with_remedy(remedy)
}

/// The step of a deploy that fails with this error.
const fn step(error: &BackendError) -> &'static str {
    match error {
        BackendError::DoesNotStart(_) | BackendError::NoRoom(_) => "start",
        BackendError::FailsItsFixtures(_) => "fixtures",
        BackendError::Supply(_) | BackendError::NoGateway(_) => "supply",
        BackendError::Modules(_) => "modules",
        _ => "place",
    }
}

/// Removes a tentacle, as its effect was begun; answers what was removed, in plain words.
pub(crate) async fn remove(
    server: &Server,
    grant: &Authorized<Remove>,
    effect: Effect<'_>,
) -> Result<Vec<String>, Failure> {
    let target = grant.target();
    let turn = match server.rollouts.turn(&target.record.name, &target.name).await {
        Ok(turn) => turn,
        Err(failure) => return Err(effect.failed(failure).await),
    };
    // Removing takes away, so that a freeze which came in between does not stop it.
    if let Err(failure) = still(server, target, &[State::Active, State::Frozen]).await {
        return Err(effect.failed(failure).await);
    }
    let removed = match server.backend.remove(&turn, grant).await {
        Ok(removed) => removed,
        Err(error) => return Err(effect.failed(error.into_failure()).await),
    };
    let mut ending = effect.end().await?;
    ending.tx().forget_tentacle(grant).await.map_err(|error| unavailable(&error))?;
    ending.done().await?;
    Ok(removed)
}

/// Whether the tentacle is still there, in the same enclave and that in one of these states: it may have taken a while
/// until it was our turn.
pub(crate) async fn still(server: &Server, target: &OnTentacle, states: &[State]) -> Result<(), Failure> {
    let rights = server.store.rights().await.map_err(|error| unavailable(&error))?;
    let enclave = &target.record;
    let changed = |what: &str, how: &str| {
        Err(Failure::new(FailureCode::Conflict, format!("`{what}` {how} in the meantime")))
    };
    match rights.enclave(&enclave.name).filter(|now| now.id == enclave.id) {
        None => changed(enclave.name.as_str(), "was removed"),
        Some(now) if !states.contains(&now.state) => {
            changed(enclave.name.as_str(), &format!("became {}", now.state.name()))
        }
        Some(now) if !now.tentacles.contains_key(&target.name) => {
            changed(target.name.as_str(), "was removed")
        }
        Some(_) => Ok(()),
    }
}
