//! An image of one layer from files of this machine, as an archive (OCI image layout 1.0) that `ctr images import` takes.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use tar::{Builder, EntryType, Header};

/// What goes into an image.
#[derive(Debug, Default)]
pub(super) struct Image {
    files: Vec<(String, Source)>,
}

#[derive(Debug)]
enum Source {
    File(PathBuf),
    Text(String),
}

impl Image {
    /// With a file of this machine; what it points to, if it is a link.
    pub(super) fn file(mut self, at: &str, from: impl Into<PathBuf>) -> Self {
        self.files.push((at.to_owned(), Source::File(from.into())));
        self
    }

    /// With a file of this text.
    pub(super) fn text(mut self, at: &str, text: &str) -> Self {
        self.files.push((at.to_owned(), Source::Text(text.to_owned())));
        self
    }

    /// Writes it to `archive` under a name; answers the name with its digest.
    pub(super) fn write(&self, archive: &Path, name: &str, config: &Value) -> Result<String> {
        let layer = self.layer()?;
        let config = json!({
            "architecture": "amd64", "os": "linux", "config": config,
            "rootfs": {"type": "layers", "diff_ids": [digest(&layer)]},
        });
        let config = serde_json::to_vec(&config)?;
        let manifest = json!({
            "schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json",
            "config": described("application/vnd.oci.image.config.v1+json", &config),
            "layers": [described("application/vnd.oci.image.layer.v1.tar", &layer)],
        });
        let manifest = serde_json::to_vec(&manifest)?;
        let named = format!("{name}@{}", digest(&manifest));
        let listed = json!({
            "mediaType": "application/vnd.oci.image.manifest.v1+json", "digest": digest(&manifest),
            "size": manifest.len(), "annotations": {"io.containerd.image.name": named},
        });
        let index = json!({
            "schemaVersion": 2, "mediaType": "application/vnd.oci.image.index.v1+json", "manifests": [listed],
        });
        let mut tar = Builder::new(File::create(archive)?);
        put(&mut tar, "oci-layout", br#"{"imageLayoutVersion":"1.0.0"}"#, 0o644)?;
        put(&mut tar, "index.json", &serde_json::to_vec(&index)?, 0o644)?;
        for blob in [layer, config, manifest] {
            put(&mut tar, &format!("blobs/{}", digest(&blob).replace(':', "/")), &blob, 0o644)?;
        }
        tar.finish()?;
        Ok(named)
    }

    fn layer(&self) -> Result<Vec<u8>> {
        let mut tar = Builder::new(Vec::new());
        let mut folders = Vec::new();
        for (at, source) in &self.files {
            for folder in Path::new(at).ancestors().skip(1).filter(|it| !it.as_os_str().is_empty()) {
                folders.push(folder.to_path_buf());
            }
            let bytes = match source {
                Source::File(from) => fs::read(from).with_context(|| from.display().to_string())?,
                Source::Text(text) => text.clone().into_bytes(),
            };
            put(&mut tar, at, &bytes, 0o755)?;
        }
        folders.sort();
        folders.dedup();
        for folder in folders {
            let mut header = Header::new_gnu();
            header.set_entry_type(EntryType::Directory);
            header.set_mode(0o755);
            header.set_size(0);
            tar.append_data(&mut header, folder, std::io::empty())?;
        }
        Ok(tar.into_inner()?)
    }
}

fn put<W: std::io::Write>(tar: &mut Builder<W>, at: &str, bytes: &[u8], mode: u32) -> Result<()> {
    let mut header = Header::new_gnu();
    header.set_size(bytes.len() as u64);
    header.set_mode(mode);
    Ok(tar.append_data(&mut header, at, bytes)?)
}

fn described(kind: &str, bytes: &[u8]) -> Value {
    json!({"mediaType": kind, "digest": digest(bytes), "size": bytes.len()})
}

fn digest(bytes: &[u8]) -> String {
    let hash = Sha256::digest(bytes);
    let digits: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("sha256:{digits}")
}
