//! Fetching modules: in a sandbox like that of a tentacle, in which nothing of the tentacle is, and from which only the
//! registries are reached.

use crate::backend::BackendError;
use crate::backend::machine::confine::{
    Bind, SOCKET, SOCKET_FOLDER, Sandbox as Walled, StartError, Text, Wanted,
};
use crate::backend::machine::engine::{DENO, ENGINE, Parts};
use crate::backend::machine::gateway::{self, GATEWAY_FOLDER, PASS};
use crate::backend::machine::groups::Caps;
use crate::backend::machine::places::GATEWAY_SOCKET;
use crate::backend::machine::tentacle::Workshop;
use crate::modules::{ModuleFiles, ModulesError, ask, read, token};
use secrecy::{ExposeSecret, SecretString};
use std::fmt;
use std::path::Path;
use tokio::sync::mpsc;
use workflow::{Fetching, Gateway, Limits, Listen, Modules, RunTokenHash, Sandbox};

/// Where the sandbox sees what it is to fetch, and where it puts it: in memory.
const WANTED: &str = "/wanted";
const CACHE: &str = "/run/tentacle/cache";

/// How much it can put there: modules unpacked, and what Deno writes down besides.
const ROOM: u64 = 2 * ModuleFiles::MOST_BYTES as u64;

/// Fetches the modules of a version.
pub(super) async fn fetch(workshop: &Workshop, sandbox: &Sandbox) -> Result<ModuleFiles, BackendError> {
    let parts = workshop.parts()?;
    let modules = &sandbox.modules;
    if let Some(missing) = parts.registries.missing(modules) {
        return Err(BackendError::Modules(missing));
    }
    let token = token();
    let wanted = wanted(parts, sandbox, workshop.name(&sandbox.tentacle), &token)?;
    let (to, mut lines) = mpsc::channel(64);
    tokio::spawn(async move {
        while let Some(line) = lines.recv().await {
            tracing::debug!(line, "fetching modules");
        }
    });
    let walled = parts.mason.start(&wanted, to).await.map_err(|error| match error {
        StartError::Walls(why) => BackendError::NoSandbox(why),
        StartError::System(..) => BackendError::Fault(error.to_string()),
    })?;
    let within = parts.registries.within;
    let fetched = tokio::select! {
        fetched = asked(&walled, &token) => fetched,
        end = walled.ended() => Err(ModulesError::Refused(end.how).into()),
        () = tokio::time::sleep(within) => Err(ModulesError::TooSlow(within).into()),
    };
    walled.end();
    walled.ended().await;
    Ok(read(&fetched?, modules, &parts.registries.json(modules))?)
}

async fn asked(walled: &Walled, token: &SecretString) -> Result<Vec<u8>, BackendError> {
    let client = reqwest::Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .unix_socket(walled.socket.clone())
        .build()
        .map_err(|error| fault(&error))?;
    Ok(ask(&client, "http://modules/modules", token).await?)
}

fn wanted(
    parts: &Parts,
    sandbox: &Sandbox,
    name: String,
    token: &SecretString,
) -> Result<Wanted, BackendError> {
    let modules = &sandbox.modules;
    let pass = parts.supply.modules_pass(sandbox, parts.registries.egress(modules))?;
    let way_out = parts.gateway.as_ref().as_ref().map_err(|why| gateway::missing(why))?;
    let text = |at: &str, text: &str| Text { at: at.to_owned(), bytes: text.as_bytes().to_vec() };
    let texts = vec![
        text(PASS, pass.expose_secret()),
        text("/etc/hosts", "127.0.0.1 localhost\n"),
        text("/etc/nsswitch.conf", "hosts: files\n"),
        text(&format!("{WANTED}/entry.ts"), &modules.entry()),
        text(&format!("{WANTED}/{}", Modules::LOCK), modules.lock()),
        text(&format!("{WANTED}/registries.json"), &parts.registries.json(modules)),
    ];
    let folder = way_out.socket().parent().unwrap_or_else(|| Path::new("/"));
    let mut files = parts.files.clone();
    files.push(Bind { from: folder.to_path_buf(), at: GATEWAY_FOLDER.to_owned() });
    let fetching = Fetching {
        deno: DENO,
        engine: ENGINE,
        wanted: WANTED,
        cache: CACHE,
        listen: &Listen::Unix(format!("{SOCKET_FOLDER}/{SOCKET}")),
        gateway: &Gateway::Unix(format!("{GATEWAY_FOLDER}/{GATEWAY_SOCKET}")),
        pass: PASS,
        token: RunTokenHash::of(token.expose_secret()),
    };
    let limits = Limits::default();
    Ok(Wanted {
        group: Path::new(sandbox.tentacle.enclave.as_str()).join(&name),
        name,
        caps: Caps::of(&limits),
        data: u64::from(limits.data_mib) << 20,
        open_files: limits.open_files.into(),
        files,
        texts,
        room: ROOM,
        keeps: true,
        shared: None,
        tcp: true,
        command: fetching.command().map_err(|error| fault(&error))?,
    })
}

fn fault(error: &dyn fmt::Display) -> BackendError {
    BackendError::Fault(error.to_string())
}
