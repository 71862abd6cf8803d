//! Keycloak, started in seconds: the distribution is built once, together with an archive of loaded classes; the realms
//! are imported once into a database file; each run gets a copy of that file.

mod java;
mod realm;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, Result};
use nix::sys::signal::Signal;

use self::java::Boot;
use super::Running;
use crate::cache::{self, Entry};
use crate::environment::Variable;
use crate::place::Place;
use crate::ports;
use crate::process::{self, Serving, Terms};

const VERSION: &str = "26.7.3";

/// The file of its embedded database.
const DATABASE: &str = "keycloakdb.mv.db";

/// How long it may take to serve, the first time and from the snapshot. It takes seconds on an idle machine; these are
/// bounds for one that is busy, and one that has failed is not waited for.
const COLD_WITHIN: Duration = Duration::from_secs(600);
const READY_WITHIN: Duration = Duration::from_secs(300);

/// How long it may take to end in order, writing its archive of classes.
const ENDED_WITHIN: Duration = Duration::from_secs(180);

/// The folder with the database that holds the test realms. The distribution lies beside it, in the cache.
pub(super) fn install(place: &Place) -> Result<PathBuf> {
    let distribution = distribution(place)?;
    let parts = realm::PARTS.map(|part| place.root.join(part));
    let key = format!("keycloak-{VERSION}-realms-{}", cache::digest(&parts)?);
    let announcement = "the test realms, imported once, about 15 s";
    place.cache.get(&Entry { key: &key, announcement }, |folder| import(&distribution, folder, place))
}

fn distribution(place: &Place) -> Result<PathBuf> {
    let key = format!("keycloak-{VERSION}");
    let announcement = "the OIDC issuer, 177 MB by Maven, built for a fast start, about 2 min";
    let folder = place.cache.get(&Entry { key: &key, announcement }, |folder| build(folder, place))?;
    Ok(folder.join(&key))
}

/// Fetches and builds it, and lets it run once to learn its classes and to make its own realm.
fn build(folder: &Path, place: &Place) -> Result<()> {
    which::which("mvn").context("Maven is missing: `cargo xtask doctor` says how to get it")?;
    which::which("java").context("Java is missing: `cargo xtask doctor` says how to get it")?;
    let log = place.log("keycloak-build");
    let mut fetch = Command::new("mvn");
    // It leaves notes of its own where it runs.
    fetch.current_dir(folder);
    fetch.args(["--batch-mode", "--no-transfer-progress", "--quiet"]);
    fetch.arg("org.apache.maven.plugins:maven-dependency-plugin:3.8.1:unpack");
    fetch.arg(format!("-Dartifact=org.keycloak:keycloak-quarkus-dist:{VERSION}:zip"));
    fetch.arg(format!("-DoutputDirectory={}", folder.display()));
    process::run_quietly(&fetch, &log)?;

    let home = folder.join(format!("keycloak-{VERSION}"));
    process::run_quietly(&java::build(&home), &log)?;
    let first = Boot { home: &home, data: &home.join("data/h2"), learn: true, import: None };
    fs::create_dir_all(first.data)?;
    drop(serve(&first, COLD_WITHIN, place, None)?);
    Ok(())
}

/// Lets it run once more, to import the realms into a copy of its first database.
fn import(distribution: &Path, folder: &Path, place: &Place) -> Result<()> {
    let realms = folder.join("import");
    fs::create_dir_all(&realms)?;
    realm::write(&place.root, &realms)?;
    fs::copy(distribution.join("data/h2").join(DATABASE), folder.join(DATABASE))?;
    let boot = Boot { home: distribution, data: folder, learn: false, import: Some(&realms) };
    drop(serve(&boot, COLD_WITHIN, place, None)?);
    Ok(())
}

/// A server of its own, on a copy of the database.
pub(super) fn start(installed: &Path, place: &Place) -> Result<Running> {
    let scratch = tempfile::Builder::new().prefix("tentacular-keycloak-").tempdir()?;
    fs::copy(installed.join(DATABASE), scratch.path().join(DATABASE))?;
    let distribution = distribution(place)?;
    let data = scratch.keep();
    let boot = Boot { home: &distribution, data: &data, learn: false, import: None };
    let (url, serving) = serve(&boot, READY_WITHIN, place, Some(data.clone()))?;
    Ok(Running { environment: vec![(Variable::Keycloak, url.into())], serving: vec![serving] })
}

fn serve(
    boot: &Boot<'_>,
    limit: Duration,
    place: &Place,
    scratch: Option<PathBuf>,
) -> Result<(String, Serving)> {
    let [port] = ports::free()?;
    let url = format!("http://127.0.0.1:{port}");
    // Its database, and its archive of classes, are only written when it may end in order.
    let ask_with = scratch.is_none().then_some(Signal::SIGTERM);
    let terms = Terms { ask_with, scratch, grace: Some(ENDED_WITHIN), ..Terms::default() };
    let mut serving = Serving::start("Keycloak", &boot.command(port, &url), &place.log("keycloak"), &terms)?;
    serving.wait_until(limit, || {
        ureq::get(format!("{url}/realms/master/.well-known/openid-configuration")).call().is_ok()
    })?;
    Ok((url, serving))
}
