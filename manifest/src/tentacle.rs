//! The objects of one version of a tentacle. All have one name, which the version's content gives, so that a new version is
//! made beside the one that serves, and taken away by its name; those of its modules have a number behind it.

mod beside;
mod code;
mod fetch;
mod mirror;
mod named;
mod packed;
mod pod;
mod policy;
mod spec;
mod supply;
mod trial;
mod walls;

pub use code::code;
pub use fetch::{FetchSpec, fetch_pod, fetch_policy, fetch_supply, render_fetch};
pub use mirror::{MirrorChange, TentacleMirror};
pub use packed::{PART, PackedModules, RECORD, UNPACKER, modules, modules_name, set_of, version_of};
pub use pod::{CONTAINER, deployment};
pub use policy::policy;
pub(crate) use policy::{GATEWAY, NAMED, SERVER};
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
    let mut objects = vec![json(&policy(spec))?, json(&code(spec))?];
    for modules in &modules(spec) {
        objects.push(json(modules)?);
    }
    objects.extend([json(&supply(spec)?)?, json(&deployment(spec)?)?]);
    Ok(objects)
}
