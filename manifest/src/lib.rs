#![doc = include_str!("../README.md")]

mod access;
pub mod annotation;
pub mod audit;
mod namespace;
mod network;
mod quota;
mod render;
mod spec;
mod tentacle;

pub use access::{ENCLAVE_ROLE, ROLE_BINDING, role_binding, service_account};
pub use namespace::namespace;
pub use network::{allow_dns, default_deny};
pub use quota::{LIMITS, ParseQuotaError, QUOTA, QuotaPreset, Whole, limits, quota};
pub use render::{RenderError, render_all};
pub use spec::{EnclaveSpec, FIELD_MANAGER, Mirror, ServerAccount, Status};
pub use tentacle::{
    Behind, CONTAINER, ClusterSpec, PORT, Purpose, TentacleMirror, TentacleSpec, code, deployment,
    key_of_secret, name_of, policy, render_tentacle, supply, trial_pod,
};
