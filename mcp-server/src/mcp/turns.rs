//! Whose turn it is: so many calls are worked on at once, and so many of one caller. Nobody can hold the server alone, and
//! an emergency gets through whatever everybody else is doing.

use crate::identity::Caller;
use crate::store::PersonId;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use wire::{Failure, FailureCode};

/// How many calls of all people are worked on at once.
const PEOPLE: usize = 224;

/// How many calls besides are worked on for the relay and the operators, who need nobody's turn.
const RESERVED: usize = 32;

/// How many calls of one caller are worked on at once. Half of what is reserved, so that neither an operator nor the relay
/// can keep the other out.
const EACH: usize = 16;

/// The turns.
#[derive(Debug)]
pub(super) struct Turns {
    people: Arc<Semaphore>,
    reserved: Arc<Semaphore>,
    /// Each caller's own; one who has none and waits for none takes no room.
    own: Mutex<HashMap<Key, Weak<Semaphore>>>,
    within: Duration,
}

/// A turn, until it is dropped.
#[derive(Debug)]
pub(super) struct Turn {
    _own: OwnedSemaphorePermit,
    _shared: OwnedSemaphorePermit,
}

/// Who a caller is, whatever token they bring.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Key {
    Person(PersonId),
    Relay(String),
    Operator(String),
}

impl Turns {
    /// Nobody waits for longer than `within`, each of the two times.
    pub(super) fn new(within: Duration) -> Self {
        let (people, reserved) = (Arc::new(Semaphore::new(PEOPLE)), Arc::new(Semaphore::new(RESERVED)));
        Self { people, reserved, own: Mutex::default(), within }
    }

    /// Waits for a turn of this caller: first among their own calls, so that they wait in nobody else's way.
    pub(super) async fn take(&self, caller: &Caller) -> Result<Turn, Failure> {
        let own = self.one_of(self.own(caller)).await.ok_or_else(too_many)?;
        let shared = match caller {
            Caller::Person(_) => &self.people,
            Caller::Relay { .. } | Caller::Operator(_) => &self.reserved,
        };
        let shared = self.one_of(Arc::clone(shared)).await.ok_or_else(busy)?;
        Ok(Turn { _own: own, _shared: shared })
    }

    async fn one_of(&self, turns: Arc<Semaphore>) -> Option<OwnedSemaphorePermit> {
        // They are never closed.
        tokio::time::timeout(self.within, turns.acquire_owned()).await.ok()?.ok()
    }

    fn own(&self, caller: &Caller) -> Arc<Semaphore> {
        let key = Key::of(caller);
        let mut own = self.own.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(turns) = own.get(&key).and_then(Weak::upgrade) {
            return turns;
        }
        own.retain(|_, turns| turns.strong_count() > 0);
        let turns = Arc::new(Semaphore::new(EACH));
        own.insert(key, Arc::downgrade(&turns));
        turns
    }
}

impl Key {
    fn of(caller: &Caller) -> Self {
        match caller {
            Caller::Person(person) => Self::Person(person.id.clone()),
            Caller::Relay { subject, .. } => Self::Relay(subject.clone()),
            Caller::Operator(entry) => Self::Operator(entry.operator.clone()),
        }
    }
}

fn too_many() -> Failure {
    let message = format!("{EACH} of your calls are being worked on already, which is as many as may be");
    Failure::new(FailureCode::Unavailable, message).with_remedy("wait until one of them has ended")
}

fn busy() -> Failure {
    Failure::new(FailureCode::Unavailable, "the server is busy").with_remedy("ask again in a moment")
}
