//! A registry of npm and of JSR on this machine, with two packages of the one and one of the other, which can lie and fail.

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::header::{CONTENT_TYPE, LOCATION};
use axum::http::{StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use flate2::{Compression, write::GzEncoder};
use serde_json::{Value, json};
use sha2::{Digest, Sha256, Sha512};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use tokio::task::JoinHandle;

/// What is answered at a path.
#[derive(Debug, Clone)]
pub(crate) enum Page {
    Content(Bytes),
    Elsewhere(String),
    Never,
}

/// A registry.
pub(crate) struct Registry {
    pub(crate) port: u16,
    shared: Arc<Shared>,
    serving: JoinHandle<()>,
    lock: Value,
}

#[derive(Debug, Default)]
struct Shared {
    pages: Mutex<BTreeMap<String, Page>>,
    asked: Mutex<Vec<String>>,
}

/// The path of the tarball of `left`, and of the file of `@std/twice`.
pub(crate) const TARBALL: &str = "/left/-/left-1.2.3.tgz";
pub(crate) const FILE: &str = "/@std/twice/0.3.0/mod.ts";

/// `left`, which needs `inner`, tries what it may not, and has a script that would run when it is installed.
const LEFT: &str = r#"
const fs = require("node:fs");
const { up } = require("inner");
const tried = async (what) => {
  try {
    await what();
    return "done";
  } catch (error) {
    return error.name === "Error" ? error.code ?? error.message : error.name;
  }
};
module.exports = {
  left: (word) => up(word) + "!",
  data: () => fs.readFileSync(__dirname + "/data.txt", "utf8").trim(),
  tries: async (port) => ({
    script: await tried(() => fs.readFileSync(__dirname + "/script.txt")),
    change: await tried(() => fs.writeFileSync(__dirname + "/data.txt", "x")),
    files: await tried(() => fs.readFileSync("/etc/passwd")),
    environment: await tried(() => process.env.DENO_DIR.length),
    network: await tried(() => fetch(`http://canary.example:${port}/`)),
    registry: await tried(() => fetch("http://npm.example/")),
    more: await tried(() => import("npm:inner@1.0.2")),
    address: await tried(() => import(`http://canary.example:${port}/x.js`)),
  }),
};
"#;
const INNER: &str = "export const up = (word) => word.toUpperCase();\n";
pub(crate) const TWICE: &str = "export const twice = (number: number): number => number * 2;\n";

/// The code of a tentacle that imports one package of each.
pub(crate) const CODE: &str = r#"
import left from "npm:left@1.2.3";
import { twice } from "jsr:@std/twice@0.3.0";

export default async (_ctx, { port }) => ({
  greeting: "Hello", left: left.left("hi"), twice: twice(4), data: left.data(), tries: await left.tries(port),
});
"#;

/// What `left` says of itself.
pub(crate) const PACKAGE: &str = r#"{"name":"left","version":"1.2.3"}"#;

/// The tentacle's files.
pub(crate) fn files(lock: &Value) -> Value {
    let workflow = "name: user\nversion: '1.0'\ntriggers: [{type: manual}]\nnodes:\n  use: {path: nodes/use.ts, description: Uses}\n\
                    contract:\n  version: '1'\n  dependencies:\n    left: {protocol: npm, host: left, version: 1.2.3}\n    \
                    twice: {protocol: jsr, host: '@std/twice', version: 0.3.0}\n";
    json!({"workflow.yaml": workflow, "nodes/use.ts": CODE, "deno.lock": lock.to_string()})
}

/// What it answers: what it imports does its work, and whatever else `left` tries fails.
pub(crate) fn expected() -> Value {
    let denied = "NotCapable";
    json!({
        "greeting": "Hello", "left": "HI!", "twice": 8, "data": "its own",
        "tries": {
            "script": "ENOENT", "change": denied, "files": denied, "environment": denied, "network": denied,
            "registry": denied, "more": "TypeError", "address": "TypeError",
        },
    })
}

impl Registry {
    pub(crate) async fn start() -> Self {
        Self::start_at("127.0.0.1").await
    }

    /// One that is there at this address.
    pub(crate) async fn start_at(address: &str) -> Self {
        let listener = tokio::net::TcpListener::bind((address, 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let shared = Arc::<Shared>::default();
        let router = Router::new().fallback(answer).with_state(Arc::clone(&shared));
        let serving = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        let mut registry = Self { port, shared, serving, lock: Value::Null };
        registry.fill();
        registry
    }

    fn fill(&mut self) {
        let inner = json!({"name": "inner", "version": "1.0.1", "type": "module", "exports": "./index.js"});
        let left = json!({
            "name": "left", "version": "1.2.3", "main": "index.js", "dependencies": {"inner": "^1.0.0"},
            "scripts": {"postinstall": "echo ran > script.txt"},
        });
        let noise = noise();
        let tarballs = [
            tarball(&[("package.json", &inner.to_string()), ("index.js", INNER), ("noise.txt", &noise)]),
            tarball(&[("package.json", &left.to_string()), ("index.js", LEFT), ("data.txt", "its own\n")]),
        ];
        let [inner, left] = tarballs.each_ref().map(|tarball| integrity(tarball));
        let [inner_tarball, left_tarball] = tarballs;
        self.publish("inner", "1.0.1", inner_tarball);
        self.publish("left", "1.2.3", left_tarball);
        let manifest = self.publish_twice(TWICE);
        let listing = json!({"scope": "std", "name": "twice", "latest": "0.3.0", "versions": {"0.3.0": {}}});
        self.put("/@std/twice/meta.json", Page::Content(listing.to_string().into()));
        self.lock = json!({
            "version": "5",
            "specifiers": {"jsr:@std/twice@0.3.0": "0.3.0", "npm:left@1.2.3": "1.2.3"},
            "jsr": {"@std/twice@0.3.0": {"integrity": hex(&Sha256::digest(&manifest))}},
            "npm": {
                "inner@1.0.1": {"integrity": inner},
                "left@1.2.3": {"integrity": left, "dependencies": ["inner"], "scripts": true},
            },
        });
    }

    /// Has this content for a version of a package of npm, and says so where it lists them.
    pub(crate) fn publish(&self, name: &str, version: &str, tarball: Bytes) {
        let path = format!("/{name}/-/{name}-{version}.tgz");
        let address = format!("http://npm.example:{}{path}", self.port);
        let dist = json!({"tarball": address, "integrity": integrity(&tarball)});
        let needs = if name == "left" { json!({"inner": "^1.0.0"}) } else { json!({}) };
        let entry = json!({"name": name, "version": version, "hasInstallScript": true, "dependencies": needs, "dist": dist});
        let listing = json!({"name": name, "dist-tags": {"latest": version}, "versions": {version: entry}});
        self.put(&format!("/{name}"), Page::Content(listing.to_string().into()));
        self.put(&path, Page::Content(tarball));
    }

    /// Has this code for `@std/twice`, and says so in what it tells of the version, which is answered.
    pub(crate) fn publish_twice(&self, code: &'static str) -> String {
        let checksum = format!("sha256-{}", hex(&Sha256::digest(code)));
        let manifest = json!({"/mod.ts": {"size": code.len(), "checksum": checksum}});
        let manifest =
            json!({"manifest": manifest, "exports": {".": "./mod.ts"}, "moduleGraph2": {}}).to_string();
        self.put("/@std/twice/0.3.0_meta.json", Page::Content(manifest.clone().into()));
        self.put(FILE, Page::Content(code.into()));
        manifest
    }

    /// Answers this at a path from now on.
    pub(crate) fn put(&self, path: &str, page: Page) {
        self.shared.pages.lock().unwrap().insert(path.to_owned(), page);
    }

    /// What it answers at a path.
    pub(crate) fn page(&self, path: &str) -> Page {
        self.shared.pages.lock().unwrap()[path].clone()
    }

    /// The paths that were asked for since this was asked last.
    pub(crate) fn asked(&self) -> Vec<String> {
        std::mem::take(&mut *self.shared.asked.lock().unwrap())
    }

    /// The `deno.lock` of who imports both.
    pub(crate) fn lock(&self) -> Value {
        self.lock.clone()
    }

    /// The flags of a server that fetches from here.
    pub(crate) fn flags(&self) -> [String; 2] {
        ["npm", "jsr"].map(|name| format!("--module-registry-{name}=http://{name}.example:{}/", self.port))
    }

    /// It is gone.
    pub(crate) async fn stop(&mut self) {
        self.serving.abort();
        let _ = (&mut self.serving).await;
    }
}

async fn answer(State(shared): State<Arc<Shared>>, uri: Uri) -> Response {
    shared.asked.lock().unwrap().push(uri.path().to_owned());
    let page = shared.pages.lock().unwrap().get(uri.path()).cloned();
    match page {
        Some(Page::Content(bytes)) => {
            let kind =
                if uri.path().ends_with(".ts") { "text/typescript" } else { "application/octet-stream" };
            ([(CONTENT_TYPE, kind)], bytes).into_response()
        }
        Some(Page::Elsewhere(to)) => (StatusCode::FOUND, [(LOCATION, to)]).into_response(),
        Some(Page::Never) => std::future::pending().await,
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

/// 1.3 MB that no compression makes much smaller than 1 MB.
fn noise() -> String {
    let mut last = Sha256::digest("noise");
    let next = || {
        last = Sha256::digest(last);
        STANDARD.encode(last)
    };
    std::iter::repeat_with(next).take(30_000).collect()
}

/// A package with these files.
pub(crate) fn tarball(files: &[(&str, &str)]) -> Bytes {
    let mut archive = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
    for (name, text) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(text.len() as u64);
        header.set_mode(0o644);
        archive.append_data(&mut header, format!("package/{name}"), text.as_bytes()).unwrap();
    }
    archive.into_inner().unwrap().finish().unwrap().into()
}

/// The digest that a lock has of it.
pub(crate) fn integrity(tarball: &[u8]) -> String {
    format!("sha512-{}", STANDARD.encode(Sha512::digest(tarball)))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
