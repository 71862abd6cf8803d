//! The blobs of an image layout: each is what its digest says, or an error.

use super::ImageError;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use wire::canonical;

/// The most bytes of a blob that is read as a whole: a manifest or a description.
const MOST: u64 = 4 << 20;

/// An image layout.
pub(super) struct Blobs<'a> {
    pub(super) layout: &'a Path,
}

/// What a manifest or an index says of a blob.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Descriptor {
    #[serde(default)]
    pub(super) media_type: String,
    pub(super) digest: String,
    platform: Option<Platform>,
}

#[derive(Deserialize)]
struct Platform {
    architecture: String,
    os: String,
}

impl Descriptor {
    /// Whether it is for machines of this kind.
    pub(super) fn is_for(&self, architecture: &str) -> bool {
        let fits = |it: &Platform| it.os == "linux" && it.architecture == architecture;
        self.platform.as_ref().is_some_and(fits)
    }
}

/// This machine's kind, as images name it.
pub(super) fn architecture() -> &'static str {
    match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        other => other,
    }
}

impl Blobs<'_> {
    /// A blob of JSON.
    pub(super) fn json<T: DeserializeOwned>(&self, digest: &str) -> Result<T, ImageError> {
        let bytes = self.read(digest, |blob| {
            let mut bytes = Vec::new();
            let read = blob.take(MOST + 1).read_to_end(&mut bytes);
            let count = read.map_err(|error| ImageError::Blob(digest.to_owned(), error))?;
            if count as u64 > MOST {
                return Err(ImageError::TooMuch(format!("{MOST} bytes in `{digest}`")));
            }
            Ok(bytes)
        })?;
        serde_json::from_slice(&bytes).map_err(|error| ImageError::Json(digest.to_owned(), error))
    }

    /// Lets a blob be read; what was made of it counts only when the blob turns out to be what its digest says.
    pub(super) fn read<T>(
        &self,
        digest: &str,
        read: impl FnOnce(&mut dyn Read) -> Result<T, ImageError>,
    ) -> Result<T, ImageError> {
        let failed = |error| ImageError::Blob(digest.to_owned(), error);
        let wrong = || ImageError::Digest(digest.to_owned());
        let digits = digest.strip_prefix("sha256:").filter(|digits| digits.len() == 64).ok_or_else(wrong)?;
        let expected = canonical::from_hex(digits).ok_or_else(wrong)?;
        let file = File::open(self.layout.join("blobs/sha256").join(digits)).map_err(failed)?;
        let mut hashed = Hashed { file, digest: Sha256::new() };
        let got = read(&mut hashed);
        // What an unpacker does not read is of the blob all the same.
        io::copy(&mut hashed, &mut io::sink()).map_err(failed)?;
        if hashed.digest.finalize().as_slice() != expected {
            return Err(ImageError::Altered(digest.to_owned()));
        }
        got
    }
}

struct Hashed {
    file: File,
    digest: Sha256,
}

impl Read for Hashed {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let count = self.file.read(into)?;
        self.digest.update(into.get(..count).unwrap_or_default());
        Ok(count)
    }
}
