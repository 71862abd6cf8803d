//! Finding out what holds here: each candidate is really started, and what is within its walls is looked at from within.

use super::confine::{Bind, Kind, Mason, SOCKET_BYTES, Text, Wanted};
use super::engine::{CODE, DENO};
use super::groups::Caps;
use serde::Deserialize;
use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;
use tokio::sync::mpsc;
use workflow::{ENVIRONMENT, Limits};

/// What looks.
const SCRIPT: &str = include_str!("probe.js");

/// The control group of what is only tried. No enclave has this name: it has a character that they cannot have.
const GROUP: &str = "probe.";

/// How long it may take.
const WITHIN: Duration = Duration::from_secs(30);

/// What is seen from within.
#[derive(Debug, Clone, Deserialize)]
struct Seen {
    /// The names in `/`.
    top: BTreeSet<String>,
    /// Where something could be written.
    writable: Vec<String>,
    /// The network's interfaces.
    interfaces: Vec<String>,
    /// The names of the environment's variables.
    environment: BTreeSet<String>,
    /// How many processes there are.
    processes: usize,
    /// `/proc/self/status`.
    status: String,
}

/// Whether the walls hold here, from within and without.
///
/// # Errors
/// Says what does not.
pub(super) async fn prove(mason: &Mason, files: &[Bind]) -> Result<(), String> {
    let wanted = wanted(mason.kind, files);
    let (to, mut lines) = mpsc::channel(8);
    let sandbox = mason.start(&wanted, to).await.map_err(|error| error.to_string())?;
    let first = tokio::time::timeout(WITHIN, lines.recv()).await;
    let proven = match first {
        Ok(Some(line)) => match serde_json::from_str::<Seen>(&line) {
            Ok(seen) => check(mason.kind, files, &seen).and_then(|()| match sandbox.first {
                Some(first) => match sandbox.group.holds(first) {
                    Ok(true) => Ok(()),
                    Ok(false) => Err("its processes are not in their control groups".to_owned()),
                    Err(error) => Err(format!("its control groups cannot be read: {error}")),
                },
                None => Ok(()),
            }),
            Err(_) => Err(line),
        },
        Ok(None) => Err("it ended without a word".to_owned()),
        Err(_) => Err(format!("nothing was heard of it for {} s", WITHIN.as_secs())),
    };
    sandbox.end();
    let end = sandbox.ended().await;
    if let Err(error) = mason.groups.group(Path::new(GROUP)).remove().await {
        return Err(format!("its control groups stay: {error}"));
    }
    proven.map_err(|why| if end.how.contains(&why) { end.how } else { why })
}

fn wanted(kind: Kind, files: &[Bind]) -> Wanted {
    let limits = Limits::default();
    let script = format!("{CODE}/probe.js");
    let flags = ["run", "--quiet", "--no-prompt", "--no-remote", "--no-npm", "--no-lock", "--no-config"];
    let name = format!("probe-{}", kind.name());
    Wanted {
        group: Path::new(GROUP).join(&name),
        name,
        caps: Caps::of(&limits),
        data: u64::from(limits.data_mib) << 20,
        open_files: limits.open_files.into(),
        files: files.to_vec(),
        texts: vec![Text { at: script.clone(), bytes: SCRIPT.into() }],
        room: SOCKET_BYTES,
        keeps: false,
        shared: None,
        tcp: false,
        command: [DENO]
            .iter()
            .chain(&flags)
            .chain(&["--allow-all", &script])
            .map(|it| (*it).to_owned())
            .collect(),
    }
}

fn check(kind: Kind, files: &[Bind], seen: &Seen) -> Result<(), String> {
    let tops = files.iter().filter_map(|file| file.at.split('/').nth(1)).chain(["code", "proc", "run"]);
    let allowed: BTreeSet<&str> = match kind {
        Kind::Bwrap => tops.collect(),
        // gVisor has its own, empty but for its own devices.
        Kind::Runsc => tops.chain(["dev", "sys", "tmp"]).collect(),
    };
    if let Some(more) = seen.top.iter().find(|name| !allowed.contains(name.as_str())) {
        return Err(format!("it sees /{more}"));
    }
    let in_memory =
        |path: &String| kind == Kind::Runsc && (path.starts_with("/dev/") || path.starts_with("/tmp/"));
    if let Some(path) = seen.writable.iter().find(|path| !in_memory(path)) {
        return Err(format!("it can write {path}"));
    }
    if let Some(other) = seen.interfaces.iter().find(|name| *name != "lo") {
        return Err(format!("it has the network interface {other}"));
    }
    // What the builder of the walls says of them itself: where the program stands, and where nobody is at home.
    let own = match kind {
        Kind::Bwrap => "PWD",
        Kind::Runsc => "HOME",
    };
    let known = |name: &str| name == own || ENVIRONMENT.iter().any(|(known, _)| *known == name);
    if let Some(other) = seen.environment.iter().find(|name| !known(name)) {
        return Err(format!("it sees the environment variable {other}"));
    }
    if seen.processes != 1 {
        return Err(format!("it sees {} processes", seen.processes));
    }
    match kind {
        Kind::Bwrap => check_status(&seen.status),
        // It shows what its own kernel makes up.
        Kind::Runsc => Ok(()),
    }
}

/// What Linux says of a process without rights behind a filter.
pub(super) fn check_status(status: &str) -> Result<(), String> {
    let value = |name: &str| status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
    let rights = ["CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"].map(|name| (name, "0000000000000000"));
    for (name, wanted) in rights.into_iter().chain([("NoNewPrivs", "1"), ("Seccomp", "2")]) {
        let is = value(name).map(str::trim).unwrap_or_default();
        if is != wanted {
            return Err(format!("its {name} is `{is}` and not `{wanted}`"));
        }
    }
    Ok(())
}
