//! How what somebody changed where a tentacle runs is put back: the version that the record names, from the source that was
//! kept of it, with the secrets that serve. Nothing else is taken for what it should be, and where nothing is different nothing is written.

use crate::backend::Version;
use crate::gate::target::OnTentacle;
use crate::gate::{Effect, PutBack, unavailable};
use crate::git_secrets::GitSecrets;
use crate::rollout::{self, Source, Turn};
use crate::server::Server;
use crate::store::{StoreError, Tx};
use policy::State;
use wire::{Failure, FailureCode};

/// The version that a tentacle's record names, with the secrets that serve, and the right to put it back. No backend puts anything
/// else back. For as long as it lives it is this tentacle's turn: no deploy comes in between.
#[derive(Debug)]
pub struct Serves<'s> {
    grant: &'s PutBack,
    version: &'s Version,
    _turn: Turn,
}

impl<'s> Serves<'s> {
    /// The tentacle.
    #[must_use]
    pub fn target(&self) -> &OnTentacle {
        self.grant.target()
    }

    /// The version.
    #[must_use]
    pub fn version(&self) -> &Version {
        self.version
    }

    /// Waits for the tentacle's turn, and compares what was to be put back with the record as it is then: a deploy may have come first.
    async fn of(server: &Server, grant: &'s PutBack, source: &'s Source) -> Result<Self, Failure> {
        let target = grant.target();
        let turn = server.rollouts.turn(&target.record.name, &target.name).await?;
        rollout::still(server, target, &[State::Active]).await?;
        let rights = server.store.rights().await.map_err(|error| unavailable(&error))?;
        let now = rights.enclave(&target.record.name).and_then(|record| record.tentacles.get(&target.name));
        let runs = now.is_some_and(|record| record.version == source.version.hash);
        if runs && serving(server, target).await? == source.version.secrets {
            return Ok(Self { grant, version: &source.version, _turn: turn });
        }
        let what = format!("another version of `{}` was deployed in the meantime", target.name);
        Err(Failure::new(FailureCode::Conflict, what))
    }
}

/// Puts a tentacle back in its turn, as its effect was begun, and writes down with the effect's end what `also` does; answers what was
/// not as it was deployed. Its turn is over by then: whoever removes the enclave waits for it and has what showing a change takes.
///
/// # Errors
/// When another version serves, or this one with other secrets from git, or the backend or the store does not answer.
pub(crate) async fn in_turn(
    server: &Server,
    grant: &PutBack,
    effect: Effect<'_>,
    source: &Source,
    also: impl AsyncFnOnce(&mut Tx) -> Result<(), StoreError>,
) -> Result<Vec<String>, Failure> {
    let serves = match Serves::of(server, grant, source).await {
        Ok(serves) => serves,
        Err(failure) => return Err(effect.failed(failure).await),
    };
    let done = match server.backend.put_back(&serves).await {
        Ok(done) => done,
        Err(error) => return Err(effect.failed(error.into_failure()).await),
    };
    let mut ending = effect.end().await?;
    also(ending.tx()).await.map_err(|error| unavailable(&error))?;
    ending.done().await?;
    Ok(done)
}

/// The version that runs, as it was deployed.
///
/// # Errors
/// When it never came to run, or its source is not kept, or is not read any more by this release.
pub(crate) async fn source(server: &Server, target: &OnTentacle) -> Result<Source, Failure> {
    let conflict = |what: String| Failure::new(FailureCode::Conflict, what);
    let name = &target.name;
    let never = || conflict(format!("`{name}` has no version that came to run")).with_remedy("deploy it");
    let record = target.tentacle.as_ref().filter(|record| !record.version.is_empty()).ok_or_else(never)?;
    let files = server.store.running_source(target).await.map_err(|error| unavailable(&error))?;
    let files = files.ok_or_else(|| {
        conflict(format!("the source of the version of `{name}` that runs is not kept"))
            .with_remedy("deploy it")
    })?;
    let enclave = &target.record.name;
    let source = match &record.commit {
        Some(commit) => {
            let serve = serving(server, target).await?;
            Source::committed(enclave, name, files, commit.clone())?.with_secrets(serve)?
        }
        None => Source::read(enclave, name, &files)?,
    };
    if source.version.hash == record.version {
        return Ok(source);
    }
    Err(conflict(format!("what is kept of `{name}` is not what runs")).with_remedy("deploy it"))
}

/// Puts it back, as its effect was begun; answers what was not as it was deployed.
pub(crate) async fn put_back(
    server: &Server,
    grant: &PutBack,
    effect: Effect<'_>,
    source: &Source,
) -> Result<Vec<String>, Failure> {
    let done = in_turn(server, grant, effect, source, async |_| Ok(())).await?;
    if !done.is_empty() {
        server.follow(grant, &grant.target().record.name).await;
    }
    Ok(done)
}

/// The secrets from git that the version which runs was given.
pub(crate) async fn serving(server: &Server, target: &OnTentacle) -> Result<GitSecrets, Failure> {
    let version = target.tentacle.as_ref().map_or("", |record| record.version.as_str());
    let secrets = server.store.git_secrets(&target.record.name, &target.name, version).await;
    secrets.map_err(|error| unavailable(&error))
}
