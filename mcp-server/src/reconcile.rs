//! Brings to its end what a stop interrupted, and makes the backend follow records that it is behind.

use crate::call::Call;
use crate::gate::act::{Deprovision, Repair};
use crate::lifecycle;
use crate::pace::Pace;
use crate::progress::Progress;
use crate::server::Server;
use policy::{Action, State};
use std::time::Duration;
use wire::Failure;
use workflow::EnclaveName;

/// Reconciles at once, and then now and then, for ever.
pub(crate) async fn forever(server: &Server, pace: &Pace) {
    match server.gate.close_left_open().await {
        Ok(0) => {}
        Ok(count) => tracing::info!(count, "effects that the last stop interrupted are marked as unknown"),
        Err(error) => tracing::error!(%error, "effects that the last stop interrupted could not be marked"),
    }
    let mut patience = Duration::ZERO;
    loop {
        once(server, patience).await;
        patience = pace.left_alone;
        tokio::time::sleep(pace.reconcile_every).await;
    }
}

/// Reconciles once; leaves alone what changed within the last `patience`.
async fn once(server: &Server, patience: Duration) {
    let rights = match server.store.rights().await {
        Ok(rights) => rights,
        Err(error) => return tracing::error!(%error, "nothing can be reconciled: the store does not answer"),
    };
    let now = jiff::Timestamp::now();
    for record in rights.enclaves() {
        if now.duration_since(record.updated_at).unsigned_abs() < patience {
            continue;
        }
        let finished = match record.state {
            State::Provisioning => finish_making(server, &record.name).await,
            State::Deprovisioning => finish_removing(server, &record.name).await,
            State::Active | State::Frozen => continue,
        };
        match finished {
            Ok(()) => tracing::info!(enclave.name = %record.name, "what was interrupted is finished"),
            Err(failure) => {
                tracing::warn!(enclave.name = %record.name, why = failure.text(), "not finished yet")
            }
        }
    }
    repair(server).await;
}

async fn finish_making(server: &Server, name: &EnclaveName) -> Result<(), Failure> {
    let _one_at_a_time = server.lifecycles.lock(name.as_str()).await;
    let call = Call::continuation(Action::Provision);
    let (change, grant) = server.gate.change(&call).await?.unfinished(name).await?;
    let effect = change.decided().begin().await?;
    lifecycle::provision(server, &grant, effect, &Progress::default()).await.map(drop)
}

async fn finish_removing(server: &Server, name: &EnclaveName) -> Result<(), Failure> {
    let _one_at_a_time = server.lifecycles.lock(name.as_str()).await;
    let call = Call::continuation(Action::Deprovision);
    let (change, grant) = server.gate.change(&call).await?.enclave::<Deprovision>(Some(name)).await?;
    let effect = change.decided().begin().await?;
    lifecycle::deprovision(server, &grant, effect).await
}

/// Makes the backend follow every record that it is behind.
async fn repair(server: &Server) {
    let behind = match server.store.behind_mirrors().await {
        Ok(behind) => behind,
        Err(error) => return tracing::error!(%error, "the mirrors cannot be compared"),
    };
    for name in behind.iter().filter_map(|name| name.parse::<EnclaveName>().ok()) {
        if let Err(failure) = repair_one(server, &name).await {
            tracing::warn!(enclave.name = %name, why = failure.text(), "the backend does not show the record yet");
        }
    }
}

async fn repair_one(server: &Server, name: &EnclaveName) -> Result<(), Failure> {
    let call = Call::reconciler();
    let (change, grant) = server.gate.change(&call).await?.enclave::<Repair>(Some(name)).await?;
    change.decided().done().await?;
    server.follow(&grant, name).await;
    Ok(())
}
