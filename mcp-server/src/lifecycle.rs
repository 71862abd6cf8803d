//! How an enclave comes into being and how it goes: named steps, each of which can be repeated, so that a process that
//! dies after any of them leaves something that the next try, or the reconciler, brings to its end.

use crate::backend::BackendError;
use crate::gate::act::{Deprovision, Provision};
use crate::gate::{Authorized, Effect, unavailable};
use crate::progress::Progress;
use crate::server::Server;
use wire::{Failure, FailureCode};

/// Makes an enclave whose record is in state provisioning to the end: the backend's steps, then active.
pub(crate) async fn provision(
    server: &Server,
    grant: &Authorized<Provision>,
    effect: Effect<'_>,
    progress: &Progress,
) -> Result<Vec<String>, Failure> {
    let made = match steps(server, grant, progress).await {
        Ok(made) => made,
        Err(Stopped::Taken) => {
            // What is there under this name is not ours: nothing of it was touched, and no record of ours stays.
            let mut ending = effect.end().await?;
            ending.tx().forget_unmade_enclave(grant).await.map_err(|error| unavailable(&error))?;
            return Err(ending.failed(BackendError::Taken.into_failure()).await);
        }
        Err(Stopped::Failed(failure)) => return Err(effect.failed(failure).await),
    };
    let mut ending = effect.end().await?;
    ending.tx().activate_enclave(grant).await.map_err(|error| unavailable(&error))?;
    ending.done().await?;
    Ok(made)
}

enum Stopped {
    Taken,
    Failed(Failure),
}

async fn steps(
    server: &Server,
    grant: &Authorized<Provision>,
    progress: &Progress,
) -> Result<Vec<String>, Stopped> {
    let rights = server.store.rights().await.map_err(|error| Stopped::Failed(unavailable(&error)))?;
    let name = &grant.target().name;
    let Some(record) = rights.enclave(name) else {
        let gone =
            Failure::new(FailureCode::Conflict, format!("`{name}` was removed while it was being made"));
        return Err(Stopped::Failed(gone));
    };
    let view = Server::view(&rights, record);
    let steps = server.backend.steps();
    for (done, step) in steps.iter().enumerate() {
        match server.backend.provision(grant, &view, step).await {
            Ok(()) => {}
            Err(BackendError::Taken) => return Err(Stopped::Taken),
            Err(error) => {
                tracing::warn!(enclave.name = %name, step, %error, "an enclave could not be made to the end");
                return Err(Stopped::Failed(error.into_failure()));
            }
        }
        progress.step(done + 1, steps.len(), step).await;
    }
    Ok(steps.iter().map(|step| (*step).to_owned()).collect())
}

/// Removes an enclave whose record is in state deprovisioning: first what runs, last the record.
pub(crate) async fn deprovision(
    server: &Server,
    grant: &Authorized<Deprovision>,
    effect: Effect<'_>,
) -> Result<(), Failure> {
    if let Err(error) = server.backend.deprovision(grant).await {
        tracing::warn!(enclave.name = %grant.target().record.name, %error, "an enclave could not be removed to the end");
        return Err(effect.failed(error.into_failure()).await);
    }
    let mut ending = effect.end().await?;
    ending.tx().forget_enclave(grant).await.map_err(|error| unavailable(&error))?;
    ending.done().await
}
