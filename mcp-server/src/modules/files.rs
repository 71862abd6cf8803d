//! The files of modules, as a sandbox answers them that fetched them, and as they are kept. Whoever answers read what
//! strangers have written, and is not believed.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use wire::canonical::hex;
use workflow::Modules;

/// The files by their paths: `deno.lock`, `registries.json`, and in `cache/` what Deno has fetched.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct ModuleFiles(BTreeMap<String, Vec<u8>>);

/// Why what was answered is not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum FilesError {
    /// More files.
    #[error("they have more than {} files", ModuleFiles::MOST_FILES)]
    TooMany,
    /// More bytes.
    #[error("they have more than {} MiB", ModuleFiles::MOST_BYTES >> 20)]
    TooLarge,
    /// No such answer.
    #[error("what was fetched cannot be read")]
    Unreadable,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Line {
    File { path: String, content: String },
    End { count: usize },
}

impl ModuleFiles {
    /// The most files of one version's modules.
    pub(crate) const MOST_FILES: usize = 10_000;
    /// The most bytes of them all together.
    pub(crate) const MOST_BYTES: usize = 32 << 20;
    /// The most bytes of an answer: base 64, and what stands around it.
    pub(crate) const MOST_ANSWERED: usize = Self::MOST_BYTES * 3 / 2;

    /// Reads an answer: a file a line, and last how many there were. The lock and the registries are put beside them.
    ///
    /// # Errors
    /// Says why it is not taken.
    pub(crate) fn read(answer: &[u8], modules: &Modules, registries: &str) -> Result<Self, FilesError> {
        let mut files = Self::default();
        let mut bytes = 0;
        let mut ended = None;
        for line in answer.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
            match serde_json::from_slice(line).map_err(|_| FilesError::Unreadable)? {
                Line::End { count } => ended = Some(count),
                Line::File { path, content } => {
                    let content = STANDARD.decode(content).map_err(|_| FilesError::Unreadable)?;
                    bytes += content.len();
                    if bytes > Self::MOST_BYTES {
                        return Err(FilesError::TooLarge);
                    }
                    if !is_within(&path) || ended.is_some() {
                        return Err(FilesError::Unreadable);
                    }
                    files.0.insert(format!("cache/{path}"), content);
                }
            }
            if files.0.len() > Self::MOST_FILES {
                return Err(FilesError::TooMany);
            }
        }
        if ended != Some(files.0.len()) {
            return Err(FilesError::Unreadable);
        }
        files.0.insert(Modules::LOCK.to_owned(), modules.lock().as_bytes().to_vec());
        files.0.insert("registries.json".to_owned(), registries.as_bytes().to_vec());
        Ok(files)
    }

    /// The files as they were found in a folder.
    pub(crate) fn found(files: BTreeMap<String, Vec<u8>>) -> Self {
        Self(files)
    }

    /// The files in the order of their paths.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.0.iter().map(|(path, bytes)| (path.as_str(), bytes.as_slice()))
    }

    /// How many there are, and their bytes.
    pub(crate) fn size(&self) -> (usize, usize) {
        (self.0.len(), self.0.values().map(Vec::len).sum())
    }

    /// One name for all of the content.
    pub(crate) fn digest(&self) -> String {
        let mut list = Sha256::new();
        for (path, bytes) in &self.0 {
            list.update(format!("{}  {path}\0", hex(&Sha256::digest(bytes))));
        }
        format!("sha256:{}", hex(&list.finalize()))
    }
}

/// Whether a path stays in the folder, and in the parts of Deno's cache that something is loaded from.
fn is_within(path: &str) -> bool {
    let part = |part: &str| {
        !part.is_empty() && part.len() <= 255 && part != "." && part != ".." && !part.contains(['\0', '\\'])
    };
    let first = path.split('/').next();
    matches!(first, Some("npm" | "remote"))
        && path.len() <= 1024
        && (2..=64).contains(&path.split('/').count())
        && path.split('/').all(part)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(answer: &str) -> Result<ModuleFiles, FilesError> {
        ModuleFiles::read(answer.as_bytes(), &Modules::default(), "{}")
    }

    #[test]
    fn an_answer_is_read_whole() {
        let read = read("{\"path\":\"npm/a/1.0.0/x y.js\",\"content\":\"aGk=\"}\n{\"count\":1}\n").unwrap();
        let files: Vec<_> = read.iter().collect();
        assert_eq!(files[0], ("cache/npm/a/1.0.0/x y.js", b"hi".as_slice()));
        assert_eq!((files[1].0, files[2].0, read.size()), ("deno.lock", "registries.json", (3, 4)));
    }

    #[test]
    fn a_path_that_leads_elsewhere_is_not_taken() {
        for path in [
            "../x",
            "npm/../../x",
            "/npm/x",
            "npm//x",
            "npm/./x",
            "npm/..",
            "npm",
            "deno.lock",
            "other/x",
            "npm/a\\u0000b",
            "npm/a\\\\b",
            "",
        ] {
            let answer = format!("{{\"path\":\"{path}\",\"content\":\"\"}}\n{{\"count\":1}}\n");
            assert_eq!(read(&answer), Err(FilesError::Unreadable), "{path}");
        }
    }

    #[test]
    fn a_part_of_an_answer_is_none() {
        let file = "{\"path\":\"npm/a/b\",\"content\":\"\"}\n";
        let end = "{\"count\":1}\n";
        for part in ["", file, "{\"count\":1}\n", "nonsense\n", "{\"path\":\"npm/a/b\",\"content\":\"?\"}\n"]
        {
            assert_eq!(read(part), Err(FilesError::Unreadable), "{part}");
        }
        assert_eq!(read(&format!("{end}{file}")), Err(FilesError::Unreadable));
        assert_eq!(read(&format!("{file}{file}{}", end.replace('1', "2"))), Err(FilesError::Unreadable));
        assert!(read(&format!("{file}{end}")).is_ok());
    }

    #[test]
    fn the_bounds_hold() {
        let many: String = (0..=ModuleFiles::MOST_FILES)
            .map(|n| format!("{{\"path\":\"npm/{n}\",\"content\":\"\"}}\n"))
            .collect();
        assert_eq!(read(&many), Err(FilesError::TooMany));
        let part = STANDARD.encode(vec![0; 12 << 20]);
        let large: String =
            (0..3).map(|n| format!("{{\"path\":\"npm/{n}\",\"content\":\"{part}\"}}\n")).collect();
        assert_eq!(read(&large), Err(FilesError::TooLarge));
    }

    #[test]
    fn the_digest_is_of_names_and_content() {
        let of = |files: &[(&str, &str)]| {
            let files = files.iter().map(|(path, text)| ((*path).to_owned(), text.as_bytes().to_vec()));
            ModuleFiles::found(files.collect()).digest()
        };
        let all =
            [of(&[("a", "b")]), of(&[("a", "c")]), of(&[("b", "b")]), of(&[("a", ""), ("b", "")]), of(&[])];
        let set: std::collections::BTreeSet<_> = all.iter().collect();
        assert_eq!(set.len(), all.len());
    }
}
