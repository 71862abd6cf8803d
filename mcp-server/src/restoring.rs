//! How enclaves come back from git: the record first, with everybody's rights, in one transaction; then the enclave, in the steps in which
//! every enclave is made; then each tentacle, at the version that ran. What is there is left as it is, so that whatever stopped in the
//! middle goes on when it is asked for again, and a second time writes nothing.

mod proof;
mod tentacle;
mod wanted;

pub(crate) use proof::{Found, Knows, Proof};
pub(crate) use tentacle::go_on;

use crate::call::Call;
use crate::gate::act::{Provision, Restore};
use crate::gate::target::OnTentacle;
use crate::gate::{Authorized, Changing, act, unavailable};
use crate::lifecycle;
use crate::progress::Progress;
use crate::server::Server;
use crate::state::{KeptRecords, StateRepo};
use crate::store::{EnclaveRecord, StoreError, TentacleRecord};
use futures::{StreamExt, stream};
use policy::State;
use std::collections::BTreeMap;
use std::sync::Arc;
use wanted::Sources;
use wire::tools::restore::{RestoredEntry, RestoredWord, StateRestoreAnswer, StateRestoreArgs};
use wire::tools::tentacle::SourceCommit;
use wire::{Failure, FailureCode};
use workflow::{EnclaveName, TentacleName};

/// How many tentacles of an enclave are made at the same time.
const AT_A_TIME: usize = 8;

/// The state repo, without which nothing comes back.
///
/// # Errors
/// When there is none.
pub(crate) fn from(server: &Server) -> Result<&StateRepo, Failure> {
    let none = || {
        Failure::new(FailureCode::Invalid, "this server has no state repo to restore from").with_remedy(
            "start it with `--state-repo`, and with the signing key and the age key that the lost one had",
        )
    };
    server.state.as_ref().ok_or_else(none)
}

/// What git has, weighed by this server's heads.
///
/// # Errors
/// When the heads or the state repo cannot be read.
pub(crate) async fn kept(state: &StateRepo, only: Option<EnclaveName>) -> Result<KeptRecords, Failure> {
    let heads = state.records.heads().newest().map_err(|error| {
        tracing::error!(%error, "the heads of records cannot be read");
        Failure::new(FailureCode::Unavailable, "this server cannot read the heads of its records")
            .with_remedy("look at the server's log, and at the folder of `--trail-heads-dir`")
    })?;
    state.kept(only, heads).await
}

/// Restores one enclave.
///
/// # Errors
/// When nobody may, when its record cannot be taken as it is, or when a step fails: what was done by then stays, and the next try
/// goes on.
pub(crate) async fn enclave(
    server: &Server,
    call: &Call,
    args: &StateRestoreArgs,
    progress: &Progress,
) -> Result<StateRestoreAnswer, Failure> {
    let name = &args.name;
    // Nothing is fetched for somebody who may not.
    server.gate.look(call).await?.itself::<act::RestoreSurvey>()?;
    let state = from(server)?;
    let KeptRecords { head, mut records, .. } = kept(state, Some(name.clone())).await?;
    let there = server.store.rights().await.map_err(|error| unavailable(&error))?.enclave(name).cloned();
    let found = match (records.remove(name), &there) {
        (Some(Ok(found)), _) => Some(found),
        // What the store knows needs no record.
        (_, Some(_)) => None,
        (Some(Err(why)), None) => return Err(impossible(name, &why)),
        (None, None) => return Err(impossible(name, "git does not have it")),
    };
    let mut sources = match (&found, &there) {
        (Some(found), None) => sources(state, found, &head).await,
        _ => Sources::new(),
    };
    let was_there = there.is_some();
    let made = bring_back(server, call, args, found.as_ref(), &sources).await?;
    let record = present(server, name).await?;
    // Of an enclave that comes back its channel has heard already.
    let tells = was_there && !made;
    let tentacles = tentacles(server, call, &record, (&mut sources, tells), progress).await?;
    let wrote = made || tentacles.iter().any(|entry| entry.state == RestoredWord::Restored);
    let status = match (was_there, wrote) {
        (false, _) => "restored",
        (true, true) => "made_again",
        (true, false) => "unchanged",
    };
    Ok(StateRestoreAnswer {
        name: name.clone(),
        status: status.to_owned(),
        frozen: record.state == State::Frozen,
        tentacles,
        left: if was_there { Vec::new() } else { left(&record) },
    })
}

/// The record and the enclave; answers whether anything had to be made.
async fn bring_back(
    server: &Server,
    call: &Call,
    args: &StateRestoreArgs,
    found: Option<&Found>,
    sources: &Sources,
) -> Result<bool, Failure> {
    let _one_at_a_time = server.lifecycles.lock(args.name.as_str()).await;
    let (change, grant, there) = server.gate.change(call).await?.restored(&args.name).await?;
    let mut changing = change.decided();
    let needs = match there {
        Some(there) => match needs_making(server, &there, found) {
            Ok(true) => {
                tell(&mut changing, &there, "made what was missing of this enclave again").await?;
                Ok(true)
            }
            other => other,
        },
        None => {
            put_down(&mut changing, &grant, found, args.confirm.as_deref(), sources).await?.map(|()| true)
        }
    };
    match needs {
        Err(failure) => Err(changing.failed(failure).await),
        Ok(true) => {
            let effect = changing.begin("").await?;
            let grant = Authorized::<Provision>::from(grant);
            // Several may be restored side by side: only what names the enclave is told.
            lifecycle::provision(server, &grant, effect, &Progress::default()).await?;
            Ok(true)
        }
        Ok(false) => changing.done().await.map(|()| false),
    }
}

/// Said where somebody made another enclave of the name since.
pub(crate) fn another(name: &EnclaveName) -> String {
    format!("somebody made another enclave `{name}` since, which is not the one that git has")
}

/// Whether an enclave that the store knows has to be made.
fn needs_making(server: &Server, there: &EnclaveRecord, found: Option<&Found>) -> Result<bool, Failure> {
    if found.is_some_and(|found| found.is_of_another_than(there)) {
        return Err(Failure::new(FailureCode::Conflict, another(&there.name)).with_remedy(
            "shut that one down, which moves its folder to the archive, put this one's folder back in git, and restore it",
        ));
    }
    match there.state {
        State::Deprovisioning => {
            Err(Failure::new(FailureCode::Conflict, format!("`{}` is being shut down", there.name)))
        }
        State::Provisioning => Ok(true),
        State::Active | State::Frozen => Ok(server.backend.drift(there).is_some()),
    }
}

/// Writes the record down as it was; the inner error says why it is not.
async fn put_down(
    changing: &mut Changing<'_>,
    grant: &Authorized<Restore>,
    found: Option<&Found>,
    confirmed: Option<&str>,
    sources: &Sources,
) -> Result<Result<(), Failure>, Failure> {
    let failed = |error: StoreError| unavailable(&error);
    let name = &grant.target().name;
    let conflict = |what: String| Ok(Err(Failure::new(FailureCode::Conflict, what)));
    let Some(Found { record, proof }) = found else {
        return conflict(format!("`{name}` was shut down in the meantime"));
    };
    if let Some(failure) = unconfirmed(name, proof, confirmed) {
        return Ok(Err(failure));
    }
    let restored = match wanted::of(record, sources) {
        Ok(restored) => restored,
        Err(why) => return Ok(Err(impossible(name, &why))),
    };
    let tx = changing.tx();
    if let Some(channel) = &restored.channel
        && let Some(other) = tx.enclave_of(&channel.team, &channel.id).await.map_err(failed)?
    {
        return conflict(format!("its channel has another enclave by now: `{}`", other.name));
    }
    tx.restore_enclave(grant, &restored).await.map_err(failed)?;
    if let Some(record) = tx.enclave(name).await.map_err(failed)? {
        let did = "restored this enclave from git, with those in it as they were: changes wait until the Kraken has asked Slack \
                   who is here now";
        tell(changing, &record, did).await?;
    }
    Ok(Ok(()))
}

/// The channel hears of each use of emergency access.
async fn tell(changing: &mut Changing<'_>, record: &EnclaveRecord, did: &str) -> Result<(), Failure> {
    let Some(told) = changing.call().emergency(did) else { return Ok(()) };
    changing.tx().notify(record, &told).await.map_err(|error| unavailable(&error))
}

/// Why a record is not taken without more.
fn unconfirmed(name: &EnclaveName, proof: &Proof, confirmed: Option<&str>) -> Option<Failure> {
    let Proof::ToConfirm { why, difference, digest } = proof else { return None };
    if confirmed == Some(digest.as_str()) {
        return None;
    }
    let what = format!("the record of `{name}` in git is not proven: {why}. It differs:\n{difference}");
    let how = format!(
        "put the right record back in git; or, if this one is right, confirm it: `tntc state restore --enclave {name}` asks, and \
         `confirm: {digest}` is the answer"
    );
    Some(Failure::new(FailureCode::ConfirmationRequired, what).with_remedy(how))
}

fn impossible(name: &EnclaveName, why: &str) -> Failure {
    Failure::new(FailureCode::Invalid, format!("`{name}` cannot be restored: {why}")).with_remedy(
        "`git log -p` of its folder shows what was there before: put a record back that can be read",
    )
}

/// The source of each tentacle that the record names, as it ran.
async fn sources(state: &StateRepo, found: &Found, head: &SourceCommit) -> Sources {
    let mut sources = BTreeMap::new();
    for of in &found.record.tentacles {
        let commit = of.commit.as_deref().unwrap_or(&head.id);
        let source = tentacle::source(state, commit, (&found.record.name, &of.name), &of.version).await;
        let source = source.and_then(|source| match source.version.sandbox.reach.digest() == of.reach {
            true => Ok(source),
            false => {
                Err(Failure::new(FailureCode::Conflict, "it may reach something else than was approved then")
                    .with_remedy("deploy it: its owner is asked"))
            }
        });
        let source = source.map_err(|failure| match of.commit {
            None => tentacle::never_in_git(),
            Some(_) => failure,
        });
        sources.insert(of.name.clone(), source);
    }
    sources
}

/// Puts each tentacle to work that does not.
async fn tentacles(
    server: &Server,
    call: &Call,
    record: &Arc<EnclaveRecord>,
    (sources, tells): (&mut Sources, bool),
    progress: &Progress,
) -> Result<Vec<RestoredEntry>, Failure> {
    let ran: Vec<_> = record.tentacles.iter().filter(|(_, tentacle)| !tentacle.version.is_empty()).collect();
    let apart = server.backend.apart(record).await.unwrap_or_else(|error| {
        tracing::warn!(%error, "what is there cannot be compared: it is made again where it is not ready");
        BTreeMap::new()
    });
    let one = |(name, of): (&TentacleName, &TentacleRecord)| {
        let (is_apart, source) = (apart.contains_key(name), sources.remove(name));
        let target =
            OnTentacle { record: Arc::clone(record), name: name.clone(), tentacle: Some(of.clone()) };
        tentacle::One { server, call, target, is_apart, tells, source }.restore()
    };
    let ones: Vec<_> = ran.into_iter().map(one).collect();
    let (all, mut done, mut made) = (ones.len(), Vec::new(), None);
    let mut coming = stream::iter(ones).buffered(AT_A_TIME);
    while let Some(came) = coming.next().await {
        let came = came?;
        made = came.made.or(made);
        done.push(came.entry);
        progress.step(done.len(), all, &format!("{}: {} of {all} tentacles", record.name, done.len())).await;
    }
    if let Some(made) = made {
        server.follow(&made, &record.name).await;
    }
    Ok(done)
}

async fn present(server: &Server, name: &EnclaveName) -> Result<Arc<EnclaveRecord>, Failure> {
    let rights = server.store.rights().await.map_err(|error| unavailable(&error))?;
    let gone = || Failure::new(FailureCode::Conflict, format!("`{name}` was shut down in the meantime"));
    rights.enclave(name).cloned().ok_or_else(gone)
}

/// What git does not have.
fn left(record: &EnclaveRecord) -> Vec<String> {
    let mut left = vec![
        "data in databases and buckets: restore it from its own backups".to_owned(),
        "secrets that were set on the server, the history of runs and of versions, invitations, and what waited for an answer".to_owned(),
    ];
    if record.channel.is_some() {
        left.push("who is in the channel now: until the Kraken has asked Slack, nothing can be changed by its members".to_owned());
    }
    left
}
