//! What a repository may hold and a tentacle may not: each refused with what, why, and what to do.

use workflow::{Bundle, PathError};

/// Why what lies in the repository is not taken for a tentacle. Paths are relative to the tentacle's folder, or to the
/// repository's root where they begin with `enclaves`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Hostile {
    /// A link leads to any file of the machine that follows it.
    #[error("`{path}` is a symbolic link: it could lead to any file of the machine that reads it")]
    Link {
        /// Where.
        path: String,
    },
    /// A submodule is another repository, with commands of its own.
    #[error("`{path}` is a submodule: its content is not in this repository")]
    Submodule {
        /// Where.
        path: String,
    },
    /// Neither a file nor a folder.
    #[error("`{path}` is neither a regular file nor a folder")]
    Kind {
        /// Where.
        path: String,
    },
    /// A name that is none, or more than one.
    #[error("`{path}` has a name that cannot be one: it is empty, leads elsewhere, or is no text")]
    Name {
        /// Where.
        path: String,
    },
    /// A name that machines read differently.
    #[error("`{path}` cannot be used: {why}")]
    Path {
        /// Where.
        path: String,
        /// Why not.
        why: PathError,
    },
    /// Git would take its commands from there.
    #[error("`{path}` is where git keeps its own settings and hooks: some machine would run what is in it")]
    GitFolder {
        /// Where.
        path: String,
    },
    /// Two names that some machines cannot tell apart.
    #[error("`{one}` and `{other}` are the same on machines that do not tell upper from lower case")]
    SameName {
        /// The one.
        one: String,
        /// The other.
        other: String,
    },
    /// A folder has more entries than anything here needs.
    #[error("`{path}` has more entries than are read: a tentacle has at most {} files", Bundle::MOST_FILES)]
    TooMany {
        /// Which folder.
        path: String,
    },
    /// A file is larger than a tentacle.
    #[error("`{path}` has {bytes} bytes: a tentacle has at most {}", Bundle::MOST_BYTES)]
    TooLarge {
        /// Which file.
        path: String,
        /// Its size.
        bytes: usize,
    },
    /// Not a text.
    #[error("`{path}` is not a text in UTF-8: a tentacle is made of texts")]
    NotText {
        /// Which file.
        path: String,
    },
    /// The content is somewhere else.
    #[error("`{path}` only points to a file that Git LFS keeps elsewhere")]
    Elsewhere {
        /// Which file.
        path: String,
    },
}

impl Hostile {
    /// What to do about it.
    #[must_use]
    pub const fn next(&self) -> &'static str {
        match self {
            Self::Link { .. } => "put the file itself there instead of the link, and commit it",
            Self::Submodule { .. } => {
                "put the files themselves there instead of the submodule, and commit them"
            }
            Self::Kind { .. } => "remove it, and commit that",
            Self::Name { .. } | Self::Path { .. } | Self::GitFolder { .. } | Self::SameName { .. } => {
                "rename or remove it, and commit that"
            }
            Self::TooMany { .. } => "move what is none of the tentacle out of its folder, and commit that",
            Self::TooLarge { .. } | Self::NotText { .. } => {
                "keep it outside the repository, where the tentacle can fetch it, and commit that"
            }
            Self::Elsewhere { .. } => "commit the file itself: take it out of `git lfs track`",
        }
    }
}
