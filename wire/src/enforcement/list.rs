//! The list itself: what holds each property on each backend, or why nothing does.

use super::{Held, Property, Walls};
use std::borrow::Cow::Borrowed;

/// Whether these walls hold a property, where nothing is missing that they need.
pub(super) const fn held(walls: Walls, property: Property) -> Held {
    match walls {
        Walls::Kubernetes => kubernetes(property),
        Walls::Runsc => machine(true, property),
        Walls::Bwrap => machine(false, property),
        Walls::Simulator => gap("it is a simulator, which runs no code"),
    }
}

const fn by(what: &'static str) -> Held {
    Held::Enforced(Borrowed(what))
}

const fn gap(why: &'static str) -> Held {
    Held::Gap(Borrowed(why))
}

const fn relies(by: &'static str, on: &'static str) -> Held {
    Held::Relies(Borrowed(by), Borrowed(on))
}

const fn kubernetes(property: Property) -> Held {
    match property {
        Property::OwnKernel => by("gVisor's, by the RuntimeClass"),
        Property::SystemCalls => by("gVisor's kernel, and no capabilities"),
        Property::NetworkDeclaredOnly => relies(
            "NetworkPolicies: the server comes in, the gateway is reached where the contract names anything",
            "whether the network keeps sandboxes to what is opened for them cannot be seen by this server",
        ),
        Property::HostsAndPorts => by("the gateway, by the signed pass"),
        Property::NoNameService => relies(
            "NetworkPolicies leave none; names of the contract lead to the engine",
            "whether the network keeps sandboxes to what is opened for them cannot be seen by this server",
        ),
        Property::ReadOnlyFiles => {
            by("a read-only image; source, plan, pass and secrets as read-only volumes")
        }
        Property::OthersFiles => by("the sandbox's own files are all there are"),
        Property::OthersProcesses => by("the sandbox's own processes are all there are"),
        Property::NoRights => by("user 65534, no capabilities, `restricted` Pod Security"),
        Property::NoCredentials => by("no account's token, and an environment of its own"),
        Property::Sidecars => by(
            "walls of its own within the same sandbox, with its image and the shared folder, without a pass",
        ),
        Property::MemoryLimit => by("the sandbox's limit, by the node"),
        Property::ProcessorLimit => by("the sandbox's limit, by the node"),
        Property::ProcessLimit => gap(
            "the nodes' limit (podPidsLimit) counts gVisor's processes, of which there can be fewer than a tentacle has: the \
             sandbox's memory limit holds",
        ),
        Property::DiskLimit => by("nothing to write to but memory, which is the sandbox's"),
        Property::OpenFiles | Property::MappedMemory => {
            gap("one process has no limit of its own: the sandbox's memory limit holds")
        }
        Property::LogSize => relies(
            "the node turns it over",
            "how much of a log the nodes keep is their own limit (containerLogMaxSize of the kubelet)",
        ),
        Property::RunTime => by("five seconds after the limit the sandbox is ended"),
        Property::OtherRuns => gap(
            "a run, or a sidecar, that uses up its sandbox's memory ends the sandbox, with the runs beside it",
        ),
        Property::EnclaveShare => by("ResourceQuota, LimitRange"),
    }
}

/// Why a run that uses up the memory is not alone.
const USES_UP: &str = "a run that uses up its sandbox's memory ends the sandbox, with the runs beside it";

/// One machine; what its two kinds of walls do not have in common is told apart.
const fn machine(gvisor: bool, property: Property) -> Held {
    match property {
        Property::OwnKernel if gvisor => by("gVisor's"),
        Property::OwnKernel => gap(
            "a tentacle calls this machine's own kernel, through a filter; a fault in what the filter lets through is a way \
             out",
        ),
        Property::SystemCalls if gvisor => by("gVisor's kernel, and no capabilities"),
        Property::SystemCalls => by("a list of the calls that Deno needs, and no capabilities"),
        Property::NetworkDeclaredOnly => by("none but loopback; the gateway by a socket"),
        Property::HostsAndPorts => by("the gateway, by the signed pass"),
        Property::NoNameService => by("no network; names of the contract lead to the engine"),
        Property::ReadOnlyFiles => by("a read-only root of what the engine needs"),
        Property::OthersFiles => by("what the engine needs is all there is"),
        Property::OthersProcesses => by("its own processes are all there are"),
        Property::NoRights => by("a user that is nobody, no capabilities"),
        Property::NoCredentials => by("an environment of its own; there are no accounts"),
        Property::Sidecars => {
            by("a sandbox of its own in the same network, with its image and the shared folder")
        }
        Property::ProcessLimit if gvisor => by("gVisor, which counts its own"),
        Property::MemoryLimit | Property::ProcessorLimit | Property::ProcessLimit => by("a control group"),
        Property::DiskLimit if gvisor => by("memory alone can be written to, and counts as the sandbox's"),
        Property::DiskLimit => by("nothing to write to but its socket's folder, of 64 KiB"),
        Property::MappedMemory if gvisor => {
            gap("gVisor bounds no mapping; what is used of it counts as the sandbox's memory")
        }
        Property::OpenFiles | Property::MappedMemory => by("rlimits"),
        Property::LogSize => by("two files of 1 MiB"),
        Property::RunTime => by("five seconds after the limit the sandbox is ended"),
        Property::OtherRuns if gvisor => gap(USES_UP),
        Property::OtherRuns => by("the kernel ends the run's process, which is the largest"),
        Property::EnclaveShare => by("a control group"),
    }
}
