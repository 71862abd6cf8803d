//! The images that a node starts with: it pulls none.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use serde_json::json;

use super::image::Image;
use super::parts::Parts;
use crate::place::Place;

/// The name of the pause container's image, without its digest, which containerd is told.
pub(super) const REGISTRY: &str = "tentacular.local";

/// The user whose name none of them knows.
const NOBODY: &str = "65534:65534";

/// Where the machine's libraries are, for programs that are not whole by themselves.
const LIBRARIES: &str = "/lib/x86_64-linux-gnu";
const LOADER: &str = "/lib64/ld-linux-x86-64.so.2";

/// The libraries of Deno and of our own programs.
const NEEDED: [&str; 9] = [
    "libc.so.6",
    "libdl.so.2",
    "libgcc_s.so.1",
    "libm.so.6",
    "libnss_dns.so.2",
    "libnss_files.so.2",
    "libpthread.so.0",
    "libresolv.so.2",
    "librt.so.1",
];

/// They, by name and digest.
#[derive(Debug)]
pub(super) struct Images {
    pub(super) engine: String,
    pub(super) gateway: String,
    /// Busybox, for pods that try what a pod can do.
    pub(super) probe: String,
    folder: PathBuf,
}

impl Images {
    /// Makes the archives in `folder`.
    pub(super) fn make(parts: &Parts, place: &Place, folder: &Path) -> Result<Self> {
        fs::create_dir_all(folder)?;
        let write = |name: &str, image: Image, entry: &[&str]| {
            let config = json!({"Entrypoint": entry, "User": NOBODY});
            image.write(&folder.join(format!("{name}.tar")), &format!("{REGISTRY}/{name}"), &config)
        };
        let pause = Image::default().file("bin/busybox", parts.busybox());
        let pause = write("pause", pause, &["/bin/busybox", "sleep", "2147483647"])?;
        fs::write(folder.join("pause.name"), pause)?;
        let probe = Image::default().file("bin/busybox", parts.busybox());
        let probe = write("probe", probe, &["/bin/busybox"])?;
        let dns = Image::default().file("coredns", &parts.coredns);
        fs::write(folder.join("coredns.name"), write("coredns", dns, &["/coredns"])?)?;
        let gateway = place.programs().join("egress");
        let gateway = with_libraries(Image::default().file("usr/bin/egress", gateway))?;
        let gateway = write("egress", gateway, &["/usr/bin/egress"])?;
        let engine = write("engine", engine(parts, place)?, &["/usr/bin/deno"])?;
        Ok(Self { engine, gateway, probe, folder: folder.to_path_buf() })
    }

    /// The archives.
    pub(super) fn archives(&self) -> Vec<PathBuf> {
        let names = ["pause", "probe", "coredns", "egress", "engine"];
        names.map(|name| self.folder.join(format!("{name}.tar"))).to_vec()
    }
}

/// Deno and the engine's program, as `deploy/kubernetes/README.md` says.
fn engine(parts: &Parts, place: &Place) -> Result<Image> {
    let mut image = Image::default().file("usr/bin/deno", &parts.deno);
    for file in fs::read_dir(place.root.join("engine"))? {
        let file = file?;
        let name = file.file_name().into_string().ok().context("a file of the engine without a name")?;
        if file.file_type()?.is_file() && (name.ends_with(".ts") || name == "deno.json") {
            image = image.file(&format!("engine/{name}"), file.path());
        }
    }
    with_libraries(image.text("etc/nsswitch.conf", "hosts: files\n"))
}

fn with_libraries(image: Image) -> Result<Image> {
    let image = NEEDED.iter().fold(image, |image, name| {
        image.file(&format!("lib/x86_64-linux-gnu/{name}"), Path::new(LIBRARIES).join(name))
    });
    Ok(image.file(LOADER.trim_start_matches('/'), fs::canonicalize(LOADER)?))
}
