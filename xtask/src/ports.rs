//! Free ports on loopback, for servers that cannot choose one themselves.

use std::net::{Ipv4Addr, TcpListener};

use anyhow::{Context as _, Result};

/// `N` different ports that were free a moment ago. They are held together until all are known, so that none comes
/// twice; a stranger may still take one before the server does, and then the server says so in its log.
pub(crate) fn free<const N: usize>() -> Result<[u16; N]> {
    let mut held = Vec::with_capacity(N);
    let mut ports = [0; N];
    for port in &mut ports {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("no free port on loopback")?;
        *port = listener.local_addr()?.port();
        held.push(listener);
    }
    Ok(ports)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn the_ports_are_different_and_free() {
        let ports: [u16; 20] = free().unwrap();
        assert_eq!(HashSet::from(ports).len(), 20);
        let held: Vec<_> = ports.map(|port| TcpListener::bind((Ipv4Addr::LOCALHOST, port)).unwrap()).into();
        assert_eq!(held.len(), 20);
    }
}
