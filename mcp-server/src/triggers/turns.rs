//! Turns for runs that nobody asked for: so many at the same time in this process, and so many of one enclave, so that none
//! takes those of the others.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use workflow::EnclaveName;

/// How many runs that nobody asked for go on at the same time in this process, and how many of one enclave; others wait for
/// their turn.
const AT_ONCE: usize = 32;
const OF_ONE: usize = 4;

/// The turns of this process.
#[derive(Debug)]
pub(crate) struct Turns {
    all: Arc<Semaphore>,
    /// Those of each enclave that has one or waits for one.
    enclaves: Mutex<BTreeMap<EnclaveName, Weak<Semaphore>>>,
}

/// A turn, for as long as this lives.
#[derive(Debug)]
pub(crate) struct Turn {
    _places: [Option<OwnedSemaphorePermit>; 2],
}

impl Default for Turns {
    fn default() -> Self {
        Self { all: Arc::new(Semaphore::new(AT_ONCE)), enclaves: Mutex::default() }
    }
}

impl Turns {
    /// Waits for a turn of the enclave's: first among its own runs, then among all.
    pub(crate) async fn take(&self, enclave: &EnclaveName) -> Turn {
        // INVARIANT: neither is ever closed
        let own = self.of(enclave).acquire_owned().await.ok();
        let any = Arc::clone(&self.all).acquire_owned().await.ok();
        Turn { _places: [own, any] }
    }

    fn of(&self, enclave: &EnclaveName) -> Arc<Semaphore> {
        let mut enclaves = self.enclaves.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(own) = enclaves.get(enclave).and_then(Weak::upgrade) {
            return own;
        }
        enclaves.retain(|_, own| own.strong_count() > 0);
        let own = Arc::new(Semaphore::new(OF_ONE));
        enclaves.insert(enclave.clone(), Arc::downgrade(&own));
        own
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::FutureExt;

    #[test]
    fn an_enclave_has_its_turns_and_all_together_have_theirs() {
        let turns = Turns::default();
        let take = |enclave: usize| turns.take(&format!("e-{enclave}").parse().unwrap()).now_or_never();
        let mut had: Vec<Turn> = (0..OF_ONE).map(|_| take(0).unwrap()).collect();
        assert!(take(0).is_none(), "one enclave has more than its share");
        // who waits for a turn of its own enclave holds none of the others'
        had.extend((OF_ONE..AT_ONCE).map(|number| take(number / OF_ONE).unwrap()));
        assert!(take(AT_ONCE).is_none(), "there are more than there are");
        had.remove(0);
        had.push(take(AT_ONCE).unwrap());
        assert!(take(0).is_none());
        drop(had);
        assert!(take(0).is_some());
        assert!(turns.enclaves.lock().unwrap().len() <= 2, "what nobody has takes no room");
    }
}
