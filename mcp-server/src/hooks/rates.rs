//! How often a tentacle may be called.

use crate::call::TriggerRef;
use quick_cache::sync::Cache;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// So many calls may come at once, and one more each second.
const BURST: u32 = 60;
const EACH: Duration = Duration::from_secs(1);

/// Of how many tentacles it is known how often they were called; whoever is called least is forgotten, and begins anew.
const TENTACLES: usize = 10_000;

/// The calls of late, by tentacle. Each replica counts for itself.
pub(crate) struct Rates {
    buckets: Cache<String, Arc<Mutex<Bucket>>>,
}

#[derive(Debug)]
struct Bucket {
    left: u32,
    filled: Instant,
}

impl Default for Rates {
    fn default() -> Self {
        Self { buckets: Cache::new(TENTACLES) }
    }
}

impl Rates {
    /// Counts one call more; where there were too many, answers after how many seconds there may be another.
    pub(crate) fn one_more(&self, of: &TriggerRef) -> Result<(), u32> {
        let key = format!("{}/{}", of.enclave, of.tentacle);
        let full = || Ok::<_, u32>(Arc::new(Mutex::new(Bucket { left: BURST, filled: Instant::now() })));
        let bucket = self.buckets.get_or_insert_with(&key, full)?;
        let mut bucket = bucket.lock().unwrap_or_else(PoisonError::into_inner);
        let drops = bucket.filled.elapsed().as_secs() / EACH.as_secs();
        let drops = u32::try_from(drops).unwrap_or(BURST).min(BURST);
        bucket.left = bucket.left.saturating_add(drops).min(BURST);
        bucket.filled += EACH * drops;
        match bucket.left.checked_sub(1) {
            Some(left) => {
                bucket.left = left;
                Ok(())
            }
            None => Err(1),
        }
    }
}

impl std::fmt::Debug for Rates {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Rates").field("tentacles", &self.buckets.len()).finish()
    }
}
