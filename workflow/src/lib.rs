#![doc = include_str!("../README.md")]

mod name;
mod reserved;

pub use name::{EnclaveName, NameError, TentacleName};
