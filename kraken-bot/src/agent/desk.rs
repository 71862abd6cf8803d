//! How many questions the model works on at once: few, so that whoever types a command never waits for a slow model.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

/// For everybody together: a quarter of what the Kraken works on at once.
const ALL: usize = 8;

/// For one person: half of what is worked on for them at once.
const EACH: usize = 2;

/// Who is at it.
#[derive(Debug, Default)]
pub(super) struct Desk(Mutex<HashMap<String, usize>>);

/// A place at it, until it is dropped.
#[derive(Debug)]
pub(super) struct Seat<'d> {
    desk: &'d Desk,
    person: String,
}

impl Desk {
    /// A place for `person`; `None` while there is none.
    pub(super) fn sit_down(&self, person: &str) -> Option<Seat<'_>> {
        let mut taken = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let own = taken.get(person).copied().unwrap_or_default();
        if own >= EACH || taken.values().sum::<usize>() >= ALL {
            return None;
        }
        taken.insert(person.to_owned(), own + 1);
        Some(Seat { desk: self, person: person.to_owned() })
    }
}

impl Drop for Seat<'_> {
    fn drop(&mut self) {
        let mut taken = self.desk.0.lock().unwrap_or_else(PoisonError::into_inner);
        match taken.get_mut(&self.person) {
            Some(count) if *count > 1 => *count -= 1,
            _ => drop(taken.remove(&self.person)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_person_leaves_places_for_the_others() {
        let desk = Desk::default();
        let first = desk.sit_down("UANA");
        let second = desk.sit_down("UANA");
        assert!(first.is_some() && second.is_some() && desk.sit_down("UANA").is_none());
        let others: Vec<_> = (0..6).map(|number| desk.sit_down(&format!("U{number}"))).collect();
        assert!(others.iter().all(Option::is_some) && desk.sit_down("UBEN").is_none());
        drop(first);
        assert!(desk.sit_down("UBEN").is_some());
    }
}
