#![doc = include_str!("../README.md")]

pub mod assertion;
pub mod canonical;
#[cfg(feature = "client")]
pub mod client;
pub mod enforcement;
mod failure;
pub mod loopback;
pub mod meta;
#[cfg(feature = "openid")]
pub mod openid;
pub mod pass;
#[cfg(feature = "seal")]
pub mod seal;
pub mod signing;
pub mod step;
mod tool;
pub mod tools;
pub mod trail;

pub use failure::{Failure, FailureAnswer, FailureCode};
pub use tool::{ConflictingNames, EnclaveRef, Nothing, Page, Tool};
