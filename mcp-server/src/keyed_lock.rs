//! Taking turns for each key, in this process.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use tokio::sync::{OwnedRwLockReadGuard, OwnedRwLockWriteGuard, RwLock};

/// Locks by key; a key that nobody holds or waits for takes no room.
#[derive(Debug, Default)]
pub(crate) struct KeyedLocks {
    locks: Mutex<HashMap<String, Weak<RwLock<()>>>>,
}

impl KeyedLocks {
    /// Waits until it has `key` alone.
    pub(crate) async fn lock(&self, key: &str) -> OwnedRwLockWriteGuard<()> {
        self.of(key).write_owned().await
    }

    /// Has `key` alone, if nobody else has it.
    pub(crate) fn try_lock(&self, key: &str) -> Option<OwnedRwLockWriteGuard<()>> {
        self.of(key).try_write_owned().ok()
    }

    /// Waits until nobody has `key` alone, and keeps it so.
    pub(crate) async fn share(&self, key: &str) -> OwnedRwLockReadGuard<()> {
        self.of(key).read_owned().await
    }

    fn of(&self, key: &str) -> Arc<RwLock<()>> {
        let mut locks = self.locks.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(lock) = locks.get(key).and_then(Weak::upgrade) {
            return lock;
        }
        locks.retain(|_, lock| lock.strong_count() > 0);
        let lock = Arc::new(RwLock::new(()));
        locks.insert(key.to_owned(), Arc::downgrade(&lock));
        lock
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_same_key_waits_and_another_does_not() {
        let locks = KeyedLocks::default();
        let held = locks.lock("a").await;
        let _other = locks.lock("b").await;
        assert!(locks.try_lock("a").is_none());
        drop(held);
        let _shared = locks.share("a").await;
        let _as_well = locks.share("a").await;
        assert!(locks.try_lock("a").is_none());
    }
}
