//! The tools, by whom or what they are about.

pub mod channel;
pub mod enclave;
pub mod person;
pub mod tentacle;
pub mod trail;
