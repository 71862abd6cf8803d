//! Slack and an issuer that answer as a test says, and a Kraken that talks to them.

use crate::facts::Seen;
use crate::inbox::{Inbox, Open};
use crate::issuer::Issuer;
use crate::kraken::Kraken;
use crate::server::Server;
use crate::sessions::Sessions;
use crate::slack::envelope::{How, Incoming, Said, What};
use crate::slack::{self, Slack};
use crate::working_copy::WorkingCopy;
use axum::Router;
use axum::body::to_bytes;
use axum::extract::{Request, State};
use axum::response::{IntoResponse as _, Response};
use http::StatusCode;
use secrecy::SecretString;
use serde_json::{Map, Value, json};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use wire::seal::{Seal, new_age_key};
use wire::signing::SigningKey;

/// An Ed25519 key, as `--signing-key-file` holds one.
const KEY: &str = "MC4CAQAwBQYDK2VwBCIEIAcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcH";

type Answers = dyn Fn(&str, &Value) -> Option<Value> + Send + Sync;

/// Both, on a port of their own.
pub(crate) struct StandIn {
    base: String,
    within: Arc<Within>,
    _served: JoinSet<()>,
}

struct Within {
    base: String,
    answers: Box<Answers>,
    heard: Mutex<Vec<(String, Value)>>,
    number: AtomicU32,
}

impl StandIn {
    /// What `answers` says comes first; everything else goes well.
    pub(crate) async fn new(answers: impl Fn(&str, &Value) -> Option<Value> + Send + Sync + 'static) -> Self {
        // A second time it is there already.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let within = Arc::new(Within {
            base: base.clone(),
            answers: Box::new(answers),
            heard: Mutex::default(),
            number: AtomicU32::new(0),
        });
        let router = Router::new().fallback(answer).with_state(Arc::clone(&within));
        let mut served = JoinSet::new();
        served.spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { base, within, _served: served }
    }

    /// What was sent to a method so far.
    pub(crate) fn heard(&self, method: &str) -> Vec<Value> {
        let heard = self.within.heard.lock().unwrap();
        heard.iter().filter(|(name, _)| name == method).map(|(_, sent)| sent.clone()).collect()
    }

    pub(crate) async fn slack(&self) -> Slack {
        let token = SecretString::from("xoxb-1");
        Slack::connect(slack::client(&format!("{}/api", self.base)), &token).await.unwrap()
    }

    /// A Kraken whose server nobody can reach.
    pub(crate) async fn kraken(&self) -> (TempDir, Arc<Kraken>) {
        let folder = tempfile::tempdir().unwrap();
        let key = folder.path().join("key.pem");
        let label = "PRIVATE KEY";
        std::fs::write(&key, format!("-----BEGIN {label}-----\n{KEY}\n-----END {label}-----\n")).unwrap();
        let key = SigningKey::read(&key).unwrap();
        let inbox = Inbox::open(&folder.path().join("state.db")).await.unwrap();
        let issuer = format!("{}/oidc", self.base).parse().unwrap();
        let issuer = Issuer::new(issuer, "kraken".into(), "relay".into(), SecretString::from("s")).unwrap();
        let issuer = Arc::new(issuer);
        let seal = Seal::read(&new_age_key()).unwrap();
        let kraken = Kraken {
            slack: self.slack().await,
            sessions: Sessions::new(inbox.pool().clone(), seal, Arc::clone(&issuer)),
            server: Server::new("http://127.0.0.1:1/mcp".into(), "t".into(), key, Arc::clone(&issuer)),
            working_copy: WorkingCopy::new(folder.path().join("files")),
            state: None,
            agent: None,
            seen: Seen::default(),
            inbox,
            issuer,
        };
        (folder, Arc::new(kraken))
    }
}

/// Something that Ana asks in the channel `C1`, as it comes to be worked on.
pub(crate) async fn asked(kraken: &Kraken, id: &str, said: Said) -> Open {
    let what = What::Said(said);
    let incoming = Incoming { id: id.into(), team: "T1".into(), channel: "C1".into(), what, at: None };
    kraken.inbox.receive(&incoming).await.unwrap();
    let open = kraken.inbox.open_events().await.unwrap();
    open.into_iter().find(|open| open.incoming.id == id).unwrap()
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

async fn answer(State(within): State<Arc<Within>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, usize::MAX).await.unwrap();
    let sent = serde_json::from_slice(&body).unwrap_or_else(|_| {
        let fields = match body.is_empty() {
            true => parts.uri.query().unwrap_or_default().as_bytes(),
            false => &body,
        };
        let fields = url::form_urlencoded::parse(fields);
        Value::Object(
            fields.map(|(key, value)| (key.into_owned(), value.as_ref().into())).collect::<Map<_, _>>(),
        )
    });
    let method = parts.uri.path().trim_start_matches('/').trim_start_matches("api/").to_owned();
    within.heard.lock().unwrap().push((method.clone(), sent.clone()));
    let answer = (within.answers)(&method, &sent).unwrap_or_else(|| within.well(&method, &sent));
    let is_refused = method.starts_with("oidc/") && answer.get("error").is_some();
    let status = if is_refused { StatusCode::BAD_REQUEST } else { StatusCode::OK };
    (status, axum::Json(answer)).into_response()
}

impl Within {
    fn well(&self, method: &str, sent: &Value) -> Value {
        let number = self.number.fetch_add(1, Ordering::Relaxed);
        let issuer = format!("{}/oidc", self.base);
        match method {
            "auth.test" => json!({"ok": true, "user_id": "UKRAKEN", "team_id": "T1"}),
            "users.info" => json!({"ok": true, "user": {"id": sent["user"], "team_id": "T1", "name": "ana"}}),
            "conversations.info" => json!({"ok": true, "channel": {"id": sent["channel"], "name": "prices"}}),
            "conversations.open" => json!({"ok": true, "channel": {"id": "DANA"}}),
            "chat.postMessage" | "chat.startStream" => json!({"ok": true, "ts": format!("9.{number:06}")}),
            "oidc/.well-known/openid-configuration" => json!({
                "issuer": issuer, "authorization_endpoint": format!("{issuer}/authorize"),
                "token_endpoint": format!("{issuer}/token"), "jwks_uri": format!("{issuer}/jwks"),
                "device_authorization_endpoint": format!("{issuer}/device"),
                "response_types_supported": ["code"], "subject_types_supported": ["public"],
                "id_token_signing_alg_values_supported": ["RS256"],
            }),
            "oidc/jwks" => json!({"keys": []}),
            "oidc/device" => json!({
                "device_code": format!("d-{number}"), "user_code": format!("CODE-{number}"),
                "verification_uri": format!("{issuer}/verify"), "expires_in": 600, "interval": 1,
            }),
            "oidc/token" => json!({"error": "authorization_pending"}),
            _ => json!({"ok": true}),
        }
    }
}
