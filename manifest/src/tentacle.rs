//! The objects of one version of a tentacle. All four have one name, which the version's content gives, so that a new
//! version is made beside the one that serves, and taken away by its name.

mod beside;
mod code;
mod mirror;
mod pod;
mod policy;
mod spec;
mod supply;
mod trial;

pub use code::code;
pub use mirror::TentacleMirror;
pub use pod::{CONTAINER, deployment};
pub use policy::policy;
pub use spec::{Behind, ClusterSpec, PORT, Purpose, TentacleSpec, name_of};
pub use supply::{key_of_secret, supply};
pub use trial::trial_pod;

use crate::render::{RenderError, json};
use serde_json::Value;

/// Every object of a version, in the order in which they are applied.
///
/// # Errors
/// [`RenderError`].
pub fn render_tentacle(spec: &TentacleSpec<'_>) -> Result<Vec<Value>, RenderError> {
    Ok(vec![json(&policy(spec))?, json(&code(spec))?, json(&supply(spec)?)?, json(&deployment(spec)?)?])
}
