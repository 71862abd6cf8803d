//! Walls by gVisor: a kernel of its own, in a process without rights.

use super::super::attendant::{Enter, Joined, Mount};
use super::super::disk;
use super::{Beside, Bind, FEW, MANY, Mason, NOBODY, NOTHING_BUT_PLACES, SHARED, SOCKET_FOLDER, Wanted};
use serde_json::{Value, json};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use workflow::{ENVIRONMENT, Sidecar};

/// How to become a sandbox of gVisor's; its bundle is written into `scratch`.
pub(super) fn enter(
    mason: &Mason,
    wanted: &Wanted,
    scratch: &Path,
    parent: i32,
    groups: Vec<PathBuf>,
) -> io::Result<Enter> {
    let [state, root, door] = ["state", "root", "door"].map(|name| scratch.join(name));
    for folder in [&state, &root, &door] {
        disk::make_private(folder)?;
    }
    // Each mount of gVisor's is a round through its kernel, so that files are laid into the sandbox's `/` by this one's.
    let (laid, mounted): (Vec<&Bind>, Vec<&Bind>) =
        wanted.files.iter().partition(|file| is_laid(file, &wanted.files));
    let spec = serde_json::to_vec(&spec(wanted, &mounted, &root, &door, &scratch.join(SHARED)))?;
    fs::write(scratch.join("config.json"), spec)?;
    // The engine's socket is made in a folder of ours, through which the server comes in, and the gateway's is opened in
    // another, where it has been bound.
    let program = words(mason, &state, "--host-uds=all", scratch, &wanted.name);
    let door_of = Mount::Memory { at: door.clone(), bytes: wanted.room, entries: FEW, owner: Some(NOBODY) };
    let mut mounts =
        vec![Mount::Memory { at: root.clone(), bytes: NOTHING_BUT_PLACES, entries: MANY, owner: None }];
    mounts.extend(laid.iter().map(|file| Mount::Bind {
        from: file.from.clone(),
        at: root.join(file.at.trim_start_matches('/')),
        read_only: true,
    }));
    mounts.push(door_of);
    let shared = wanted.shared.map(|bytes| {
        let at = scratch.join(SHARED);
        Mount::Memory { at, bytes, entries: MANY, owner: Some(NOBODY) }
    });
    Ok(Enter {
        parent,
        groups,
        joins: None,
        shared,
        mounts,
        folder: door,
        // These hold the sandbox's processes and not gVisor's own: they are in the bundle.
        data: None,
        open_files: None,
        user: None,
        program,
    })
}

/// Whether it is laid into the sandbox's `/`, of which gVisor believes that it never changes: not a folder, in which something
/// may come and go, and nothing within one.
fn is_laid(file: &Bind, all: &[Bind]) -> bool {
    let holds = |other: &Bind| Path::new(&file.at).starts_with(&other.at) && other.from.is_dir();
    !all.iter().any(holds)
}

/// How to become a part of a sandbox of gVisor's, whose folder is `host`: another container of it.
pub(super) fn enter_beside(
    mason: &Mason,
    beside: &Beside<'_>,
    (host, scratch): (&Path, &Path),
    parent: i32,
    groups: Vec<PathBuf>,
) -> io::Result<Enter> {
    let spec = serde_json::to_vec(&spec_beside(beside, &host.join(SHARED)))?;
    fs::write(scratch.join("config.json"), spec)?;
    Ok(Enter {
        parent,
        groups,
        joins: Some(Joined { outer: beside.host.outer, first: None, stage: None }),
        shared: None,
        mounts: Vec::new(),
        folder: PathBuf::from("/"),
        data: None,
        open_files: None,
        user: None,
        program: words(mason, &host.join("state"), "--host-uds=none", scratch, &beside.name),
    })
}

/// The file in which gVisor keeps what it knows of a sandbox.
pub(super) fn written_as(name: &str) -> String {
    format!("{name}_sandbox:{name}.state")
}

/// Whether such a file says that the sandbox runs.
pub(super) fn runs(state: &[u8]) -> bool {
    let state = serde_json::from_slice::<Value>(state).ok();
    state.is_some_and(|state| state.get("status").and_then(Value::as_str) == Some("running"))
}

/// The command line.
fn words(mason: &Mason, state: &Path, sockets: &str, bundle: &Path, name: &str) -> Vec<String> {
    vec![
        mason.program.display().to_string(),
        format!("--root={}", state.display()),
        "--platform=systrap".to_owned(),
        "--network=none".to_owned(),
        // The sandbox opens no file of the machine by itself, and its user is nobody.
        "--directfs=false".to_owned(),
        sockets.to_owned(),
        // The attendant has joined the groups.
        "--ignore-cgroups".to_owned(),
        "run".to_owned(),
        format!("--bundle={}", bundle.display()),
        name.to_owned(),
    ]
}

/// The bundle's `config.json`, by the OCI runtime specification.
fn spec(wanted: &Wanted, mounted: &[&Bind], root: &Path, door: &Path, shared: &Path) -> Value {
    let environment: Vec<String> =
        ENVIRONMENT.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let mut mounts = vec![json!({"type": "proc", "source": "proc", "destination": "/proc"})];
    mounts.extend(mounted.iter().map(|file| bind(&file.from, &file.at, &["ro"])));
    mounts.push(bind(door, SOCKET_FOLDER, &["rw", "noexec"]));
    if wanted.shared.is_some() {
        mounts.push(bind(shared, Sidecar::SHARED, &["rw", "noexec"]));
    }
    // Others may become a part of it.
    let annotations = json!({"io.kubernetes.cri.container-type": "sandbox"});
    json!({
        "ociVersion": "1.0.2",
        "root": {"path": root, "readonly": true},
        "hostname": "tentacle",
        "process": {
            "terminal": false,
            "user": {"uid": NOBODY, "gid": NOBODY},
            "cwd": "/",
            "args": wanted.command,
            "env": environment,
            "noNewPrivileges": true,
            "capabilities": {},
            "rlimits": [
                limit("RLIMIT_NOFILE", wanted.open_files),
                limit("RLIMIT_DATA", wanted.data),
                // A process of gVisor's is none of the machine's, so that the control group does not count it.
                limit("RLIMIT_NPROC", wanted.caps.processes),
                limit("RLIMIT_CORE", 0),
            ],
        },
        "mounts": mounts,
        "annotations": annotations,
        "linux": {"namespaces": namespaces()},
    })
}

/// The same of a sidecar: its `/` is its image's, and what it has of its own lies over that.
fn spec_beside(beside: &Beside<'_>, shared: &Path) -> Value {
    let environment: Vec<String> =
        beside.environment.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let size = format!("size={}", beside.scratch);
    let mounts = json!([
        {"type": "proc", "source": "proc", "destination": "/proc"},
        {"type": "tmpfs", "source": "tmpfs", "destination": "/tmp", "options": ["nosuid", "nodev", "mode=1777", size]},
        bind(shared, Sidecar::SHARED, &["rw"]),
    ]);
    json!({
        "ociVersion": "1.0.2",
        "root": {"path": beside.root, "readonly": true},
        "hostname": "tentacle",
        "process": {
            "terminal": false,
            "user": {"uid": NOBODY, "gid": NOBODY},
            "cwd": beside.folder,
            "args": beside.command,
            "env": environment,
            "noNewPrivileges": true,
            "capabilities": {},
            "rlimits": [
                limit("RLIMIT_NOFILE", beside.open_files),
                limit("RLIMIT_NPROC", beside.caps.processes),
                limit("RLIMIT_CORE", 0),
            ],
        },
        "mounts": mounts,
        "annotations": {
            "io.kubernetes.cri.container-type": "container",
            "io.kubernetes.cri.sandbox-id": beside.host.name,
        },
        "linux": {"namespaces": namespaces()},
    })
}

fn bind(from: &Path, at: &str, options: &[&str]) -> Value {
    let all: Vec<&str> = ["rbind", "nosuid", "nodev"].iter().chain(options).copied().collect();
    json!({"type": "bind", "source": from, "destination": at, "options": all})
}

fn namespaces() -> [Value; 5] {
    ["pid", "network", "ipc", "uts", "mount"].map(|name| json!({"type": name}))
}

fn limit(name: &str, most: u64) -> Value {
    json!({"type": name, "hard": most, "soft": most})
}
