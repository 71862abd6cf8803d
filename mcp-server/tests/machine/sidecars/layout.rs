//! An image layout, as `skopeo` writes it, with whatever is wanted in it.

use flate2::Compression;
use flate2::write::GzEncoder;
use ruzstd::encoding::{CompressionLevel, compress_to_vec};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::fs;
use std::io::Write;
use std::path::PathBuf;
use tar::{Builder, EntryType, Header};
use tempfile::TempDir;

/// A layout.
pub(crate) struct Layout {
    dir: TempDir,
}

/// A layer.
pub(crate) struct Layer(Builder<Vec<u8>>);

impl Layout {
    pub(crate) fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir_all(dir.path().join("blobs/sha256")).unwrap();
        fs::write(dir.path().join("oci-layout"), r#"{"imageLayoutVersion":"1.0.0"}"#).unwrap();
        Self { dir }
    }

    /// The flag that names it.
    pub(crate) fn flag(&self) -> String {
        format!("--sidecar-layout={}", self.dir.path().display())
    }

    /// Where a blob is.
    pub(crate) fn blob(&self, digest: &str) -> PathBuf {
        self.dir.path().join("blobs/sha256").join(digest.strip_prefix("sha256:").unwrap())
    }

    /// Adds a blob of a kind of the specification's; its descriptor.
    pub(crate) fn add(&self, kind: &str, bytes: &[u8]) -> Value {
        self.add_as(&format!("application/vnd.oci.image.{kind}"), bytes)
    }

    /// Adds a blob of whatever kind; its descriptor.
    pub(crate) fn add_as(&self, kind: &str, bytes: &[u8]) -> Value {
        let digits: String = Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect();
        let digest = format!("sha256:{digits}");
        fs::write(self.blob(&digest), bytes).unwrap();
        json!({"mediaType": kind, "digest": digest, "size": bytes.len()})
    }

    /// Adds an image of these layers; the digest of its manifest.
    pub(crate) fn image(&self, layers: &[Value], config: &Value) -> Value {
        let config = json!({"architecture": "amd64", "os": "linux", "config": config});
        let config = self.add("config.v1+json", config.to_string().as_bytes());
        let manifest = json!({
            "schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json",
            "config": config, "layers": layers,
        });
        self.add("manifest.v1+json", manifest.to_string().as_bytes())
    }

    /// The same as Docker calls it: a list of images, of which one is for this machine. The digest of the list.
    pub(crate) fn of_docker(&self, layers: &[Value], config: &Value) -> Value {
        let config = json!({"architecture": machine(), "os": "linux", "config": config}).to_string();
        let config = self.add_as("application/vnd.docker.container.image.v1+json", config.as_bytes());
        let kind = "application/vnd.docker.distribution.manifest.v2+json";
        let manifest = json!({"schemaVersion": 2, "mediaType": kind, "config": config, "layers": layers});
        let mut image = self.add_as(kind, manifest.to_string().as_bytes());
        image["platform"] = json!({"architecture": machine(), "os": "linux"});
        let kind = "application/vnd.docker.distribution.manifest.list.v2+json";
        let list = json!({"schemaVersion": 2, "mediaType": kind, "manifests": [image]});
        self.add_as(kind, list.to_string().as_bytes())
    }

    /// Adds an index of images for several machines, of which this is for the one that the tests run on.
    pub(crate) fn index(&self, mut image: Value) -> Value {
        image["platform"] = json!({"architecture": machine(), "os": "linux"});
        let mut other = image.clone();
        other["platform"] = json!({"architecture": "s390x", "os": "linux"});
        other["digest"] = json!(format!("sha256:{}", "0".repeat(64)));
        let index = json!({
            "schemaVersion": 2, "mediaType": "application/vnd.oci.image.index.v1+json", "manifests": [other, image],
        });
        self.add("index.v1+json", index.to_string().as_bytes())
    }

    /// Adds an image with busybox in it, as `/bin/busybox`.
    pub(crate) fn busybox(&self) -> Value {
        let busybox = fs::read(crate::server::program("TENTACULAR_TEST_BUSYBOX")).unwrap();
        let layer = Layer::new().file("bin/busybox", 0o4755, &busybox).gzip();
        self.image(&[self.add("layer.v1.tar+gzip", &layer)], &json!({}))
    }
}

/// The machine that the tests run on, as images name it.
const fn machine() -> &'static str {
    if cfg!(target_arch = "aarch64") { "arm64" } else { "amd64" }
}

/// The digest in a descriptor.
pub(crate) fn digest(of: &Value) -> &str {
    of["digest"].as_str().unwrap()
}

impl Layer {
    pub(crate) fn new() -> Self {
        Self(Builder::new(Vec::new()))
    }

    pub(crate) fn file(self, path: &str, mode: u32, bytes: &[u8]) -> Self {
        self.entry((EntryType::Regular, mode), path, "", bytes)
    }

    pub(crate) fn link(self, kind: EntryType, path: &str, to: &str) -> Self {
        self.entry((kind, 0o777), path, to, &[])
    }

    /// An entry of this kind and mode; whatever path is asked for, also one that no archive should have.
    pub(crate) fn entry(
        mut self,
        (kind, mode): (EntryType, u32),
        path: &str,
        to: &str,
        bytes: &[u8],
    ) -> Self {
        let mut header = Header::new_ustar();
        header.as_mut_bytes()[..path.len()].copy_from_slice(path.as_bytes());
        header.as_mut_bytes()[157..157 + to.len()].copy_from_slice(to.as_bytes());
        header.set_entry_type(kind);
        header.set_mode(mode);
        header.set_size(bytes.len() as u64);
        header.set_cksum();
        self.0.append(&header, bytes).unwrap();
        self
    }

    /// A file that is said to have so many bytes, and has none; one with holes is nothing but a hole.
    pub(crate) fn claiming(mut self, kind: EntryType, bytes: u64) -> Self {
        let mut header = Header::new_gnu();
        header.set_path("large").unwrap();
        header.set_entry_type(kind);
        header.set_mode(0o644);
        if kind == EntryType::GNUSparse {
            header.set_size(0);
            header.as_gnu_mut().unwrap().set_real_size(bytes);
        } else {
            header.set_size(bytes);
        }
        header.set_cksum();
        self.0.append(&header, std::io::empty()).unwrap();
        self
    }

    pub(crate) fn tar(self) -> Vec<u8> {
        self.0.into_inner().unwrap()
    }

    pub(crate) fn gzip(self) -> Vec<u8> {
        let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
        packed.write_all(&self.tar()).unwrap();
        packed.finish().unwrap()
    }

    /// As some builders write it: cut into frames, with one between them that is no content.
    pub(crate) fn zstd(self) -> Vec<u8> {
        let tar = self.tar();
        let (first, second) = tar.split_at(tar.len() / 2);
        let frame = |bytes: &[u8]| compress_to_vec(bytes, CompressionLevel::Fastest);
        [frame(first), skippable(b"not of the layer"), frame(second), skippable(b"")].concat()
    }
}

/// A frame that is passed over (RFC 8878, 3.1.2).
pub(crate) fn skippable(bytes: &[u8]) -> Vec<u8> {
    let length = u32::try_from(bytes.len()).unwrap().to_le_bytes();
    [&[0x50, 0x2a, 0x4d, 0x18], &length[..], bytes].concat()
}

/// A frame that begins with these bytes and goes on with so many blocks of 128 KiB of zeros, each of four bytes (RFC 8878, 3.1.1).
pub(crate) fn blown_up(begins: &[u8], blocks: usize, window: u8) -> Vec<u8> {
    let block = |last: bool, kind: u32, size: u32| {
        let header = (size << 3) | (kind << 1) | u32::from(last);
        header.to_le_bytes()[..3].to_vec()
    };
    let (raw, repeated) = (0, 1);
    let mut frame = vec![0x28, 0xb5, 0x2f, 0xfd, 0, window];
    frame.extend(block(false, raw, begins.len().try_into().unwrap()));
    frame.extend(begins);
    for number in 1..=blocks {
        frame.extend(block(number == blocks, repeated, 128 << 10));
        frame.push(0);
    }
    frame
}
