//! Tools about whether what is really there is as it was made: on the cluster, or on the machine.

use crate::tool::{EnclaveRef, Page, list_or_null, tool};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use workflow::{EnclaveName, TentacleName};

tool!(
    /// Is the network of an enclave as closed as it was made?
    AuditNetpol = "audit_netpol": AuditArgs => AuditNetpolAnswer
);
tool!(
    /// Are pods held to what they were made for?
    AuditPsa = "audit_psa": AuditArgs => AuditAnswer
);
tool!(
    /// Does nobody have rights that they were not given?
    AuditRbac = "audit_rbac": AuditArgs => AuditAnswer
);
tool!(
    /// May nobody use more than was given, or is a tentacle as its contract says?
    AuditResources = "audit_resources": AuditResourcesArgs => AuditResourcesAnswer
);

/// Which enclave.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AuditArgs {
    /// The enclave.
    #[serde(flatten)]
    pub enclave: EnclaveRef,
    /// Which part of the findings.
    #[serde(flatten)]
    pub page: Page,
}

/// One thing that is amiss.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AuditFinding {
    /// `high`: a wall is down; `medium`: one is weaker than it was made; `low`: something is there that nobody needs.
    pub severity: String,
    /// Which rule is broken, in one word that stays the same.
    pub rule: String,
    /// Which object, such as `NetworkPolicy/allow-all`.
    pub object: String,
    /// The tentacle whose object it says it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tentacle: Option<String>,
    /// What is wrong, in a sentence.
    pub message: String,
    /// The same, under its older name.
    pub reason: String,
    /// The command that mends it.
    pub remediation: String,
}

/// What is amiss.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AuditAnswer {
    /// The enclave.
    pub enclave: EnclaveName,
    /// The same, under its older name.
    pub namespace: EnclaveName,
    /// Whether everything was looked at, and nothing is amiss.
    pub compliant: bool,
    /// What is amiss, the worst first.
    pub findings: Vec<AuditFinding>,
    /// How many findings there are on all pages.
    pub total: u64,
    /// Where the next page begins.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
    /// What was looked at.
    pub looked_at: Vec<String>,
    /// What was to be looked at and could not be: nobody knows how it is.
    pub unseen: Vec<String>,
    /// What this audit cannot see, here or ever.
    pub beyond: Vec<String>,
    /// Whether there are tentacles that you may not see. What is amiss with them is left out.
    pub others_left_out: bool,
}

/// What is amiss with the network.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AuditNetpolAnswer {
    /// What is amiss.
    #[serde(flatten)]
    pub audit: AuditAnswer,
    /// Whether everything is denied that nothing else allows.
    pub default_deny: bool,
}

/// Which enclave, or which of its tentacles.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AuditResourcesArgs {
    /// The enclave.
    #[serde(flatten)]
    pub enclave: EnclaveRef,
    /// One tentacle: then all that is there of it is looked at, and compared with its contract.
    #[serde(default, rename = "workflowName", skip_serializing_if = "Option::is_none")]
    pub workflow_name: Option<TentacleName>,
    /// What the caller believes that the tentacle has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected: Option<Expected>,
    /// Which part of the findings.
    #[serde(flatten)]
    pub page: Page,
}

/// What an earlier command line believes that a tentacle has, from the source before it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Expected {
    /// The secrets, each `service.key`.
    #[serde(default, deserialize_with = "list_or_null")]
    #[schemars(with = "Option<Vec<String>>")]
    pub secrets: Vec<String>,
    /// How many rules it would write for what goes out. It derives them in another way: told, not compared.
    #[serde(default)]
    pub egress_rule_count: u64,
    /// How many for what comes in. Told, not compared.
    #[serde(default)]
    pub ingress_rule_count: u64,
    /// How many schedules.
    #[serde(default)]
    pub cron_job_count: u64,
}

/// What is amiss with what may be used, or with a tentacle.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AuditResourcesAnswer {
    /// What is amiss.
    #[serde(flatten)]
    pub audit: AuditAnswer,
    /// `pass` or `fail`.
    pub overall: String,
    /// The tentacle, where one was asked for.
    #[serde(default, rename = "workflowName", skip_serializing_if = "Option::is_none")]
    pub workflow_name: Option<TentacleName>,
    /// What it may talk to.
    #[serde(default, rename = "networkPolicy", skip_serializing_if = "Option::is_none")]
    pub network_policy: Option<AuditPart>,
    /// Its secrets.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secrets: Option<AuditSecrets>,
    /// Its schedules.
    #[serde(default, rename = "cronJobs", skip_serializing_if = "Option::is_none")]
    pub cron_jobs: Option<AuditPart>,
}

/// One part of a tentacle's audit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AuditPart {
    /// `pass` or `fail`.
    pub status: String,
    /// Why, in a sentence.
    pub details: String,
}

/// The secrets of a tentacle.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AuditSecrets {
    /// `pass` or `fail`.
    pub status: String,
    /// What is needed and not set.
    pub missing: Vec<String>,
    /// What the running version has and the caller does not expect.
    pub extra: Vec<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_earlier_command_line_sends_is_understood() {
        let sent = r#"{"enclave":"a","workflowName":"hello","expected":{"secrets":null,"egressRuleCount":4,
            "ingressRuleCount":2,"cronJobCount":1}}"#;
        let read: AuditResourcesArgs = serde_json::from_str(sent).unwrap();
        let expected = read.expected.unwrap();
        assert_eq!((expected.secrets.len(), expected.egress_rule_count, expected.cron_job_count), (0, 4, 1));
        assert_eq!(read.workflow_name.unwrap().as_str(), "hello");
    }
}
