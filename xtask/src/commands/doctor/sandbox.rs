//! Whether code can be confined here: namespaces, control groups, sandboxes that really start.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::Result;

use super::{Finding, State};
use crate::place::Place;
use crate::process;
use crate::servers::{self, Server};

/// Where the kernel's control groups are mounted.
const CGROUPS: &str = "/sys/fs/cgroup";

pub(super) fn all(place: &Place) -> Result<Vec<Finding>> {
    let there = servers::sandboxes(place)?;
    let program = |sandbox| there.iter().find(|(it, _)| *it == sandbox).map(|(_, program)| program);
    let bwrap = match program(Server::Bwrap) {
        Some(bwrap) => starts(Command::new(bwrap).args(["--ro-bind", "/", "/", "--unshare-all", "true"])),
        None => State::missing("not found", "apt-get install bubblewrap"),
    };
    let runsc = match program(Server::Runsc) {
        Some(runsc) => {
            starts(Command::new(runsc).args(["--platform=systrap", "--network=none", "do", "true"]))
        }
        None => State::missing("not built yet", "nothing to do: `test` builds it with Go"),
    };
    Ok(vec![
        Finding { name: "namespaces", state: namespaces(), needed_for: "sandboxes" },
        Finding {
            name: "control groups",
            state: control_groups(),
            needed_for: "limits of memory, CPU, processes",
        },
        Finding { name: "bwrap", state: bwrap, needed_for: "up and test: the lighter sandbox" },
        Finding { name: "runsc", state: runsc, needed_for: "up and test: the stronger sandbox" },
    ])
}

fn starts(command: &mut Command) -> State {
    let program = command.get_program().to_string_lossy().into_owned();
    if process::succeeds(command) {
        State::ok(format!("{program} confines a process"))
    } else {
        State::missing(format!("{program} is there but cannot confine a process"), "see `namespaces`")
    }
}

fn namespaces() -> State {
    let unshare = |arguments: &[&str]| process::succeeds(Command::new("unshare").args(arguments).arg("true"));
    if unshare(&["--user", "--map-root-user", "--mount", "--pid", "--fork", "--net"]) {
        State::ok("user namespaces can be made")
    } else if unshare(&["--mount", "--pid", "--fork", "--net"]) {
        State::ok("only root can make them, and this is root")
    } else {
        State::missing("neither user namespaces nor root's", "sysctl kernel.unprivileged_userns_clone=1")
    }
}

/// Control groups are usable when one of our own can be made in every hierarchy that matters.
fn control_groups() -> State {
    let unified = Path::new(CGROUPS).join("cgroup.controllers");
    let fix = "run as root, or in a systemd session that delegates its control groups";
    if let Ok(controllers) = fs::read_to_string(unified) {
        let controllers = controllers.trim();
        return match own_group(Path::new(CGROUPS)) {
            true => State::ok(format!("version 2, with {controllers}")),
            false => State::missing(format!("version 2 with {controllers}, but none can be set"), fix),
        };
    }
    let (can, cannot): (Vec<_>, Vec<_>) =
        ["cpu", "memory", "pids"].into_iter().partition(|name| own_group(&Path::new(CGROUPS).join(name)));
    match cannot.as_slice() {
        [] => State::ok(format!("version 1, {} can be set", can.join(", "))),
        _ => State::missing(format!("version 1, {} cannot be set", cannot.join(", ")), fix),
    }
}

/// Makes a group and removes it.
fn own_group(hierarchy: &Path) -> bool {
    let group = hierarchy.join(format!("tentacular-doctor-{}", std::process::id()));
    fs::create_dir(&group).and_then(|()| fs::remove_dir(&group)).is_ok()
}
