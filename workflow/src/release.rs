//! What this release cannot run yet. It is refused in clear words, never deployed and left to fail.

use crate::contract::{Contract, Dependency, Port, Target, Transport, no_host};
use crate::problem::{Part, Position, Problems, Report, Rule};
use crate::sandbox::Speaks;
use crate::trigger::{Trigger, TriggerKind};
use crate::workflow::Workflow;
use ipnet::IpNet;
use std::net::IpAddr;

/// Within a sandbox nobody may listen below this port, where code would look for a service of this protocol.
const FIRST_FREE_PORT: u16 = 1024;

/// The length of the prefix of the widest range.
const WIDEST: u8 = 16;

type Reason = (&'static str, &'static str);

impl Workflow {
    /// Whether this release can run the workflow.
    ///
    /// # Errors
    /// Each part that it cannot run, and what that part waits for.
    pub fn supported_now(&self) -> Result<(), Problems> {
        not_yet(&self.triggers, &self.contract).finish(Some(()))
    }
}

/// Each part of a workflow that this release cannot run.
pub(crate) fn not_yet(triggers: &[Trigger], contract: &Contract) -> Report {
    let report = Report::default();
    let not_yet = |at: Position, part: Part, (what, why): Reason| {
        report.add(at, &part, Rule::NotYet { what, why });
    };
    for trigger in triggers {
        if let TriggerKind::Queue { .. } = trigger.kind {
            not_yet(
                trigger.at,
                Part::Trigger(trigger.index),
                ("queue triggers", "they need the message queue"),
            );
        }
    }
    for (at, part, reason) in egress(contract) {
        not_yet(at, part, reason);
    }
    report
}

/// What of a contract no gateway carries yet.
fn egress(contract: &Contract) -> impl Iterator<Item = (Position, Part, Reason)> {
    let dependencies = contract.dependencies.iter().filter_map(|(name, dependency)| {
        Some((dependency.at, Part::Dependency(name.to_string()), of_dependency(dependency)?))
    });
    let ranges = contract.additional_egress.iter();
    let ranges =
        ranges.filter_map(|more| Some((more.at, Part::Egress(more.index), of_range(more.to, &more.ports)?)));
    dependencies.chain(ranges)
}

impl Dependency {
    /// Why no contract can have it, in words; nothing where one can.
    pub(crate) fn refusal(&self) -> Option<String> {
        if let Target::Host { host, .. } = &self.target
            && let Some(why) = no_host(host)
        {
            return Some(why.to_owned());
        }
        of_dependency(self).map(|(what, why)| format!("{what} are refused: {why}"))
    }
}

fn of_dependency(dependency: &Dependency) -> Option<Reason> {
    match &dependency.target {
        Target::Platform => Some(("services of the platform", "they need the exoskeleton")),
        Target::Module { .. } => None,
        Target::Range { range, ports } => of_range(*range, ports),
        Target::Host { host, .. } if host.parse::<IpAddr>().is_ok() => {
            Some(("addresses as hosts", "the gateway knows hosts by their names: give the name"))
        }
        Target::Host { port, .. } => {
            let raw = Speaks::of(&dependency.protocol) == Speaks::Raw;
            let why = "within a sandbox only https and http reach ports below 1024";
            (raw && *port < FIRST_FREE_PORT).then_some(("such ports with protocols of their own", why))
        }
    }
}

/// The engine gives a node each address of a range by itself, because Deno knows no other way for a thread; the only other
/// choice there is to let code connect to everything.
fn of_range(range: IpNet, ports: &[Port]) -> Option<Reason> {
    match range {
        IpNet::V6(_) => {
            Some(("ranges of IPv6 addresses", "the engine cannot hold code to one: name the hosts"))
        }
        IpNet::V4(range) if range.prefix_len() < WIDEST => {
            let why = "the engine cannot hold code to one: name the hosts, or a smaller range";
            Some(("ranges of more than 65536 addresses", why))
        }
        IpNet::V4(_) => of_ports(ports),
    }
}

fn of_ports(ports: &[Port]) -> Option<Reason> {
    let udp = ports.iter().any(|port| port.transport == Transport::Udp);
    udp.then_some(("UDP", "the gateway carries TCP"))
}
