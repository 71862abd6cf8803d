//! What really holds on this machine: the walls are tried again, and the sandboxes that live are looked at from outside.

use super::Machine;
use super::confine::{Kind, Sandbox};
use super::enclave;
use super::probe;
use super::tentacle::Tentacle;
use crate::backend::BackendError;
use crate::backend::audit::{Audit, Audited, Finding, Severity};
use crate::store::EnclaveRecord;
use std::fs;
use std::io;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Mutex;
use tokio::time::Instant;

/// How long a proof of the walls is believed: each starts a sandbox.
const BELIEVED_FOR: Duration = Duration::from_secs(30);

/// The kernel's namespaces that a sandbox must not share with the server.
const NAMESPACES: [(&str, &str); 5] = [
    ("net", "network"),
    ("pid", "processes"),
    ("mnt", "file systems"),
    ("ipc", "shared memory"),
    ("uts", "host name"),
];

/// What was found when the walls were last tried.
#[derive(Debug, Default)]
pub(super) struct Proof(Mutex<Option<(Instant, Result<(), String>)>>);

impl Machine {
    /// Looks at an enclave.
    pub(super) async fn audited(&self, record: &EnclaveRecord, what: Audit) -> Result<Audited, BackendError> {
        let mut audited = Audited::default();
        match what {
            Audit::Network | Audit::PodSecurity => {
                self.walls(&mut audited).await;
                for tentacle in self.index.of(&record.name) {
                    look_at(&tentacle, what, &mut audited);
                }
                audited.beyond.push("what the kernel's own faults let through".to_owned());
            }
            Audit::Rights => {
                self.folders(record, &mut audited)?;
                audited.beyond.push(
                    "rights on this machine: there are no roles here, and whoever is its root may do all"
                        .to_owned(),
                );
            }
            Audit::Limits => self.shares(record, &mut audited),
        }
        Ok(audited)
    }

    /// Looks at one tentacle.
    pub(super) async fn audited_tentacle(&self, tentacle: &Arc<Tentacle>) -> Audited {
        let mut audited = Audited::default();
        self.walls(&mut audited).await;
        for what in [Audit::Network, Audit::PodSecurity, Audit::Limits] {
            look_at(tentacle, what, &mut audited);
        }
        audited.told_once()
    }

    /// Starts a sandbox like any other and asks what is seen from within.
    async fn walls(&self, audited: &mut Audited) {
        let parts = match &self.workshop.parts {
            Ok(parts) => parts,
            Err(why) => {
                audited.beyond.push(format!("there is no sandbox on this machine, and nothing runs: {why}"));
                return;
            }
        };
        let mut last = self.proof.0.lock().await;
        let known =
            last.as_ref().filter(|(at, _)| at.elapsed() < BELIEVED_FOR).map(|(_, proven)| proven.clone());
        let proven = match known {
            Some(proven) => proven,
            None => probe::prove(&parts.mason, &parts.files).await,
        };
        audited.looked_at.push(format!("a sandbox of {}, from within", parts.mason.kind.name()));
        if let Err(why) = &proven {
            let remedy = "cargo xtask doctor".to_owned();
            let message = format!("a sandbox does not hold: {why}");
            audited.findings.push(finding(
                "sandbox-does-not-hold",
                Severity::High,
                "Sandbox/new",
                message,
                remedy,
            ));
        }
        *last = Some((Instant::now(), proven));
    }

    /// Who can read what the enclave has on disk.
    fn folders(&self, record: &EnclaveRecord, audited: &mut Audited) -> Result<(), BackendError> {
        let enclave = self.places.enclave(&record.name);
        for (shown, path) in
            [("the machine folder", self.places.root()), ("the enclave's folder", &enclave.folder)]
        {
            let meta = match fs::metadata(path) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => {
                    audited.unseen.push(format!("{shown}: it is not there"));
                    continue;
                }
                meta => meta.map_err(super::fault)?,
            };
            audited.looked_at.push(shown.to_owned());
            let object = format!("Folder/{}", record.name);
            let mode = meta.permissions().mode() & 0o777;
            if mode & 0o077 != 0 {
                let message =
                    format!("{shown} is open to others on this machine: its mode is {mode:o} and not 700");
                let remedy = format!("chmod 700 '{}'", path.display());
                audited.findings.push(finding("folder-open", Severity::High, &object, message, remedy));
            }
            if meta.uid() != nix::unistd::Uid::effective().as_raw() {
                let message = format!("{shown} belongs to another user than the server");
                let remedy = format!("chown {} '{}'", nix::unistd::Uid::effective(), path.display());
                audited.findings.push(finding("folder-of-another", Severity::High, &object, message, remedy));
            }
        }
        Ok(())
    }

    /// Whether the enclave's control groups are capped as they were made.
    fn shares(&self, record: &EnclaveRecord, audited: &mut Audited) {
        let object = format!("ControlGroup/{}", record.name);
        for controller in self.groups.missing() {
            let remedy = "cargo xtask doctor".to_owned();
            audited.findings.push(finding(
                "not-limited",
                Severity::Medium,
                &object,
                controller.gap().to_owned(),
                remedy,
            ));
        }
        for wrong in self.groups.amiss(Path::new(record.name.as_str()), &enclave::caps(record.quota)) {
            let message = format!(
                "the enclave's share of this machine is not that of a {} enclave: {wrong}",
                record.quota.name()
            );
            let remedy = format!("tntc enclave sync {} --quota {}", record.name, record.quota.name());
            audited.findings.push(finding("share-changed", Severity::High, &object, message, remedy));
        }
        audited.looked_at.push("the enclave's control groups".to_owned());
        for tentacle in self.index.of(&record.name) {
            look_at(&tentacle, Audit::Limits, audited);
        }
    }
}

fn finding(rule: &'static str, severity: Severity, object: &str, message: String, remedy: String) -> Finding {
    Finding { rule, severity, object: object.to_owned(), tentacle: None, message, remedy }
}

/// Looks at the sandbox in which a tentacle lives, if it lives in one now.
fn look_at(tentacle: &Tentacle, what: Audit, audited: &mut Audited) {
    let engine = match tentacle.living() {
        Ok(engine) => engine,
        Err(why) => return audited.unseen.push(format!("the sandbox of {}: {why}", tentacle.of.tentacle)),
    };
    let Some(engine) = engine else { return };
    let name = &tentacle.of.tentacle;
    let mut say = |rule, what: String| {
        let message = format!("the sandbox in which `{name}` runs {what}");
        let remedy = format!("tntc restart {name} -e {}", tentacle.of.enclave);
        let finding = finding(rule, Severity::High, &format!("Sandbox/{}", engine.copy), message, remedy);
        audited.findings.push(Finding { tentacle: Some(name.to_string()), ..finding });
    };
    if engine.kind() == Kind::Runsc {
        let what = "gVisor's own processes, in which the sandbox of {} lives: its probe told what it sees when it was started";
        return audited.beyond.push(what.replace("{}", name.as_str()));
    }
    for sandbox in engine.sandboxes() {
        for (rule, broken) in broken(sandbox, what) {
            say(rule, broken);
        }
    }
    audited.looked_at.push(format!("the living sandbox of {name}, from outside"));
}

/// What of a living sandbox is not as it was made.
fn broken(sandbox: &Sandbox, what: Audit) -> Vec<(&'static str, String)> {
    let Some(first) = sandbox.first else { return Vec::new() };
    match what {
        Audit::Network => shared(first, "net").map(|why| ("shares-network", why)).into_iter().collect(),
        Audit::PodSecurity => {
            let spaces = NAMESPACES.into_iter().filter_map(|(file, _)| shared(first, file));
            let status =
                fs::read_to_string(format!("/proc/{first}/status")).map_err(|error| error.to_string());
            let rights = status.and_then(|status| probe::check_status(&status)).err();
            let rights = rights.map(|why| ("has-rights", format!("is not confined as it was: {why}")));
            spaces.map(|why| ("shares-namespace", why)).chain(rights).collect()
        }
        Audit::Limits => match sandbox.group.holds(first) {
            Ok(true) => Vec::new(),
            Ok(false) => {
                vec![("left-its-group", "is not in its control groups: nothing limits it".to_owned())]
            }
            Err(error) => {
                vec![("left-its-group", format!("has control groups that cannot be read: {error}"))]
            }
        },
        Audit::Rights => Vec::new(),
    }
}

/// Says that a process shares a namespace with the server; nothing where it has its own, or has ended.
fn shared(process: i32, file: &str) -> Option<String> {
    let own = fs::read_link(format!("/proc/self/ns/{file}")).ok()?;
    let theirs = fs::read_link(format!("/proc/{process}/ns/{file}")).ok()?;
    let what = NAMESPACES.into_iter().find_map(|(known, what)| (known == file).then_some(what))?;
    (own == theirs).then(|| format!("shares its {what} with the server"))
}
