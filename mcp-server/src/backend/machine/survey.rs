//! What this machine is, what is missing on it, and how much an enclave uses of it.

use super::Machine;
use super::enclave::{There, caps};
use crate::backend::survey::{
    Check, Cni, NetworkPolicySupport, Node, ResourceUse, Survey, Usage, check, warning,
};
use crate::store::EnclaveRecord;
use std::fs;
use std::path::Path;
use wire::enforcement::{Held, Property};

/// What says what a machine lacks.
const DOCTOR: &str = "cargo xtask doctor";

impl Machine {
    /// This machine, as the one node that it is.
    pub(super) fn surveyed(&self) -> Survey {
        let read =
            |path: &str| fs::read_to_string(path).map(|text| text.trim().to_owned()).unwrap_or_default();
        let kernel = read("/proc/sys/kernel/osrelease");
        let memory = read("/proc/meminfo")
            .lines()
            .find_map(|line| line.strip_prefix("MemTotal:")?.trim().strip_suffix(" kB")?.parse::<u64>().ok());
        let cores = std::thread::available_parallelism().map(usize::from).unwrap_or_default();
        let sandbox = self.workshop.parts.as_ref().map(|parts| parts.mason.kind.name());
        let problems = sandbox.as_ref().err().map(|why| format!("nothing runs here: {why}"));
        let node = Node {
            name: read("/proc/sys/kernel/hostname"),
            ready: sandbox.is_ok(),
            problems: problems.into_iter().collect(),
            kubelet_version: String::new(),
            container_runtime: sandbox.unwrap_or_default().to_owned(),
            os: read("/proc/sys/kernel/ostype"),
            arch: std::env::consts::ARCH.to_owned(),
            cpu: cores.to_string(),
            memory: memory.map(|kib| format!("{}Mi", kib / 1024)).unwrap_or_default(),
        };
        Survey {
            version: kernel,
            distribution: "machine".to_owned(),
            nodes: vec![node],
            gvisor: sandbox == Ok("runsc"),
            cni: Cni { name: "none".to_owned() },
            network_policy: NetworkPolicySupport {
                supported: true,
                details: "a sandbox has no network but its own loopback, and the egress gateway's socket"
                    .to_owned(),
            },
            ..Survey::default()
        }
    }

    /// What is missing on this machine.
    pub(super) fn missing(&self) -> Vec<Check> {
        let sandbox = self.workshop.parts.as_ref().err();
        let mut checks = vec![check("sandbox", sandbox.cloned(), DOCTOR)];
        if let Ok(parts) = &self.workshop.parts {
            let why = parts
                .gateway
                .as_ref()
                .as_ref()
                .err()
                .map(|why| format!("tentacles that reach something do not run: {why}"));
            checks.push(check("egress-gateway", why, "cargo build -p egress"));
            let kernel = |(property, held): (Property, &Held)| {
                (property == Property::OwnKernel && held.by().is_empty()).then(|| held.but().to_owned())
            };
            let behind = self.enforces.iter().find_map(kernel);
            checks.push(warning("gvisor-runtime", behind, DOCTOR));
        }
        for missing in self.groups.missing() {
            checks.push(warning("limits", Some(missing.gap().to_owned()), DOCTOR));
        }
        checks
    }

    /// What is missing of an enclave.
    pub(super) async fn missing_of(&self, record: &EnclaveRecord) -> Vec<Check> {
        let mend = format!("tntc enclave deprovision {0} && tntc enclave provision {0}", record.name);
        let there = match self.look(record).await {
            Ok(There::Ours) => None,
            Ok(_) => Some("its folder is not there, or another's".to_owned()),
            Err(error) => Some(error.to_string()),
        };
        let wrong = self.groups.amiss(Path::new(record.name.as_str()), &caps(record.quota));
        let wrong = (!wrong.is_empty()).then(|| wrong.join("; "));
        let share = format!("tntc enclave sync {} --quota {}", record.name, record.quota.name());
        vec![check("folder-exists", there, &mend), check("share", wrong, &share)]
    }

    /// How much of its share an enclave uses this moment.
    pub(super) fn used(&self, record: &EnclaveRecord) -> Usage {
        let (most, group) = (caps(record.quota), self.groups.group(Path::new(record.name.as_str())));
        let now = |files: &[&str]| {
            let all = group.folders().iter().flat_map(|folder| files.iter().map(|file| folder.join(file)));
            all.filter_map(|file| fs::read_to_string(file).ok()?.trim().parse::<u64>().ok()).max()
        };
        let mib = |bytes: u64| format!("{}Mi", bytes >> 20);
        let part = |used: u64, most: u64| (used.saturating_mul(1000) / most.max(1)) as f64 / 10.0;
        let memory = now(&["memory.current", "memory.usage_in_bytes"]).map(|used| ResourceUse {
            name: "memory".to_owned(),
            used: mib(used),
            limit: mib(most.memory),
            percent: part(used, most.memory),
        });
        let processes = now(&["pids.current"]).map(|used| ResourceUse {
            name: "processes".to_owned(),
            used: used.to_string(),
            limit: most.processes.to_string(),
            percent: part(used, most.processes),
        });
        let living =
            self.index.of(&record.name).iter().filter(|it| matches!(it.living(), Ok(Some(_)))).count();
        let sandboxes = ResourceUse {
            name: "sandboxes".to_owned(),
            used: living.to_string(),
            limit: "not limited".to_owned(),
            percent: 0.0,
        };
        Usage {
            resources: memory.into_iter().chain(processes).chain([sandboxes]).collect(),
            measured: "what the kernel counts this moment; sandboxes that nobody uses end by themselves",
            ..Usage::default()
        }
    }
}
