//! A whole Kubernetes node with its control plane: kubelet, containerd, gVisor, an enforcer of network policies, a name
//! service. All of it lives in namespaces of its own (pid, mount, network, ipc) below one process: with that it ends.
//! The machine's network, kernel settings and programs are left alone. `tests/README.md` tells how to look around in it.

mod config;
mod image;
mod images;
mod inside;
mod parts;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, Result};
use serde_json::json;

use self::images::Images;
use self::parts::Parts;
use super::Running;
use crate::cgroups::Cgroups;
use crate::environment::Variable;
use crate::place::Place;
use crate::process::{Serving, Terms};

pub(crate) use inside::{Order, run as run_inside};

/// How long it may take until it is ready.
const READY_WITHIN: Duration = Duration::from_secs(300);

/// Builds and fetches all parts; the answer is the folder of one of them, because `start` finds the others.
pub(super) fn install(place: &Place) -> Result<PathBuf> {
    parts::install(place)
}

/// A new node in a temporary folder.
pub(super) fn start(place: &Place) -> Result<Running> {
    let parts = Parts::find(place)?;
    let scratch = tempfile::Builder::new().prefix("tentacular-node-").tempdir()?;
    let folder = scratch.path().to_path_buf();
    let images = Images::make(&parts, place, &folder.join("images"))?;
    parts.link(&folder.join("bin"))?;
    let cgroups = Cgroups::make(&folder)?;
    config::write(&folder, &parts, cgroups.name())?;
    let order = Order {
        folder: folder.clone(),
        logs: place.logs.clone(),
        debian: parts.debian.clone(),
        images: images.archives(),
    };
    fs::write(folder.join("order.json"), serde_json::to_vec(&order)?)?;

    // A copy of this very program: the build of `cargo xtask test` replaces the file that it was started from.
    let program = folder.join("bin/xtask");
    fs::copy("/proc/self/exe", &program).context("this program cannot be copied")?;
    let mut inside = Command::new("unshare");
    inside.args(["--fork", "--kill-child", "--pid", "--mount-proc", "--mount", "--net", "--ipc"]);
    inside.args(["--propagation", "private"]);
    inside.arg(program).arg("node-inside").arg(folder.join("order.json"));
    let terms =
        Terms { scratch: Some(scratch.keep()), cgroups: Some(cgroups.name().to_owned()), ..Terms::default() };
    let mut serving = Serving::start("the node", &inside, &place.log("node"), &terms)?;
    serving.wait_until(READY_WITHIN, || folder.join("ready").exists())?;

    let pid = only_child(only_child(serving.pid())?)?;
    let told = json!({
        "pid": pid,
        "kubeconfig": folder.join("admin.kubeconfig"),
        "kubectl": folder.join("bin/kubectl"),
        "engine": images.engine,
        "gateway": images.gateway,
        "probe": images.probe,
    });
    let file = folder.join("node.json");
    fs::write(&file, format!("{told:#}\n"))?;
    Ok(Running { environment: vec![(Variable::Node, file.into())], serving: vec![serving] })
}

/// The one process that a process has started.
fn only_child(of: u32) -> Result<u32> {
    let children = fs::read_to_string(Path::new("/proc").join(format!("{of}/task/{of}/children")))?;
    children.trim().parse().with_context(|| format!("process {of} has started `{children}`"))
}
