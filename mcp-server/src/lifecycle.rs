//! How an enclave comes into being and how it goes: named steps, each of which can be repeated, so that a process that
//! dies after any of them leaves something that the next try, or the reconciler, brings to its end.

use crate::backend::{BackendError, EnclaveView};
use crate::gate::act::{Deprovision, Provision};
use crate::gate::{Authorized, Effect, is_ours, unavailable};
use crate::progress::Progress;
use crate::server::Server;
use futures::StreamExt;
use futures::stream::FuturesUnordered;
use policy::State;
use uuid::Uuid;
use wire::{Failure, FailureCode};
use workflow::EnclaveName;

/// Makes an enclave whose record is in state provisioning to the end: the backend's steps, then active. The caller has
/// the enclave's lifecycle alone.
pub(crate) async fn provision(
    server: &Server,
    grant: &Authorized<Provision>,
    effect: Effect<'_>,
    progress: &Progress,
) -> Result<Vec<String>, Failure> {
    let name = &grant.target().name;
    let (id, made) = match steps(server, grant, progress).await {
        Ok(made) => made,
        Err(Stopped::Taken) => {
            // What is there under this name is not ours: nothing of it was touched, and no record of ours stays.
            let mut ending = effect.end().await?;
            ending.tx().forget_unmade_enclave(grant).await.map_err(|error| unavailable(&error))?;
            return Err(ending.failed(taken(name)).await);
        }
        Err(Stopped::Failed(failure)) => return Err(effect.failed(failure).await),
    };
    let mut ending = effect.end().await?;
    if !ending.tx().activate_enclave(grant, id).await.map_err(|error| unavailable(&error))? {
        return Err(ending.failed(removed_meanwhile(name)).await);
    }
    ending.done().await?;
    Ok(made)
}

/// What was ours to do is begun, and its record says so: it comes to its end with the next request, or without one.
fn goes_on(failure: Failure) -> Failure {
    if is_ours(&failure) {
        return failure.with_remedy("ask again, or wait: what was begun is finished by itself");
    }
    failure
}

/// The name is somebody else's. Whose, and what is in it, is nobody's business.
pub(crate) fn taken(name: &EnclaveName) -> Failure {
    Failure::new(FailureCode::Conflict, format!("the name `{name}` is taken"))
        .with_remedy("choose another name")
}

fn removed_meanwhile(name: &EnclaveName) -> Failure {
    Failure::new(FailureCode::Conflict, format!("`{name}` was removed while it was being made"))
}

enum Stopped {
    Taken,
    Failed(Failure),
}

/// Takes the backend's steps; answers which enclave it was, and what was made.
async fn steps(
    server: &Server,
    grant: &Authorized<Provision>,
    progress: &Progress,
) -> Result<(Uuid, Vec<String>), Stopped> {
    let name = &grant.target().name;
    let mut view = wanted(server, name, None).await.map_err(Stopped::Failed)?;
    let id = view.record.id;
    let stages = server.backend.steps();
    let all = stages.concat();
    let mut told = Told { progress, done: 0, of: all.len() };
    for (number, steps) in stages.iter().enumerate() {
        if number > 0 {
            view = wanted(server, name, Some(id)).await.map_err(Stopped::Failed)?;
        }
        stage(server, grant, &view, steps, &mut told).await?;
    }
    Ok((id, all.into_iter().map(str::to_owned).collect()))
}

/// How many steps have been told.
struct Told<'p> {
    progress: &'p Progress,
    done: usize,
    of: usize,
}

/// Takes the steps of one stage side by side. When one fails the others are awaited all the same, so that nothing goes
/// on after the caller has let go of the enclave; then the first failure is told.
async fn stage(
    server: &Server,
    grant: &Authorized<Provision>,
    view: &EnclaveView,
    steps: &[&'static str],
    told: &mut Told<'_>,
) -> Result<(), Stopped> {
    let backend = &server.backend;
    let take = |step: &'static str| async move { (step, backend.provision(grant, view, step).await) };
    let mut running: FuturesUnordered<_> = steps.iter().copied().map(take).collect();
    let mut stopped = None;
    while let Some((step, result)) = running.next().await {
        let why = match result {
            Ok(()) => {
                told.done += 1;
                told.progress.step(told.done, told.of, step).await;
                continue;
            }
            Err(BackendError::Taken) => Stopped::Taken,
            Err(error) => {
                let name = &view.record.name;
                tracing::warn!(enclave.name = %name, step, %error, "an enclave could not be made to the end");
                Stopped::Failed(goes_on(error.into_failure()))
            }
        };
        stopped.get_or_insert(why);
    }
    stopped.map_or(Ok(()), Err)
}

/// The enclave as long as it is to be made, and is the one that was begun: somebody may have it removed meanwhile, and
/// another replica may have made it to the end.
async fn wanted(server: &Server, name: &EnclaveName, begun: Option<Uuid>) -> Result<EnclaveView, Failure> {
    let rights = server.store.rights().await.map_err(|error| unavailable(&error))?;
    let record = rights.enclave(name).filter(|record| begun.is_none_or(|id| id == record.id));
    match record {
        Some(record) if record.state != State::Deprovisioning => Ok(Server::view(&rights, record)),
        _ => Err(removed_meanwhile(name)),
    }
}

/// Removes an enclave whose record is in state deprovisioning: first what runs, last the record. The caller has the
/// enclave's lifecycle alone.
pub(crate) async fn deprovision(
    server: &Server,
    grant: &Authorized<Deprovision>,
    effect: Effect<'_>,
) -> Result<(), Failure> {
    let record = &grant.target().record;
    let turn = server.rollouts.last(&record.name).await?;
    let rights = server.store.rights().await.map_err(|error| unavailable(&error))?;
    let there = rights.enclave(&record.name).is_some_and(|now| now.id == record.id);
    // Somebody else may have removed it while it was not our turn; what has its name now is another.
    if there && let Err(error) = server.backend.deprovision(&turn, grant).await {
        tracing::warn!(enclave.name = %record.name, %error, "an enclave could not be removed to the end");
        return Err(effect.failed(goes_on(error.into_failure())).await);
    }
    let mut ending = effect.end().await?;
    ending.tx().forget_enclave(grant).await.map_err(|error| unavailable(&error))?;
    ending.done().await
}
