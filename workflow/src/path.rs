//! Where a file of a tentacle lies within its folder.

use std::fmt;
use std::str::FromStr;

/// A path in a tentacle's folder, such as `nodes/hello.ts`.
///
/// It is relative, stays inside, and means the same file on every machine: words of ASCII letters, digits, `.`, `_`,
/// `-`, `+` and `@`, joined by `/`. Hidden files are none of a tentacle's business: they are where git, editors and
/// secrets live.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FilePath(String);

/// Why a text is not a path within a tentacle's folder.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PathError {
    /// Nothing was given, or nothing between two slashes.
    #[error("it has an empty part")]
    Empty,
    /// From the root of some file system.
    #[error("it must be relative to the tentacle's folder")]
    Absolute,
    /// `..`.
    #[error("it must not leave the tentacle's folder")]
    Leaves,
    /// `.` in the middle.
    #[error("`.` has no meaning within a path")]
    Dot,
    /// A part that begins with a dot.
    #[error("hidden files are not part of a tentacle")]
    Hidden,
    /// A character that file systems read differently.
    #[error("`{}` cannot be in a file name: use ASCII letters, digits, `.`, `_`, `-`, `+` and `@`", .0.escape_debug())]
    Character(char),
    /// Longer than a path may be.
    #[error("it has more than {} characters", FilePath::MAX)]
    TooLong,
    /// More folders than a path may have.
    #[error("it has more than {} folders", FilePath::MAX_DEPTH)]
    TooDeep,
}

impl FilePath {
    /// The most characters of a path.
    pub const MAX: usize = 200;
    /// The most folders above a file.
    pub const MAX_DEPTH: usize = 8;

    /// The path as text, without a leading `./`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Two paths of which a machine that does not tell letters' case apart could keep only one have the same folding.
    #[must_use]
    pub fn folded(&self) -> String {
        self.0.to_ascii_lowercase()
    }

    /// Whether an engine can load it as a module.
    #[must_use]
    pub fn is_code(&self) -> bool {
        [".ts", ".js", ".mts", ".mjs"].iter().any(|ending| self.0.ends_with(ending))
            && !self.0.ends_with(".d.ts")
    }
}

impl FromStr for FilePath {
    type Err = PathError;

    /// Reads a path; one leading `./` is taken off.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let path = text.strip_prefix("./").unwrap_or(text);
        if path.chars().count() > Self::MAX {
            return Err(PathError::TooLong);
        }
        if path.starts_with('/') {
            return Err(PathError::Absolute);
        }
        for part in path.split('/') {
            match part {
                "" => return Err(PathError::Empty),
                "." => return Err(PathError::Dot),
                ".." => return Err(PathError::Leaves),
                hidden if hidden.starts_with('.') => return Err(PathError::Hidden),
                _ => {}
            }
            let allowed = |c: char| c.is_ascii_alphanumeric() || "._-+@".contains(c);
            if let Some(other) = part.chars().find(|c| !allowed(*c)) {
                return Err(PathError::Character(other));
            }
        }
        if path.split('/').count() > Self::MAX_DEPTH + 1 {
            return Err(PathError::TooDeep);
        }
        Ok(Self(path.to_owned()))
    }
}

impl fmt::Display for FilePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn paths_within_the_folder_are_taken() {
        for path in ["workflow.yaml", "nodes/hello.ts", "a/b/c/d/e/f/g/h/i.txt", "x@2x.png", "a..b"] {
            assert_eq!(path.parse::<FilePath>().unwrap().as_str(), path);
        }
        assert_eq!("./nodes/a.ts".parse::<FilePath>().unwrap().as_str(), "nodes/a.ts");
    }

    #[test]
    fn each_way_out_is_refused_for_its_reason() {
        let cases = [
            ("", PathError::Empty),
            ("a//b", PathError::Empty),
            ("a/", PathError::Empty),
            ("/etc/passwd", PathError::Absolute),
            (".//etc/passwd", PathError::Absolute),
            ("../x", PathError::Leaves),
            ("a/../../x", PathError::Leaves),
            ("a/..", PathError::Leaves),
            ("././a", PathError::Dot),
            (".git/config", PathError::Hidden),
            ("nodes/.env", PathError::Hidden),
            (".secrets.yaml", PathError::Hidden),
            ("a\\b", PathError::Character('\\')),
            ("C:x", PathError::Character(':')),
            ("a\0b", PathError::Character('\0')),
            ("a\nb", PathError::Character('\n')),
            ("größe.md", PathError::Character('ö')),
            ("a b", PathError::Character(' ')),
            ("a/b/c/d/e/f/g/h/i/j", PathError::TooDeep),
        ];
        for (path, why) in cases {
            assert_eq!(path.parse::<FilePath>(), Err(why), "{path:?}");
        }
        assert_eq!("x".repeat(201).parse::<FilePath>(), Err(PathError::TooLong));
    }

    proptest! {
        #[test]
        fn what_is_taken_stays_inside(path in "[./a\\\\~:]{0,12}") {
            if let Ok(path) = path.parse::<FilePath>() {
                let inside = std::path::Path::new(path.as_str())
                    .components()
                    .all(|part| matches!(part, std::path::Component::Normal(_)));
                prop_assert!(inside, "{path}");
            }
        }
    }
}
