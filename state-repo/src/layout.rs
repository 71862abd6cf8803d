//! Where things lie in a state repo, and what belongs to a tentacle. Nothing else knows it.

use crate::hostile::Hostile;
use workflow::{EnclaveName, FilePath, PathError, TentacleName};

/// The folder of the enclaves.
pub const ENCLAVES: &str = "enclaves";
/// The folder of what was given up.
pub const ARCHIVE: &str = "archive";
/// The file in an enclave's folder that the server writes.
pub const RECORD: &str = "enclave.yaml";

/// The folder beside a tentacle that has its secrets, encrypted.
pub(crate) const SECRETS: &str = ".secrets";
/// How the name of a file of secrets ends.
pub(crate) const ENCRYPTED: &str = ".enc.yaml";

/// The paths of a state repo, relative to its root, with `/` between the parts.
#[derive(Debug, Clone, Copy)]
pub struct Layout;

impl Layout {
    /// The parts of the path of a tentacle's folder.
    pub(crate) fn parts<'a>(enclave: &'a EnclaveName, tentacle: &'a TentacleName) -> [&'a str; 3] {
        [ENCLAVES, enclave.as_str(), tentacle.as_str()]
    }

    /// The folder of a tentacle: `enclaves/<enclave>/<tentacle>`.
    #[must_use]
    pub fn tentacle(enclave: &EnclaveName, tentacle: &TentacleName) -> String {
        Self::parts(enclave, tentacle).join("/")
    }

    /// The file with a tentacle's secrets of one service: `enclaves/<enclave>/<tentacle>/.secrets/<service>.enc.yaml`.
    #[must_use]
    pub fn secrets(enclave: &EnclaveName, tentacle: &TentacleName, service: &str) -> String {
        format!("{}/{SECRETS}/{service}{ENCRYPTED}", Self::tentacle(enclave, tentacle))
    }

    /// The folder of an enclave: `enclaves/<enclave>`.
    #[must_use]
    pub fn enclave(enclave: &EnclaveName) -> String {
        format!("{ENCLAVES}/{enclave}")
    }

    /// The record of an enclave: `enclaves/<enclave>/enclave.yaml`.
    #[must_use]
    pub fn record(enclave: &EnclaveName) -> String {
        format!("{ENCLAVES}/{enclave}/{RECORD}")
    }

    /// Where an enclave goes that is given up on `date`: `archive/<enclave>-<date>`.
    #[must_use]
    pub fn archived(enclave: &EnclaveName, date: jiff::civil::Date) -> String {
        format!("{ARCHIVE}/{enclave}-{date}")
    }
}

/// How the names end of what editors leave beside a file.
const LEFT_BY_EDITORS: [&str; 2] = ["~", ".swp"];
/// What is called so in a tentacle's folder is somebody's own: what tools put there, and what is only tried.
const NOBODY_S: [&str; 2] = ["node_modules", "scratch"];

/// What an entry of a tentacle's folder is, by its name alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Entry {
    /// A part of the tentacle.
    Part,
    /// It lies beside the tentacle and is none of it, such as `.secrets/` or `scratch/`.
    Beside,
}

impl Entry {
    /// Whether what is called so lies beside a tentacle, in whatever folder of it, and is none of it: what is hidden, and what editors
    /// and tools leave. Whoever reads a tentacle goes by this, on a disk and in git, and the `.gitignore` that a state repo begins
    /// with hides none but these.
    #[must_use]
    pub fn lies_beside(name: &str) -> bool {
        name.starts_with('.')
            || LEFT_BY_EDITORS.iter().any(|end| name.ends_with(end))
            || NOBODY_S.contains(&name)
    }

    /// What the entry `name` of the folder `within` (relative to the tentacle's, empty or ending in `/`) is.
    ///
    /// # Errors
    /// For a name that means something else on another machine, or to git itself.
    pub fn of(name: &[u8], within: &str) -> Result<Self, Hostile> {
        let path = || format!("{within}{}", String::from_utf8_lossy(name).escape_debug());
        let Ok(name) = std::str::from_utf8(name) else { return Err(Hostile::Name { path: path() }) };
        if name.contains('/') || matches!(name, "" | "." | "..") {
            return Err(Hostile::Name { path: path() });
        }
        if git_reads_it(name) {
            return Err(Hostile::GitFolder { path: path() });
        }
        if Self::lies_beside(name) {
            let shown = name.trim_end_matches('~');
            let odd = shown.chars().find(|c| !(c.is_ascii_alphanumeric() || "._-+@".contains(*c)));
            return match odd {
                Some(odd) => Err(Hostile::Path { path: path(), why: PathError::Character(odd) }),
                None => Ok(Self::Beside),
            };
        }
        match format!("{within}{name}").parse::<FilePath>() {
            Ok(_) => Ok(Self::Part),
            Err(why) => Err(Hostile::Path { path: path(), why }),
        }
    }
}

/// Whether some file system takes `name` for the folder in which git keeps its own: other letters' case, Windows' short
/// name, characters that macOS leaves out, what Windows cuts off at the end.
fn git_reads_it(name: &str) -> bool {
    let seen: String = name.chars().filter(|c| !left_out(*c)).collect::<String>().to_ascii_lowercase();
    let seen = seen.split(':').next().unwrap_or_default().trim_end_matches([' ', '.']);
    matches!(seen, ".git" | "git~1")
}

/// What HFS+ leaves out of names when it compares them.
fn left_out(c: char) -> bool {
    matches!(c, '\u{200c}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{206a}'..='\u{206f}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tentacle_and_an_archive_have_one_place_each() {
        let (enclave, tentacle) = ("price-watch".parse().unwrap(), "tea".parse().unwrap());
        assert_eq!(Layout::tentacle(&enclave, &tentacle), "enclaves/price-watch/tea");
        let date = jiff::civil::date(2026, 3, 9);
        assert_eq!(Layout::archived(&enclave, date), "archive/price-watch-2026-03-09");
    }

    #[test]
    fn hidden_files_lie_beside_a_tentacle() {
        for name in [
            ".secrets",
            ".secrets.yaml",
            ".gitkeep",
            ".env",
            "tea.ts~",
            ".tea.ts.swp",
            "a.swp",
            "node_modules",
            "scratch",
        ] {
            assert_eq!(Entry::of(name.as_bytes(), "").unwrap(), Entry::Beside, "{name}");
            assert_eq!(Entry::of(name.as_bytes(), "nodes/").unwrap(), Entry::Beside, "{name}");
        }
        assert!(Entry::of(b"a\nb~", "").is_err());
        for name in ["workflow.yaml", "scratch.ts", "from-scratch", "swp"] {
            assert_eq!(Entry::of(name.as_bytes(), "").unwrap(), Entry::Part, "{name}");
        }
        assert_eq!(Entry::of(b"tea.ts", "nodes/").unwrap(), Entry::Part);
    }

    /// The rule is in two languages, once for the readers and once for git.
    #[test]
    fn git_ignores_in_a_tentacle_s_folder_what_lies_beside_it_and_nothing_else() {
        let text = include_str!("../../state-repo-template/.gitignore");
        let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
        let secrets = format!("**/{SECRETS}/*");
        let versioned = format!("!{secrets}{ENCRYPTED}");
        let (hidden, others): (Vec<&str>, Vec<&str>) = lines
            .filter(|line| *line != secrets && *line != versioned)
            .partition(|line| line.starts_with('.'));
        assert!(hidden.iter().all(|name| Entry::lies_beside(name)), "{hidden:?}");
        // An enclave or a tentacle that is called so is seen.
        let within = ["/".to_owned(), format!("/{ENCLAVES}/*/*/**/"), format!("/{ARCHIVE}/*/*/**/")];
        let ends = LEFT_BY_EDITORS.iter().map(|end| format!("*{end}"));
        let named = within.iter().flat_map(|within| NOBODY_S.map(|name| format!("{within}{name}")));
        assert_eq!(others, ends.chain(named).collect::<Vec<_>>());
    }

    #[test]
    fn what_git_could_read_as_its_own_is_refused_however_it_is_written() {
        for name in [
            ".git",
            ".GIT",
            ".gIt",
            "git~1",
            "GIT~1",
            ".g\u{200c}it",
            ".git ",
            ".git.",
            ".git::$INDEX_ALLOCATION",
        ] {
            let refused = Entry::of(name.as_bytes(), "");
            assert!(matches!(refused, Err(Hostile::GitFolder { .. })), "{name:?}: {refused:?}");
        }
    }

    #[test]
    fn names_that_are_none_are_refused() {
        let names: [&[u8]; 8] = [b"", b".", b"..", b"a/b", b"../x", b"a\nb", b"\xff\xfe", b"a b"];
        for name in names {
            assert!(Entry::of(name, "").is_err(), "{name:?}");
        }
        // What is shown of it cannot steer a terminal.
        let told = Entry::of(b"a\n\x1b[2Jb", "").unwrap_err().to_string();
        assert!(!told.contains('\n') && !told.contains('\u{1b}'), "{told}");
    }
}
