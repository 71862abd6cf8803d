//! Walls by gVisor: a kernel of its own, in a process without rights.

use super::super::attendant::{Enter, Mount};
use super::super::disk;
use super::{Mason, NOBODY, SOCKET_FOLDER, Wanted};
use serde_json::{Value, json};
use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use workflow::ENVIRONMENT;

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
    // The sandbox's `/`, in which nobody must find the way.
    fs::set_permissions(&root, Permissions::from_mode(0o755))?;
    let spec = serde_json::to_vec(&spec(wanted, &root, &door))?;
    fs::write(scratch.join("config.json"), spec)?;
    let path = |path: &Path| path.display().to_string();
    let program = vec![
        path(&mason.program),
        format!("--root={}", path(&state)),
        "--platform=systrap".to_owned(),
        "--network=none".to_owned(),
        // The sandbox opens no file of the machine by itself, and its user is nobody.
        "--directfs=false".to_owned(),
        // The engine's socket is made in a folder of ours, through which the server comes in, and the gateway's is opened
        // in another, where it has been bound.
        "--host-uds=all".to_owned(),
        // The attendant has joined the groups.
        "--ignore-cgroups".to_owned(),
        "run".to_owned(),
        format!("--bundle={}", path(scratch)),
        wanted.name.clone(),
    ];
    let mounts = vec![Mount::Memory { at: door.clone(), bytes: wanted.room, owner: Some(NOBODY) }];
    Ok(Enter {
        parent,
        groups,
        mounts,
        folder: door,
        // These hold the sandbox's processes and not gVisor's own: they are in the bundle.
        data: None,
        open_files: None,
        user: None,
        program,
    })
}

/// The bundle's `config.json`, by the OCI runtime specification.
fn spec(wanted: &Wanted, root: &Path, door: &Path) -> Value {
    let environment: Vec<String> =
        ENVIRONMENT.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let bind = |from: &Path, at: &str, options: &[&str]| {
        let all: Vec<&str> = ["rbind", "nosuid", "nodev"].iter().chain(options).copied().collect();
        json!({"type": "bind", "source": from, "destination": at, "options": all})
    };
    let mut mounts = vec![json!({"type": "proc", "source": "proc", "destination": "/proc"})];
    mounts.extend(wanted.files.iter().map(|file| bind(&file.from, &file.at, &["ro"])));
    mounts.push(bind(door, SOCKET_FOLDER, &["rw", "noexec"]));
    let namespaces = ["pid", "network", "ipc", "uts", "mount"].map(|name| json!({"type": name}));
    let limit = |name: &str, most: u64| json!({"type": name, "hard": most, "soft": most});
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
        "linux": {
            "namespaces": namespaces,
        },
    })
}
