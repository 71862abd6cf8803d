//! Who may do what in the enclave's namespace: the server a little, and nobody else anything.

use super::finding::{Finding, Place, Severity, make, quoted, renew};
use super::found::Found;
use crate::access::{role_binding, service_account};
use crate::spec::EnclaveSpec;
use k8s_openapi::api::core::v1::ServiceAccount;
use k8s_openapi::api::rbac::v1::{ClusterRoleBinding, PolicyRule, Role, RoleBinding, Subject};

/// Roles of every cluster that let their holder change, or read, everything.
const POWERFUL: [&str; 3] = ["cluster-admin", "admin", "edit"];

/// What is amiss with the rights in an enclave.
#[must_use]
pub fn rights(spec: &EnclaveSpec, found: &Found) -> Vec<Finding> {
    let mut findings: Vec<Finding> = of_server(spec, found).into_iter().collect();
    let own = role_binding(spec).metadata.name;
    let foreign = found.role_bindings.iter().filter(|binding| binding.metadata.name != own);
    findings.extend(foreign.map(|binding| of_binding(spec, binding)));
    findings.extend(found.roles.iter().map(|role| of_role(spec, role)));
    findings
        .extend(found.cluster_role_bindings.iter().filter_map(|binding| of_cluster_binding(spec, binding)));
    findings.extend(found.accounts.iter().filter_map(|account| of_account(spec, account)));
    findings
}

/// The server's own rights: it needs them for everything else here.
fn of_server(spec: &EnclaveSpec, found: &Found) -> Option<Finding> {
    let own = role_binding(spec);
    let place = Place::of(spec, &own);
    let there = found.role_bindings.iter().find(|binding| binding.metadata.name == own.metadata.name);
    let Some(there) = there else {
        let message =
            "the server has no rights in this namespace any more: it can neither change nor check it";
        return Some(place.finding("server-rights-missing", Severity::High, message.to_owned(), make(&own)));
    };
    let same = there.role_ref == own.role_ref && there.subjects == own.subjects;
    (!same).then(|| {
        let whom = subjects(there.subjects.as_deref());
        let message = format!(
            "the binding `{}` gives `{}` to {whom}, and is to give `{}` to the server alone",
            place.name, there.role_ref.name, own.role_ref.name
        );
        place.finding("server-rights-changed", Severity::High, message, renew(&own))
    })
}

fn of_binding(spec: &EnclaveSpec, binding: &RoleBinding) -> Finding {
    let place = Place::of(spec, binding);
    let (role, whom) = (&binding.role_ref, subjects(binding.subjects.as_deref()));
    let message = format!("`{}` gives {whom} the role `{}` in the enclave", place.name, role.name);
    let powerful = role.kind == "ClusterRole" && POWERFUL.contains(&role.name.as_str());
    let (rule, severity) = match (powerful, role.name.as_str()) {
        (true, "cluster-admin") => ("bound-to-cluster-admin", Severity::High),
        (true, _) => ("bound-to-powerful-role", Severity::High),
        _ => ("foreign-role-binding", Severity::Medium),
    };
    place.finding(rule, severity, message, place.delete())
}

fn of_role(spec: &EnclaveSpec, role: &Role) -> Finding {
    let place = Place::of(spec, role);
    let worst = role.rules.iter().flatten().flat_map(dangers).min_by_key(|(_, severity, _)| *severity);
    let (rule, severity, what) = worst.unwrap_or((
        "foreign-role",
        Severity::Low,
        "is none of Tentacular's: nothing in an enclave needs a role".to_owned(),
    ));
    place.finding(rule, severity, format!("the role `{}` {what}", place.name), place.delete())
}

type Danger = (&'static str, Severity, String);

/// What a rule gives that nobody in an enclave may have.
fn dangers(rule: &PolicyRule) -> Vec<Danger> {
    let resources = rule.resources.as_deref().unwrap_or_default();
    let has = |list: &[String], wanted: &str| list.iter().any(|word| word == wanted || word == "*");
    let any = |list: &[String], wanted: &[&str]| {
        wanted.iter().find(|word| has(list, word)).map(|word| (*word).to_owned())
    };
    let mut dangers = Vec::new();
    if rule.verbs.iter().any(|verb| verb == "*") {
        let of = resources.join(", ");
        dangers.push(("wildcard-verbs", Severity::High, format!("may do everything with {of}")));
    } else if resources.iter().any(|resource| resource == "*") {
        let verbs = rule.verbs.join(", ");
        dangers.push((
            "wildcard-resources",
            Severity::High,
            format!("may {verbs} everything in the enclave"),
        ));
    } else if has(resources, "secrets") && any(&rule.verbs, &["get", "list", "watch"]).is_some() {
        dangers.push(("reads-secrets", Severity::High, "may read the secrets of every tentacle".to_owned()));
    }
    let inside = ["pods/exec", "pods/attach", "pods/portforward", "pods/ephemeralcontainers", "pods/proxy"];
    if let Some(inside) = any(resources, &inside) {
        dangers.push(("enters-pods", Severity::High, format!("may go into running pods, by `{inside}`")));
    }
    if let Some(verb) = any(&rule.verbs, &["escalate", "bind", "impersonate"]) {
        dangers.push(("widens-rights", Severity::High, format!("may `{verb}`, and so give itself more")));
    }
    if has(resources, "serviceaccounts/token") {
        dangers.push(("makes-tokens", Severity::High, "may make tokens of accounts".to_owned()));
    }
    dangers
}

/// A binding of the whole cluster that reaches whoever runs here.
fn of_cluster_binding(spec: &EnclaveSpec, binding: &ClusterRoleBinding) -> Option<Finding> {
    let namespace = spec.name.as_str();
    let group = format!("system:serviceaccounts:{namespace}");
    let powerful = POWERFUL.contains(&binding.role_ref.name.as_str());
    let everybody = ["system:serviceaccounts", "system:authenticated", "system:unauthenticated"];
    let reaches = |subject: &Subject| match subject.kind.as_str() {
        "ServiceAccount" => subject.namespace.as_deref() == Some(namespace),
        "Group" => subject.name == group || (powerful && everybody.contains(&subject.name.as_str())),
        _ => false,
    };
    let reached: Vec<&Subject> =
        binding.subjects.iter().flatten().filter(|subject| reaches(subject)).collect();
    if reached.is_empty() {
        return None;
    }
    let place = Place::of(spec, binding);
    let whom = reached.into_iter().map(shown).collect::<Vec<_>>().join(", ");
    let message =
        format!("`{}` gives {whom} the role `{}` in the whole cluster", place.name, binding.role_ref.name);
    let remedy = format!("kubectl delete {}", quoted(&format!("clusterrolebinding/{}", place.name)));
    let rule = if powerful { "bound-to-cluster-admin" } else { "bound-in-the-cluster" };
    Some(place.finding(rule, Severity::High, message, remedy))
}

fn of_account(spec: &EnclaveSpec, account: &ServiceAccount) -> Option<Finding> {
    let own = service_account(spec);
    let place = Place::of(spec, account);
    if account.metadata.name != own.metadata.name {
        let message =
            format!("the account `{}` is none of Tentacular's: nothing in an enclave needs one", place.name);
        return Some(place.finding("foreign-account", Severity::Low, message, place.delete()));
    }
    (account.automount_service_account_token != Some(false)).then(|| {
        let message = "the account that pods have when they name none puts its token into them".to_owned();
        place.finding("account-gives-token", Severity::High, message, make(&own))
    })
}

fn subjects(subjects: Option<&[Subject]>) -> String {
    let all: Vec<String> = subjects.unwrap_or_default().iter().map(shown).collect();
    if all.is_empty() { "nobody".to_owned() } else { all.join(", ") }
}

fn shown(subject: &Subject) -> String {
    let name = &subject.name;
    match (subject.kind.as_str(), &subject.namespace) {
        ("ServiceAccount", Some(namespace)) => format!("the account `{namespace}/{name}`"),
        ("Group", _) => format!("the group `{name}`"),
        _ => format!("the user `{name}`"),
    }
}
