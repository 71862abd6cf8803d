//! The fields that this server sets of an object whatever else is to be: what somebody took away of them is seen, although the API
//! server notes nothing of it but that they are nobody's any more.

use manifest::annotation;

/// What holds the pods of a tentacle, and how they are made, as the API server names fields.
const OF_DEPLOYMENTS: [&str; 39] = [
    "spec.replicas",
    "spec.selector",
    "spec.progressDeadlineSeconds",
    "spec.revisionHistoryLimit",
    "spec.strategy.type",
    "spec.strategy.rollingUpdate.maxSurge",
    "spec.strategy.rollingUpdate.maxUnavailable",
    "spec.template.spec.automountServiceAccountToken",
    "spec.template.spec.enableServiceLinks",
    "spec.template.spec.dnsPolicy",
    "spec.template.spec.dnsConfig.nameservers",
    "spec.template.spec.terminationGracePeriodSeconds",
    "spec.template.spec.securityContext.runAsNonRoot",
    "spec.template.spec.securityContext.runAsUser",
    "spec.template.spec.securityContext.runAsGroup",
    "spec.template.spec.securityContext.seccompProfile.type",
    "spec.template.spec.containers[name=engine].image",
    "spec.template.spec.containers[name=engine].imagePullPolicy",
    "spec.template.spec.containers[name=engine].command",
    "spec.template.spec.containers[name=engine].args",
    "spec.template.spec.containers[name=engine].securityContext.allowPrivilegeEscalation",
    "spec.template.spec.containers[name=engine].securityContext.readOnlyRootFilesystem",
    "spec.template.spec.containers[name=engine].securityContext.runAsNonRoot",
    "spec.template.spec.containers[name=engine].securityContext.privileged",
    "spec.template.spec.containers[name=engine].securityContext.capabilities.drop",
    "spec.template.spec.containers[name=engine].securityContext.seccompProfile.type",
    "spec.template.spec.containers[name=engine].resources.limits.memory",
    "spec.template.spec.containers[name=engine].resources.limits.cpu",
    "spec.template.spec.containers[name=engine].resources.limits.ephemeral-storage",
    "spec.template.spec.containers[name=engine].resources.requests.memory",
    "spec.template.spec.containers[name=engine].resources.requests.cpu",
    "spec.template.spec.containers[name=engine].resources.requests.ephemeral-storage",
    "spec.template.spec.containers[name=engine].startupProbe.httpGet.path",
    "spec.template.spec.containers[name=engine].readinessProbe.httpGet.path",
    "spec.template.spec.containers[name=engine].livenessProbe.httpGet.path",
    "spec.template.spec.containers[name=engine].readinessProbe.periodSeconds",
    "spec.template.spec.containers[name=engine].readinessProbe.failureThreshold",
    "spec.template.spec.containers[name=engine].livenessProbe.periodSeconds",
    "spec.template.spec.containers[name=engine].livenessProbe.failureThreshold",
];

/// The same where pods are to be behind a runtime class.
const CLASS: &str = "spec.template.spec.runtimeClassName";

/// What an object says of what it is.
const SAID: [&str; 4] = [annotation::VERSION, annotation::NODES, annotation::SECRETS, annotation::STANDING];

const OF_POLICIES: [&str; 4] = ["spec.podSelector", "spec.policyTypes", "spec.ingress", "spec.egress"];

/// The fields of an object of this kind.
pub(super) fn set(kind: &str, has_class: bool) -> Vec<String> {
    let owned = |fields: &[&str]| fields.iter().map(|field| (*field).to_owned()).collect::<Vec<_>>();
    match kind {
        "Deployment" => {
            let mut fields = owned(&OF_DEPLOYMENTS);
            fields.extend(has_class.then(|| CLASS.to_owned()));
            fields.extend(SAID.map(|word| format!("metadata.annotations.{word}")));
            fields
        }
        "NetworkPolicy" => owned(&OF_POLICIES),
        _ => Vec::new(),
    }
}
