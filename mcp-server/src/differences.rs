//! Looks for what is not as it should be and tells each enclave's channel once: what somebody changed where a tentacle runs,
//! and what came into git and does not run. Nothing is deployed by itself.

mod by_hand;
mod in_git;
mod telling;

pub(crate) use by_hand::forever as follow_hands;
pub(crate) use in_git::forever as follow_git;
