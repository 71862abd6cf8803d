//! What an engine is given besides the source: its plan, its pass, its secrets.

use super::spec::TentacleSpec;
use crate::render::RenderError;
use k8s_openapi::ByteString;
use k8s_openapi::api::core::v1::{KeyToPath, Secret, SecretVolumeSource};
use std::collections::BTreeMap;
use workflow::SecretName;

pub(super) const PLAN: &str = "plan.json";
pub(super) const PASS: &str = "egress.pass";

/// The key of a secret: no key of ours begins so.
#[must_use]
pub fn key_of_secret(name: &SecretName) -> String {
    format!("secret.{name}")
}

/// The plan, the pass and the secrets, in one object that code never sees: the engine hands on what a node may have.
///
/// # Errors
/// [`RenderError`].
pub fn supply(spec: &TentacleSpec<'_>) -> Result<Secret, RenderError> {
    let plan = serde_json::to_vec(&spec.sandbox.plan(&spec.token))?;
    let mut data = BTreeMap::from([(PLAN.to_owned(), ByteString(plan))]);
    data.extend(spec.pass.map(|pass| (PASS.to_owned(), ByteString(pass.into()))));
    let bytes = |value: &String| ByteString(value.clone().into_bytes());
    data.extend(spec.secrets.iter().map(|(name, value)| (key_of_secret(name), bytes(value))));
    Ok(Secret {
        metadata: spec.named().meta(),
        data: Some(data),
        type_: Some("Opaque".to_owned()),
        ..Secret::default()
    })
}

/// The volume of the plan and the pass.
pub(super) fn volume(spec: &TentacleSpec<'_>) -> SecretVolumeSource {
    let mut keys = vec![PLAN.to_owned()];
    keys.extend(spec.pass.map(|_| PASS.to_owned()));
    source(spec, keys.into_iter().map(|key| (key.clone(), key)))
}

/// The volume of the secrets: a file for each, of its name; none where there are none.
pub(super) fn secrets_volume(spec: &TentacleSpec<'_>) -> Option<SecretVolumeSource> {
    let names = spec.sandbox.secrets.iter().map(|name| (key_of_secret(name), name.to_string()));
    (!spec.sandbox.secrets.is_empty()).then(|| source(spec, names))
}

fn source(spec: &TentacleSpec<'_>, items: impl Iterator<Item = (String, String)>) -> SecretVolumeSource {
    let item = |(key, path): (String, String)| KeyToPath { key, path, mode: Some(0o444) };
    SecretVolumeSource {
        secret_name: Some(spec.name()),
        items: Some(items.map(item).collect()),
        default_mode: Some(0o444),
        optional: Some(false),
    }
}
