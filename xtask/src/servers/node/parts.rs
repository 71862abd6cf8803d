//! The programs of a node: built from the Go modules below `tests/`, or from Debian's packages, unpacked.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use crate::cache::Entry;
use crate::debian;
use crate::place::Place;
use crate::servers::{deno, go, kubernetes, runsc};

const CONTAINERD: go::Program<'_> = go::Program {
    name: "containerd",
    version: "2.4.2",
    module: "tests/containerd",
    sources: &[],
    package: "github.com/containerd/containerd/v2/cmd/containerd",
    stamps: &[("github.com/containerd/containerd/v2/version.Version", "v2.4.2")],
    patch: None,
    announcement: "a container runtime, built with Go from the module tests/containerd, about 3 min",
};

const CTR: go::Program<'_> = go::Program {
    name: "ctr",
    package: "github.com/containerd/containerd/v2/cmd/ctr",
    announcement: "its command, seconds",
    ..CONTAINERD
};

/// The shim fails where it may not lower its own OOM score, which takes a capability that containers often lack. There it is
/// told to go on.
const SHIM: go::Program<'_> = go::Program {
    name: "containerd-shim-runsc-v1",
    package: "gvisor.dev/gvisor/shim",
    stamps: &[],
    patch: Some(go::Patch {
        module: "gvisor.dev/gvisor",
        file: "pkg/shim/v1/manager.go",
        old: r#"return shim.BootstrapParams{}, fmt.Errorf("failed to set OOM Score on shim: %w", err)"#,
        new: "_ = err",
    }),
    announcement: "gVisor's shim for a container runtime, built with Go, seconds",
    ..runsc::PROGRAM
};

const COREDNS: go::Program<'_> = go::Program {
    name: "coredns",
    version: "1.14.2",
    module: "tests/coredns",
    sources: &["main.go"],
    package: ".",
    stamps: &[],
    patch: None,
    announcement: "a name service, built with Go from the module tests/coredns, about 2 min",
};

/// Network plugins, the packet filter's command, and a program that waits.
const PACKAGES: [&str; 3] = ["containernetworking-plugins", "nftables", "busybox-static"];

const DEBIAN: &str = "node-debian-1";

/// The names under which the one program of Kubernetes is all of its parts.
const KUBERNETES: [&str; 10] = [
    "etcd",
    "kube-apiserver",
    "kube-controller-manager",
    "kube-scheduler",
    "kube-proxy",
    "kubelet",
    "kubectl",
    "network-policy",
    "client-certificate",
    "signing-key",
];

/// Where they are.
#[derive(Debug)]
pub(super) struct Parts {
    pub(super) deno: PathBuf,
    pub(super) coredns: PathBuf,
    /// The folder of the unpacked packages.
    pub(super) debian: PathBuf,
    kubernetes: PathBuf,
    others: Vec<PathBuf>,
}

/// Builds and fetches what is not there yet, but for Deno, `runsc` and Kubernetes, which are servers of their own.
pub(super) fn install(place: &Place) -> Result<PathBuf> {
    for program in [&SHIM, &CONTAINERD, &CTR, &COREDNS] {
        go::build(program, place)?;
    }
    let announcement = "network plugins and more from Debian's packages, unpacked, seconds";
    let entry = Entry { key: DEBIAN, announcement };
    place.cache.get(&entry, |folder| debian::unpack(&PACKAGES, folder, &place.log("node-debian")))
}

impl Parts {
    /// What was installed before.
    pub(super) fn find(place: &Place) -> Result<Self> {
        let built = |program: &go::Program<'_>| {
            go::find(program, place)?.with_context(|| format!("{} is not there", program.name))
        };
        let others = [&runsc::PROGRAM, &SHIM, &CONTAINERD, &CTR];
        Ok(Self {
            deno: deno::find(place).context("Deno is not there")?,
            coredns: built(&COREDNS)?,
            debian: place.cache.find(DEBIAN).context("Debian's packages are not there")?,
            kubernetes: built(&kubernetes::PROGRAM)?,
            others: others.into_iter().map(built).collect::<Result<_>>()?,
        })
    }

    /// Puts each program into `folder` under its name.
    pub(super) fn link(&self, folder: &Path) -> Result<()> {
        fs::create_dir_all(folder)?;
        for name in KUBERNETES {
            symlink(&self.kubernetes, folder.join(name))?;
        }
        for program in &self.others {
            symlink(program, folder.join(program.file_name().context("a program without a name")?))?;
        }
        Ok(())
    }

    /// Busybox, which needs no library.
    pub(super) fn busybox(&self) -> PathBuf {
        let inside = ["bin/busybox", "usr/bin/busybox"].map(|path| self.debian.join(path));
        inside.into_iter().find(|path| path.exists()).unwrap_or_default()
    }
}
