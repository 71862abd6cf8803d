//! Whose turn it is to change what runs: one change of a tentacle at a time, and none while its enclave is being removed. In this process
//! it goes by the order of asking; what other replicas do is waited for in the store.

use crate::gate::unavailable;
use crate::keyed_lock::KeyedLocks;
use crate::store::{EnclaveRecord, Held, Hold, Store, StoreError};
use std::fmt;
use std::sync::Arc;
use tokio::sync::{OwnedRwLockReadGuard, OwnedRwLockWriteGuard};
use wire::Failure;
use workflow::{EnclaveName, TentacleName};

/// Gives turns.
pub struct Rollouts {
    store: Arc<Store>,
    locks: KeyedLocks,
}

/// Somebody's turn, until it is dropped. Whoever has one must not wait for an enclave's lifecycle: who removes an enclave has
/// that, and waits for the turns of all its tentacles.
#[derive(Debug)]
#[must_use = "the turn is over when it is dropped"]
pub struct Turn {
    // First other replicas, then this one: whoever is next here need not wait there.
    _everywhere: Held,
    _alone: OwnedRwLockWriteGuard<()>,
    _enclave_stays: OwnedRwLockReadGuard<()>,
}

/// The turn to remove an enclave, until it is dropped: nothing in it is being changed.
#[derive(Debug)]
#[must_use = "the turn is over when it is dropped"]
pub struct LastTurn {
    _everywhere: Held,
    _alone: OwnedRwLockWriteGuard<()>,
}

impl Rollouts {
    pub(crate) fn new(store: Arc<Store>) -> Self {
        Self { store, locks: KeyedLocks::default() }
    }

    /// The turn to change a tentacle.
    ///
    /// # Errors
    /// When the store does not answer.
    pub(crate) async fn turn(&self, enclave: &EnclaveName, name: &TentacleName) -> Result<Turn, Failure> {
        self.of_tentacle(enclave, name).await.map_err(|error| unavailable(&error))
    }

    /// The turn to remove an enclave.
    ///
    /// # Errors
    /// When the store does not answer.
    pub(crate) async fn last(&self, enclave: &EnclaveName) -> Result<LastTurn, Failure> {
        let alone = self.locks.lock(enclave.as_str()).await;
        let everywhere = self.store.hold(&[Hold::Alone(&whole(enclave))]).await;
        let everywhere = everywhere.map_err(|error| unavailable(&error))?;
        Ok(LastTurn { _everywhere: everywhere, _alone: alone })
    }

    /// The turn to run something in an enclave that is no tentacle of it.
    ///
    /// # Errors
    /// When the store does not answer.
    pub(crate) async fn observation(&self, enclave: &EnclaveName) -> Result<Turn, Failure> {
        // No name of anything has a blank in it. Whoever waits here holds up nobody else.
        let observed = format!("{enclave} is observed");
        let alone = self.locks.lock(&observed).await;
        let enclave_stays = self.locks.share(enclave.as_str()).await;
        let all = [Hold::Alone(&whole_of(&observed)), Hold::Shared(&whole(enclave))];
        let everywhere = self.store.hold(&all).await.map_err(|error| unavailable(&error))?;
        Ok(Turn { _everywhere: everywhere, _alone: alone, _enclave_stays: enclave_stays })
    }

    /// The turn to take away versions of a tentacle, and its enclave's record as it is then; nothing where that enclave is gone.
    pub(crate) async fn removal(
        &self,
        of: &EnclaveRecord,
        name: &TentacleName,
    ) -> Result<Option<(Turn, Arc<EnclaveRecord>)>, StoreError> {
        let turn = self.of_tentacle(&of.name, name).await?;
        Ok(self.now(of).await?.map(|now| (turn, now)))
    }

    /// The same enclave's record as it is now.
    pub(crate) async fn now(&self, of: &EnclaveRecord) -> Result<Option<Arc<EnclaveRecord>>, StoreError> {
        let rights = self.store.rights().await?;
        Ok(rights.enclave(&of.name).filter(|now| now.id == of.id).cloned())
    }

    async fn of_tentacle(&self, enclave: &EnclaveName, name: &TentacleName) -> Result<Turn, StoreError> {
        let enclave_stays = self.locks.share(enclave.as_str()).await;
        let tentacle = format!("{enclave}/{name}");
        let alone = self.locks.lock(&tentacle).await;
        let all = [Hold::Shared(&whole(enclave)), Hold::Alone(&whole_of(&tentacle))];
        let everywhere = self.store.hold(&all).await?;
        Ok(Turn { _everywhere: everywhere, _alone: alone, _enclave_stays: enclave_stays })
    }
}

/// The name of an enclave's lock in the store.
fn whole(enclave: &EnclaveName) -> String {
    whole_of(enclave.as_str())
}

fn whole_of(what: &str) -> String {
    format!("tentacular rollout of {what}")
}

impl fmt::Debug for Rollouts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rollouts").finish_non_exhaustive()
    }
}
