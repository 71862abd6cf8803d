//! From what is asked for to addresses that may be connected to: the contract first, the addresses after.

use crate::address::{Open, refused};
use crate::proxy::Session;
use crate::refusal::Refusal;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use wire::pass::{Destination, Pass, Speaks};

/// What somebody wants to reach.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Wanted {
    /// The host's name or address, in lower case.
    pub(crate) host: String,
    /// The port.
    pub(crate) port: u16,
}

/// What may be connected to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Permit {
    /// Every address that the name has, all of them looked at.
    pub(crate) addresses: Vec<SocketAddr>,
    /// What is spoken there.
    pub(crate) speaks: Speaks,
    /// Whether it is a host by its name, which TLS must name too.
    pub(crate) by_name: bool,
}

impl Wanted {
    /// `host:port`, as the contract's author writes it.
    pub(crate) fn shown(&self) -> String {
        if self.host.contains(':') {
            format!("[{}]:{}", self.host, self.port)
        } else {
            format!("{}:{}", self.host, self.port)
        }
    }

    fn address(&self) -> Option<IpAddr> {
        self.host.parse().ok()
    }

    /// How the contract says that it is spoken to; of several ways the one that is looked at least.
    pub(crate) fn declared(&self, pass: &Pass) -> Result<Speaks, Refusal> {
        let fits = |to: &Destination| match (to, self.address()) {
            (Destination::Host(host), None) => *host == self.host,
            // A contract may name a host by its address.
            (Destination::Host(host), Some(address)) => host.parse() == Ok(address),
            (Destination::Range(range), Some(address)) => range.contains(&address),
            (Destination::Range(_), None) => false,
        };
        let declared = pass.allow.iter().filter(|egress| fits(&egress.to));
        let here = declared.filter(|egress| egress.port.is_none_or(|port| port == self.port));
        here.map(|egress| egress.speaks).max().ok_or_else(|| Refusal::NotDeclared(self.shown()))
    }

    /// Looks at the contract, and then at every address of the host: one that is refused refuses all of them.
    pub(crate) async fn permit(&self, session: &Arc<Session>) -> Result<Permit, Refusal> {
        let Session { pass, gateway, .. } = session.as_ref();
        let speaks = self.declared(pass)?;
        let addresses = match self.address() {
            Some(address) => vec![address],
            None => self.resolve(session).await?,
        };
        let open = Open { private: &pass.private, loopback: gateway.bounds.allow_loopback };
        for address in &addresses {
            if let Some(kind) = refused(*address, open) {
                return Err(Refusal::Inside { host: self.host.clone(), address: *address, kind });
            }
        }
        let place = |address: IpAddr| SocketAddr::new(address.to_canonical(), self.port);
        let addresses = addresses.into_iter().map(place).collect();
        Ok(Permit { addresses, speaks, by_name: self.address().is_none() })
    }

    /// Asks for the addresses, once. A question that nobody waits for any more still takes its turn and its place, so that
    /// a tentacle whose names are answered slowly only holds up itself.
    async fn resolve(&self, session: &Arc<Session>) -> Result<Vec<IpAddr>, Refusal> {
        let (asking, host) = (Arc::clone(session), self.host.clone());
        let asked = tokio::spawn(async move {
            let _turn = asking.place.lookups.acquire().await.ok();
            asking.gateway.resolver.resolve(&host).await
        });
        let answered = tokio::time::timeout(session.gateway.bounds.connect, asked).await;
        let found = answered.map_err(|_| Refusal::Late("an answer about the name"))?;
        match found {
            Ok(Ok(found)) if !found.is_empty() => Ok(found),
            _ => Err(Refusal::Unresolved(self.host.clone())),
        }
    }
}

/// A way to speak, in a word.
pub(crate) const fn word(speaks: Speaks) -> &'static str {
    match speaks {
        Speaks::Tls => "https",
        Speaks::Http => "http",
        Speaks::Raw => "a protocol of its own",
    }
}
