//! Where code within a sandbox finds what its contract names: addresses of the sandbox's own loopback, from which the engine
//! carries connections to the gateway.

use super::{Destination, Sandbox, Speaks};
use serde::Serialize;
use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddrV4};

/// The engine's HTTP proxy, by which whatever speaks HTTP goes out.
pub const PROXY: SocketAddrV4 = SocketAddrV4::new(Ipv4Addr::LOCALHOST, 3128);

/// A host that speaks a protocol of its own, and where the sandbox finds it: its name leads to `at`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Forward {
    /// The loopback address that stands for the host, the same for all its ports.
    pub at: Ipv4Addr,
    /// The host.
    pub host: String,
    /// The port.
    pub port: u16,
}

impl Sandbox {
    /// The hosts that are reached by their own name and protocol, in a fixed order.
    #[must_use]
    pub fn forwards(&self) -> Vec<Forward> {
        let raw = self.egress.iter().filter_map(|egress| match (&egress.to, egress.port, egress.speaks) {
            (Destination::Host(host), Some(port), Speaks::Raw) => Some((host.clone(), port)),
            _ => None,
        });
        let mut hosts: BTreeMap<String, Vec<u16>> = BTreeMap::new();
        for (host, port) in raw {
            hosts.entry(host).or_default().push(port);
        }
        // INVARIANT: a contract has at most 100 dependencies, so that the last part stays below 255
        let numbered = hosts.into_iter().zip(1_u8..);
        numbered
            .flat_map(|((host, ports), number)| {
                let at = Ipv4Addr::new(127, 0, 1, number);
                ports.into_iter().map(move |port| Forward { at, host: host.clone(), port })
            })
            .collect()
    }
}
