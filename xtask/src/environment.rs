//! The environment variables by which tests, benchmarks and `tntc up` find what `xtask` set up for them.

use std::ffi::OsString;

/// A variable. `README.md` has the same table, and a test compares the two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Variable {
    /// The administrator's kubeconfig of a real control plane.
    Kubeconfig,
    /// The `kubectl` of the same version.
    Kubectl,
    /// What there is to know of a whole node.
    Node,
    /// Keycloak's base URL.
    Keycloak,
    /// The URL of a PostgreSQL superuser's database.
    Postgres,
    /// The Deno program.
    Deno,
    /// gVisor's program.
    Runsc,
    /// Bubblewrap's program.
    Bwrap,
    /// A program that needs no library, for images of sidecars.
    Busybox,
    /// A Python that has `slack_sdk` and `cryptography`.
    Python,
    /// The `node_modules` with Slack's clients for Node.
    NodeModules,
    /// A Python that has `kubernetes-validate` and `checkov`.
    Judges,
    /// The program `sops`.
    Sops,
    /// OpenSSH's `sshd`.
    Sshd,
    /// A library that moves the clock of the program that loads it.
    Faketime,
    /// The folder of the programs under test.
    BinDir,
    /// Set to `1` by `--full`.
    Full,
}

impl Variable {
    /// All of them.
    pub(crate) const ALL: [Self; 17] = [
        Self::Kubeconfig,
        Self::Kubectl,
        Self::Node,
        Self::Keycloak,
        Self::Postgres,
        Self::Deno,
        Self::Runsc,
        Self::Bwrap,
        Self::Busybox,
        Self::Python,
        Self::NodeModules,
        Self::Judges,
        Self::Sops,
        Self::Sshd,
        Self::Faketime,
        Self::BinDir,
        Self::Full,
    ];

    /// Its name.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Kubeconfig => "TENTACULAR_TEST_KUBECONFIG",
            Self::Kubectl => "TENTACULAR_TEST_KUBECTL",
            Self::Node => "TENTACULAR_TEST_NODE",
            Self::Keycloak => "TENTACULAR_TEST_KEYCLOAK",
            Self::Postgres => "TENTACULAR_TEST_POSTGRES",
            Self::Deno => "TENTACULAR_DENO",
            Self::Runsc => "TENTACULAR_RUNSC",
            Self::Bwrap => "TENTACULAR_BWRAP",
            Self::Busybox => "TENTACULAR_TEST_BUSYBOX",
            Self::Python => "TENTACULAR_TEST_PYTHON",
            Self::NodeModules => "TENTACULAR_TEST_NODE_MODULES",
            Self::Judges => "TENTACULAR_TEST_JUDGES",
            Self::Sops => "TENTACULAR_TEST_SOPS",
            Self::Sshd => "TENTACULAR_TEST_SSHD",
            Self::Faketime => "TENTACULAR_TEST_FAKETIME",
            Self::BinDir => "TENTACULAR_TEST_BIN_DIR",
            Self::Full => "TENTACULAR_TEST_FULL",
        }
    }
}

/// Variables with their values.
pub(crate) type Environment = Vec<(Variable, OsString)>;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_readme_has_exactly_these_variables() {
        let readme = include_str!("../README.md");
        let rows = readme.lines().filter_map(|line| line.strip_prefix("| `TENTACULAR_"));
        let documented: Vec<_> =
            rows.map(|row| format!("TENTACULAR_{}", row.split('`').next().unwrap())).collect();
        assert_eq!(documented, Variable::ALL.map(Variable::name));
    }
}
