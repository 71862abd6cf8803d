//! A sandbox that is held to what was approved before, whatever its contract says.

use super::{Destination, Egress, Sandbox, SandboxNode};
use crate::contract::{Port, Transport};
use crate::part_name::PartName;
use crate::reach::{Contact, Reach};
use crate::secret_name::SecretName;
use crate::sidecar::Sidecar;

impl Sandbox {
    /// The same sandbox, of which every wall lets through only what `approved` has too. What code may ask for by name stays,
    /// so that it hears of what it lacks.
    #[must_use]
    pub fn within(&self, approved: &Reach) -> Self {
        let nodes: Vec<SandboxNode> = self.nodes.iter().map(|node| node.within(approved)).collect();
        Self {
            egress: nodes.iter().flat_map(|node| node.egress.iter().cloned()).collect(),
            secrets: nodes.iter().flat_map(|node| node.secrets.iter().cloned()).collect(),
            sidecars: self.sidecars.iter().filter(|sidecar| may_run(sidecar, approved)).cloned().collect(),
            modules: self.modules.within(approved),
            reach: self.reach.beyond(&self.reach.beyond(approved)),
            nodes,
            ..self.clone()
        }
    }

    /// The same sandbox without these secrets.
    #[must_use]
    pub fn without_secrets(&self, gone: &[String]) -> Self {
        let stays = |secret: &&SecretName| !gone.iter().any(|gone| gone == secret.as_str());
        let mut less = self.clone();
        less.secrets = self.secrets.iter().filter(stays).cloned().collect();
        for node in &mut less.nodes {
            node.secrets = node.secrets.iter().filter(stays).cloned().collect();
        }
        less
    }
}

impl SandboxNode {
    fn within(&self, approved: &Reach) -> Self {
        let secret = |secret: &&SecretName| {
            approved.has(&Contact::Secret { node: self.name.clone(), secret: (*secret).clone() })
        };
        let beside = |sidecar: &PartName| {
            approved.has(&Contact::Beside { node: self.name.clone(), sidecar: sidecar.clone() })
        };
        Self {
            egress: self
                .egress
                .iter()
                .filter(|egress| is_approved(&self.name, egress, approved))
                .cloned()
                .collect(),
            secrets: self.secrets.iter().filter(secret).cloned().collect(),
            sidecars: self.sidecars.iter().filter(|sidecar| beside(sidecar)).cloned().collect(),
            ..self.clone()
        }
    }
}

/// Whether a sidecar was approved as it is.
fn may_run(sidecar: &Sidecar, approved: &Reach) -> bool {
    let Sidecar { name, image, command, args, env, .. } = sidecar.clone();
    approved.has(&Contact::Sidecar { name, image, command, args, env })
}

fn is_approved(node: &PartName, egress: &Egress, approved: &Reach) -> bool {
    let Egress { to, port, speaks } = egress;
    match (to, port) {
        (Destination::Host(host), Some(port)) => {
            let (node, host) = (node.clone(), host.clone());
            approved.has(&Contact::Host { node, host, port: *port, speaks: *speaks })
        }
        // INVARIANT: a host has a port
        (Destination::Host(_), None) => false,
        (Destination::Range(range), port) => [Some(node.clone()), None].into_iter().any(|node| {
            let port = port.map(|number| Port { number, transport: Transport::Tcp });
            approved.has(&Contact::Range { node, range: *range, port, speaks: *speaks })
        }),
    }
}
