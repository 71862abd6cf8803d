//! The tools: one file each, a handler that asks the gate and then acts with what the gate gave it.

mod account_bind;
mod account_unlink;
mod audit_netpol;
mod audit_psa;
mod audit_rbac;
mod audit_resources;
mod audits;
pub(crate) mod bounds;
mod channel_map;
mod channel_report;
mod cluster_profile;
mod emergency;
pub(crate) mod enclave_accept;
mod enclave_deprovision;
mod enclave_drift;
mod enclave_freeze;
mod enclave_info;
mod enclave_invite;
mod enclave_list;
mod enclave_offer;
mod enclave_preflight;
mod enclave_provision;
mod enclave_review;
mod enclave_sync;
mod enclave_unfreeze;
mod entry;
mod health_cluster_summary;
mod health_enclave_usage;
mod health_nodes;
mod join_ask;
mod join_decide;
mod notices;
pub(crate) mod people;
mod proxy_status;
pub(crate) mod reach_approve;
mod reach_observe;
mod review_ask;
mod review_status;
mod secret_list;
mod secret_remove;
mod secret_set;
mod state_repair;
mod state_restorable;
mod state_restore;
mod state_status;
mod trail_tail;
mod wf_apply;
mod wf_compare;
mod wf_describe;
mod wf_events;
mod wf_health;
mod wf_health_enclave;
mod wf_history;
mod wf_jobs;
mod wf_list;
mod wf_logs;
mod wf_pods;
mod wf_remove;
mod wf_restart;
mod wf_run;
mod wf_set_mode;
mod wf_status;
mod wf_transfer;
mod whoami;
mod why;

pub(crate) use entry::{About, Catalogue, Effect, Entry, Handler, Repeat};

use wire::tools::approval::ReachApprove;
use wire::tools::audit::{AuditNetpol, AuditPsa, AuditRbac, AuditResources};
use wire::tools::channel::{ChannelMap, ChannelReport, Notices};
use wire::tools::cluster::{
    ClusterProfile, EnclavePreflight, HealthClusterSummary, HealthEnclaveUsage, HealthNodes, ProxyStatus,
};
use wire::tools::custody::{WfRestart, WfSetMode, WfTransfer};
use wire::tools::describe::WfDescribe;
use wire::tools::drift::{EnclaveDrift, StateRepair};
use wire::tools::enclave::{
    EnclaveDeprovision, EnclaveFreeze, EnclaveInfo, EnclaveList, EnclaveProvision, EnclaveSync,
    EnclaveUnfreeze,
};
use wire::tools::health::{WfHealth, WfHealthEnclave};
use wire::tools::history::{WfCompare, WfEvents, WfHistory};
use wire::tools::jobs::WfJobs;
use wire::tools::joining::{EnclaveInvite, JoinAsk, JoinDecide};
use wire::tools::logs::WfLogs;
use wire::tools::observe::ReachObserve;
use wire::tools::ownership::{EnclaveAccept, EnclaveOffer};
use wire::tools::person::{AccountBind, AccountUnlink, Whoami, Why};
use wire::tools::pods::WfPods;
use wire::tools::restore::{StateRestorable, StateRestore};
use wire::tools::review::{EnclaveReview, ReviewAsk, ReviewStatus};
use wire::tools::secret::{SecretList, SecretRemove, SecretSet};
use wire::tools::state::StateStatus;
use wire::tools::tentacle::{WfApply, WfList, WfRemove, WfRun, WfStatus};
use wire::tools::trail::TrailTail;

/// Every tool, in the order in which they are listed.
pub(crate) fn catalogue() -> Catalogue {
    Catalogue::new(vec![
        Entry::of::<Whoami>(),
        Entry::of::<Why>(),
        Entry::of::<AccountBind>(),
        Entry::of::<AccountUnlink>(),
        Entry::of::<EnclaveProvision>(),
        Entry::of::<EnclaveInfo>(),
        Entry::of::<EnclaveList>(),
        Entry::of::<EnclaveSync>(),
        Entry::of::<EnclaveDrift>(),
        Entry::of::<EnclaveReview>(),
        Entry::of::<EnclaveFreeze>(),
        Entry::of::<EnclaveUnfreeze>(),
        Entry::of::<EnclaveDeprovision>(),
        Entry::of::<EnclaveOffer>(),
        Entry::of::<EnclaveAccept>(),
        Entry::of::<EnclaveInvite>(),
        Entry::of::<JoinAsk>(),
        Entry::of::<JoinDecide>(),
        Entry::of::<WfApply>(),
        Entry::of::<WfRemove>(),
        Entry::of::<WfList>(),
        Entry::of::<WfStatus>(),
        Entry::of::<WfRun>(),
        Entry::of::<WfPods>(),
        Entry::of::<WfLogs>(),
        Entry::of::<WfDescribe>(),
        Entry::of::<WfHistory>(),
        Entry::of::<WfCompare>(),
        Entry::of::<WfEvents>(),
        Entry::of::<WfJobs>(),
        Entry::of::<WfHealth>(),
        Entry::of::<WfHealthEnclave>(),
        Entry::of::<AuditNetpol>(),
        Entry::of::<AuditPsa>(),
        Entry::of::<AuditRbac>(),
        Entry::of::<AuditResources>(),
        Entry::of::<ClusterProfile>(),
        Entry::of::<ProxyStatus>(),
        Entry::of::<EnclavePreflight>(),
        Entry::of::<HealthNodes>(),
        Entry::of::<HealthClusterSummary>(),
        Entry::of::<HealthEnclaveUsage>(),
        Entry::of::<WfRestart>(),
        Entry::of::<WfSetMode>(),
        Entry::of::<WfTransfer>(),
        Entry::of::<ReviewAsk>(),
        Entry::of::<ReviewStatus>(),
        Entry::of::<ReachApprove>(),
        Entry::of::<ReachObserve>(),
        Entry::of::<SecretSet>(),
        Entry::of::<SecretRemove>(),
        Entry::of::<SecretList>(),
        Entry::of::<StateStatus>(),
        Entry::of::<StateRepair>(),
        Entry::of::<StateRestorable>(),
        Entry::of::<StateRestore>(),
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
