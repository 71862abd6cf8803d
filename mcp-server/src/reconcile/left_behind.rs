//! Versions that were replaced, and that a stop has left where they were: looked for once, when the server has started, and removed.

use super::mirrors::decide;
use crate::backend::LeftBehind;
use crate::server::Server;
use crate::store::StoreError;
use policy::State;
use workflow::EnclaveName;

/// The enclaves that are still to be looked at.
#[derive(Default)]
pub(super) struct Looking {
    /// Nothing before the first look.
    unseen: Option<Vec<EnclaveName>>,
}

impl Looking {
    /// Looks at those that could not be looked at yet.
    pub(super) async fn go_on(&mut self, server: &Server) {
        if let Err(error) = self.look(server).await {
            tracing::error!(%error, "what versions were left behind cannot be told: the store does not answer");
        }
    }

    async fn look(&mut self, server: &Server) -> Result<(), StoreError> {
        let names = match self.unseen.take() {
            Some(names) => names,
            None => {
                let rights = server.store.rights().await?;
                let has_any = rights.enclaves().filter(|record| !record.tentacles.is_empty());
                has_any.map(|record| record.name.clone()).collect()
            }
        };
        let unseen = self.unseen.insert(Vec::new());
        for name in names {
            match clear_away(server, &name).await {
                Ok(Looked::AtAll) => {}
                Ok(Looked::NotYet) => unseen.push(name),
                Err(why) => {
                    tracing::warn!(enclave.name = %name, why, "what versions were left behind is not known yet");
                    unseen.push(name);
                }
            }
        }
        Ok(())
    }
}

/// How far an enclave was looked at.
enum Looked {
    AtAll,
    /// Something is being done to what was found.
    NotYet,
}

/// Removes what no record names and nobody is at.
async fn clear_away(server: &Server, name: &EnclaveName) -> Result<Looked, String> {
    let told = |error: StoreError| error.to_string();
    let rights = server.store.rights().await.map_err(told)?;
    let usable = |state| matches!(state, State::Active | State::Frozen);
    let Some(record) = rights.enclave(name).filter(|record| usable(record.state)) else {
        return Ok(Looked::AtAll);
    };
    let mut left = server.backend.left_behind(record).await.map_err(|error| error.to_string())?;
    if left.is_empty() {
        return Ok(Looked::AtAll);
    }
    // What was found is compared with what is on record by now, and what is being brought to run is nobody's to remove.
    let begun = server.store.open_objects(name).await.map_err(told)?;
    let rights = server.store.rights().await.map_err(told)?;
    let now = rights.enclave(name).filter(|now| now.id == record.id && usable(now.state));
    let version = |of: &LeftBehind| now.and_then(|now| now.tentacles.get(&of.tentacle)).map(|it| &it.version);
    let found = left.len();
    left.retain(|of| {
        let is_same = version(of) == record.tentacles.get(&of.tentacle).map(|it| &it.version);
        is_same && !begun.iter().any(|object| object == of.tentacle.as_str())
    });
    let looked = if left.len() == found { Looked::AtAll } else { Looked::NotYet };
    if left.is_empty() {
        return Ok(looked);
    }
    let is_frozen = record.state == State::Frozen;
    let grant = decide(server, (name, is_frozen)).await.map_err(|failure| failure.text())?;
    tracing::info!(enclave.name = %name, count = left.len(), "versions that a stop left behind are removed");
    server.backend.clear_away(grant.as_ref(), name, left).await;
    Ok(looked)
}
