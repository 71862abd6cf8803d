//! Unpacking a sidecar's image, in a process of its own whose memory is bounded: everything in an image is hostile.
//!
//! The image lies in an OCI image layout (<https://github.com/opencontainers/image-spec/blob/main/image-layout.md>). What is
//! read of it is what the digest names, or nothing is made of it.

mod blobs;
mod layers;
mod zstd;

use self::blobs::{Blobs, Descriptor};
use self::layers::{Bounds, Packed, unpack};
use super::AttendantError;
use cap_std::ambient_authority;
use cap_std::fs::Dir;
use nix::sys::resource::{Resource, setrlimit};
use serde::{Deserialize, Serialize};
use std::fs;
use std::io;
use std::path::PathBuf;

/// The image's files, and what it says of itself, in the folder that is made of it.
pub(in super::super) const ROOT: &str = "root";
pub(in super::super) const CONFIG: &str = "image.json";

/// What a sidecar has of its own is seen there, whatever the image has in these places.
const PLACES: [&str; 5] = ["dev", "proc", "shared", "sys", "tmp"];

/// The memory that unpacking may take, in bytes.
const MEMORY: u64 = 512 << 20;

/// The most layers of an image.
const LAYERS: usize = 128;

/// The kinds of blobs that are understood: those of the specification, and those by which Docker calls the same
/// (<https://distribution.github.io/distribution/spec/manifest-v2-2/#media-types>), which lie in layouts as they were in a registry.
const INDEXES: [&str; 2] =
    ["application/vnd.oci.image.index.v1+json", "application/vnd.docker.distribution.manifest.list.v2+json"];
const MANIFESTS: [&str; 2] =
    ["application/vnd.oci.image.manifest.v1+json", "application/vnd.docker.distribution.manifest.v2+json"];

/// What to unpack.
#[derive(Debug, Serialize, Deserialize)]
pub(in super::super) struct Unpack {
    /// The folder of the image layout.
    pub(in super::super) layout: PathBuf,
    /// The digest of the image's manifest, or of an index that leads to it: `sha256:…`.
    pub(in super::super) digest: String,
    /// An empty folder to unpack it into.
    pub(in super::super) into: PathBuf,
}

/// What an image says of how it is started.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(in super::super) struct Config {
    /// The program and its first arguments.
    pub(in super::super) entrypoint: Option<Vec<String>>,
    /// Its arguments, or the program where there is none.
    pub(in super::super) cmd: Option<Vec<String>>,
    /// Variables, as `NAME=value`.
    pub(in super::super) env: Option<Vec<String>>,
    /// The folder that it stands in.
    pub(in super::super) working_dir: Option<String>,
}

/// Why an image is not unpacked.
#[derive(Debug, thiserror::Error)]
pub(in super::super) enum ImageError {
    /// A blob is missing, or cannot be read.
    #[error("`{0}` cannot be read: {1}")]
    Blob(String, io::Error),
    /// A blob is not what its digest says.
    #[error("`{0}` is not what its digest says")]
    Altered(String),
    /// Something that is no digest.
    #[error("`{0}` is no digest of SHA-256")]
    Digest(String),
    /// JSON that is none, or none of an image.
    #[error("`{0}` is not of an image: {1}")]
    Json(String, serde_json::Error),
    /// It is made for other machines.
    #[error("it has nothing for {0}")]
    Platform(String),
    /// A blob of a kind that is not understood.
    #[error("it has a part of the kind `{0}`, which is not understood here")]
    Kind(String),
    /// More than an image may have.
    #[error("it has more than {0}")]
    TooMuch(String),
    /// A path that leads out of the image.
    #[error("`{0}` leads out of it")]
    Escapes(String),
    /// A layer that is none, or that cannot be written.
    #[error("`{0}` cannot be unpacked: {1}")]
    Entry(String, io::Error),
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Index {
    manifests: Vec<Descriptor>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Manifest {
    media_type: Option<String>,
    config: Option<Descriptor>,
    layers: Option<Vec<Descriptor>>,
}

#[derive(Deserialize)]
struct Described {
    #[serde(default)]
    config: Config,
}

impl Unpack {
    /// Unpacks it.
    pub(super) fn carry_out(&self) -> Result<(), AttendantError> {
        setrlimit(Resource::RLIMIT_DATA, MEMORY, MEMORY).map_err(AttendantError::of("RLIMIT_DATA"))?;
        let config = self.unpack()?;
        let config = serde_json::to_vec(&config)?;
        fs::write(self.into.join(CONFIG), config).map_err(AttendantError::of(CONFIG))?;
        // Whoever gives the folder its name relies on what is in it.
        let folder = fs::File::open(&self.into).map_err(AttendantError::of("the image's folder"))?;
        nix::unistd::syncfs(folder).map_err(AttendantError::of("writing the image to the disk"))
    }

    fn unpack(&self) -> Result<Config, ImageError> {
        let blobs = Blobs { layout: &self.layout };
        let manifest = manifest(&blobs, &self.digest)?;
        let not_one = || ImageError::Kind(manifest.media_type.clone().unwrap_or_default());
        let (config, layers) = manifest.config.as_ref().zip(manifest.layers.as_ref()).ok_or_else(not_one)?;
        if layers.len() > LAYERS {
            return Err(ImageError::TooMuch(format!("{LAYERS} layers")));
        }
        let described: Described = blobs.json(&config.digest)?;
        let failed = |error| ImageError::Entry(ROOT.to_owned(), error);
        let root = self.into.join(ROOT);
        fs::create_dir(&root).map_err(failed)?;
        let root = Dir::open_ambient_dir(root, ambient_authority()).map_err(failed)?;
        let mut bounds = Bounds::default();
        for layer in layers {
            let packed = Packed::of(&layer.media_type);
            let packed = packed.ok_or_else(|| ImageError::Kind(layer.media_type.clone()))?;
            blobs.read(&layer.digest, |blob| unpack(blob, packed, &root, &mut bounds))?;
        }
        layers::finish(&root, &PLACES)?;
        Ok(described.config)
    }
}

/// The image's manifest, by its own digest or by that of an index.
fn manifest(blobs: &Blobs<'_>, digest: &str) -> Result<Manifest, ImageError> {
    let named: Manifest = blobs.json(digest)?;
    let is_index = named.media_type.as_deref().is_some_and(|kind| INDEXES.contains(&kind));
    if !is_index && named.layers.is_some() {
        return Ok(named);
    }
    let index: Index = blobs.json(digest)?;
    let machine = blobs::architecture();
    let fits = |it: &&Descriptor| MANIFESTS.contains(&it.media_type.as_str()) && it.is_for(machine);
    let found = index.manifests.iter().find(fits);
    blobs.json(&found.ok_or_else(|| ImageError::Platform(format!("linux/{machine}")))?.digest)
}
