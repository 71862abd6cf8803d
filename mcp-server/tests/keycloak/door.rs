//! The server's front door, with Keycloak behind it.

use crate::program::{Program, write_keys};
use crate::realm::Realm;
use crate::variable::variable;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ed25519_dalek::SigningKey;
use ed25519_dalek::pkcs8::EncodePrivateKey;
use ed25519_dalek::pkcs8::spki::der::pem::LineEnding;
use jiff::Timestamp;
use jsonwebtoken::EncodingKey;
use serde_json::{Value, json};
use tempfile::TempDir;
use uuid::Uuid;
use wire::assertion::{self, Assertion, Kind, User};
use wire::tools::channel::AccountClass;
use wire::{canonical, meta};

/// A server that takes the tokens of the realm `tentacular`.
pub(crate) struct Door {
    pub(crate) realm: Realm,
    program: Program,
    http: reqwest::Client,
    /// What the Kraken signs with.
    kraken: EncodingKey,
    _dir: TempDir,
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
    pub(crate) async fn open() -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let realm = Realm::named("tentacular");
        let dir = tempfile::tempdir().unwrap();
        let key = SigningKey::from_bytes(&rand::random());
        let x = URL_SAFE_NO_PAD.encode(key.verifying_key().as_bytes());
        let jwk =
            json!({"kty": "OKP", "crv": "Ed25519", "x": x, "kid": "kraken", "use": "sig", "alg": "EdDSA"});
        write_keys(dir.path(), &key.to_pkcs8_pem(LineEnding::LF).unwrap(), &jwk);
        let flags = [
            format!("--oidc-issuer={}", realm.url),
            "--mcp-client=agents,no-audience,lightweight".to_owned(),
            "--page-client=page".to_owned(),
            format!("--trail-heads-dir={}", dir.path().join("heads").display()),
            "--backend=kubernetes".to_owned(),
            format!("--kubeconfig={}", variable("TENTACULAR_TEST_KUBECONFIG")),
        ];
        let program = Program::start(dir.path(), &flags).await;
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        let kraken = EncodingKey::from_ed_der(key.to_pkcs8_der().unwrap().as_bytes());
        Self { realm, program, http, kraken, _dir: dir }
    }

    /// Ends the sign-in of this Slack account with the tokens that it gave, as the Kraken does.
    pub(crate) async fn bind(&self, token: &str, subject: &str, (team, user): (&str, &str)) -> Value {
        let (args, now) = (json!({}), Timestamp::now().as_second());
        let said = Assertion {
            aud: "tentacular".to_owned(),
            iat: now,
            exp: now + 60,
            jti: Uuid::now_v7(),
            kind: Kind::SignIn,
            team: team.to_owned(),
            channel: None,
            // Slack's address is another one, so that it can decide nothing.
            user: User {
                id: user.to_owned(),
                class: AccountClass::Full,
                name: user.to_owned(),
                email: Some("somebody@example.net".to_owned()),
            },
            event: Uuid::now_v7().to_string(),
            person_issuer: self.realm.url.clone(),
            person_subject: subject.to_owned(),
            tool: "account_bind".to_owned(),
            arguments_sha256: canonical::sha256(&args).unwrap(),
        };
        let said = assertion::sign(&said, &self.kraken, "kraken").unwrap();
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
