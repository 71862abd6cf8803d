//! The modules of a version: kept as what was fetched, compressed and cut into objects that a cluster takes, and unpacked in
//! its pod before the engine is started, which can then only read them.

use super::pod::MODULES;
use super::spec::TentacleSpec;
use super::walls::{self, DENO, ENGINE, read_only};
use k8s_openapi::ByteString;
use k8s_openapi::api::core::v1::{
    ConfigMap, ConfigMapProjection, Container, EmptyDirVolumeSource, KeyToPath, ProjectedVolumeSource,
    Volume, VolumeMount, VolumeProjection,
};
use k8s_openapi::apimachinery::pkg::api::resource::Quantity;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use std::collections::BTreeMap;
use workflow::{LayoutError, Unpacking};

/// The container that unpacks them.
pub const UNPACKER: &str = "modules";

/// The keys of an object: a part of what was packed, and what is known of all of it.
pub const PART: &str = "part";
/// See [`PART`].
pub const RECORD: &str = "record";

/// The volume of the parts, and that of the files; where the first is.
const PACKED: &str = "packed";
pub(super) const UNPACKED: &str = "modules";
const PACKED_AT: &str = "/packed";

/// Modules, ready to be kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PackedModules {
    /// A word that tells these objects from others of the version: what a node has read of an object it does not read again, so
    /// that objects are never made anew under their old names.
    pub set: String,
    /// What was packed, in parts of at most [`PackedModules::PART_BYTES`].
    pub parts: Vec<Vec<u8>>,
    /// The digest of names and content, to which whoever unpacks them is held.
    pub digest: String,
    /// How much memory the files take, in MiB.
    pub room_mib: u32,
    /// What the server knows of them, for itself.
    pub record: String,
}

impl PackedModules {
    /// The most parts.
    pub const MOST_PARTS: usize = 8;
    /// The most bytes of a part: an object may have about a million.
    pub const PART_BYTES: usize = 900_000;
}

/// The name of the object that holds a part, by the name of the version's objects.
#[must_use]
pub fn modules_name(version: &str, set: &str, part: usize) -> String {
    format!("{version}.{UNPACKER}-{set}-{part}")
}

/// The set of which an object of this name is the first.
#[must_use]
pub fn set_of(object: &str) -> Option<&str> {
    let (_, part) = object.split_once('.')?;
    part.strip_prefix(UNPACKER)?.strip_prefix('-')?.strip_suffix("-0")
}

/// The name of the version's objects, by that of any object of it.
#[must_use]
pub fn version_of(object: &str) -> &str {
    // no name of a version has a dot
    object.split_once('.').map_or(object, |(version, _)| version)
}

/// The objects that hold the modules, in the order of the parts; none where there are none.
#[must_use]
pub fn modules(spec: &TentacleSpec<'_>) -> Vec<ConfigMap> {
    let Some(modules) = spec.modules else { return Vec::new() };
    let object = |(number, part): (usize, &Vec<u8>)| ConfigMap {
        metadata: ObjectMeta {
            name: Some(modules_name(&spec.name(), &modules.set, number)),
            ..spec.named().meta()
        },
        data: Some(BTreeMap::from([(RECORD.to_owned(), modules.record.clone())])),
        binary_data: Some(BTreeMap::from([(PART.to_owned(), ByteString(part.clone()))])),
        immutable: Some(true),
    };
    modules.parts.iter().enumerate().map(object).collect()
}

/// The container that unpacks them; none where there are none.
pub(super) fn unpacking(spec: &TentacleSpec<'_>) -> Result<Option<Container>, LayoutError> {
    let Some(modules) = spec.modules else { return Ok(None) };
    let unpacking = Unpacking {
        deno: DENO,
        engine: ENGINE,
        packed: PACKED_AT,
        parts: modules.parts.len(),
        into: MODULES,
        digest: &modules.digest,
    };
    let writable =
        VolumeMount { name: UNPACKED.to_owned(), mount_path: MODULES.to_owned(), ..VolumeMount::default() };
    Ok(Some(Container {
        resources: Some(super::pod::resources(&spec.sandbox.limits, modules.room_mib)),
        volume_mounts: Some(vec![read_only(PACKED, PACKED_AT), writable]),
        ..walls::program(spec.cluster, UNPACKER, unpacking.command()?)
    }))
}

/// How much memory they take, in MiB.
pub(super) fn room_mib(spec: &TentacleSpec<'_>) -> u32 {
    spec.modules.map_or(0, |modules| modules.room_mib)
}

/// The volumes of the parts and of the files; none where there are none.
pub(super) fn volumes(spec: &TentacleSpec<'_>) -> Vec<Volume> {
    let Some(modules) = spec.modules else { return Vec::new() };
    let part = |number: usize| VolumeProjection {
        config_map: Some(ConfigMapProjection {
            name: modules_name(&spec.name(), &modules.set, number),
            items: Some(vec![KeyToPath {
                key: PART.to_owned(),
                path: format!("{PART}-{number}"),
                mode: Some(0o444),
            }]),
            optional: Some(false),
        }),
        ..VolumeProjection::default()
    };
    let parts = ProjectedVolumeSource {
        sources: Some((0..modules.parts.len()).map(part).collect()),
        default_mode: Some(0o444),
    };
    let files = EmptyDirVolumeSource {
        medium: Some("Memory".to_owned()),
        size_limit: Some(Quantity(format!("{}Mi", modules.room_mib))),
    };
    vec![
        Volume { name: PACKED.to_owned(), projected: Some(parts), ..Volume::default() },
        Volume { name: UNPACKED.to_owned(), empty_dir: Some(files), ..Volume::default() },
    ]
}
