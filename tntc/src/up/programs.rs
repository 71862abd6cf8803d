//! The programs of others that tentacles need: Deno, which runs them, and a sandbox around it.

use std::env;
use std::ffi::OsString;
use std::path::PathBuf;

/// A program, the variable that names it, and how it is had.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Program {
    Deno,
    Runsc,
    Bwrap,
}

impl Program {
    const fn name(self) -> &'static str {
        match self {
            Self::Deno => "deno",
            Self::Runsc => "runsc",
            Self::Bwrap => "bwrap",
        }
    }

    const fn variable(self) -> &'static str {
        match self {
            Self::Deno => "TENTACULAR_DENO",
            Self::Runsc => "TENTACULAR_RUNSC",
            Self::Bwrap => "TENTACULAR_BWRAP",
        }
    }

    fn find(self) -> Result<Option<PathBuf>, ProgramsError> {
        let Some(named) = env::var_os(self.variable()).filter(|value| !value.is_empty()) else {
            return Ok(which::which(self.name()).ok());
        };
        let path = PathBuf::from(named);
        match which::which(&path) {
            Ok(found) => Ok(Some(found)),
            Err(_) => Err(ProgramsError::Wrong { variable: self.variable(), path }),
        }
    }
}

/// Why tentacles could not be run.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ProgramsError {
    /// A variable names something else.
    #[error("{variable} is `{path}`, and there is no such program")]
    Wrong {
        /// The variable.
        variable: &'static str,
        /// What it says.
        path: PathBuf,
    },
    /// Deno is missing.
    #[error(
        "Deno is not installed, and tentacles run on it; get it by `npm install --global deno` or from https://deno.com, \
         or start with `cargo xtask up`, which brings it along"
    )]
    NoDeno,
    /// No sandbox is there.
    #[error(
        "no sandbox is installed, and without one no code is run; get one by `apt-get install bubblewrap` (or your system's \
         word for it), or gVisor's `runsc` from https://gvisor.dev"
    )]
    NoSandbox,
}

/// The programs that were found, by the variables under which the server takes them.
#[derive(Debug)]
pub(crate) struct Programs(Vec<(&'static str, PathBuf)>);

impl Programs {
    /// The variables for the server.
    pub(crate) fn variables(&self) -> impl Iterator<Item = (OsString, OsString)> {
        self.0.iter().map(|(variable, path)| (OsString::from(variable), path.clone().into_os_string()))
    }
}

/// Finds them: where the variables say, else on the PATH.
pub(super) fn find() -> Result<Programs, ProgramsError> {
    let found = [Program::Deno, Program::Runsc, Program::Bwrap].map(|program| (program, program.find()));
    let mut programs = Vec::new();
    for (program, path) in found {
        match (program, path?) {
            (_, Some(path)) => programs.push((program.variable(), path)),
            (Program::Deno, None) => return Err(ProgramsError::NoDeno),
            (Program::Runsc | Program::Bwrap, None) => {}
        }
    }
    if programs.len() < 2 { Err(ProgramsError::NoSandbox) } else { Ok(Programs(programs)) }
}
