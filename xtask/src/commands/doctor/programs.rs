//! Programs that are used as they are installed.

use std::path::PathBuf;
use std::process::Command;

use super::{Finding, State};
use crate::place::Place;
use crate::process;
use crate::servers;

/// How to find out about one.
struct Program {
    name: &'static str,
    /// The program and the arguments that make it print its version.
    version: (&'static str, &'static [&'static str]),
    /// The oldest version that will do, as major and minor; none asks for any.
    at_least: Option<(u32, u32)>,
    needed_for: &'static str,
    fix: &'static str,
}

const PROGRAMS: [Program; 11] = [
    Program {
        name: "rust",
        version: ("rustc", &["--version"]),
        at_least: Some((1, 95)),
        needed_for: "everything",
        fix: "rustup update stable",
    },
    Program {
        name: "git",
        version: ("git", &["--version"]),
        at_least: None,
        needed_for: "lint, and the git layer's tests",
        fix: "apt-get install git",
    },
    Program {
        name: "c compiler",
        version: ("cc", &["--version"]),
        at_least: None,
        needed_for: "build (SQLite, cryptography)",
        fix: "apt-get install build-essential",
    },
    Program {
        name: "go",
        version: ("go", &["version"]),
        at_least: Some((1, 26)),
        needed_for: "test: Kubernetes and gVisor are built from source",
        fix: "install Go 1.26 or newer from go.dev/dl",
    },
    Program {
        name: "java",
        version: ("java", &["--version"]),
        at_least: Some((17, 0)),
        needed_for: "test: Keycloak",
        fix: "apt-get install openjdk-17-jre-headless",
    },
    Program {
        name: "maven",
        version: ("mvn", &["-Dstyle.color=never", "--version"]),
        at_least: None,
        needed_for: "test: fetches Keycloak",
        fix: "apt-get install maven",
    },
    Program {
        name: "npm",
        version: ("npm", &["--version"]),
        at_least: None,
        needed_for: "up and test: fetches Deno, and Slack's clients for Node",
        fix: "apt-get install npm",
    },
    Program {
        name: "node",
        version: ("node", &["--version"]),
        at_least: Some((20, 0)),
        needed_for: "npm, and test: Slack's official clients",
        fix: "apt-get install nodejs",
    },
    Program {
        name: "python",
        version: ("python3", &["--version"]),
        at_least: Some((3, 9)),
        needed_for: "test: Slack's official client",
        fix: "apt-get install python3 python3-venv",
    },
    Program {
        name: "apt-get",
        version: ("apt-get", &["--version"]),
        at_least: None,
        needed_for: "fetching Bubblewrap and PostgreSQL where they are not installed",
        fix: "install bubblewrap and postgresql with this system's package manager",
    },
    Program {
        name: "chromium",
        version: ("chromium", &["--version"]),
        at_least: None,
        needed_for: "screenshots, which are no part of `test`",
        fix: "apt-get install chromium",
    },
];

/// All programs, and those that the servers find in their own ways.
pub(super) fn all(place: &Place) -> Vec<Finding> {
    let mut findings: Vec<Finding> = PROGRAMS.iter().map(look).collect();
    let found = |program: Option<PathBuf>, why, fix| match program {
        Some(program) => State::ok(program.display().to_string()),
        None => State::missing(why, fix),
    };
    findings.push(Finding {
        name: "deno",
        state: found(
            servers::deno(place),
            "not fetched yet",
            "nothing to do: `up` and `test` fetch it by npm",
        ),
        needed_for: "up and test: the runtime of tentacles",
    });
    findings.push(Finding {
        name: "postgresql",
        state: found(
            servers::postgres(),
            "no `initdb` found",
            "nothing to do: `test` unpacks Debian's package",
        ),
        needed_for: "test",
    });
    findings
}

fn look(program: &Program) -> Finding {
    let Program { name, version, at_least, needed_for, fix } = program;
    let (program, arguments) = version;
    let state = match process::answer(Command::new(program).args(*arguments)) {
        Some(text) => judge(&text, *at_least, fix),
        None => State::missing("not found, or it does not run", *fix),
    };
    Finding { name, state, needed_for }
}

/// What a program's own words about its version mean.
fn judge(text: &str, at_least: Option<(u32, u32)>, fix: &str) -> State {
    let first = text.lines().next().unwrap_or_default().trim();
    match at_least {
        Some(oldest) if number(first).is_none_or(|found| found < oldest) => {
            State::missing(format!("{first}, and {}.{} is needed", oldest.0, oldest.1), fix)
        }
        _ => State::ok(first),
    }
}

/// The first `major.minor` in a text.
fn number(text: &str) -> Option<(u32, u32)> {
    let digits = |character: char| !character.is_ascii_digit() && character != '.';
    text.split(digits).find_map(|word| {
        let mut parts = word.split('.');
        Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_from_what_programs_say() {
        assert_eq!(number("go version go1.26.8 linux/amd64"), Some((1, 26)));
        assert_eq!(number("openjdk 17.0.15 2025-04-15"), Some((17, 0)));
        assert_eq!(number("rustc 1.95.0 (59807616e 2026-04-14)"), Some((1, 95)));
        assert_eq!(number("no number"), None);
    }

    #[test]
    fn an_old_version_is_as_good_as_none() {
        let judge = |text| judge(text, Some((1, 26)), "install Go");
        assert_eq!(
            judge("go version go1.26.8 linux/amd64\nmore"),
            State::ok("go version go1.26.8 linux/amd64")
        );
        assert_eq!(judge("go version go2.0.1"), State::ok("go version go2.0.1"));
        for old in ["go version go1.9", "who knows"] {
            assert!(matches!(judge(old), State::Missing { .. }), "{old}");
        }
    }
}
