//! PostgreSQL: a throw-away cluster on loopback, which forgets durability for speed.

use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::chown;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, Result};
use nix::sys::signal::Signal;
use nix::unistd::{Uid, User};

use super::{Place, Running};
use crate::cache::Entry;
use crate::environment::Variable;
use crate::process::{self, Serving, Terms};
use crate::{debian, ports};

/// How long a new cluster may take to accept connections.
const READY_WITHIN: Duration = Duration::from_secs(60);

/// The folder of its programs: an installed PostgreSQL's, else that of Debian's package unpacked into the cache.
pub(super) fn install(place: &Place) -> Result<PathBuf> {
    if let Some(programs) = installed(Path::new("/")) {
        return Ok(programs);
    }
    let announcement = "PostgreSQL from Debian's packages, unpacked, about 1 min";
    let folder = place.cache.get(&Entry { key: "postgres-debian", announcement }, |folder| {
        debian::unpack(&["postgresql"], folder, &place.log("postgres"))
    })?;
    installed(&folder).context("Debian's package has no `initdb`")
}

/// The newest version's programs below `root`: beside `pg_config`'s, where Debian puts them.
pub(crate) fn installed(root: &Path) -> Option<PathBuf> {
    let versions = fs::read_dir(root.join("usr/lib/postgresql")).into_iter().flatten().flatten();
    let number = |path: &PathBuf| path.file_name()?.to_str()?.parse::<u32>().ok();
    let debian =
        versions.map(|entry| entry.path()).filter(|path| path.join("bin/initdb").exists()).max_by_key(number);
    let elsewhere =
        || Some(which::which_in("initdb", std::env::var_os("PATH"), root).ok()?.parent()?.to_path_buf());
    debian.map(|version| version.join("bin")).or_else(elsewhere)
}

/// A new cluster in a temporary folder.
pub(super) fn start(programs: &Path, place: &Place) -> Result<Running> {
    let log = place.log("postgres");
    let user = unprivileged()?;
    let scratch = tempfile::Builder::new().prefix("tentacular-postgres-").tempdir()?;
    if let Some((uid, gid)) = user {
        chown(scratch.path(), Some(uid), Some(gid))?;
    }
    let data = scratch.path().join("data");
    let libraries = library_path(programs);
    let mut initdb = Command::new(programs.join("initdb"));
    initdb.current_dir(scratch.path()).env("LD_LIBRARY_PATH", &libraries).arg("--pgdata").arg(&data);
    initdb.args(["--username=tentacular", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync"]);
    process::run_as(&initdb, user, &log)?;

    let [port] = ports::free()?;
    let mut postgres = Command::new(programs.join("postgres"));
    postgres.current_dir(scratch.path()).env("LD_LIBRARY_PATH", &libraries).arg("-D").arg(&data);
    for setting in [
        format!("port={port}"),
        "listen_addresses=127.0.0.1".to_owned(),
        format!("unix_socket_directories={}", scratch.path().display()),
        "fsync=off".to_owned(),
        "full_page_writes=off".to_owned(),
        "synchronous_commit=off".to_owned(),
        "max_connections=300".to_owned(),
    ] {
        postgres.arg("-c").arg(setting);
    }
    // Its immediate shutdown, the only one that neither waits for clients nor leaves shared memory behind.
    let terms = Terms { ask_with: Some(Signal::SIGQUIT), grace: None, scratch: Some(scratch.keep()), user };
    let mut serving = Serving::start("PostgreSQL", &postgres, &log, &terms)?;
    serving.wait_until(READY_WITHIN, || {
        let mut ready = Command::new(programs.join("pg_isready"));
        ready.env("LD_LIBRARY_PATH", &libraries).args(["--host=127.0.0.1", &format!("--port={port}")]);
        process::succeeds(&ready)
    })?;
    let url = format!("postgres://tentacular@127.0.0.1:{port}/postgres");
    Ok(Running { environment: vec![(Variable::Postgres, url.into())], serving: vec![serving] })
}

/// PostgreSQL refuses to run as root, so root lends it an account that can do nothing else.
fn unprivileged() -> Result<Option<(u32, u32)>> {
    if !Uid::effective().is_root() {
        return Ok(None);
    }
    for name in ["postgres", "nobody"] {
        if let Some(user) = User::from_name(name)? {
            return Ok(Some((user.uid.as_raw(), user.gid.as_raw())));
        }
    }
    anyhow::bail!("PostgreSQL needs an account other than root, and there is neither `postgres` nor `nobody`")
}

/// Where an unpacked one finds its libraries. For an installed one these are the machine's own.
fn library_path(programs: &Path) -> OsString {
    let root = programs.ancestors().nth(5).unwrap_or(Path::new("/"));
    root.join("usr/lib").join(format!("{}-linux-gnu", std::env::consts::ARCH)).into()
}
