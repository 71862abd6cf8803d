//! Runs what was stored: one delivery of a tentacle after the other, each once.

use crate::call::Call;
use crate::gate::act::TriggerRun;
use crate::gate::unavailable;
use crate::pace::TriggerPace;
use crate::runs;
use crate::server::Server;
use crate::store::{Delivery, RunBegin, RunOutcome, StoreError, Unmet};
use jiff::Timestamp;
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use wire::Failure;

/// The tentacles of which a delivery is being run.
type Busy = Arc<Mutex<BTreeSet<String>>>;

/// Runs what waits until told to stop; comes back when what it began has ended.
pub(crate) async fn forever(server: Arc<Server>, pace: TriggerPace, stop: CancellationToken) {
    let (runs, busy) = (TaskTracker::new(), Busy::default());
    loop {
        if let Err(error) = look(&server, &runs, &busy).await {
            tracing::error!(%error, "no webhook is run: the store does not answer");
        }
        tokio::select! {
            () = stop.cancelled() => break,
            // Another replica may have stored something and died since.
            () = tokio::time::sleep(pace.look_every) => {}
            () = server.hooks.arrived.notified() => {}
        }
    }
    runs.close();
    runs.wait().await;
}

async fn look(server: &Arc<Server>, runs: &TaskTracker, busy: &Busy) -> Result<(), StoreError> {
    let now = server.now();
    for delivery in server.store.expired_deliveries(now).await? {
        let_go(server, &delivery, Some(unmet(delivery.received_at))).await?;
    }
    for delivery in server.store.waiting_deliveries(now).await? {
        let key = format!("{}/{}", delivery.of.enclave, delivery.of.tentacle);
        if !busy.lock().unwrap_or_else(PoisonError::into_inner).insert(key.clone()) {
            continue;
        }
        let (server, busy) = (Arc::clone(server), Arc::clone(busy));
        runs.spawn(async move {
            // Also when it ends in a fault.
            let _free = Free { busy, key, server: Arc::clone(&server) };
            let of = delivery.of.clone();
            if let Err(failure) = run(&server, delivery).await {
                tracing::warn!(trigger = %of, why = failure.text(), "a run by a webhook did not end well");
            }
        });
    }
    Ok(())
}

/// Lets the next delivery of a tentacle have its turn.
struct Free {
    busy: Busy,
    key: String,
    server: Arc<Server>,
}

impl Drop for Free {
    fn drop(&mut self) {
        self.busy.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.key);
        self.server.hooks.arrived.notify_one();
    }
}

async fn run(server: &Server, delivery: Delivery) -> Result<(), Failure> {
    let failed = |error: StoreError| unavailable(&error);
    let of = &delivery.of;
    if server.store.trigger(of).await.map_err(failed)?.is_none() {
        return let_go(server, &delivery, None).await.map_err(failed);
    }
    // Its turn first: once it is taken it is not given back.
    let _turn = server.unasked.take(&of.enclave).await;
    let call = Call::trigger(of.clone());
    let change = server.gate.change(&call).await?;
    let (change, grant) = change.tentacle::<TriggerRun>(Some(&of.enclave), &of.tentacle).await?;
    let mut changing = change.decided();
    let Some(input) = changing.tx().take_delivery(&grant, &delivery).await.map_err(failed)? else {
        // Another replica has it.
        return Ok(());
    };
    let asked_by = call.shown();
    let begin = RunBegin { cause: of.name.as_str(), asked_by: &asked_by, due_at: None };
    let begun = runs::begin(changing, &grant, &begin).await?;
    runs::unheard((server, &call), &grant, begun, input, &begin).await
}

/// Lets go of a delivery that will not be run.
async fn let_go(server: &Server, delivery: &Delivery, unmet: Option<Unmet>) -> Result<(), StoreError> {
    let mut tx = server.store.begin().await?;
    tx.drop_delivery(delivery, unmet).await?;
    tx.commit().await
}

fn unmet(received_at: Timestamp) -> Unmet {
    let why = "the delivery waited for more than a day";
    Unmet { outcome: RunOutcome::Missed, why, last: received_at, moments: 1 }
}
