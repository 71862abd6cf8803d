#![doc = include_str!("../README.md")]

mod derived;
mod name;
mod reserved;

pub use derived::TentacleRef;
pub use name::{EnclaveName, NameError, TentacleName};
