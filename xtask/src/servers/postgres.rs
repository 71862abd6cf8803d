//! PostgreSQL: a throw-away cluster on loopback, which forgets durability for speed.

use std::fs;
use std::os::unix::fs::chown;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use nix::sys::signal::Signal;
use nix::unistd::{Uid, User};

use super::Running;
use crate::cache::Entry;
use crate::environment::Variable;
use crate::place::Place;
use crate::process::{self, Serving, Terms};
use crate::{debian, ports};

/// How long a new cluster may take to accept connections.
const READY_WITHIN: Duration = Duration::from_secs(300);

/// The root below which its programs lie: the machine's, else that of Debian's package unpacked into the cache.
pub(super) fn install(place: &Place) -> Result<PathBuf> {
    let machine = Path::new("/");
    if programs(machine).is_some() {
        return Ok(machine.to_path_buf());
    }
    let announcement = "PostgreSQL from Debian's packages, unpacked, about 1 min";
    place.cache.get(&Entry { key: "postgres-debian", announcement }, |folder| {
        debian::unpack(&["postgresql"], folder, &place.log("postgres"))?;
        process::run_quietly(
            Programs::below(folder)?.command("initdb").arg("--version"),
            &place.log("postgres"),
        )
    })
}

/// The folder of the newest version's programs below `root`: where Debian puts them, else one that `PATH` names.
pub(super) fn programs(root: &Path) -> Option<PathBuf> {
    let versions = fs::read_dir(root.join("usr/lib/postgresql")).into_iter().flatten().flatten();
    let debian =
        versions.map(|version| version.path().join("bin")).filter(|folder| folder.join("initdb").exists());
    let number = |folder: &PathBuf| folder.parent()?.file_name()?.to_str()?.parse::<u32>().ok();
    let elsewhere = || Some(which::which("initdb").ok()?.parent()?.to_path_buf());
    debian.max_by_key(number).or_else(elsewhere)
}

/// Programs, and where they find their libraries when they are not the machine's own.
struct Programs {
    folder: PathBuf,
    libraries: PathBuf,
}

impl Programs {
    fn below(root: &Path) -> Result<Self> {
        let folder = programs(root).with_context(|| format!("no `initdb` below {}", root.display()))?;
        Ok(Self { folder, libraries: root.join(format!("usr/lib/{}-linux-gnu", std::env::consts::ARCH)) })
    }

    fn command(&self, name: &str) -> Command {
        let mut command = Command::new(self.folder.join(name));
        command.env("LD_LIBRARY_PATH", &self.libraries);
        command
    }
}

/// A new cluster in a temporary folder.
pub(super) fn start(root: &Path, place: &Place) -> Result<Running> {
    let log = place.log("postgres");
    let user = unprivileged()?;
    let scratch = tempfile::Builder::new().prefix("tentacular-postgres-").tempdir()?;
    if let Some((uid, gid)) = user {
        chown(scratch.path(), Some(uid), Some(gid))?;
    }
    let programs = Programs::below(&readable(root, user.is_some(), scratch.path(), &log)?)?;
    let data = scratch.path().join("data");
    let mut initdb = programs.command("initdb");
    initdb.current_dir(scratch.path()).arg("--pgdata").arg(&data);
    initdb.args(["--username=tentacular", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync"]);
    process::run_as(&initdb, user, &log)?;

    let [port] = ports::free()?;
    let mut postgres = programs.command("postgres");
    postgres.current_dir(scratch.path()).arg("-D").arg(&data);
    for (name, value) in settings(port, scratch.path()) {
        postgres.arg("-c").arg(format!("{name}={value}"));
    }
    // Its immediate shutdown, the only one that neither waits for clients nor leaves shared memory behind.
    let scratch = Some(scratch.keep());
    let terms = Terms { ask_with: Some(Signal::SIGQUIT), scratch, user, ..Terms::default() };
    let mut serving = Serving::start("PostgreSQL", &postgres, &log, &terms)?;
    serving.wait_until(READY_WITHIN, || {
        let port = format!("--port={port}");
        process::succeeds(programs.command("pg_isready").args([
            "--host=127.0.0.1",
            "--username=tentacular",
            &port,
        ]))
    })?;
    let url = format!("postgres://tentacular@127.0.0.1:{port}/postgres");
    Ok(Running { environment: vec![(Variable::Postgres, url.into())], serving: vec![serving] })
}

fn settings(port: u16, sockets: &Path) -> [(&'static str, String); 7] {
    [
        ("port", port.to_string()),
        ("listen_addresses", "127.0.0.1".to_owned()),
        ("unix_socket_directories", sockets.display().to_string()),
        ("max_connections", "300".to_owned()),
        ("fsync", "off".to_owned()),
        ("full_page_writes", "off".to_owned()),
        ("synchronous_commit", "off".to_owned()),
    ]
}

/// Root's cache is closed to the account that root lends, so what lies there is copied to where it can be read.
fn readable(root: &Path, other_user: bool, scratch: &Path, log: &Path) -> Result<PathBuf> {
    if !other_user || root == Path::new("/") {
        return Ok(root.to_path_buf());
    }
    let copy = scratch.join("programs");
    process::run_quietly(
        Command::new("cp").arg("--recursive").arg("--preserve=mode,links").arg(root).arg(&copy),
        log,
    )?;
    Ok(copy)
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
    bail!("PostgreSQL needs an account other than root, and there is neither `postgres` nor `nobody`")
}
