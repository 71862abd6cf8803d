//! The authorization gate: the one place where something is allowed, and where the proof of it is made.
//!
//! Facts are gathered, `policy` decides, the decision goes on record, and out comes an [`Authorized`] for exactly this
//! action on exactly this target. A look ([`look`]) decides on what is held in memory and is recorded behind the
//! caller's back; a change ([`change`]) decides on the record itself, in the transaction that changes it.

pub mod act;
mod ask;
mod authorized;
mod change;
mod changing;
mod choice;
mod effect;
mod left_over;
mod look;
mod refusal;
mod survey;
pub mod target;

pub use authorized::{Authorized, Changed, MayRun, PutBack};
pub(crate) use change::{Change, Found};
pub(crate) use changing::Changing;
pub(crate) use choice::{EnrollmentGrant, ModeGrant, QuotaGrant, ReviewGrant, TentacleModeGrant};
pub(crate) use effect::{Effect, is_ours};
pub(crate) use look::Look;
pub(crate) use refusal::unavailable;
pub use survey::SurveyGrant;

use crate::metrics::Metrics;
use crate::store::Store;
use crate::trail::{Reads, Trail};
use std::sync::Arc;

/// The gate.
#[derive(Debug)]
pub struct Gate {
    store: Arc<Store>,
    trail: Arc<Trail>,
    reads: Reads,
    metrics: Arc<Metrics>,
}

impl Gate {
    /// A gate in front of `store`, which writes to `trail` and counts what it decides.
    #[must_use]
    pub(crate) fn new(store: Arc<Store>, trail: Arc<Trail>, reads: Reads, metrics: Arc<Metrics>) -> Self {
        Self { store, trail, reads, metrics }
    }
}
