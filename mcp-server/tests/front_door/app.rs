//! One server with everything around it, on loopback and in a temporary folder.

use crate::backend::Remembering;
use crate::issuer::{Issuer, TestKey};
use clap::Parser;
use jiff::Timestamp;
use mcp_server::{Args, Ready};
use secrecy::SecretString;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;
use wire::assertion::{Assertion, Channel, Kind, User, sign};
use wire::client::{Client, ClientError, Extras};
use wire::tools::channel::AccountClass;
use wire::{Failure, canonical};

/// An operator's token, with every scope.
pub(crate) const OPERATOR: &str = "break-glass-token-of-olga-with-every-scope";

/// What outlives a server: its folder, the issuer, the world that the backend changed.
pub(crate) struct App {
    pub(crate) issuer: Issuer,
    pub(crate) backend: Remembering,
    pub(crate) dir: TempDir,
    pub(crate) kraken: TestKey,
    pub(crate) url: String,
    running: Option<Running>,
}

struct Running {
    task: JoinHandle<()>,
    shutdown: CancellationToken,
}

impl App {
    pub(crate) async fn start() -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let dir = tempfile::tempdir().unwrap();
        let kraken = TestKey::new("kraken-1");
        let keys = json!({"keys": [kraken.jwk]}).to_string();
        std::fs::write(dir.path().join("kraken.jwks"), keys).unwrap();
        std::fs::write(dir.path().join("signing.pem"), TestKey::new("unused").pem).unwrap();
        let every: Vec<&str> = policy::Scope::ALL.into_iter().map(policy::Scope::name).collect();
        let digest = canonical::hex(&Sha256::digest(OPERATOR));
        let glass = json!({"entries": [
            {"operator": "olga", "token_sha256": digest, "scopes": every, "not_after": "2100-01-01T00:00:00Z"}
        ]});
        std::fs::write(dir.path().join("glass.json"), glass.to_string()).unwrap();
        let issuer = Issuer::start().await;
        let backend = Remembering::default();
        let mut app = Self { issuer, backend, dir, kraken, url: String::new(), running: None };
        app.run().await;
        app
    }

    /// Starts a server on what the last one left.
    pub(crate) async fn run(&mut self) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        self.url = format!("http://{}", listener.local_addr().unwrap());
        let args = self.args();
        let ready = Ready::new(&args, Arc::new(self.backend.clone())).await.unwrap();
        let shutdown = CancellationToken::new();
        let stop = shutdown.clone();
        let task = tokio::spawn(async move { ready.serve(listener, stop).await.unwrap() });
        self.running = Some(Running { task, shutdown });
        self.until_ready().await;
    }

    /// Ends the server as a kill would: nothing of it is asked.
    pub(crate) fn kill(&mut self) {
        self.running.take().unwrap().task.abort();
    }

    /// Ends the server as an operator would.
    pub(crate) async fn stop(&mut self) {
        let running = self.running.take().unwrap();
        running.shutdown.cancel();
        running.task.await.unwrap();
    }

    pub(crate) fn args(&self) -> Args {
        let file = |name: &str| self.dir.path().join(name).display().to_string();
        Args::parse_from([
            "mcp-server".to_owned(),
            format!("--public-url={}", self.url),
            format!("--oidc-issuer={}", self.issuer.url),
            "--mcp-client=agents".to_owned(),
            format!("--kraken-keys={}", file("kraken.jwks")),
            format!("--signing-key-file={}", file("signing.pem")),
            format!("--trail-heads-dir={}", file("heads")),
            format!("--break-glass-file={}", file("glass.json")),
            format!("--store=sqlite:{}", file("store.db")),
            "--backend=kubernetes".to_owned(),
        ])
    }

    async fn until_ready(&self) {
        for _ in 0..500 {
            let ready = reqwest::get(format!("{}/readyz", self.url)).await;
            if ready.is_ok_and(|answer| answer.status().is_success()) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("the server did not become ready");
    }

    pub(crate) fn endpoint(&self) -> String {
        format!("{}/mcp", self.url)
    }

    /// Calls a tool with a token and nothing else.
    pub(crate) async fn call(&self, token: &str, tool: &'static str, args: Value) -> Result<Value, Failure> {
        self.call_with(token, tool, args, Extras::default()).await
    }

    /// Calls a tool as an operator, with a reason.
    pub(crate) async fn operate(&self, tool: &'static str, args: Value) -> Result<Value, Failure> {
        let extras = Extras { assertion: None, reason: Some("the owner is on holiday".to_owned()) };
        self.call_with(OPERATOR, tool, args, extras).await
    }

    pub(crate) async fn call_with(
        &self,
        token: &str,
        tool: &'static str,
        args: Value,
        extras: Extras,
    ) -> Result<Value, Failure> {
        let client = Client::connect(&self.endpoint(), &SecretString::from(token)).await.unwrap();
        let Value::Object(arguments) = args else { panic!("arguments are an object") };
        match client.call_by_name(tool, arguments, extras).await {
            Ok(value) => Ok(value),
            Err(ClientError::Refused(failure)) => Err(failure),
            Err(other) => panic!("{tool}: {other}"),
        }
    }

    /// A person's token of the client for MCP clients.
    pub(crate) fn agent(&self, person: &str) -> String {
        self.issuer.token(person, "agents")
    }

    /// The Kraken, in a channel that `creator` made.
    pub(crate) fn channel(&self, id: &str, name: &str, creator: &str) -> InChannel<'_> {
        let channel = Channel { id: id.to_owned(), name: name.to_owned(), creator: creator.to_owned() };
        InChannel { app: self, channel }
    }

    /// The relay's report of who is in a channel.
    pub(crate) async fn report(&self, channel: &str, people: &[(&str, &str)]) -> Value {
        let members: Vec<Value> = people
            .iter()
            .map(|(name, class)| json!({"user": account(name), "class": class, "name": name}))
            .collect();
        let args =
            json!({"team": "T1", "channel": channel, "observed_at": Timestamp::now(), "members": members});
        self.relay("channel_report", args).await.unwrap()
    }

    pub(crate) async fn relay(&self, tool: &'static str, args: Value) -> Result<Value, Failure> {
        let token = self.issuer.token("service-account-kraken-relay", "kraken-relay");
        self.call(&token, tool, args).await
    }

    /// Signs somebody in from Slack: binds their account.
    pub(crate) async fn sign_in(&self, person: &str) -> Result<Value, Failure> {
        let mut said = self.assertion(person, "account_bind", &json!({}));
        said.kind = Kind::SignIn;
        said.user.email = Some(format!("{person}@example.com"));
        self.send(person, "account_bind", json!({}), &said).await
    }

    /// What the Kraken states about one call, in no channel.
    pub(crate) fn assertion(&self, person: &str, tool: &str, args: &Value) -> Assertion {
        let now = Timestamp::now().as_second();
        let name = person.to_owned();
        Assertion {
            aud: "tentacular".to_owned(),
            iat: now,
            exp: now + 60,
            jti: Uuid::now_v7(),
            kind: Kind::Message,
            team: "T1".to_owned(),
            channel: None,
            user: User { id: account(person), class: AccountClass::Full, name, email: None },
            event: Uuid::now_v7().to_string(),
            person_issuer: self.issuer.url.clone(),
            person_subject: person.to_owned(),
            tool: tool.to_owned(),
            arguments_sha256: canonical::sha256(args).unwrap(),
        }
    }

    /// Sends a call of the Kraken with exactly this statement.
    pub(crate) async fn send(
        &self,
        person: &str,
        tool: &'static str,
        args: Value,
        said: &Assertion,
    ) -> Result<Value, Failure> {
        let jws = sign(said, &self.kraken.private, &self.kraken.kid).unwrap();
        let extras = Extras { assertion: Some(jws), reason: None };
        self.call_with(&self.issuer.token(person, "kraken"), tool, args, extras).await
    }
}

/// The Kraken in one channel.
pub(crate) struct InChannel<'a> {
    app: &'a App,
    channel: Channel,
}

impl InChannel<'_> {
    /// `person` says something here that becomes this call.
    pub(crate) async fn say(&self, person: &str, tool: &'static str, args: Value) -> Result<Value, Failure> {
        let said = self.assertion(person, tool, &args);
        self.app.send(person, tool, args, &said).await
    }

    /// What the Kraken states about it.
    pub(crate) fn assertion(&self, person: &str, tool: &str, args: &Value) -> Assertion {
        Assertion { channel: Some(self.channel.clone()), ..self.app.assertion(person, tool, args) }
    }
}

/// The Slack account of somebody: `U` and the name.
pub(crate) fn account(person: &str) -> String {
    format!("U{}", person.to_ascii_uppercase())
}
