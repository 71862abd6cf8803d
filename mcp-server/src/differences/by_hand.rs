//! What somebody changed where tentacles run.

use super::telling::{Difference, tell};
use crate::backend::Apart;
use crate::server::Server;
use crate::store::{EnclaveRecord, StoreError, ToldAbout};
use policy::State;
use std::time::Duration;
use workflow::TentacleName;

/// Looks now and then, for ever. Where nothing is different nothing is asked of what runs, and nothing is written.
pub(crate) async fn forever(server: &Server, every: Duration) {
    loop {
        tokio::time::sleep(every).await;
        if let Err(error) = once(server).await {
            tracing::error!(%error, "what was changed by hand cannot be told: the store does not answer");
        }
    }
}

async fn once(server: &Server) -> Result<(), StoreError> {
    let already = server.store.told(ToldAbout::Hand).await?;
    let rights = server.store.rights().await?;
    for record in rights.enclaves().filter(|record| is_watched(record)) {
        let apart = match server.backend.apart(record).await {
            Ok(apart) => apart,
            Err(error) => {
                // The others would wait for it as long.
                tracing::warn!(enclave.name = %record.name, %error, "what runs cannot be looked at");
                return Ok(());
            }
        };
        let of = |(name, apart): (TentacleName, Vec<Apart>)| {
            let difference = difference(record, &name, &apart);
            (name, difference)
        };
        let now = apart.into_iter().filter(|(name, _)| record.tentacles.contains_key(name)).map(of).collect();
        tell(server, ToldAbout::Hand, record, &now, &already).await?;
    }
    Ok(())
}

/// Whether there is something to look at, and somebody to tell.
fn is_watched(record: &EnclaveRecord) -> bool {
    let is_there = matches!(record.state, State::Active | State::Frozen);
    is_there && record.channel.is_some() && !record.tentacles.is_empty()
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
