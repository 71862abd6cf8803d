//! What was started for a run.

use std::ffi::OsStr;
use std::path::Path;
use std::process::Command;

use crate::environment::{Environment, Variable};
use crate::process::Serving;

/// What runs until this value is dropped, and how tests find it.
#[derive(Debug, Default)]
pub(crate) struct Running {
    pub(crate) environment: Environment,
    /// In the order in which they are ended.
    pub(super) serving: Vec<Serving>,
}

impl Running {
    pub(super) fn program(variable: Variable, path: &Path) -> Self {
        Self { environment: vec![(variable, path.into())], serving: Vec::new() }
    }

    /// Takes over what another one holds.
    pub(super) fn join(&mut self, other: Self) {
        self.environment.extend(other.environment);
        self.serving.extend(other.serving);
    }

    /// Where one thing is.
    pub(crate) fn get(&self, variable: Variable) -> Option<&OsStr> {
        self.environment.iter().find(|(it, _)| *it == variable).map(|(_, value)| value.as_os_str())
    }

    /// Tells a program where everything is, and nothing that was left in this process's own environment.
    pub(crate) fn tell(&self, command: &mut Command) {
        for variable in Variable::ALL {
            command.env_remove(variable.name());
        }
        command.envs(self.environment.iter().map(|(variable, value)| (variable.name(), value)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_is_told_what_runs_and_nothing_else() {
        let mut command = Command::new("test");
        Running::program(Variable::Deno, Path::new("/deno")).tell(&mut command);
        let told: Vec<_> = command.get_envs().filter_map(|(name, value)| Some((name, value?))).collect();
        assert_eq!(told, [(OsStr::new("TENTACULAR_DENO"), OsStr::new("/deno"))]);
        assert_eq!(command.get_envs().count(), Variable::ALL.len());
    }
}
