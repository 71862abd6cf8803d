//! The source, as files of a volume. Keys of a ConfigMap have no slashes, so that each file has a number for its key, and the
//! volume gives it its path back: folders may be as deep as they like.

use super::spec::TentacleSpec;
use k8s_openapi::ByteString;
use k8s_openapi::api::core::v1::{ConfigMap, ConfigMapVolumeSource, KeyToPath};
use std::collections::BTreeMap;

/// Its files: texts as text, to be read with `kubectl`, anything else as bytes.
#[must_use]
pub fn code(spec: &TentacleSpec<'_>) -> ConfigMap {
    let (mut data, mut binary_data) = (BTreeMap::new(), BTreeMap::new());
    for (number, (_, bytes)) in spec.bundle.iter().enumerate() {
        match String::from_utf8(bytes.to_vec()) {
            Ok(text) => drop(data.insert(key(number), text)),
            Err(other) => drop(binary_data.insert(key(number), ByteString(other.into_bytes()))),
        }
    }
    ConfigMap {
        metadata: spec.named().meta(),
        data: Some(data),
        binary_data: (!binary_data.is_empty()).then_some(binary_data),
        // what runs is what was hashed
        immutable: Some(true),
    }
}

/// The volume of the source.
pub(super) fn volume(spec: &TentacleSpec<'_>) -> ConfigMapVolumeSource {
    let item = |(number, path): (usize, String)| KeyToPath { key: key(number), path, mode: Some(0o444) };
    let paths = spec.bundle.iter().map(|(path, _)| path.to_string());
    ConfigMapVolumeSource {
        name: spec.name(),
        items: Some(paths.enumerate().map(item).collect()),
        default_mode: Some(0o444),
        optional: Some(false),
    }
}

fn key(number: usize) -> String {
    format!("file-{number:03}")
}
