//! What was filled in and must not be written down: it is held in memory until the work is done. When the process ends before,
//! it is gone, and whoever filled it in is asked again.

use super::Inbox;
use secrecy::{ExposeSecret, SecretString};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// How long it is held: long enough for a sign-in before the work.
const HELD: Duration = Duration::from_secs(20 * 60);

/// The most that are held at once; each has some thousand characters at most.
const MOST: usize = 100;

/// A value that is shown nowhere.
#[derive(Debug, Clone)]
pub(crate) struct Value(SecretString);

impl Value {
    pub(crate) fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self(text.into())
    }
}

impl PartialEq for Value {
    fn eq(&self, other: &Self) -> bool {
        self.expose() == other.expose()
    }
}

/// The values, by the event that they came with.
#[derive(Debug, Clone, Default)]
pub(super) struct Held(Arc<Mutex<HashMap<String, (Instant, Value)>>>);

impl Held {
    fn values(&self) -> MutexGuard<'_, HashMap<String, (Instant, Value)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inbox {
    /// Holds what came with an event; `false` where there is no room.
    pub(crate) fn hold(&self, event: &str, value: Value) -> bool {
        let mut values = self.held.values();
        values.retain(|_, (since, _)| since.elapsed() < HELD);
        if values.len() >= MOST {
            return false;
        }
        values.insert(event.to_owned(), (Instant::now(), value));
        true
    }

    /// What came with an event, if it is still held.
    pub(crate) fn held(&self, event: &str) -> Option<Value> {
        let values = self.held.values();
        values.get(event).filter(|(since, _)| since.elapsed() < HELD).map(|(_, value)| value.clone())
    }

    /// Lets go of it.
    pub(crate) fn let_go(&self, event: &str) {
        self.held.values().remove(event);
    }
}
