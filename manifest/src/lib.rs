#![doc = include_str!("../README.md")]

mod access;
pub mod annotation;
pub mod audit;
mod fields;
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
    Behind, CONTAINER, ClusterSpec, FetchSpec, MirrorChange, PART, PORT, PackedModules, Purpose, RECORD,
    TentacleMirror, TentacleSpec, UNPACKER, code, deployment, fetch_pod, fetch_policy, fetch_supply,
    key_of_secret, modules, modules_name, name_of, policy, render_fetch, render_tentacle, set_of, supply,
    trial_pod, version_of,
};
