//! What a grant is for. Effects take their target from the grant, never from an argument.

use crate::store::{EnclaveRecord, TentacleRecord};
use std::sync::Arc;
use workflow::{EnclaveName, TentacleName};

/// The caller itself, or the service as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Itself;

/// An enclave, as it was when the decision was made.
#[derive(Debug, Clone)]
pub struct OnEnclave {
    /// Its record.
    pub record: Arc<EnclaveRecord>,
}

/// An enclave that is to be made, or to be made to the end.
#[derive(Debug, Clone)]
pub struct OnNewEnclave {
    /// Its name.
    pub name: EnclaveName,
}

/// A tentacle, as it was when the decision was made.
#[derive(Debug, Clone)]
pub struct OnTentacle {
    /// Its enclave's record.
    pub record: Arc<EnclaveRecord>,
    /// Its name.
    pub name: TentacleName,
    /// Its own record; none while it is being deployed for the first time.
    pub tentacle: Option<TentacleRecord>,
}

/// A tentacle that is to be.
#[derive(Debug, Clone)]
pub struct OnNewTentacle {
    /// Its enclave's record.
    pub record: Arc<EnclaveRecord>,
    /// Its name.
    pub name: TentacleName,
}
