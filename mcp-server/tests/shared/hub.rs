//! A stand-in for GitHub on real HTTP, as far as an app is concerned that is installed at one repository: it knows the app by
//! its key, gives tokens that end, lets git in with them, keeps what is told at commits, and has pull requests that people review and
//! merge. It answers what GitHub's documentation of these calls says, and nothing else.

#[path = "hub/pulls.rs"]
mod pulls;

pub(crate) use pulls::How;

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::{Json, routing::any};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::{SignedDuration, Timestamp};
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use rsa::pkcs1::{EncodeRsaPrivateKey, EncodeRsaPublicKey, LineEnding};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::{Arc, Mutex};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpListener;
use tokio::process::Command;

/// The app's id, and the installation's.
pub(crate) const APP: u64 = 4711;
const INSTALLATION: u64 = 815;

/// GitHub, with one repository `team/state`.
#[derive(Clone)]
pub(crate) struct Hub {
    pub(crate) url: String,
    /// The app's private key, as GitHub gives it.
    pub(crate) key: String,
    world: Arc<Mutex<World>>,
}

struct World {
    public: Vec<u8>,
    root: PathBuf,
    /// Until when each token is good, and for what.
    tokens: BTreeMap<String, (Timestamp, Value)>,
    lives: SignedDuration,
    statuses: Vec<Value>,
    takes_statuses: bool,
    pulls: Vec<pulls::Pull>,
    calls: usize,
    answers: bool,
}

impl Hub {
    /// Serves the bare repository `root/team/state.git`.
    pub(crate) async fn start(root: &Path) -> Self {
        let private = rsa::RsaPrivateKey::new(&mut rsa::rand_core::OsRng, 2048).unwrap();
        let world = World {
            public: private.to_public_key().to_pkcs1_der().unwrap().as_bytes().to_vec(),
            root: root.to_owned(),
            tokens: BTreeMap::new(),
            lives: SignedDuration::from_hours(1),
            statuses: Vec::new(),
            takes_statuses: true,
            pulls: Vec::new(),
            calls: 0,
            answers: true,
        };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let key = private.to_pkcs1_pem(LineEnding::LF).unwrap().to_string();
        let hub = Self { url, key, world: Arc::new(Mutex::new(world)) };
        let router = Router::new().fallback(any(answer)).with_state(hub.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        hub
    }

    /// A token of somebody who may push, as a deploy token is.
    pub(crate) fn deploy_token(&self) -> String {
        let token = "ghp_0123456789abcdef".to_owned();
        let until = Timestamp::now() + SignedDuration::from_hours(24);
        let permissions = json!({"contents": "write"});
        self.world.lock().unwrap().tokens.insert(token.clone(), (until, permissions));
        token
    }

    /// How many tokens there were.
    pub(crate) fn tokens(&self) -> Vec<String> {
        self.world.lock().unwrap().tokens.keys().cloned().collect()
    }

    /// Takes all tokens back, before their time.
    pub(crate) fn take_back(&self) {
        self.world.lock().unwrap().tokens.values_mut().for_each(|(until, _)| *until = Timestamp::UNIX_EPOCH);
    }

    /// From now on tokens live so long.
    pub(crate) fn tokens_live(&self, lives: SignedDuration) {
        self.world.lock().unwrap().lives = lives;
    }

    /// Whether statuses are taken.
    pub(crate) fn takes_statuses(&self, takes: bool) {
        self.world.lock().unwrap().takes_statuses = takes;
    }

    /// Whether it answers about pull requests.
    pub(crate) fn answers(&self, answers: bool) {
        self.world.lock().unwrap().answers = answers;
    }

    /// What was told at a commit, in order.
    pub(crate) fn told(&self, commit: &str) -> Vec<(String, String, String)> {
        let world = self.world.lock().unwrap();
        let text = |status: &Value, key: &str| status[key].as_str().unwrap_or_default().to_owned();
        let of = world.statuses.iter().filter(|status| status["sha"] == commit);
        of.map(|status| (text(status, "state"), text(status, "context"), text(status, "description")))
            .collect()
    }

    fn is_app(&self, headers: &HeaderMap) -> bool {
        let Some(token) = bearer(headers) else { return false };
        let mut rules = Validation::new(Algorithm::RS256);
        rules.set_required_spec_claims(&["exp", "iss"]);
        rules.set_issuer(&[APP.to_string()]);
        let key = DecodingKey::from_rsa_der(&self.world.lock().unwrap().public);
        let Ok(read) = jsonwebtoken::decode::<Value>(&token, &key, &rules) else { return false };
        let (issued, ends) = (read.claims["iat"].as_i64(), read.claims["exp"].as_i64());
        let now = Timestamp::now().as_second();
        // "no more than 10 minutes into the future", and not issued in it.
        issued.is_some_and(|issued| issued <= now) && ends.is_some_and(|ends| ends <= now + 600)
    }

    /// Whether a token is good for one of these permissions, each as GitHub writes it.
    fn lets_in(&self, token: &str, (what, how): (&str, &[&str])) -> bool {
        let world = self.world.lock().unwrap();
        world.tokens.get(token).is_some_and(|(until, permissions)| {
            *until > Timestamp::now() && permissions[what].as_str().is_some_and(|has| how.contains(&has))
        })
    }

    fn new_token(&self, asked: &Value) -> (StatusCode, Value) {
        // It may have less than the app has, and only of repositories where that is installed.
        if asked["repositories"] != json!(["state"]) {
            return (
                StatusCode::UNPROCESSABLE_ENTITY,
                json!({"message": "There is at least one repository that does not exist"}),
            );
        }
        let mut world = self.world.lock().unwrap();
        let (token, until) =
            (format!("ghs_{}", uuid::Uuid::now_v7().simple()), Timestamp::now() + world.lives);
        world.tokens.insert(token.clone(), (until, asked["permissions"].clone()));
        (
            StatusCode::CREATED,
            json!({"token": token, "expires_at": until, "permissions": asked["permissions"], "repository_selection": "selected"}),
        )
    }

    fn status(&self, sha: &str, mut asked: Value) -> (StatusCode, Value) {
        let mut world = self.world.lock().unwrap();
        if !world.takes_statuses {
            return (StatusCode::BAD_GATEWAY, json!({"message": "Server Error"}));
        }
        let known = matches!(asked["state"].as_str(), Some("error" | "failure" | "pending" | "success"));
        let fits = asked["description"].as_str().is_none_or(|text| text.chars().count() <= 140);
        if !known || !fits {
            return (StatusCode::UNPROCESSABLE_ENTITY, json!({"message": "Validation Failed"}));
        }
        asked["sha"] = json!(sha);
        world.statuses.push(asked.clone());
        let at = Timestamp::now();
        let made = json!({
            "id": world.statuses.len(), "node_id": "S", "url": "https://api.example/s", "avatar_url": null, "target_url": null,
            "state": asked["state"], "context": asked["context"], "description": asked["description"],
            "created_at": at, "updated_at": at, "creator": null,
        });
        (StatusCode::CREATED, made)
    }
}

fn bearer(headers: &HeaderMap) -> Option<String> {
    let given = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    given.strip_prefix("Bearer ").map(str::to_owned)
}

async fn answer(State(hub): State<Hub>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, 64 << 20).await.unwrap();
    let (method, path) = (parts.method.as_str().to_owned(), parts.uri.path().to_owned());
    let read = || serde_json::from_slice(&body).unwrap_or(Value::Null);
    let no = (StatusCode::UNAUTHORIZED, json!({"message": "Bad credentials"}));
    let told = match (method.as_str(), path.strip_prefix("/repos/team/state")) {
        ("GET", Some("/installation")) if hub.is_app(&parts.headers) => {
            (StatusCode::OK, json!({"id": INSTALLATION}))
        }
        ("POST", Some(rest)) if rest.starts_with("/statuses/") => match bearer(&parts.headers) {
            Some(token) if hub.lets_in(&token, ("statuses", &["write"])) => {
                hub.status(&rest["/statuses/".len()..], read())
            }
            _ => no,
        },
        ("POST", None) if path == format!("/app/installations/{INSTALLATION}/access_tokens") => {
            if hub.is_app(&parts.headers) { hub.new_token(&read()) } else { no }
        }
        (_, Some(rest))
            if rest.starts_with("/pulls")
                || rest.starts_with("/commits/")
                || rest.starts_with("/collaborators/") =>
        {
            let query = parts.uri.query().unwrap_or_default();
            let wanted = match rest {
                _ if rest.starts_with("/pulls") && method == "POST" => ("pull_requests", &["write"][..]),
                _ if rest.starts_with("/pulls") || rest.ends_with("/pulls") => {
                    ("pull_requests", &["read", "write"][..])
                }
                _ if rest.ends_with("/check-runs") => ("checks", &["read", "write"][..]),
                _ if rest.ends_with("/status") => ("statuses", &["read", "write"][..]),
                _ => ("metadata", &["read"][..]),
            };
            match bearer(&parts.headers) {
                _ if !hub.world.lock().unwrap().answers => {
                    (StatusCode::BAD_GATEWAY, json!({"message": "Server Error"}))
                }
                Some(token) if hub.lets_in(&token, wanted) => hub
                    .of_pulls(&method, rest, query, &read())
                    .unwrap_or((StatusCode::NOT_FOUND, json!({"message": "Not Found"}))),
                _ => no,
            }
        }
        (_, None) if path.starts_with("/team/state.git/") => return git(&hub, &parts, body).await,
        (_, Some("/installation")) => no,
        _ => (StatusCode::NOT_FOUND, json!({"message": "Not Found"})),
    };
    (told.0, Json(told.1)).into_response()
}

/// The real `git http-backend`, for whoever has a token.
async fn git(hub: &Hub, parts: &axum::http::request::Parts, body: Bytes) -> Response {
    let given = parts.headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let words = given.and_then(|given| STANDARD.decode(given.strip_prefix("Basic ")?).ok());
    let words = words.and_then(|words| String::from_utf8(words).ok()).unwrap_or_default();
    // "write" lets in whoever reads, too.
    let pushes = parts.uri.path().ends_with("/git-receive-pack")
        || parts.uri.query().is_some_and(|query| query.contains("git-receive-pack"));
    let asked = ("contents", if pushes { &["write"][..] } else { &["read", "write"][..] });
    if !words.strip_prefix("x-access-token:").is_some_and(|token| hub.lets_in(token, asked)) {
        return (StatusCode::UNAUTHORIZED, [(header::WWW_AUTHENTICATE, "Basic realm=\"GitHub\"")])
            .into_response();
    }
    let root = hub.world.lock().unwrap().root.clone();
    let header = |name: header::HeaderName| {
        parts.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned()
    };
    let mut child = Command::new("git")
        .arg("http-backend")
        .env("GIT_PROJECT_ROOT", root)
        .env("GIT_HTTP_EXPORT_ALL", "1")
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("REMOTE_USER", "the app")
        .env("PATH_INFO", parts.uri.path())
        .env("QUERY_STRING", parts.uri.query().unwrap_or_default())
        .env("REQUEST_METHOD", parts.method.as_str())
        .env("CONTENT_TYPE", header(header::CONTENT_TYPE))
        .env("HTTP_CONTENT_ENCODING", header(header::CONTENT_ENCODING))
        .env("CONTENT_LENGTH", body.len().to_string())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    tokio::spawn(async move { input.write_all(&body).await });
    let output = child.wait_with_output().await.unwrap().stdout;
    let end = output.windows(4).position(|four| four == b"\r\n\r\n").unwrap();
    let mut response = Response::builder();
    for line in String::from_utf8_lossy(&output[..end]).lines() {
        let (name, value) = line.split_once(": ").unwrap();
        response = match name {
            "Status" => response.status(value[..3].parse::<u16>().unwrap()),
            _ => response.header(name, value),
        };
    }
    response.body(Body::from(output[end + 4..].to_vec())).unwrap()
}
