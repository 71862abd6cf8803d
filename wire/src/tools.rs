//! The tools, by whom or what they are about.

pub mod approval;
pub mod audit;
pub mod channel;
pub mod cluster;
pub mod custody;
pub mod describe;
pub mod drift;
pub mod enclave;
pub mod health;
pub mod history;
pub mod jobs;
pub mod joining;
pub mod logs;
pub mod observe;
pub mod ownership;
pub mod person;
pub mod pods;
pub mod restore;
pub mod review;
pub mod secret;
pub mod state;
pub mod tentacle;
pub mod trail;
