//! From a name to addresses: asked once, and what was looked at is what is connected to.

use crate::gateway::GatewayError;
use async_trait::async_trait;
use std::collections::HashMap;
use std::fmt;
use std::io;
use std::net::IpAddr;
use std::path::Path;

/// What knows addresses.
#[async_trait]
pub trait Resolver: fmt::Debug + Send + Sync {
    /// The addresses of a host; none when nobody knows it.
    async fn resolve(&self, host: &str) -> io::Result<Vec<IpAddr>>;
}

/// Names with their addresses, as in `/etc/hosts`.
#[derive(Debug, Clone, Default)]
pub struct Hosts(HashMap<String, Vec<IpAddr>>);

impl Hosts {
    /// Reads a file: an address and its names a line, `#` begins a remark.
    ///
    /// # Errors
    /// When it cannot be read, or a line does not begin with an address.
    pub fn read(path: &Path) -> Result<Self, GatewayError> {
        let shown = path.display().to_string();
        let text = std::fs::read_to_string(path)
            .map_err(|error| GatewayError::Hosts(shown.clone(), error.to_string()))?;
        let mut hosts = Self::default();
        for line in text.lines() {
            let mut words = line.split('#').next().unwrap_or_default().split_whitespace();
            let Some(first) = words.next() else { continue };
            let address: IpAddr = first
                .parse()
                .map_err(|_| GatewayError::Hosts(shown.clone(), format!("`{first}` is no address")))?;
            for name in words {
                hosts.0.entry(name.to_ascii_lowercase()).or_default().push(address);
            }
        }
        Ok(hosts)
    }
}

/// The machine's own resolver, behind names that are known already.
#[derive(Debug)]
pub struct System {
    hosts: Hosts,
}

impl System {
    /// A resolver that knows these names by itself.
    #[must_use]
    pub fn new(hosts: Hosts) -> Self {
        Self { hosts }
    }
}

#[async_trait]
impl Resolver for System {
    async fn resolve(&self, host: &str) -> io::Result<Vec<IpAddr>> {
        if let Some(known) = self.hosts.0.get(host) {
            return Ok(known.clone());
        }
        // A name with a dot in it is a whole name: with one at its end, nobody tries it within the machine's or the
        // cluster's own domains first. The port is of no meaning here.
        let whole = if host.contains('.') { format!("{host}.") } else { host.to_owned() };
        let found = tokio::net::lookup_host((whole, 0)).await?;
        Ok(found.map(|address| address.ip()).collect())
    }
}
