//! The files of a tentacle, as one value that can be compared, carried and named by its content.

mod original;

use crate::digest::ContentHash;
use crate::name::shown;
use crate::path::{FilePath, PathError};
use crate::problem::Problems;
use crate::workflow::Workflow;
use std::collections::BTreeMap;
use std::fmt;

/// The files of a tentacle: `workflow.yaml`, its nodes, and whatever lies beside them.
///
/// Texts have Unix line endings here, whatever the author's machine writes, so that what runs is what was hashed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bundle {
    files: BTreeMap<FilePath, Vec<u8>>,
    workflow: Vec<u8>,
}

/// One reason why some files are not a tentacle.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BundleProblem {
    /// A path that leaves the folder, or that machines read differently.
    #[error("file \"{got}\" cannot be used: {why}")]
    Path {
        /// The path, as it was given.
        got: String,
        /// Why not.
        why: PathError,
    },
    /// Two files of which some machines could keep only one.
    #[error("\"{one}\" and \"{other}\" are the same file on machines that do not tell upper from lower case")]
    SameName {
        /// The one.
        one: String,
        /// The other.
        other: String,
    },
    /// A file where another path needs a folder.
    #[error("\"{file}\" is a file, so \"{other}\" cannot lie in it")]
    FileIsFolder {
        /// The file.
        file: String,
        /// The path that needs it to be a folder.
        other: String,
    },
    /// More files than a tentacle has.
    #[error("{count} files: a tentacle has at most {}", Bundle::MOST_FILES)]
    TooMany {
        /// How many.
        count: usize,
    },
    /// More bytes than a tentacle has.
    #[error(
        "the files have {total} bytes together, the largest is \"{largest}\" with {bytes}: a tentacle has at most {}",
        Bundle::MOST_BYTES
    )]
    TooLarge {
        /// The sum.
        total: usize,
        /// The largest file.
        largest: String,
        /// Its size.
        bytes: usize,
    },
    /// Not a tentacle at all.
    #[error("there is no workflow.yaml among the files")]
    NoWorkflow,
}

/// Every reason why some files are not a tentacle, one line each, and what is wrong with their `workflow.yaml` besides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BundleProblems {
    list: Vec<BundleProblem>,
    workflow: Option<Problems>,
}

impl BundleProblems {
    /// The reasons that lie in the files.
    #[must_use]
    pub fn as_slice(&self) -> &[BundleProblem] {
        &self.list
    }

    /// What is wrong with the `workflow.yaml` among them, where it could be read.
    #[must_use]
    pub const fn workflow(&self) -> Option<&Problems> {
        self.workflow.as_ref()
    }
}

impl std::error::Error for BundleProblems {}

impl fmt::Display for BundleProblems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const MOST: usize = 20;
        for (index, problem) in self.list.iter().take(MOST).enumerate() {
            if index > 0 {
                writeln!(f)?;
            }
            write!(f, "{problem}")?;
        }
        if self.list.len() > MOST {
            write!(f, "\nand {} more", self.list.len() - MOST)?;
        }
        match &self.workflow {
            Some(problems) if self.list.is_empty() => write!(f, "{problems}"),
            Some(problems) => write!(f, "\n{problems}"),
            None => Ok(()),
        }
    }
}

impl Bundle {
    /// The most files of a tentacle.
    pub const MOST_FILES: usize = 200;
    /// The most bytes of all files together: what fits in one Kubernetes object, with room for its own fields.
    pub const MOST_BYTES: usize = 900 * 1024;

    /// Takes files by their paths.
    ///
    /// # Errors
    /// Every reason why they are not a tentacle: [`BundleProblem`]; and where there is one, everything that is wrong with
    /// their `workflow.yaml` or cannot be run yet, too.
    pub fn new(files: impl IntoIterator<Item = (String, Vec<u8>)>) -> Result<Self, BundleProblems> {
        let (bundle, list) = Self::gather(files);
        match bundle {
            Some(bundle) if list.is_empty() => Ok(bundle),
            bundle => {
                let read = |bundle: &Self| Workflow::of(bundle).and_then(|it| it.supported_now()).err();
                Err(BundleProblems { list, workflow: bundle.as_ref().and_then(read) })
            }
        }
    }

    /// What can be kept of some files, and every reason why they are not a tentacle.
    fn gather(files: impl IntoIterator<Item = (String, Vec<u8>)>) -> (Option<Self>, Vec<BundleProblem>) {
        let mut problems = Vec::new();
        let mut count = 0;
        let mut taken: BTreeMap<FilePath, Vec<u8>> = BTreeMap::new();
        let mut folded: BTreeMap<String, FilePath> = BTreeMap::new();
        for (text, bytes) in files {
            count += 1;
            let path: FilePath = match text.parse() {
                Ok(path) => path,
                Err(why) => {
                    problems.push(BundleProblem::Path { got: shown(&text), why });
                    continue;
                }
            };
            if let Some(other) = folded.insert(path.folded(), path.clone()) {
                problems.push(BundleProblem::SameName { one: other.to_string(), other: path.to_string() });
            }
            taken.insert(path, unix_lines(bytes));
        }
        problems.extend(files_in_files(&folded));
        if count > Self::MOST_FILES {
            problems.push(BundleProblem::TooMany { count });
        }
        problems.extend(too_large(&taken));
        let workflow =
            taken.iter().find(|(path, _)| path.as_str() == Workflow::FILE).map(|(_, bytes)| bytes.clone());
        if workflow.is_none() {
            problems.push(BundleProblem::NoWorkflow);
        }
        (workflow.map(|workflow| Self { files: taken, workflow }), problems)
    }

    /// The files in the order of their paths.
    pub fn iter(&self) -> impl Iterator<Item = (&FilePath, &[u8])> {
        self.files.iter().map(|(path, bytes)| (path, bytes.as_slice()))
    }

    /// The content of `workflow.yaml`, which every bundle has.
    #[must_use]
    pub fn workflow(&self) -> &[u8] {
        &self.workflow
    }

    /// One name for all of the content: [`ContentHash`].
    #[must_use]
    pub fn content_hash(&self) -> ContentHash {
        ContentHash::of(self.iter().map(|(path, bytes)| (path.as_str(), bytes)))
    }
}

/// A text with Unix line endings; anything else as it is.
fn unix_lines(bytes: Vec<u8>) -> Vec<u8> {
    if !bytes.contains(&b'\r') || bytes.contains(&0) {
        return bytes;
    }
    match String::from_utf8(bytes) {
        Ok(text) => text.replace("\r\n", "\n").into_bytes(),
        Err(error) => error.into_bytes(),
    }
}

/// Each file that another path needs as a folder. `files` by their folded paths.
fn files_in_files(files: &BTreeMap<String, FilePath>) -> Vec<BundleProblem> {
    let mut problems = Vec::new();
    for (folded, path) in files {
        for (slash, _) in folded.match_indices('/') {
            if let Some(file) = folded.get(..slash).and_then(|folder| files.get(folder)) {
                let (file, other) = (file.to_string(), path.to_string());
                problems.push(BundleProblem::FileIsFolder { file, other });
            }
        }
    }
    problems
}

fn too_large(files: &BTreeMap<FilePath, Vec<u8>>) -> Option<BundleProblem> {
    let total = files.values().map(Vec::len).sum();
    let (largest, bytes) = files.iter().max_by_key(|(_, bytes)| bytes.len())?;
    (total > Bundle::MOST_BYTES).then(|| BundleProblem::TooLarge {
        total,
        largest: largest.to_string(),
        bytes: bytes.len(),
    })
}
