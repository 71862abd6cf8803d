//! What is to be made of a version.

use super::named::{Named, named};
use super::packed::PackedModules;
use crate::spec::ServerAccount;
use std::collections::BTreeMap;
use std::net::SocketAddrV4;
use workflow::{Bundle, ContentHash, RunTokenHash, Sandbox, SecretName, TentacleName};

/// The port on which an engine takes runs.
pub const PORT: u16 = 8080;

/// A version of a tentacle, as far as its objects tell of it.
#[derive(Debug)]
pub struct TentacleSpec<'a> {
    /// What everything is rendered from.
    pub sandbox: &'a Sandbox,
    /// The source.
    pub bundle: &'a Bundle,
    /// What the cluster gives.
    pub cluster: &'a ClusterSpec,
    /// Whoever has the token of this digest may run it.
    pub token: RunTokenHash,
    /// What the gateway is shown; none where nothing is reached.
    pub pass: Option<&'a str>,
    /// The values of its secrets.
    pub secrets: &'a BTreeMap<SecretName, String>,
    /// Its modules; none where its code imports none.
    pub modules: Option<&'a PackedModules>,
    /// A word that changes with whatever it is given and no object's name shows: then its pods are replaced.
    pub standing: &'a str,
    /// A word that changes with what a pass is made from besides the version.
    pub passing: &'a str,
    /// What it is made for.
    pub purpose: Purpose,
}

/// What a version is made for. All are made in the same way, behind the same walls, and under names of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// To serve.
    Serve,
    /// To be run once, and looked at ([`super::trial_pod`]).
    Trial,
    /// To have its modules fetched, by a pod in which nothing of it is ([`super::fetch_pod`]).
    Fetch,
}

impl Purpose {
    /// Which of a tentacle's versions an object is of, in its name and labels. A hash has no `o` in it, and no `m`.
    #[must_use]
    pub fn revision(self, version: &ContentHash) -> String {
        match self {
            Self::Serve => version.short(),
            Self::Trial => format!("o{}", version.short()),
            Self::Fetch => format!("m{}", version.short()),
        }
    }

    /// What an object of this revision was made for.
    #[must_use]
    pub fn of(revision: &str) -> Self {
        match revision.chars().next() {
            Some('o') => Self::Trial,
            Some('m') => Self::Fetch,
            _ => Self::Serve,
        }
    }
}

/// What is the same for all tentacles of a cluster.
#[derive(Debug, Clone)]
pub struct ClusterSpec {
    /// The engine's image, by digest.
    pub image: String,
    /// What holds code.
    pub behind: Behind,
    /// Where the egress gateway is; none where nothing gets out.
    pub gateway: Option<SocketAddrV4>,
    /// The server's account, in whose namespace server and gateway run.
    pub server: ServerAccount,
}

/// What stands between code and the node's kernel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Behind {
    /// The runtime class of a sandbox, such as gVisor's.
    RuntimeClass(String),
    /// The node's own container runtime. Every status says so.
    Nothing,
}

/// The name of the objects of a version that serves: at most 53 characters.
#[must_use]
pub fn name_of(tentacle: &TentacleName, version: &ContentHash) -> String {
    named(tentacle, &Purpose::Serve.revision(version))
}

impl TentacleSpec<'_> {
    /// The name of each of its objects.
    #[must_use]
    pub fn name(&self) -> String {
        self.named().name()
    }

    /// What its objects have in common.
    pub(super) fn named(&self) -> Named<'_> {
        Named::new(&self.sandbox.tentacle, &self.sandbox.version, self.purpose)
    }
}
