#![doc = include_str!("../README.md")]

mod bundle;
mod contract;
mod derived;
mod digest;
mod fields;
mod graph;
mod modules;
mod name;
mod nearest;
mod node;
mod observed;
mod part_name;
mod path;
mod problem;
mod reach;
mod release;
mod reserved;
mod sandbox;
pub mod scaffold;
pub mod schema;
mod secret_name;
mod sidecar;
mod stages;
mod trigger;
mod workflow;
mod yaml;

pub use bundle::{Bundle, BundleProblem, BundleProblems};
pub use contract::{AdditionalEgress, Auth, Contract, Dependency, Port, Protocol, Target, Transport};
pub use derived::TentacleRef;
pub use digest::{ContentHash, ParseHashError};
pub use graph::Edge;
pub use modules::{Module, ModuleRule, Modules, Registry, Unmet, unmet};
pub use name::{EnclaveName, NameError, TentacleName};
pub use node::Node;
pub use observed::{Attempt, Finding, Proposal, Proposed};
pub use part_name::{PartName, PartNameError};
pub use path::{FilePath, PathError};
pub use problem::{Part, Position, Problem, Problems, Rule};
pub use reach::{Contact, Reach};
pub use sandbox::{
    Destination, ENVIRONMENT, Egress, FIXTURES, Facts, Fetching, Forward, Gateway, Layout, LayoutError,
    Limits, Listen, PROXY, Plan, RunTokenHash, Sandbox, SandboxDependency, SandboxNode, Speaks, Unpacking,
    derive,
};
pub use secret_name::{SecretName, SecretNameError};
pub use sidecar::{Amounts, Sidecar, SidecarProtocol};
pub use trigger::{Cron, Schedule, ScheduleError, Scheme, Trigger, TriggerKind, Webhook};
pub use workflow::{Config, Metadata, Version, Workflow};
