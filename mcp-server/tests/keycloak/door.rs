//! The server's front door, with Keycloak behind it.

use crate::program::{Program, write_keys};
use crate::realm::Realm;
use crate::variable::variable;
use ed25519_dalek::pkcs8::EncodePrivateKey;
use ed25519_dalek::pkcs8::spki::der::pem::LineEnding;
use jiff::Timestamp;
use serde_json::{Value, json};
use std::path::PathBuf;
use tempfile::TempDir;
use uuid::Uuid;
use wire::assertion::{self, Assertion, Kind, User};
use wire::signing::SigningKey;
use wire::tools::channel::AccountClass;
use wire::{canonical, meta};

/// A server that takes the tokens of one realm.
pub(crate) struct Door {
    pub(crate) realm: Realm,
    program: Program,
    http: reqwest::Client,
    /// What the Kraken signs with.
    kraken: SigningKey,
    dir: TempDir,
}

/// What came back over HTTP.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// The header that says where to sign in.
    pub(crate) challenge: String,
    pub(crate) body: String,
}

impl Door {
    /// One of the realm `tentacular`, on a real control plane.
    pub(crate) async fn open() -> Self {
        let kubeconfig = variable("TENTACULAR_TEST_KUBECONFIG");
        let backend = ["--backend=kubernetes".to_owned(), format!("--kubeconfig={kubeconfig}")];
        Self::with(Realm::named("tentacular"), &backend, &[]).await
    }

    /// One of this realm.
    pub(crate) async fn of(realm: &Realm) -> Self {
        Self::with(realm.clone(), &["--backend=simulator".to_owned()], &[]).await
    }

    /// One of this realm whose clock is so many seconds ahead of everybody else's, or behind.
    pub(crate) async fn with_clock(realm: &Realm, seconds: i32) -> Self {
        let moved = [
            ("LD_PRELOAD", variable("TENTACULAR_TEST_FAKETIME")),
            ("FAKETIME", format!("{seconds:+}s")),
            // How long something takes stays as it is.
            ("FAKETIME_DONT_FAKE_MONOTONIC", "1".to_owned()),
        ];
        Self::with(realm.clone(), &["--backend=simulator".to_owned()], &moved).await
    }

    async fn with(realm: Realm, backend: &[String], variables: &[(&str, String)]) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let key = ed25519_dalek::SigningKey::from_bytes(&rand::random());
        let key = key.to_pkcs8_pem(LineEnding::LF).unwrap();
        let pem = dir.path().join("kraken.pem");
        std::fs::write(&pem, &*key).unwrap();
        let kraken = SigningKey::read(&pem).unwrap();
        write_keys(dir.path(), &key, &kraken.jwks()["keys"][0]);
        let mut flags = vec![
            format!("--oidc-issuer={}", realm.url),
            "--mcp-client=agents,no-audience,lightweight".to_owned(),
            "--page-client=page".to_owned(),
            format!("--trail-heads-dir={}", dir.path().join("heads").display()),
        ];
        flags.extend_from_slice(backend);
        let program = Program::start(dir.path(), &flags, variables).await;
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        Self { realm, program, http, kraken, dir }
    }

    /// The file with the key that the Kraken signs with.
    pub(crate) fn kraken_key(&self) -> PathBuf {
        self.dir.path().join("kraken.pem")
    }

    /// Where the server is.
    pub(crate) fn url(&self) -> &str {
        &self.program.url
    }

    /// Ends the sign-in of this Slack account with the tokens that it gave, as the Kraken does. Slack's address for it is of somebody
    /// else, so that it can decide nothing.
    pub(crate) async fn bind(&self, token: &str, subject: &str, account: (&str, &str)) -> Value {
        self.bind_with(token, subject, account, "somebody@example.net").await
    }

    /// The same, where this is Slack's address for the account.
    pub(crate) async fn bind_with(
        &self,
        token: &str,
        subject: &str,
        (team, user): (&str, &str),
        email: &str,
    ) -> Value {
        let (args, now) = (json!({}), Timestamp::now().as_second());
        let said = Assertion {
            aud: "tentacular".to_owned(),
            iat: now,
            exp: now + 60,
            jti: Uuid::now_v7(),
            kind: Kind::SignIn,
            team: team.to_owned(),
            channel: None,
            user: User {
                id: user.to_owned(),
                class: AccountClass::Full,
                name: user.to_owned(),
                email: Some(email.to_owned()),
            },
            event: Uuid::now_v7().to_string(),
            person_issuer: self.realm.url.clone(),
            person_subject: subject.to_owned(),
            tool: "account_bind".to_owned(),
            arguments_sha256: canonical::sha256(&args).unwrap(),
        };
        let said = assertion::sign(&said, self.kraken.private(), self.kraken.id()).unwrap();
        let answer = self.asked(token, "account_bind", args, json!({meta::ASSERTION: said})).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        answer.result()["structuredContent"].clone()
    }

    /// Sends one call of a tool with a token, and nothing besides.
    pub(crate) async fn post(&self, token: &str, tool: &str, args: Value) -> Answer {
        self.asked(token, tool, args, json!({})).await
    }

    async fn asked(&self, token: &str, tool: &str, args: Value, meta: Value) -> Answer {
        let params = json!({"name": tool, "arguments": args, "_meta": meta});
        let message = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params});
        let request = self.http.post(self.program.endpoint()).bearer_auth(token).body(message.to_string());
        let request = request.header("accept", "application/json, text/event-stream");
        let request = request.header("content-type", "application/json");
        let answer = request.header("mcp-protocol-version", "2025-06-18").send().await.unwrap();
        let challenge = answer.headers().get("www-authenticate");
        let challenge = challenge.map(|value| value.to_str().unwrap().to_owned()).unwrap_or_default();
        Answer { status: answer.status().as_u16(), challenge, body: answer.text().await.unwrap() }
    }

    /// Who the server takes the owner of this token for.
    pub(crate) async fn whoami(&self, token: &str) -> Value {
        let answer = self.post(token, "whoami", json!({})).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        answer.result()["structuredContent"].clone()
    }

    /// Where the server says how to sign in.
    pub(crate) fn metadata(&self) -> String {
        format!("{}/.well-known/oauth-protected-resource", self.program.url)
    }
}

impl Answer {
    /// The JSON-RPC result.
    pub(crate) fn result(&self) -> Value {
        let message: Value =
            serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("{}: {}", self.status, self.body));
        message["result"].clone()
    }
}
