//! Whose the files on the disk are: those of the enclave that is in the channel now, never those of one that had its name before.

use super::new::not_written;
use crate::asked::{Asked, Stop};
use crate::working_copy::WorkingCopyError;
use uuid::Uuid;
use workflow::EnclaveName;

/// Sees to it before anything of them is read or written. A server that does not say which enclave it is knows no other of its name.
pub(super) fn settle(asked: &Asked<'_>, enclave: &EnclaveName, id: Option<Uuid>) -> Result<(), Stop> {
    let Some(id) = id else { return Ok(()) };
    asked.kraken.working_copy.settle(enclave, id).map_err(|error| not_written(WorkingCopyError::Disk(error)))
}
