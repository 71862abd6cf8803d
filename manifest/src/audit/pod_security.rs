//! Whether pods are held to what Pod Security calls `restricted`, and to what Tentacular adds to it.

use super::account::{account_of, token};
use super::container::{Container, containers};
use super::finding::{Finding, Place, Severity};
use super::found::Found;
use super::template::Template;
use crate::spec::EnclaveSpec;
use k8s_openapi::api::core::v1::{Namespace, PodSpec, SecurityContext, Volume};
use std::collections::BTreeSet;

const ENFORCE: &str = "pod-security.kubernetes.io/enforce";
const VERSION: &str = "pod-security.kubernetes.io/enforce-version";

/// What is amiss with pods, with what makes pods, and with what keeps worse ones out.
#[must_use]
pub fn pod_security(spec: &EnclaveSpec, found: &Found) -> Vec<Finding> {
    let mut findings = of_namespace(spec, found.namespace.as_ref());
    let mut told: BTreeSet<(String, &'static str, String)> = BTreeSet::new();
    let (made, makers): (Vec<&Template>, Vec<&Template>) = found.templates.iter().partition(|it| it.is_made);
    for template in makers {
        for (rule, severity, part, what) in of_template(found, template) {
            told.insert((template.name.clone(), rule, part));
            findings.push(template.finding(spec, rule, severity, &what));
        }
    }
    // What a pod has in common with what made it is told once.
    for template in made {
        for (rule, severity, part, what) in of_template(found, template) {
            let known = told.iter().any(|(maker, known, of)| {
                *known == rule
                    && *of == part
                    && template.name.strip_prefix(maker).is_some_and(|rest| rest.starts_with('-'))
            });
            if !known {
                findings.push(template.finding(spec, rule, severity, &what));
            }
        }
    }
    findings
}

fn of_namespace(spec: &EnclaveSpec, namespace: Option<&Namespace>) -> Vec<Finding> {
    let name = spec.name.as_str();
    let place = Place::named(spec, "Namespace", name);
    let mend = format!("kubectl label namespace {name} {ENFORCE}=restricted {VERSION}=latest --overwrite");
    let Some(namespace) = namespace else {
        let message = "the namespace is gone from the cluster, with all that was in it".to_owned();
        let remedy = format!("tntc enclave deprovision {name} && tntc enclave provision {name}");
        return vec![place.finding("namespace-missing", Severity::High, message, remedy)];
    };
    let label = |key: &str| namespace.metadata.labels.as_ref().and_then(|labels| labels.get(key));
    let mut findings = Vec::new();
    let mut say = |rule, severity, message: String| {
        findings.push(place.finding(rule, severity, message, mend.clone()));
    };
    match label(ENFORCE).map(String::as_str) {
        Some("restricted") => {}
        None => say(
            "pod-security-missing",
            Severity::High,
            "the namespace has no Pod Security level: pods may be privileged".to_owned(),
        ),
        Some(other) => say(
            "pod-security-weakened",
            Severity::High,
            format!("the namespace is held to Pod Security `{other}` and not to `restricted`"),
        ),
    }
    match label(VERSION).map(String::as_str) {
        Some("latest") | None => {}
        Some(old) => say(
            "pod-security-pinned",
            Severity::Medium,
            format!("Pod Security is pinned to the rules of {old}: what was forbidden since is allowed"),
        ),
    }
    findings
}

/// What is broken, how bad it is, by which container (empty for the pod), and what it does.
type Broken = (&'static str, Severity, String, String);

fn of_template(found: &Found, template: &Template) -> Vec<Broken> {
    let mut broken = of_pod(found, template);
    broken.extend(containers(&template.spec).flat_map(|container| of_container(&template.spec, container)));
    broken
}

fn of_pod(found: &Found, template: &Template) -> Vec<Broken> {
    use Severity::{High, Low, Medium};
    let pod = &template.spec;
    let mut broken = Vec::new();
    let mut say = |rule, severity, what: String| broken.push((rule, severity, String::new(), what));
    let host = [
        (pod.host_network, "host-network", "is on the node's own network, where no policy holds"),
        (pod.host_pid, "host-processes", "sees the node's processes"),
        (pod.host_ipc, "host-ipc", "shares memory with the node's processes"),
    ];
    for (_, rule, what) in host.into_iter().filter(|(set, ..)| *set == Some(true)) {
        say(rule, High, what.to_owned());
    }
    for volume in pod.volumes.iter().flatten() {
        if let Some(path) = &volume.host_path {
            say("host-path", High, format!("mounts `{}` of the node", path.path));
        } else if !is_usual(volume) {
            say(
                "foreign-volume",
                Medium,
                format!("mounts the volume `{}` from outside of the cluster", volume.name),
            );
        }
    }
    if let Some(why) = token(found, template) {
        say("account-token", High, why);
    }
    if account_of(template) != "default" {
        say("other-account", Medium, format!("runs as the account `{}`", account_of(template)));
    }
    match (pod.runtime_class_name.as_deref(), found.behind.as_deref()) {
        (None, _) => {
            say("no-runtime-class", Medium, "has no sandbox between it and the node's kernel".to_owned());
        }
        (Some(class), Some(meant)) if class != meant => {
            say(
                "other-runtime-class",
                High,
                format!("is behind the runtime class `{class}`, and not `{meant}`"),
            );
        }
        _ => {}
    }
    if template.tentacle().is_none() {
        say("foreign-workload", Low, "is no tentacle: nobody deployed it through the server".to_owned());
    }
    broken
}

/// Whether a volume is of a kind that stays within the cluster.
fn is_usual(volume: &Volume) -> bool {
    volume.config_map.is_some()
        || volume.secret.is_some()
        || volume.empty_dir.is_some()
        || volume.projected.is_some()
        || volume.downward_api.is_some()
        || volume.persistent_volume_claim.is_some()
        || volume.ephemeral.is_some()
        || volume.csi.is_some()
}

fn of_container(pod: &PodSpec, container: Container<'_>) -> Vec<Broken> {
    use Severity::{High, Low, Medium};
    let mut broken = Vec::new();
    let name = container.name;
    let mut say = |rule, severity, what: &str| {
        broken.push((rule, severity, name.to_owned(), format!("has the container `{name}`, which {what}")));
    };
    let own = container.security.cloned().unwrap_or_default();
    if own.privileged == Some(true) {
        say("privileged", High, "is privileged: it is as good as root on the node");
    }
    if own.allow_privilege_escalation != Some(false) {
        say("privilege-escalation", High, "may get more rights than it began with");
    }
    if let Some(why) = root(pod, &own) {
        say("root-user", High, why);
    }
    if let Some(why) = unfiltered(pod, &own) {
        say("seccomp", High, why);
    }
    let capabilities = own.capabilities.clone().unwrap_or_default();
    let added: Vec<String> =
        capabilities.add.unwrap_or_default().into_iter().filter(|it| it != "NET_BIND_SERVICE").collect();
    if !added.is_empty() {
        say("added-capabilities", High, &format!("has the capabilities {}", added.join(", ")));
    }
    if !capabilities.drop.unwrap_or_default().iter().any(|dropped| dropped == "ALL") {
        say("kept-capabilities", Medium, "keeps the capabilities that a container has by default");
    }
    if own.read_only_root_filesystem != Some(true) {
        say("writable-root", Medium, "can change its own programs");
    }
    if own.proc_mount.as_deref().is_some_and(|mount| mount != "Default") {
        say("unmasked-proc", High, "sees what `/proc` hides from containers");
    }
    if let Some(port) = container.ports.iter().find_map(|port| port.host_port.filter(|port| *port != 0)) {
        say("host-port", High, &format!("takes port {port} of the node"));
    }
    if container.is_ephemeral {
        say("ephemeral-container", High, "somebody put into a pod that runs");
    }
    if container.image.is_some_and(|image| !image.contains("@sha256:")) {
        say("image-not-pinned", Low, "is not pinned to an image by its digest");
    }
    broken
}

/// Why a container may run as root.
fn root(pod: &PodSpec, own: &SecurityContext) -> Option<&'static str> {
    let whole = pod.security_context.as_ref();
    let user = own.run_as_user.or_else(|| whole?.run_as_user);
    let never = own.run_as_non_root.or_else(|| whole?.run_as_non_root);
    match (user, never) {
        (Some(0), _) => Some("runs as root"),
        (_, Some(true)) => None,
        _ => Some("may run as root, as its image says"),
    }
}

/// Why a container may make every system call.
fn unfiltered(pod: &PodSpec, own: &SecurityContext) -> Option<&'static str> {
    let whole = pod.security_context.as_ref();
    let profile = own.seccomp_profile.as_ref().or_else(|| whole?.seccomp_profile.as_ref());
    match profile.map(|profile| profile.type_.as_str()) {
        Some("RuntimeDefault" | "Localhost") => None,
        Some(_) => Some("asks for no system call filter"),
        None => Some("has no system call filter: it names no seccomp profile"),
    }
}

impl Template {
    /// It, as an object to be removed.
    pub(super) fn place<'a>(&self, spec: &'a EnclaveSpec) -> Place<'a> {
        Place::named(spec, self.kind, &self.name).of_tentacle(self.tentacle().cloned())
    }

    /// It, in words.
    pub(super) fn shown(&self) -> String {
        format!("the {} `{}`", self.kind.to_lowercase(), self.name)
    }

    fn finding(&self, spec: &EnclaveSpec, rule: &'static str, severity: Severity, what: &str) -> Finding {
        let place = self.place(spec);
        place.finding(rule, severity, format!("{} {what}", self.shown()), place.delete())
    }
}
