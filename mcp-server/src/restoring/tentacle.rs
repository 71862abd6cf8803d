//! A tentacle comes back: the version that the record names, from the commit that it was deployed from.

use crate::call::Call;
use crate::gate::act::{Apply, RestoreTentacle};
use crate::gate::target::OnTentacle;
use crate::gate::{Authorized, Effect, PutBack, unavailable};
use crate::putting_back;
use crate::rollout::Source;
use crate::server::Server;
use crate::state::StateRepo;
use crate::store::{OpenEffect, StoreError, Tx};
use policy::{Action, State};
use wire::tools::restore::{RestoredEntry, RestoredWord};
use wire::{Failure, FailureCode};
use workflow::{EnclaveName, TentacleName};

/// The source of the version that ran, at the commit that it was deployed from; without secrets.
///
/// # Errors
/// When it is not there, or is another.
pub(super) async fn source(
    state: &StateRepo,
    commit: &str,
    (enclave, name): (&EnclaveName, &TentacleName),
    version: &str,
) -> Result<Source, Failure> {
    let source = state.files(commit, enclave, name).await?;
    if source.version.hash == version {
        return Ok(source);
    }
    let what = "what git has of it is not what ran";
    Err(Failure::new(FailureCode::Conflict, what).with_remedy("deploy what is there"))
}

/// One that is to come back.
pub(super) struct One<'a> {
    pub(super) server: &'a Server,
    pub(super) call: &'a Call,
    /// As the store has it.
    pub(super) target: OnTentacle,
    /// Whether something of it is known to be missing or changed.
    pub(super) is_apart: bool,
    /// Whether its channel is to hear of it by itself.
    pub(super) tells: bool,
    /// Its source, where it was read already.
    pub(super) source: Option<Result<Source, Failure>>,
}

impl One<'_> {
    /// Puts it to work, unless it works; answers what became of it.
    ///
    /// # Errors
    /// When it cannot be decided, or the store or the backend does not answer: asking again goes on.
    pub(super) async fn restore(self) -> Result<Came, Failure> {
        let Self { server, call, target, is_apart, tells, source } = self;
        let (enclave, name) = (target.record.name.clone(), target.name.clone());
        let there = server.backend.state(&target);
        // No transaction is open while git answers.
        let read = match there.ready && there.current && !is_apart {
            true => None,
            false => Some(in_hand(server, &target, source).await),
        };
        let change = server.gate.change(call).await?;
        let (change, grant) = change.tentacle::<RestoreTentacle>(Some(&enclave), &name).await?;
        let (mut changing, grant) = (change.decided(), Authorized::<Apply>::from(grant));
        let Some(read) = read else {
            changing.done().await?;
            return Ok(told(&name, RestoredWord::There, "it runs").into());
        };
        let source = match read {
            Ok(source) => fits(changing.tx(), &grant, source).await,
            Err(failure) => Err(failure),
        };
        let source = match source {
            Ok(source) => source,
            Err(failure) => {
                let failure = changing.failed(failure).await;
                return Ok(not_restored(&name, &failure).into());
            }
        };
        let tx = changing.tx();
        keep(tx, &grant, &source).await.map_err(|error| unavailable(&error))?;
        if grant.target().record.state == State::Frozen {
            let now = server.now();
            tx.put_triggers(&grant, &source.source.triggers, now)
                .await
                .map_err(|error| unavailable(&error))?;
            changing.wait(&source.source.payload).await?;
            let says =
                "its enclave is frozen: it is written down, and comes back by itself when that is over";
            return Ok(told(&name, RestoredWord::Waits, says).into());
        }
        if tells {
            let did = format!("made what was missing of the tentacle `{name}` again");
            super::tell(&mut changing, &grant.target().record, &did).await?;
        }
        let effect = changing.begin(&source.source.payload).await?;
        Ok(match put_to_work(server, &grant, effect, &source.source).await {
            Ok(made) => {
                let entry = told(&name, RestoredWord::Restored, "the version that ran is there again");
                Came { entry, made: Some(made) }
            }
            Err(failure) => not_restored(&name, &failure).into(),
        })
    }
}

/// What became of one.
pub(super) struct Came {
    pub(super) entry: RestoredEntry,
    /// That it was made: the backend is to show its record, too.
    pub(super) made: Option<PutBack>,
}

impl From<RestoredEntry> for Came {
    fn from(entry: RestoredEntry) -> Self {
        Self { entry, made: None }
    }
}

/// A source, and where it came from.
struct InHand {
    source: Source,
    /// Whether it was read from git just now: the store does not have it.
    is_new: bool,
}

/// The source with its secrets in git.
async fn in_hand(
    server: &Server,
    target: &OnTentacle,
    read: Option<Result<Source, Failure>>,
) -> Result<InHand, Failure> {
    if let Ok(source) = putting_back::source(server, target).await {
        return Ok(InHand { source, is_new: false });
    }
    let state = super::from(server)?;
    let (enclave, name) = (&target.record.name, &target.name);
    let source = match (read, &target.tentacle) {
        (Some(read), _) => read?,
        (None, Some(record)) => {
            let commit = record.commit.as_ref().ok_or_else(never_in_git)?;
            source(state, &commit.id, (enclave, name), &record.version).await?
        }
        (None, None) => return Err(Failure::new(FailureCode::Conflict, "it is gone")),
    };
    Ok(InHand { source: state.with_secrets(enclave, name, source).await?, is_new: true })
}

pub(super) fn never_in_git() -> Failure {
    Failure::new(FailureCode::Conflict, "what ran was never in git").with_remedy("deploy what is there")
}

/// The same if it is what the store says now: that version, with the reach that was approved, whatever a commit says, and with
/// everything that it takes to run.
async fn fits(tx: &mut Tx, grant: &Authorized<Apply>, of: InHand) -> Result<InHand, Failure> {
    let failed = |error: StoreError| unavailable(&error);
    let (target, version) = (grant.target(), &of.source.version);
    if target.tentacle.as_ref().is_none_or(|record| record.version != version.hash) {
        return Err(Failure::new(FailureCode::Conflict, "another version was deployed in the meantime"));
    }
    if !of.is_new {
        return Ok(of);
    }
    if tx.running_reach(grant).await.map_err(failed)?.digest() != version.sandbox.reach.digest() {
        let what = "it may reach something else than was approved";
        return Err(Failure::new(FailureCode::Conflict, what).with_remedy("deploy it: its owner is asked"));
    }
    let missing = of.source.missing_secrets(tx, grant).await.map_err(failed)?;
    let Some(first) = missing.first() else { return Ok(of) };
    let what = format!("it needs secrets that were set on the server and are lost: {}", missing.join(", "));
    let how = format!(
        "its enclave's owner sets each (`tntc secret set {first} -e {}`); then restore again",
        target.record.name
    );
    Err(Failure::new(FailureCode::Conflict, what).with_remedy(how))
}

/// What the version takes to be made again is in the store.
async fn keep(tx: &mut Tx, grant: &Authorized<Apply>, of: &InHand) -> Result<(), StoreError> {
    if !of.is_new {
        return Ok(());
    }
    let Source { version, files, .. } = &of.source;
    tx.put_source(grant, &version.hash, files).await?;
    tx.serve_git_secrets(grant, &version.hash, &version.secrets).await
}

/// Makes the version, as its effect was begun.
async fn put_to_work(
    server: &Server,
    grant: &Authorized<Apply>,
    effect: Effect<'_>,
    source: &Source,
) -> Result<PutBack, Failure> {
    let put_back = PutBack::from(grant.clone());
    let now = server.now();
    let also = async |tx: &mut Tx| -> Result<(), StoreError> {
        tx.put_triggers(grant, &source.triggers, now).await?;
        tx.file_again(grant, (&source.version.sandbox.reach, source.commit.as_ref())).await
    };
    putting_back::in_turn(server, &put_back, effect, source, also).await?;
    Ok(put_back)
}

/// Goes on with one whose restore was interrupted.
///
/// # Errors
/// As the restore itself.
pub(crate) async fn go_on(
    server: &Server,
    effect: &OpenEffect,
    enclave: &EnclaveName,
    name: &TentacleName,
) -> Result<(), Failure> {
    let source = Source::kept(enclave, name, &effect.payload)?;
    let call = Call::continuation(Action::ConfirmRestore, None);
    let change = server.gate.change(&call).await?;
    let (change, grant) = change.tentacle::<RestoreTentacle>(Some(enclave), name).await?;
    let grant = Authorized::<Apply>::from(grant);
    let runs = grant.target().tentacle.as_ref().is_some_and(|record| record.version == source.version.hash);
    if !runs {
        let superseded = Failure::new(FailureCode::Conflict, "another version was deployed in the meantime");
        return Err(change.decided().failed(superseded).await);
    }
    let begun = change.decided().begin(&effect.payload).await?;
    let made = put_to_work(server, &grant, begun, &source).await?;
    server.follow(&made, enclave).await;
    Ok(())
}

fn told(name: &TentacleName, state: RestoredWord, says: &str) -> RestoredEntry {
    RestoredEntry { name: name.clone(), state, says: says.to_owned(), offer: None }
}

fn not_restored(name: &TentacleName, failure: &Failure) -> RestoredEntry {
    RestoredEntry { offer: failure.remedy.clone(), ..told(name, RestoredWord::NotRestored, &failure.message) }
}
