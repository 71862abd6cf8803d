//! Brings to its end what a stop interrupted, and makes the backend follow records that it is behind.

mod left_behind;
mod mirrors;

use self::left_behind::Looking;
use self::mirrors::Mirrors;
use crate::call::Call;
use crate::gate::act::{Apply, Deprovision, Remove};
use crate::gate::{Change, Effect, is_ours, unavailable};
use crate::lifecycle;
use crate::metrics::Reconciled;
use crate::pace::Pace;
use crate::progress::Progress;
use crate::putting_back;
use crate::restoring;
use crate::review::Cleared;
use crate::rollout::{self, Source};
use crate::server::Server;
use crate::store::{EnclaveRecord, OpenEffect, Rights, StoreError};
use jiff::Timestamp;
use policy::{Action, State};
use std::time::{Duration, Instant};
use wire::{Failure, FailureCode};
use workflow::{EnclaveName, TentacleName};

/// Reconciles at once, and then now and then, for ever. `left` is what this process's predecessor began and did not end.
pub(crate) async fn forever(server: &Server, pace: &Pace, left: Vec<OpenEffect>) {
    let (mut left, mut mirrors, mut looking) = (left, Mirrors::default(), Looking::default());
    loop {
        match server.gate.interrupted(&left).await {
            Ok(()) => left.clear(),
            Err(error) => {
                tracing::error!(%error, "effects that the last stop interrupted could not be marked")
            }
        }
        let began = Instant::now();
        if let Err(error) = once(server, pace.left_alone).await {
            tracing::error!(%error, "nothing can be reconciled: the store does not answer");
        }
        mirrors.follow(server).await;
        looking.go_on(server).await;
        server.metrics.reconciled(Reconciled::Unfinished, began.elapsed());
        tokio::time::sleep(pace.reconcile_every).await;
    }
}

/// Reconciles once. What this server's own stop interrupted is finished at once; what others are making or removing is
/// left alone when it changed within the last `patience`.
async fn once(server: &Server, patience: Duration) -> Result<(), StoreError> {
    let rights = server.store.rights().await?;
    let interrupted = server.store.interrupted(server.trail.writer()).await?;
    let now = Timestamp::now();
    for record in rights.enclaves() {
        let ours = interrupted.iter().any(|effect| effect.filed.enclave == record.name.as_str());
        let left_to_us = ours || now.duration_since(record.updated_at).unsigned_abs() >= patience;
        if left_to_us && matches!(record.state, State::Provisioning | State::Deprovisioning) {
            finish_life(server, &record.name).await?;
        }
    }
    for effect in &interrupted {
        match effect.action {
            Action::Provision | Action::Deprovision => settle_life(server, effect).await?,
            Action::ConfirmRestore if effect.object.is_empty() => settle_life(server, effect).await?,
            _ => finish(server, effect).await?,
        }
    }
    Ok(())
}

fn tell(what: &str, finished: &Result<(), Failure>) {
    match finished {
        Ok(()) => tracing::info!(what, "what was interrupted is finished"),
        Err(failure) => tracing::warn!(what, why = failure.text(), "not finished yet"),
    }
}

/// Makes or removes an enclave to the end, unless somebody is at it.
async fn finish_life(server: &Server, name: &EnclaveName) -> Result<(), StoreError> {
    let Some(_alone) = server.lifecycles.try_lock(name.as_str()) else { return Ok(()) };
    let rights = server.store.rights().await?;
    let finished = match rights.enclave(name).map(|record| record.state) {
        Some(State::Provisioning) => finish_making(server, name).await,
        Some(State::Deprovisioning) => finish_removing(server, name).await,
        Some(State::Active | State::Frozen) | None => return Ok(()),
    };
    tell(name.as_str(), &finished);
    Ok(())
}

async fn finish_making(server: &Server, name: &EnclaveName) -> Result<(), Failure> {
    let call = Call::continuation(Action::Provision, None);
    let (change, grant) = server.gate.change(&call).await?.unfinished(name).await?;
    let effect = change.decided().begin("").await?;
    lifecycle::provision(server, &grant, effect, &Progress::default()).await.map(drop)
}

async fn finish_removing(server: &Server, name: &EnclaveName) -> Result<(), Failure> {
    let call = Call::continuation(Action::Deprovision, None);
    let (change, grant) = server.gate.change(&call).await?.enclave::<Deprovision>(Some(name)).await?;
    let effect = change.decided().begin("").await?;
    lifecycle::deprovision(server, &grant, effect).await
}

/// Closes an interrupted making or removing that somebody else has brought to its end.
async fn settle_life(server: &Server, effect: &OpenEffect) -> Result<(), StoreError> {
    let rights = server.store.rights().await?;
    let name = effect.filed.enclave.parse::<EnclaveName>();
    let state = name.ok().and_then(|name| rights.enclave(&name)).map(|record| record.state);
    match state {
        Some(State::Provisioning | State::Deprovisioning) => Ok(()),
        Some(State::Active | State::Frozen) | None => server.gate.give_up(effect, "superseded").await,
    }
}

/// Finishes an interrupted change of a tentacle, or gives it up where that is not possible any more. One whose enclave
/// is frozen, or whose member list nobody has confirmed since, waits.
async fn finish(server: &Server, effect: &OpenEffect) -> Result<(), StoreError> {
    let rights = server.store.rights().await?;
    let Some((record, tentacle)) = whereabouts(&rights, effect) else {
        return server.gate.give_up(effect, "gone").await;
    };
    // A restore is an operator's: it rests on no member list.
    let is_stale = record.is_stale(Timestamp::now()) && effect.action != Action::ConfirmRestore;
    if record.state != State::Active || is_stale {
        return Ok(());
    }
    let finished = match effect.action {
        Action::ConfirmRestore => restoring::go_on(server, effect, &record.name, &tentacle).await,
        Action::Apply | Action::ApplyNew => finish_deploying(server, effect, &record.name, &tentacle).await,
        Action::Remove => finish_taking_away(server, effect, &record.name, &tentacle).await,
        _ => return server.gate.give_up(effect, "gone").await,
    };
    tell(&effect.object, &finished);
    match finished {
        Err(failure) if !is_ours(&failure) => server.gate.give_up(effect, "refused").await,
        _ => Ok(()),
    }
}

/// The enclave and the tentacle that it is about, where both are still there.
fn whereabouts<'r>(rights: &'r Rights, effect: &OpenEffect) -> Option<(&'r EnclaveRecord, TentacleName)> {
    let record = rights.enclave(&effect.filed.enclave.parse().ok()?)?;
    let tentacle: TentacleName = effect.object.parse().ok()?;
    record.tentacles.contains_key(&tentacle).then_some((record, tentacle))
}

async fn finish_deploying(
    server: &Server,
    effect: &OpenEffect,
    enclave: &EnclaveName,
    tentacle: &TentacleName,
) -> Result<(), Failure> {
    let source = Source::kept(enclave, tentacle, &effect.payload)?;
    let nobody = || Failure::new(FailureCode::Invalid, "it is not known who deployed it");
    let initiator = effect.initiator.clone().ok_or_else(nobody)?;
    let call = Call::continuation(Action::Apply, Some(initiator.clone()));
    let (change, grant) = server.gate.change(&call).await?.tentacle::<Apply>(Some(enclave), tentacle).await?;
    let begun = resume(change, effect).await?;
    let target = grant.target();
    let runs = target.tentacle.as_ref().is_some_and(|record| record.version == source.version.hash);
    let serves = runs && putting_back::serving(server, target).await? == source.version.secrets;
    if serves && server.backend.state(target).ready {
        // It was only to be put back: a deploy leaves alone what serves.
        return putting_back::put_back(server, &grant.into(), begun, &source).await.map(drop);
    }
    let cleared = Cleared::as_begun(&source, effect);
    rollout::deploy((server, &call), &grant, begun, cleared, &initiator).await.map(drop)
}

async fn finish_taking_away(
    server: &Server,
    effect: &OpenEffect,
    enclave: &EnclaveName,
    tentacle: &TentacleName,
) -> Result<(), Failure> {
    let call = Call::continuation(Action::Remove, effect.initiator.clone());
    let (change, grant) =
        server.gate.change(&call).await?.tentacle::<Remove>(Some(enclave), tentacle).await?;
    let begun = resume(change, effect).await?;
    rollout::remove(server, &grant, begun).await.map(drop)
}

/// Begins what was interrupted once more, unless a later request has taken its place by now.
async fn resume<'g>(change: Change<'g>, effect: &OpenEffect) -> Result<Effect<'g>, Failure> {
    let mut changing = change.decided();
    let is_open = changing.tx().is_interrupted(effect.id).await;
    if is_open.map_err(|error| unavailable(&error))? {
        return changing.begin(&effect.payload).await;
    }
    let superseded = Failure::new(FailureCode::Conflict, "a later request has taken its place");
    Err(changing.failed(superseded).await)
}
