//! The tools: one file each, a handler that asks the gate and then acts with what the gate gave it.

mod account_bind;
pub(crate) mod bounds;
mod channel_map;
mod channel_report;
mod enclave_deprovision;
mod enclave_freeze;
mod enclave_info;
mod enclave_list;
mod enclave_provision;
mod enclave_sync;
mod enclave_unfreeze;
mod entry;
mod notices;
mod people;
mod trail_tail;
mod wf_apply;
mod wf_list;
mod wf_logs;
mod wf_remove;
mod wf_run;
mod wf_status;
mod whoami;
mod why;

pub(crate) use entry::{About, Catalogue, Effect, Entry, Handler, Repeat};

use wire::tools::channel::{ChannelMap, ChannelReport, Notices};
use wire::tools::enclave::{
    EnclaveDeprovision, EnclaveFreeze, EnclaveInfo, EnclaveList, EnclaveProvision, EnclaveSync,
    EnclaveUnfreeze,
};
use wire::tools::person::{AccountBind, Whoami, Why};
use wire::tools::tentacle::{WfApply, WfList, WfLogs, WfRemove, WfRun, WfStatus};
use wire::tools::trail::TrailTail;

/// Every tool, in the order in which they are listed.
pub(crate) fn catalogue() -> Catalogue {
    Catalogue::new(vec![
        Entry::of::<Whoami>(),
        Entry::of::<Why>(),
        Entry::of::<AccountBind>(),
        Entry::of::<EnclaveProvision>(),
        Entry::of::<EnclaveInfo>(),
        Entry::of::<EnclaveList>(),
        Entry::of::<EnclaveSync>(),
        Entry::of::<EnclaveFreeze>(),
        Entry::of::<EnclaveUnfreeze>(),
        Entry::of::<EnclaveDeprovision>(),
        Entry::of::<WfApply>(),
        Entry::of::<WfRemove>(),
        Entry::of::<WfList>(),
        Entry::of::<WfStatus>(),
        Entry::of::<WfRun>(),
        Entry::of::<WfLogs>(),
        Entry::of::<TrailTail>(),
        Entry::of::<ChannelReport>(),
        Entry::of::<ChannelMap>(),
        Entry::of::<Notices>(),
    ])
}

/// A tool with every action that it may ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ToolActions {
    /// The tool's name.
    pub tool: &'static str,
    /// The actions.
    pub actions: &'static [policy::Action],
}

/// Every tool with every action that it may ask for.
#[must_use]
pub fn tool_actions() -> Vec<ToolActions> {
    catalogue().entries().map(|entry| ToolActions { tool: entry.name, actions: entry.actions }).collect()
}
