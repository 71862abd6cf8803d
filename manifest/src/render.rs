//! All objects at once, to be printed.

use crate::access::{role_binding, service_account};
use crate::namespace::namespace;
use crate::network::{allow_dns, default_deny};
use crate::quota::{limits, quota};
use crate::spec::{EnclaveSpec, Status};
use serde::Serialize;
use serde_json::Value;

/// Why objects could not be written. None that is made here is known to cause it.
#[derive(Debug, thiserror::Error)]
pub enum RenderError {
    /// One cannot be written as JSON.
    #[error("an object cannot be written as JSON: {0}")]
    Json(#[from] serde_json::Error),
    /// The engine cannot be told where things are.
    #[error(transparent)]
    Layout(#[from] workflow::LayoutError),
}

/// Every object of an enclave, in the order in which they are applied.
///
/// # Errors
/// [`RenderError`].
pub fn render_all(spec: &EnclaveSpec, status: Status) -> Result<Vec<Value>, RenderError> {
    Ok(vec![
        json(&namespace(spec, status))?,
        json(&role_binding(spec))?,
        json(&default_deny(spec))?,
        json(&allow_dns(spec))?,
        json(&quota(spec))?,
        json(&limits(spec))?,
        json(&service_account(spec))?,
    ])
}

pub(crate) fn json(object: &impl Serialize) -> Result<Value, RenderError> {
    Ok(serde_json::to_value(object)?)
}
