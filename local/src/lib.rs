#![doc = include_str!("../README.md")]

mod assets;
mod away;
mod choosing;
mod config;
mod door;
mod issuer;
mod journal;
mod keep;
mod people;
mod random;
mod serve;
mod workspace;

pub use config::{Addresses, Config, ConfigError, Lifetimes, Timing};
pub use issuer::IssuerError;
pub use journal::JournalError;
pub use keep::{Credentials, KeepError};
pub use serve::{Error, Local, serve};
