//! Versions that were replaced, and that a stop has left where they were: looked for once, when the server has started, and removed.

use crate::backend::BackendError;
use crate::call::Call;
use crate::gate::act::Revoke;
use crate::gate::unavailable;
use crate::server::Server;
use crate::store::StoreError;
use policy::State;
use wire::Failure;
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
                Err(failure) => {
                    tracing::warn!(enclave.name = %name, why = failure.text(), "what versions were left behind is not known yet");
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

/// Removes what no record names and nobody is at. What takes something away the reconciler may in every state of an enclave.
async fn clear_away(server: &Server, name: &EnclaveName) -> Result<Looked, Failure> {
    let told = |error: StoreError| unavailable(&error);
    let rights = server.store.rights().await.map_err(told)?;
    let usable = |state| matches!(state, State::Active | State::Frozen);
    let Some(record) = rights.enclave(name).filter(|record| usable(record.state)) else {
        return Ok(Looked::AtAll);
    };
    let mut left = server.backend.left_behind(record).await.map_err(BackendError::into_failure)?;
    let found = left.len();
    // What is just being brought to run is on no record yet.
    let begun = server.store.open_objects(name).await.map_err(told)?;
    left.retain(|of| !begun.iter().any(|object| object == of.tentacle.as_str()));
    let looked = if left.len() == found { Looked::AtAll } else { Looked::NotYet };
    if !left.is_empty() {
        let call = Call::reconciler();
        let (change, grant) = server.gate.change(&call).await?.enclave::<Revoke>(Some(name)).await?;
        change.decided().done().await?;
        tracing::info!(enclave.name = %name, count = left.len(), "versions that a stop left behind are removed");
        server.backend.clear_away(&grant, left).await;
    }
    Ok(looked)
}
