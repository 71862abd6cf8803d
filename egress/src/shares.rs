//! Shares: so many at once in all, and so many of one, so that nobody takes the places of the others.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::Semaphore;

/// How many names of one are looked up at the same time. A lookup that nobody answers holds a thread for half a minute.
const LOOKUPS: usize = 8;

/// Places, and who has them.
#[derive(Debug)]
pub(crate) struct Shares {
    taken: Mutex<Taken>,
    most: usize,
    most_of_one: usize,
}

#[derive(Debug, Default)]
struct Taken {
    all: usize,
    of: HashMap<String, One>,
}

#[derive(Debug)]
struct One {
    count: usize,
    lookups: Arc<Semaphore>,
}

/// A place, for as long as this lives.
#[derive(Debug)]
pub(crate) struct Place {
    shares: Arc<Shares>,
    whose: String,
    /// Turns at looking names up, which all of one share.
    pub(crate) lookups: Arc<Semaphore>,
}

impl Shares {
    pub(crate) fn new(most: usize, most_of_one: usize) -> Arc<Self> {
        Arc::new(Self { taken: Mutex::default(), most, most_of_one })
    }

    /// Takes a place, where there is one.
    pub(crate) fn take(self: &Arc<Self>, whose: &str) -> Option<Place> {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let has = taken.of.get(whose).map_or(0, |one| one.count);
        if taken.all >= self.most || has >= self.most_of_one {
            return None;
        }
        taken.all += 1;
        let new = || One { count: 0, lookups: Arc::new(Semaphore::new(LOOKUPS)) };
        let one = taken.of.entry(whose.to_owned()).or_insert_with(new);
        one.count += 1;
        let lookups = Arc::clone(&one.lookups);
        Some(Place { shares: Arc::clone(self), whose: whose.to_owned(), lookups })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.shares.taken.lock().unwrap_or_else(PoisonError::into_inner);
        taken.all = taken.all.saturating_sub(1);
        if let Some(one) = taken.of.get_mut(&self.whose) {
            one.count = one.count.saturating_sub(1);
            if one.count == 0 {
                taken.of.remove(&self.whose);
            }
        }
    }
}
