//! What is amiss with what is really in an enclave's namespace, whoever put it there. Pure: given what the cluster has, it
//! says what is wrong, in a sentence, and which command mends it.
//!
//! It is as strict as the objects that are made here: what Tentacular makes has no finding, and anything that is wider, or
//! that nobody deployed, has one.

mod account;
mod container;
mod finding;
mod found;
mod limits;
mod network;
mod peer;
mod pod_security;
mod quantity;
mod rights;
mod template;

pub use finding::{Finding, Severity};
pub use found::Found;
pub use limits::limits;
pub use network::network;
pub use pod_security::pod_security;
pub use quantity::thousandths;
pub use rights::rights;
pub use template::Template;
