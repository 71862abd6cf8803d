//! What was given out in the clear, for tests that look whether it stands where it must not. It is kept from when one asks for that,
//! in memory alone: without a test there is nothing here.

use std::sync::{Mutex, PoisonError};

use serde::Serialize;

/// All that was given out since then.
#[derive(Default)]
pub(super) struct Issued(Mutex<Option<Given>>);

/// By kind.
#[derive(Debug, Clone, Default, Serialize)]
pub(super) struct Given {
    pub(super) device_codes: Vec<String>,
    pub(super) codes: Vec<String>,
    /// The part of each that is good once.
    pub(super) refresh_tokens: Vec<String>,
}

impl Issued {
    /// From now on it is kept.
    pub(super) fn keep(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert_default();
    }

    /// Notes something where it is kept.
    pub(super) fn note(&self, note: impl FnOnce(&mut Given)) {
        if let Some(given) = self.0.lock().unwrap_or_else(PoisonError::into_inner).as_mut() {
            note(given);
        }
    }

    /// What is kept.
    pub(super) fn given(&self) -> Given {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone().unwrap_or_default()
    }
}
