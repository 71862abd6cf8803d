//! How much an enclave may use and hold.

use crate::spec::EnclaveSpec;
use k8s_openapi::api::core::v1::{
    LimitRange, LimitRangeItem, LimitRangeSpec, ResourceQuota, ResourceQuotaSpec,
};
use k8s_openapi::apimachinery::pkg::api::resource::Quantity;
use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

/// The quota's name.
pub const QUOTA: &str = "tentacular-quota";
/// The limit range's name.
pub const LIMITS: &str = "tentacular-limits";

/// The size of an enclave.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum QuotaPreset {
    /// A few tentacles: 2 processors, 2 GiB, 10 pods.
    Small,
    /// The default: 4 processors, 8 GiB, 20 pods.
    #[default]
    Medium,
    /// Many tentacles: 8 processors, 16 GiB, 50 pods.
    Large,
}

/// Why a text is not a size.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("this is not a size of an enclave: use `small`, `medium` or `large`")]
pub struct ParseQuotaError;

/// What all of an enclave may use together, wherever it runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Whole {
    /// Processors.
    pub processors: u32,
    /// GiB of memory.
    pub memory_gib: u32,
    /// Pods, or what stands for them.
    pub pods: u32,
}

/// The numbers behind a size.
struct Size {
    /// Processors of all pods together, and of one container.
    cpu: (u32, u32),
    /// GiB of memory of all pods together, and of one container.
    memory: (u32, u32),
    /// GiB of the nodes' own disks that all pods may fill together.
    scratch: u32,
    pods: u32,
    /// GiB of all claims together.
    storage: u32,
    /// Services, claims, and other objects that pods have a few of.
    objects: u32,
    /// ConfigMaps, and as many Secrets: several for each version of each tentacle.
    content: u32,
}

impl QuotaPreset {
    /// Every size, the smallest first.
    pub const ALL: [Self; 3] = [Self::Small, Self::Medium, Self::Large];

    /// The name, e.g. `small`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Small => "small",
            Self::Medium => "medium",
            Self::Large => "large",
        }
    }

    /// What all of an enclave may use together.
    #[must_use]
    pub const fn whole(self) -> Whole {
        let Size { cpu, memory, pods, .. } = self.size();
        Whole { processors: cpu.0, memory_gib: memory.0, pods }
    }

    const fn size(self) -> Size {
        match self {
            Self::Small => Size {
                cpu: (2, 1),
                memory: (2, 1),
                scratch: 10,
                pods: 10,
                storage: 10,
                objects: 20,
                content: 100,
            },
            Self::Medium => Size {
                cpu: (4, 2),
                memory: (8, 2),
                scratch: 20,
                pods: 20,
                storage: 50,
                objects: 40,
                content: 200,
            },
            Self::Large => Size {
                cpu: (8, 4),
                memory: (16, 4),
                scratch: 50,
                pods: 50,
                storage: 100,
                objects: 100,
                content: 500,
            },
        }
    }
}

impl FromStr for QuotaPreset {
    type Err = ParseQuotaError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|preset| preset.name() == text).ok_or(ParseQuotaError)
    }
}

impl fmt::Display for QuotaPreset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What all of the enclave may use and hold together.
#[must_use]
pub fn quota(spec: &EnclaveSpec) -> ResourceQuota {
    let size = spec.quota.size();
    let hard = [
        ("limits.cpu", size.cpu.0.to_string()),
        ("limits.memory", gib(size.memory.0)),
        ("limits.ephemeral-storage", gib(size.scratch)),
        ("requests.cpu", size.cpu.0.to_string()),
        ("requests.memory", gib(size.memory.0)),
        ("pods", size.pods.to_string()),
        ("requests.storage", gib(size.storage)),
        ("persistentvolumeclaims", size.objects.to_string()),
        ("services", size.objects.to_string()),
        // an enclave serves nothing to the outside
        ("services.loadbalancers", "0".to_owned()),
        ("services.nodeports", "0".to_owned()),
        ("configmaps", size.content.to_string()),
        ("secrets", size.content.to_string()),
        ("count/deployments.apps", size.pods.to_string()),
        // the versions before the running one stay a while
        ("count/replicasets.apps", (size.pods * 4).to_string()),
        ("count/jobs.batch", size.pods.to_string()),
        ("count/cronjobs.batch", size.pods.to_string()),
    ];
    ResourceQuota {
        metadata: spec.meta(QUOTA),
        spec: Some(ResourceQuotaSpec { hard: Some(quantities(hard)), ..ResourceQuotaSpec::default() }),
        ..ResourceQuota::default()
    }
}

/// What one container has when it does not say, and what it may have at most.
#[must_use]
pub fn limits(spec: &EnclaveSpec) -> LimitRange {
    let size = spec.quota.size();
    let container = LimitRangeItem {
        type_: "Container".to_owned(),
        default: Some(quantities([
            ("cpu", "500m".to_owned()),
            ("memory", "256Mi".to_owned()),
            ("ephemeral-storage", "512Mi".to_owned()),
        ])),
        default_request: Some(quantities([
            ("cpu", "100m".to_owned()),
            ("memory", "64Mi".to_owned()),
            ("ephemeral-storage", "64Mi".to_owned()),
        ])),
        max: Some(quantities([
            ("cpu", size.cpu.1.to_string()),
            ("memory", gib(size.memory.1)),
            ("ephemeral-storage", gib(2)),
        ])),
        ..LimitRangeItem::default()
    };
    let claim = LimitRangeItem {
        type_: "PersistentVolumeClaim".to_owned(),
        max: Some(quantities([("storage", gib(size.storage))])),
        ..LimitRangeItem::default()
    };
    LimitRange { metadata: spec.meta(LIMITS), spec: Some(LimitRangeSpec { limits: vec![container, claim] }) }
}

fn gib(count: u32) -> String {
    format!("{count}Gi")
}

fn quantities<const N: usize>(pairs: [(&str, String); N]) -> BTreeMap<String, Quantity> {
    pairs.into_iter().map(|(name, amount)| (name.to_owned(), Quantity(amount))).collect()
}
