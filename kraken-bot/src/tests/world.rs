//! A Kraken whose surroundings stand in this process: Slack, the issuer and the server, as much of each as it talks with here.

use crate::facts::Seen;
use crate::inbox::{Inbox, Open};
use crate::issuer::Issuer;
use crate::kraken::Kraken;
use crate::new_age_key;
use crate::server::Server;
use crate::sessions::Sessions;
use crate::slack::envelope::{How, Incoming, Said, What};
use crate::slack::{self, Slack};
use crate::working_copy::WorkingCopy;
use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use jiff::Timestamp;
use serde_json::{Value, json};
use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;
use tokio::net::TcpListener;
use wire::assertion;
use wire::seal::Seal;
use wire::signing::SigningKey;

/// How long anything is waited for.
const PATIENCE: Duration = Duration::from_secs(60);

/// The key of RFC 8410, section 10.3.
const KEY: &str = "-----BEGIN PRIVATE KEY-----\n\
    MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n-----END PRIVATE KEY-----\n";

/// Who the server is in what is stated to it.
const AUDIENCE: &str = "tentacular";

/// The token of the Kraken itself.
const RELAY: &str = "relay";

/// How the server is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Condition {
    #[default]
    Well,
    /// Nothing that could answer is there.
    Away,
    /// It takes every request, and answers none.
    Silent,
}

/// What a test has Slack answer; what it says nothing of goes well.
type Answers = fn(&str, &Value) -> Option<Value>;

/// What stands around the Kraken.
#[derive(Debug, Default)]
pub(crate) struct Around {
    url: String,
    answers: Option<Answers>,
    pub(crate) server: Condition,
    /// What the server was asked.
    pub(crate) calls: Vec<(String, Value)>,
    /// What it answers to a report.
    pub(crate) reported: Value,
    /// What it answers to other tools, from their arguments.
    pub(crate) tools: HashMap<&'static str, fn(&Value) -> Value>,
    /// The one token of people's that it takes; any, where none is named.
    pub(crate) takes: Option<&'static str>,
    /// The assertions of people's calls, with the tokens that they came with, whether those were taken or not.
    stated: Vec<(String, String)>,
    /// The token that the issuer gives for the old one; none, where it has ended the session.
    pub(crate) renews: Option<&'static str>,
    /// What is to be told.
    pub(crate) notices: Vec<Value>,
    /// What Slack was asked, and with what.
    asked: Vec<(String, Value)>,
    /// How many sign-ins the issuer was asked to begin.
    pub(crate) sign_ins: u32,
    /// The methods that Slack refuses for an hour.
    pub(crate) limited: HashSet<&'static str>,
    /// The methods that Slack answers with a word for a trouble of its own.
    pub(crate) failing: HashSet<&'static str>,
    /// Who is in each channel.
    pub(crate) members: HashMap<&'static str, Vec<&'static str>>,
    /// Whether Slack answers only the first page of who is in a channel.
    pub(crate) by_halves: bool,
}

type Shared = Arc<Mutex<Around>>;

/// The Kraken, and what stands around it.
pub(crate) struct World {
    pub(crate) kraken: Arc<Kraken>,
    around: Shared,
    key: SigningKey,
    _home: tempfile::TempDir,
}

impl World {
    pub(crate) async fn new() -> Self {
        Self::with(None).await
    }

    /// One in which Slack answers so first.
    pub(crate) async fn answering(answers: Answers) -> Self {
        Self::with(Some(answers)).await
    }

    async fn with(answers: Option<Answers>) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let home = tempfile::tempdir().unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let reported = json!({"enclave": "prices", "taken": true});
        let around =
            Arc::new(Mutex::new(Around { url: url.clone(), answers, reported, ..Around::default() }));
        let router = Router::new()
            .route("/slack/{method}", get(slack_asked).post(slack_told))
            .route("/issuer/.well-known/openid-configuration", get(described))
            .route("/issuer/keys", get(async || Json(json!({"keys": []}))))
            .route("/issuer/token", post(token))
            .route("/issuer/device", post(device))
            .route("/mcp", post(called))
            .with_state(Arc::clone(&around));
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });

        let key = home.path().join("key.pem");
        std::fs::write(&key, KEY).unwrap();
        let client = slack::client(&format!("{url}/slack"));
        let issuer = format!("{url}/issuer").parse().unwrap();
        let issuer = Issuer::new(issuer, "kraken".into(), "kraken-relay".into(), "s".into()).unwrap();
        let issuer = Arc::new(issuer);
        let inbox = Inbox::open(&home.path().join("state.db")).await.unwrap();
        let seal = Seal::read(&new_age_key()).unwrap();
        let signing = SigningKey::read(&key).unwrap();
        let kraken = Kraken {
            slack: Slack::connect(client, &"xoxb-1".into()).await.unwrap(),
            server: Server::new(format!("{url}/mcp"), AUDIENCE.into(), signing, Arc::clone(&issuer)),
            sessions: Sessions::new(inbox.pool().clone(), seal, Arc::clone(&issuer)),
            working_copy: WorkingCopy::new(home.path().join("tentacles")),
            state: None,
            agent: None,
            seen: Seen::default(),
            inbox,
            issuer,
        };
        Self { kraken: Arc::new(kraken), around, key: SigningKey::read(&key).unwrap(), _home: home }
    }

    pub(crate) fn around(&self) -> MutexGuard<'_, Around> {
        self.around.lock().unwrap()
    }

    /// An address of Slack's.
    pub(crate) fn slack(&self, method: &str) -> String {
        format!("{}/slack/{method}", self.around().url)
    }

    /// What Slack was asked by a method, call by call.
    pub(crate) fn heard(&self, method: &str) -> Vec<Value> {
        let around = self.around();
        around.asked.iter().filter(|(asked, _)| asked == method).map(|(_, with)| with.clone()).collect()
    }

    /// The methods by which Slack was asked, in order.
    pub(crate) fn asked(&self) -> Vec<String> {
        self.around().asked.iter().map(|(method, _)| method.clone()).collect()
    }

    /// What Ana says in #prices, as it comes to be worked on.
    pub(crate) async fn says(&self, id: &str, said: Said) -> Open {
        let incoming = happened(id, What::Said(said));
        self.kraken.inbox.receive(&incoming).await.unwrap();
        let open = self.kraken.inbox.open_events().await.unwrap();
        open.into_iter().find(|open| open.incoming.id == id).unwrap()
    }

    /// Ana has signed in.
    pub(crate) async fn ana_has_signed_in(&self) {
        self.has_signed_in("UANA").await;
    }

    /// Somebody has.
    pub(crate) async fn has_signed_in(&self, account: &str) {
        self.signs_in(account, account, "a").await;
    }

    /// Somebody has signed in for an account, and has this token.
    pub(crate) async fn signs_in(&self, account: &str, subject: &str, token: &str) {
        let session = json!({
            "issuer": "https://sign-in.example", "subject": subject, "access": token, "refresh": "r",
            "expires_at": Timestamp::now().as_second() + 600,
        });
        self.kraken.sessions.keep(account, &serde_json::from_value(session).unwrap()).await.unwrap();
    }

    /// Something happens in #prices, and is written down.
    pub(crate) async fn happens(&self, id: &str, what: What) {
        self.kraken.inbox.receive(&happened(id, what)).await.unwrap();
    }

    /// What was reported to the server, in order.
    pub(crate) fn reports(&self) -> Vec<Value> {
        let around = self.around();
        let reports = around.calls.iter().filter(|(tool, _)| tool == "channel_report");
        reports.map(|(_, args)| args.clone()).collect()
    }

    /// For which event, and with which token, people's tools were called, in order.
    pub(crate) fn called_for(&self) -> Vec<(String, String)> {
        let event =
            |stated: &str| assertion::verify(stated, AUDIENCE, |_| Some(self.key.public())).unwrap().event;
        let around = self.around();
        around.stated.iter().map(|(stated, token)| (event(stated), token.clone())).collect()
    }

    /// Whether somebody's leaving was reported.
    pub(crate) fn is_told_that_left(&self, user: &str) -> bool {
        self.reports().iter().any(|report| report["left"] == json!([user]))
    }

    /// Waits until it is so.
    pub(crate) async fn until(&self, what: &str, is_so: impl AsyncFn(&Self) -> bool) {
        let waiting = async {
            while !is_so(self).await {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        assert!(tokio::time::timeout(PATIENCE, waiting).await.is_ok(), "{what}: {:?}", self.around());
    }
}

/// Something that happened in #prices.
pub(crate) fn happened(id: &str, what: What) -> Incoming {
    Incoming { id: id.into(), team: "T1".into(), channel: "C1".into(), what, at: Some(Timestamp::now()) }
}

/// Words of Ana's, in a thread.
pub(crate) fn words(text: &str, ts: &str, thread: &str) -> Said {
    Said {
        user: "UANA".into(),
        text: text.into(),
        ts: ts.into(),
        thread: thread.into(),
        direct: false,
        click: None,
        how: How::Spoken,
    }
}

async fn slack_asked(
    State(around): State<Shared>,
    Path(method): Path<String>,
    Query(params): Query<HashMap<String, String>>,
) -> Response {
    slack_answer(&around, &method, &json!(params))
}

async fn slack_told(State(around): State<Shared>, Path(method): Path<String>, body: Bytes) -> Response {
    slack_answer(&around, &method, &serde_json::from_slice(&body).unwrap_or_default())
}

fn slack_answer(around: &Shared, method: &str, params: &Value) -> Response {
    let mut around = around.lock().unwrap();
    around.asked.push((method.to_owned(), params.clone()));
    if let Some(answer) = around.answers.and_then(|answers| answers(method, params)) {
        return Json(answer).into_response();
    }
    if around.limited.contains(method) {
        return (
            StatusCode::TOO_MANY_REQUESTS,
            [(header::RETRY_AFTER, "3600")],
            Json(json!({"ok": false, "error": "ratelimited"})),
        )
            .into_response();
    }
    if around.failing.contains(method) || params.get("cursor").is_some() {
        return Json(json!({"ok": false, "error": "internal_error"})).into_response();
    }
    let text = |key: &str| params[key].as_str().unwrap_or_default().to_owned();
    let mut answer = match method {
        "auth.test" => json!({"user_id": "UKRAKEN", "team_id": "T1"}),
        "users.info" => json!({"user": {"id": text("user"), "team_id": "T1", "name": text("user")}}),
        "conversations.members" => {
            let members = around.members.get(text("channel").as_str()).cloned().unwrap_or_default();
            let next = if around.by_halves { "more" } else { "" };
            json!({"members": members, "response_metadata": {"next_cursor": next}})
        }
        "conversations.info" => {
            json!({"channel": {"id": text("channel"), "name": "prices", "is_member": true}})
        }
        "conversations.open" => json!({"channel": {"id": format!("D{}", text("users"))}}),
        "chat.postMessage" | "chat.startStream" => json!({"ts": format!("9.{:06}", around.asked.len())}),
        _ => json!({}),
    };
    answer["ok"] = true.into();
    Json(answer).into_response()
}

async fn described(State(around): State<Shared>) -> Json<Value> {
    let issuer = format!("{}/issuer", around.lock().unwrap().url);
    Json(json!({
        "issuer": issuer, "authorization_endpoint": format!("{issuer}/authorize"), "token_endpoint": format!("{issuer}/token"),
        "jwks_uri": format!("{issuer}/keys"), "device_authorization_endpoint": format!("{issuer}/device"),
        "response_types_supported": ["code"], "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256"],
    }))
}

/// The relay has its token; nobody signs in.
async fn token(State(around): State<Shared>, asked: String) -> Response {
    let refused = |error: &str| (StatusCode::BAD_REQUEST, Json(json!({"error": error}))).into_response();
    let renews = around.lock().unwrap().renews;
    let token = match (asked.contains("device_code"), asked.contains("grant_type=refresh_token"), renews) {
        (true, ..) => return refused("authorization_pending"),
        (_, true, None) => return refused("invalid_grant"),
        (_, true, Some(token)) => token,
        _ => RELAY,
    };
    Json(json!({"access_token": token, "token_type": "Bearer", "expires_in": 300})).into_response()
}

async fn device(State(around): State<Shared>) -> Json<Value> {
    let mut around = around.lock().unwrap();
    around.sign_ins += 1;
    Json(json!({
        "device_code": format!("d-{}", around.sign_ins), "user_code": format!("CODE-{}", around.sign_ins),
        "verification_uri": format!("{}/issuer/verify", around.url), "expires_in": 600, "interval": 1,
    }))
}

/// A request of MCP's, answered as one message of JSON.
async fn called(State(around): State<Shared>, headers: HeaderMap, Json(request): Json<Value>) -> Response {
    let token = headers[header::AUTHORIZATION].to_str().unwrap().trim_start_matches("Bearer ").to_owned();
    if let Some(stated) = request["params"]["_meta"][wire::meta::ASSERTION].as_str() {
        around.lock().unwrap().stated.push((stated.to_owned(), token.clone()));
    }
    let takes = around.lock().unwrap().takes;
    if token != RELAY && takes.is_some_and(|takes| takes != token) {
        let challenge = [(header::WWW_AUTHENTICATE, "Bearer error=\"invalid_token\"")];
        return (StatusCode::UNAUTHORIZED, challenge).into_response();
    }
    let (Some(id), method) = (request.get("id").cloned(), request["method"].as_str().unwrap_or_default())
    else {
        return StatusCode::ACCEPTED.into_response();
    };
    let is_call = method == "tools/call";
    let server = around.lock().unwrap().server;
    if is_call && server != Condition::Away {
        let (tool, args) = (&request["params"]["name"], &request["params"]["arguments"]);
        around.lock().unwrap().calls.push((tool.as_str().unwrap().to_owned(), args.clone()));
    }
    match server {
        Condition::Well => {}
        Condition::Away => return StatusCode::BAD_GATEWAY.into_response(),
        Condition::Silent => std::future::pending().await,
    }
    let result = if is_call {
        let around = around.lock().unwrap();
        let answer = match request["params"]["name"].as_str().unwrap() {
            "channel_report" => around.reported.clone(),
            "channel_map" => {
                json!({"channels": [{"team": "T1", "channel": "C1", "enclave": "prices", "status": "active"}]})
            }
            "notices" => json!({"notices": around.notices}),
            tool => {
                around.tools.get(tool).map_or(json!({}), |answer| answer(&request["params"]["arguments"]))
            }
        };
        json!({"resultType": "complete", "content": [], "structuredContent": answer})
    } else {
        json!({
            "resultType": "complete", "supportedVersions": ["2026-07-28"], "capabilities": {"tools": {}}, "ttlMs": 0,
            "cacheScope": "private",
        })
    };
    Json(json!({"jsonrpc": "2.0", "id": id, "result": result})).into_response()
}
