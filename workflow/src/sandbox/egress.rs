//! What the egress gateway lets a sandbox reach.

use crate::contract::{Dependency, Port, Protocol, Target};
use ipnet::IpNet;
use serde::{Deserialize, Serialize};
use std::fmt;

/// One thing that a sandbox may connect to, through the gateway and in no other way.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Egress {
    /// Where to.
    pub to: Destination,
    /// The TCP port; `None` means every port, which only ranges have.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub port: Option<u16>,
    /// What is spoken there.
    pub speaks: Speaks,
}

/// A host by its name, or whatever lies within a range.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Destination {
    /// A host's name, in lower case. The gateway resolves it.
    Host(String),
    /// Any address of a range, by its number.
    Range(IpNet),
}

/// What is spoken: the gateway looks at the first bytes, and closes where it is something else.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Speaks {
    /// TLS, whose client names the host that was asked for.
    Tls,
    /// HTTP in clear, whose `Host` is the host that was asked for.
    Http,
    /// Whatever the two ends agree on.
    Raw,
}

impl Speaks {
    /// The one of which the gateway looks at most.
    pub(crate) const fn narrowest() -> Self {
        Self::Tls
    }

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
    pub(crate) const fn is_narrowest(&self) -> bool {
        matches!(self, Self::Tls)
    }

    /// What a protocol of the contract is for the gateway. PostgreSQL and NATS begin in clear and turn to TLS later, end
    /// to end, so that their first bytes tell nothing.
    #[must_use]
    pub const fn of(protocol: &Protocol) -> Self {
        match protocol {
            Protocol::Https | Protocol::Blob { .. } | Protocol::Jsr | Protocol::Npm => Self::Tls,
            Protocol::Http => Self::Http,
            Protocol::S3 | Protocol::Postgresql { .. } | Protocol::Nats { .. } | Protocol::Other(_) => {
                Self::Raw
            }
        }
    }
}

impl Egress {
    /// What a dependency adds.
    pub(crate) fn of(dependency: &Dependency) -> Vec<Self> {
        let speaks = Speaks::of(&dependency.protocol);
        match &dependency.target {
            Target::Host { host, port } => {
                vec![Self { to: Destination::Host(host.clone()), port: Some(*port), speaks }]
            }
            Target::Range { range, ports } => Self::of_range(*range, ports, speaks),
            // The platform's services are not in the internet, and modules are fetched when a tentacle is deployed.
            Target::Platform | Target::Module { .. } => Vec::new(),
        }
    }

    pub(crate) fn of_range(range: IpNet, ports: &[Port], speaks: Speaks) -> Vec<Self> {
        let to = Destination::Range(range.trunc());
        if ports.is_empty() {
            return vec![Self { to, port: None, speaks }];
        }
        ports.iter().map(|port| Self { to: to.clone(), port: Some(port.number), speaks }).collect()
    }
}

/// `shop.example:443`, as permission lists write it.
impl fmt::Display for Egress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.to {
            Destination::Host(host) => f.write_str(host)?,
            Destination::Range(IpNet::V6(range)) => write!(f, "[{range}]")?,
            Destination::Range(range) => write!(f, "{range}")?,
        }
        match self.port {
            Some(port) => write!(f, ":{port}"),
            None => Ok(()),
        }
    }
}
