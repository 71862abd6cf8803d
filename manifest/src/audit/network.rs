//! Whether nothing gets in or out but what Tentacular lets through. Policies only ever add: one too many is enough.

use super::finding::{Finding, Place, Severity, make, replace};
use super::found::Found;
use super::peer::{Way, wider};
use super::template::Template;
use crate::annotation::{MANAGED_BY, MANAGED_BY_LABEL};
use crate::network::{allow_dns, default_deny};
use crate::spec::EnclaveSpec;
use k8s_openapi::api::core::v1::Service;
use k8s_openapi::api::networking::v1::NetworkPolicy;

/// What is amiss with the network of an enclave.
#[must_use]
pub fn network(spec: &EnclaveSpec, found: &Found) -> Vec<Finding> {
    let own = [(default_deny(spec), &DENY), (allow_dns(spec), &DNS)];
    let mut findings: Vec<Finding> =
        own.iter().filter_map(|(own, words)| kept(spec, found, own, words)).collect();
    let names: Vec<&Option<String>> = own.iter().map(|(policy, _)| &policy.metadata.name).collect();
    for policy in found.policies.iter().filter(|policy| !names.contains(&&policy.metadata.name)) {
        findings.extend(of_policy(spec, found, policy));
    }
    findings.extend(found.services.iter().flat_map(|service| of_service(spec, service)));
    findings.extend(found.ingresses.iter().map(|ingress| {
        let place = Place::of(spec, ingress);
        let message =
            format!("the ingress `{}` leads from outside of the cluster into the enclave", place.name);
        place.finding("ingress-object", Severity::High, message, place.delete())
    }));
    findings
}

/// What is said of a policy of the enclave's own.
struct Words {
    missing: (&'static str, Severity, &'static str),
    changed: (&'static str, Severity, &'static str),
}

const DENY: Words = Words {
    missing: (
        "default-deny-missing",
        Severity::High,
        "the policy `default-deny` is gone: pods that no other policy names talk to everything",
    ),
    changed: (
        "default-deny-changed",
        Severity::High,
        "the policy `default-deny` was changed: it does not deny everything to every pod any more",
    ),
};

const DNS: Words = Words {
    missing: (
        "allow-dns-missing",
        Severity::Low,
        "the policy `allow-dns` is gone: pods cannot ask for names",
    ),
    changed: (
        "allow-dns-changed",
        Severity::High,
        "the policy `allow-dns` was changed: it allows something else than asking the cluster's name service",
    ),
};

/// Whether a policy of the enclave's own is there, and as it was made.
fn kept(spec: &EnclaveSpec, found: &Found, own: &NetworkPolicy, words: &Words) -> Option<Finding> {
    let place = Place::of(spec, own);
    let there = found.policies.iter().find(|policy| policy.metadata.name == own.metadata.name);
    let (rule, severity, message) = match there {
        None => words.missing,
        Some(there) if there.spec != own.spec => words.changed,
        Some(_) => return None,
    };
    let remedy = if there.is_none() { make(own) } else { replace(own) };
    Some(place.finding(rule, severity, message.to_owned(), remedy))
}

fn of_policy(spec: &EnclaveSpec, found: &Found, policy: &NetworkPolicy) -> Vec<Finding> {
    let rules = policy.spec.clone().unwrap_or_default();
    let selector = rules.pod_selector.clone().unwrap_or_default();
    let place = Place::of(spec, policy);
    // One that names other pods than those of the tentacle whose it says it is concerns all of them.
    let is_of_others = |template: &&Template| {
        template.is_selected_by(&selector) && template.tentacle() != place.tentacle.as_ref()
    };
    let place = match found.templates.iter().find(is_of_others) {
        Some(_) => place.of_tentacle(None),
        None => place,
    };
    let mut findings = Vec::new();
    let mut say = |(rule, severity, what): (&'static str, Severity, String)| {
        let message = format!("the policy `{}` {what}", place.name);
        findings.push(place.finding(rule, severity, message, place.delete()));
    };
    for rule in rules.ingress.iter().flatten() {
        let ports = rule.ports.as_deref().unwrap_or_default();
        wider(spec, Way::In, (rule.from.as_deref().unwrap_or_default(), ports))
            .into_iter()
            .for_each(&mut say);
    }
    for rule in rules.egress.iter().flatten() {
        let ports = rule.ports.as_deref().unwrap_or_default();
        wider(spec, Way::Out, (rule.to.as_deref().unwrap_or_default(), ports)).into_iter().for_each(&mut say);
    }
    if !found.templates.iter().any(|template| template.is_selected_by(&selector))
        && selector != Default::default()
    {
        let what =
            "selects no pod that is there or could be: whoever wrote it believes that it holds something";
        say(("selects-nothing", Severity::Low, what.to_owned()));
    }
    let labels = policy.metadata.labels.as_ref();
    let ours = labels.and_then(|labels| labels.get(MANAGED_BY_LABEL)).is_some_and(|by| by == MANAGED_BY);
    if findings.is_empty() && !ours {
        let message =
            format!("the policy `{}` is none of Tentacular's, and a policy only ever adds", place.name);
        findings.push(place.finding("foreign-policy", Severity::Low, message, place.delete()));
    }
    findings
}

fn of_service(spec: &EnclaveSpec, service: &Service) -> Vec<Finding> {
    let place = Place::of(spec, service);
    let of = service.spec.clone().unwrap_or_default();
    let mut findings = Vec::new();
    let mut say = |rule, what: String| {
        let message = format!("the service `{}` {what}", place.name);
        findings.push(place.finding(rule, Severity::High, message, place.delete()));
    };
    match of.type_.as_deref() {
        Some("NodePort") => {
            say("service-node-port", "opens a port of every node into the enclave".to_owned())
        }
        Some("LoadBalancer") => {
            say("service-load-balancer", "opens the enclave to whoever reaches its load balancer".to_owned());
        }
        Some("ExternalName") => {
            let to = of.external_name.unwrap_or_default();
            say("service-external-name", format!("gives `{to}` a name within the enclave"));
        }
        _ => {}
    }
    if let Some(addresses) = of.external_ips.filter(|addresses| !addresses.is_empty()) {
        say("service-external-address", format!("takes what is sent to {}", addresses.join(", ")));
    }
    findings
}
