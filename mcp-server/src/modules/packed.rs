//! Modules as a cluster keeps them, whose objects are small: as `engine/packed.ts` reads them.

use super::{ModuleFiles, ModulesError};
use flate2::{Compression, write::GzEncoder};
use manifest::PackedModules;
use std::io::{self, Write};

/// What a file takes at least, in memory: a page.
const PAGE: usize = 4096;

impl ModuleFiles {
    /// The most bytes of what is packed.
    const MOST_PACKED: usize = PackedModules::MOST_PARTS * PackedModules::PART_BYTES;

    /// Packs them: a line that names each file with its size, then the files one after the other, compressed and cut.
    ///
    /// # Errors
    /// When a cluster does not take as much.
    pub(crate) fn pack(&self) -> Result<PackedModules, ModulesError> {
        let packed = self
            .compressed()
            .map_err(|error| ModulesError::Refused(format!("they cannot be packed: {error}")))?;
        if packed.len() > Self::MOST_PACKED {
            return Err(ModulesError::TooLarge(format!(
                "compressed they have {} KB, and the objects of a version hold {} KB",
                packed.len().div_ceil(1000),
                Self::MOST_PACKED / 1000
            )));
        }
        Ok(PackedModules {
            set: String::new(),
            parts: packed.chunks(PackedModules::PART_BYTES).map(<[u8]>::to_vec).collect(),
            digest: self.digest(),
            room_mib: self.room_mib(),
            record: String::new(),
        })
    }

    fn compressed(&self) -> io::Result<Vec<u8>> {
        let list: Vec<(&str, usize)> = self.iter().map(|(path, bytes)| (path, bytes.len())).collect();
        let mut packed = GzEncoder::new(Vec::new(), Compression::default());
        packed.write_all(&serde_json::to_vec(&list)?)?;
        packed.write_all(b"\n")?;
        for (_, bytes) in self.iter() {
            packed.write_all(bytes)?;
        }
        packed.finish()
    }

    /// How much memory they take as files in memory, in MiB: whole pages, and one more for what is known of each.
    fn room_mib(&self) -> u32 {
        let bytes: usize = self.iter().map(|(_, bytes)| (bytes.len().div_ceil(PAGE) + 1) * PAGE).sum();
        u32::try_from(bytes.div_ceil(1 << 20) + 1).unwrap_or(u32::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    fn files(files: &[(&str, Vec<u8>)]) -> ModuleFiles {
        ModuleFiles::found(files.iter().map(|(path, bytes)| ((*path).to_owned(), bytes.clone())).collect())
    }

    /// What no compression makes smaller.
    fn noise(bytes: usize) -> Vec<u8> {
        let mut state = 1_u64;
        let mut next = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            state.to_be_bytes()[0]
        };
        std::iter::repeat_with(&mut next).take(bytes).collect()
    }

    #[test]
    fn what_is_packed_is_a_list_and_what_it_lists() {
        let packed = files(&[("a/b", b"hi".to_vec()), ("c", noise(2_000_000))]).pack().unwrap();
        let sizes: Vec<usize> = packed.parts.iter().map(Vec::len).collect();
        assert!(sizes.len() == 3 && sizes[..2] == [PackedModules::PART_BYTES; 2], "{sizes:?}");
        let mut plain = Vec::new();
        io::copy(&mut flate2::read::GzDecoder::new(packed.parts.concat().as_slice()), &mut plain).unwrap();
        assert!(plain.starts_with(b"[[\"a/b\",2],[\"c\",2000000]]\nhi"));
        assert_eq!(packed.digest, files(&[("a/b", b"hi".to_vec()), ("c", noise(2_000_000))]).digest());
        assert_eq!(packed.room_mib, 3);
        let again = files(&[("a/b", b"hi".to_vec()), ("c", noise(2_000_000))]).pack().unwrap();
        assert_eq!(packed, again, "the same content is packed alike, whenever it is");
    }

    #[test]
    fn more_than_a_cluster_takes_is_refused_with_the_sizes() {
        let why = files(&[("a", noise(7_300_000))]).pack().unwrap_err().to_string();
        assert_eq!(
            why,
            "its modules are too large: compressed they have 7302 KB, and the objects of a version hold 7200 KB"
        );
        assert!(ModuleFiles::found(BTreeMap::new()).pack().is_ok());
    }
}
