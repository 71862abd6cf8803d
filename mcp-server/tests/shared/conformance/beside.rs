//! What stands between a sidecar, which is a program of somebody else's, and what is not its own: the same list must hold for
//! it. What bounds it (memory, processes, disk) is tried where sidecars are.

use super::{Outcome, Site};
use serde_json::Value;
use wire::enforcement::Property;

/// What a script prints that has got what it should not have.
const DONE: &str = "done";

/// Tries what can be tried by a shell.
pub(super) async fn tried(site: &impl Site) -> Vec<(Property, Outcome)> {
    if site.beside("true").await.is_none() {
        println!("left out: no sidecar is tried at this site");
        return Vec::new();
    }
    let around = site.surroundings();
    let read = |path: &String| format!("head -c 1 '{path}' >/dev/null");
    let process = |name: &&str| format!("cat /proc/[0-9]*/comm | grep -q -x '{}'", cut(name));
    let connect = |it: &Value| {
        let (host, port) = (it["hostname"].as_str()?, it["port"].as_u64()?);
        (!host.contains(':')).then(|| format!("nc -w 3 {host} {port} -e \"$BUSYBOX\" true"))
    };
    let own = tempfile::tempdir().unwrap();
    let write = |folder: &str| format!(": > '{folder}/probe'");
    let written: Vec<String> = ["/", "/bin", "/dev", "/proc", "/sys"].map(write).to_vec();
    let control = vec![write(&own.path().display().to_string()); written.len()];
    let rights = [
        "touch $TMPDIR/own && chown 0:1 $TMPDIR/own".to_owned(),
        "mknod $TMPDIR/device c 1 3".to_owned(),
        "mount -t tmpfs none $TMPDIR".to_owned(),
    ];
    let files: Vec<String> = around.files.iter().map(read).collect();
    let credentials: Vec<String> = around.credentials.iter().map(read).collect();
    let processes: Vec<String> = around.processes.iter().map(process).collect();
    let connections: Vec<String> = around.connections.iter().filter_map(connect).collect();
    assert!(!connections.is_empty());
    vec![
        (Property::OwnKernel, own_kernel(site).await),
        (Property::OthersFiles, stopped(site, &files, &files).await),
        (Property::NoCredentials, stopped(site, &credentials, &credentials).await),
        (Property::OthersProcesses, stopped(site, &processes, &processes).await),
        (Property::NetworkDeclaredOnly, stopped(site, &connections, &connections).await),
        (Property::ReadOnlyFiles, stopped(site, &written, &control).await),
        (Property::NoRights, stopped(site, &rights, &rights).await),
    ]
}

/// A kernel keeps fifteen letters of a program's name.
fn cut(name: &str) -> &str {
    name.get(..15).unwrap_or(name)
}

async fn own_kernel(site: &impl Site) -> Outcome {
    let script = "cat /proc/version";
    let (within, outside) = (site.beside(script).await.unwrap(), site.outside_by_shell(script).await);
    assert!(within.contains("Linux"), "a kernel that says nothing of itself: {within}");
    if within == outside { Outcome::Breached(format!("it calls {within}")) } else { Outcome::Held }
}

/// Each script succeeds outside, so that it shows something, and must not within.
async fn stopped(site: &impl Site, within: &[String], outside: &[String]) -> Outcome {
    let variables = "export TMPDIR=${TMPDIR:-/tmp} BUSYBOX=${BUSYBOX:-/bin/busybox}";
    let prepared = |script: &String| format!("{variables}; ( {script} ) 2>/dev/null && echo {DONE}");
    let mut breaches = Vec::new();
    for (within, outside) in within.iter().zip(outside) {
        let control = site.outside_by_shell(&prepared(outside)).await;
        assert_eq!(control.trim(), DONE, "outside, {outside} shows nothing");
        let got = site.beside(&prepared(within)).await.unwrap();
        if got.contains(DONE) {
            breaches.push(within.clone());
        }
    }
    if breaches.is_empty() { Outcome::Held } else { Outcome::Breached(breaches.join(", ")) }
}
