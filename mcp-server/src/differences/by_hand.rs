//! What somebody changed where tentacles run.

use super::telling::{self, Difference, tell};
use crate::backend::Apart;
use crate::call::Call;
use crate::gate::act::Repair;
use crate::gate::target::OnTentacle;
use crate::metrics::Reconciled;
use crate::putting_back;
use crate::server::Server;
use crate::store::{Drift, EnclaveRecord, StoreError, ToldAbout};
use jiff::Timestamp;
use policy::State;
use std::sync::Arc;
use std::time::{Duration, Instant};
use wire::{Failure, FailureCode};
use workflow::TentacleName;

/// Looks now and then, for ever. Where nothing is different nothing is asked of what runs, and nothing is written.
pub(crate) async fn forever(server: &Server, every: Duration) {
    loop {
        tokio::time::sleep(every).await;
        let began = Instant::now();
        if let Err(error) = once(server).await {
            tracing::error!(%error, "what was changed by hand cannot be told: the store does not answer");
        }
        server.metrics.reconciled(Reconciled::Cluster, began.elapsed());
    }
}

/// After so many that cannot be looked at in one round, the others are left for the next one: what runs does not answer.
const FAILURES: usize = 3;

async fn once(server: &Server) -> Result<(), StoreError> {
    let mut failures = 0;
    let already = server.store.told(ToldAbout::Hand).await?;
    let rights = server.store.rights().await?;
    for record in rights.enclaves().filter(|record| is_watched(record)) {
        let apart = match server.backend.apart(record).await {
            Ok(apart) => apart,
            Err(error) => {
                tracing::warn!(enclave.name = %record.name, %error, "what runs cannot be looked at");
                failures += 1;
                if failures == FAILURES {
                    return Ok(());
                }
                continue;
            }
        };
        let mut apart = apart;
        apart.retain(|name, _| record.tentacles.contains_key(name));
        if record.drift == Drift::Repair && record.state == State::Active {
            let mut left = apart.clone();
            for (name, found) in &apart {
                let is_known = already.contains_key(&(record.name.to_string(), name.to_string()));
                if put_back(server, record, (name, found), is_known).await? {
                    left.remove(name);
                }
            }
            apart = left;
        }
        let of = |(name, apart): (TentacleName, Vec<Apart>)| {
            let difference = difference(record, &name, &apart);
            (name, difference)
        };
        let now = apart.into_iter().map(of).collect();
        tell(server, ToldAbout::Hand, record, &now, &already).await?;
    }
    Ok(())
}

/// Whether there is something to look at, and somebody to tell.
fn is_watched(record: &EnclaveRecord) -> bool {
    let is_there = matches!(record.state, State::Active | State::Frozen);
    is_there && (record.channel.is_some() || record.drift == Drift::Repair) && !record.tentacles.is_empty()
}

fn difference(record: &EnclaveRecord, name: &TentacleName, apart: &[Apart]) -> Difference {
    let mut parts: Vec<String> = apart
        .iter()
        .map(|apart| match apart {
            Apart::Gone { object } => format!("{object} is gone"),
            Apart::Changed { object, field, by } => {
                format!("{object} {field} by {}", by.as_deref().unwrap_or_default())
            }
        })
        .collect();
    parts.sort();
    let how = match apart.iter().find_map(Apart::by) {
        _ if apart.iter().any(Apart::is_gone) => "Something is missing of".to_owned(),
        Some(by) => format!("Somebody changed, with `{by}`,"),
        None => "Somebody changed".to_owned(),
    };
    let enclave = &record.name;
    let says = format!(
        "{how} {name} where it runs. `tntc state status -e {enclave}` shows what, and `tntc state repair {name} -e {enclave}` \
         puts it back."
    );
    Difference { what: parts.join("; "), says }
}

/// Puts a tentacle back and tells it, whoever was told of the change for certain; answers whether it did. What cannot be put back
/// is told as elsewhere, and tried again.
async fn put_back(
    server: &Server,
    record: &Arc<EnclaveRecord>,
    (name, apart): (&TentacleName, &[Apart]),
    is_known: bool,
) -> Result<bool, StoreError> {
    let done = match try_to(server, record, name).await {
        Ok(done) => done,
        Err(failure) => {
            let enclave = &record.name;
            tracing::warn!(enclave.name = %enclave, tentacle.name = %name, why = failure.text(), "it cannot be put back yet");
            return Ok(false);
        }
    };
    if !done.is_empty() {
        let how = apart.iter().find_map(Apart::by).map_or_else(String::new, |by| format!(", with `{by}`"));
        let says = format!(
            "Somebody changed {name} where it runs{how}. It was put back, as this enclave's owner wants it."
        );
        // Where something changes it again and again, that is told once an hour; each time is on the trail.
        let hour = Timestamp::now().as_second() / 3600;
        let what = format!("{hour}: {}", difference(record, name, apart).what);
        let mut tx = server.store.begin().await?;
        if tx.tell_once(ToldAbout::PutBack, (&record.name, name.as_str()), &what).await? || is_known {
            telling::tell_all(&mut tx, record, &[(name, says.as_str())]).await?;
        }
        tx.commit().await?;
    }
    Ok(true)
}

/// The reconciler's right is asked for each time, and is on record with what came of it.
async fn try_to(
    server: &Server,
    record: &Arc<EnclaveRecord>,
    name: &TentacleName,
) -> Result<Vec<String>, Failure> {
    let tentacle = record.tentacles.get(name).cloned();
    let target = OnTentacle { record: Arc::clone(record), name: name.clone(), tentacle };
    let source = putting_back::source(server, &target).await?;
    let call = Call::reconciler();
    let (change, grant) = server.gate.change(&call).await?.enclave::<Repair>(Some(&record.name)).await?;
    let changing = change.decided();
    let Some(grant) = grant.of(name) else {
        let gone = Failure::new(FailureCode::NotFound, "the tentacle is not there any more");
        return Err(changing.failed(gone).await);
    };
    let effect = changing.begin("").await?;
    putting_back::put_back(server, &grant, effect, &source).await
}
