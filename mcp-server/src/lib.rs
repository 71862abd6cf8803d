#![doc = include_str!("../README.md")]

mod call;
pub mod gate;
pub mod identity;
pub mod signing;
pub mod store;
pub mod trail;
