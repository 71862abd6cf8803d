#![doc = include_str!("../README.md")]

mod action;
mod decide;
mod explain;
mod facts;
mod mode;
mod preset;
mod principal;
mod table;

pub use action::Action;
pub use decide::{Allowed, Decision, Denied, ENCLAVES_PER_OWNER, Layer, Question, decide};
pub use explain::{Explanation, Names, explain};
pub use facts::{
    Account, Bond, Channel, Enclave, Frozen, NewEnclave, Standing, State, Target, Tentacle, VisitorBecause,
};
pub use mode::{Class, Mode, ParseModeError, Right};
pub use preset::{Preset, describe, parse_mode};
pub use principal::{Continuation, Operator, Principal, Scope, Scopes};
pub use table::{Person, Rule, Service, States, TABLE};
