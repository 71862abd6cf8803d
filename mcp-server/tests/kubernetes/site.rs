//! One installation: a folder with a store, an issuer, a way to the cluster that can be cut, and a server.

use crate::cluster::Cluster;
use crate::issuer::Issuer;
use crate::program::{Program, write_keys};
use crate::proxy::Proxy;
use crate::until::until;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use sqlx::ConnectOptions;
use sqlx::sqlite::SqliteConnectOptions;
use std::path::Path;
use tempfile::TempDir;
use uuid::Uuid;
use wire::Failure;
use wire::client::{Client, ClientError, Extras};

/// The token of an operator who may read everything, and restore.
pub(crate) const OPERATOR: &str = "break-glass-token-of-olga-who-may-read";

/// What outlives a server, and the server.
pub(crate) struct Site {
    pub(crate) cluster: Cluster,
    pub(crate) proxy: Proxy,
    pub(crate) issuer: Issuer,
    // Before its folder, from which it tells what it said when a test fails.
    running: Option<Program>,
    dir: TempDir,
    /// What its servers are told besides.
    more: Vec<String>,
}

impl Site {
    /// Everything, and a server whose trail's heads are in `heads`.
    pub(crate) async fn start(heads: &str) -> Self {
        Self::start_with(heads, Vec::new()).await
    }

    /// The same with servers that are told more.
    pub(crate) async fn start_with(heads: &str, more: Vec<String>) -> Self {
        Self::keyed(None, heads, more, |_| ()).await
    }

    /// The same with this signing key, else the usual one, in a folder that is prepared before a server comes into it.
    pub(crate) async fn keyed(
        signing: Option<&str>,
        heads: &str,
        more: Vec<String>,
        prepare: impl FnOnce(&Path),
    ) -> Self {
        let cluster = Cluster::connect().await;
        let proxy = Proxy::start(&cluster).await;
        let dir = tempfile::tempdir().unwrap();
        let key = crate::place::key();
        write_keys(dir.path(), signing.unwrap_or(&key.pem), &key.jwk);
        operator_may(dir.path(), &["read", "confirm-restore"]);
        prepare(dir.path());
        cluster.write_kubeconfig(&proxy.url, &dir.path().join("kubeconfig"));
        let mut site = Self { cluster, proxy, issuer: Issuer::start().await, dir, running: None, more };
        site.run(heads).await;
        site
    }

    /// Starts a server on what the last one left. With other heads than before it is not the one that was there before.
    pub(crate) async fn run(&mut self, heads: &str) {
        self.running = Some(self.another(heads).await);
    }

    /// One more server on the same store.
    pub(crate) async fn another(&self, heads: &str) -> Program {
        let file = |name: &str| self.dir.path().join(name).display().to_string();
        let mut flags = vec![
            format!("--oidc-issuer={}", self.issuer.url),
            "--mcp-client=agents".to_owned(),
            format!("--trail-heads-dir={}", file(heads)),
            format!("--break-glass-file={}", file("glass.json")),
            "--backend=kubernetes".to_owned(),
            format!("--kubeconfig={}", file("kubeconfig")),
        ];
        flags.extend(crate::place::flags());
        flags.extend(self.more.iter().cloned());
        Program::start(self.dir.path(), &flags, &[]).await
    }

    /// Ends the server as nobody can prepare for.
    pub(crate) fn kill(&mut self) {
        drop(self.running.take().unwrap());
    }

    pub(crate) fn endpoint(&self) -> String {
        self.running.as_ref().unwrap().endpoint()
    }

    /// Changes the store from behind.
    pub(crate) async fn execute(&self, statement: &'static str) {
        let options = SqliteConnectOptions::new().filename(self.dir.path().join("store.db"));
        let mut connection = options.connect().await.unwrap();
        sqlx::query(statement).execute(&mut connection).await.unwrap();
    }

    /// A token of this person.
    pub(crate) fn token(&self, person: &str) -> String {
        self.issuer.token(person, "agents")
    }

    /// This person calls a tool.
    pub(crate) async fn call(&self, person: &str, tool: &'static str, args: Value) -> Result<Value, Failure> {
        call(&self.endpoint(), &self.token(person), tool, args).await
    }

    /// An operator, who may read and restore, calls a tool.
    pub(crate) async fn operate(&self, tool: &'static str, args: Value) -> Result<Value, Failure> {
        let extras = Extras { reason: Some("the cluster is gone".to_owned()), ..Extras::default() };
        call_with(&self.endpoint(), OPERATOR, tool, args, extras).await
    }

    /// Loses the store. No server may be running.
    pub(crate) fn lose_store(&self) {
        for file in ["store.db", "store.db-wal", "store.db-shm"] {
            let _ = std::fs::remove_file(self.dir.path().join(file));
        }
    }

    /// Whether this person's enclave has this status.
    pub(crate) async fn is(&self, status: &str, person: &str, name: &str) -> bool {
        let info = self.call(person, "enclave_info", json!({"name": name})).await;
        info.is_ok_and(|info| info["status"] == status)
    }

    /// This person removes an enclave, and then nothing of it is on the cluster. Where pods take their time to end, it is removed by
    /// itself, as they are told.
    pub(crate) async fn deprovision(&self, person: &str, name: &str) {
        match self.call(person, "enclave_deprovision", json!({"name": name, "confirm": name})).await {
            Ok(gone) => assert_eq!(gone["deleted"], true, "{name}"),
            Err(failure) => {
                assert!(failure.message.contains("it is being removed"), "{name}: {failure:?}");
                until("it is removed by itself", async || {
                    self.call(person, "enclave_info", json!({"name": name})).await.is_err()
                })
                .await;
            }
        }
        assert!(self.cluster.namespaces().get_opt(name).await.unwrap().is_none(), "{name} is still there");
    }
}

/// Calls a tool as any client would.
pub(crate) async fn call(
    endpoint: &str,
    token: &str,
    tool: &'static str,
    args: Value,
) -> Result<Value, Failure> {
    call_with(endpoint, token, tool, args, Extras::default()).await
}

pub(crate) async fn call_with(
    endpoint: &str,
    token: &str,
    tool: &'static str,
    args: Value,
    extras: Extras,
) -> Result<Value, Failure> {
    let client = Client::connect(endpoint, &token.into()).await.unwrap();
    let answer = client.call_by_name(tool, args.as_object().unwrap().clone(), extras).await;
    client.close().await;
    answer.map_err(|error| match error {
        ClientError::Refused(failure) => failure,
        other => panic!("{tool} {args}: {other}"),
    })
}

/// A name that no other test has.
pub(crate) fn unique(what: &str) -> String {
    let random = Uuid::now_v7().simple().to_string();
    format!("{what}-{}", &random[random.len() - 8..])
}

/// Writes the file that names the operator, who may do this.
pub(crate) fn operator_may(dir: &Path, scopes: &[&str]) {
    let digest = Sha256::digest(OPERATOR).iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let entry = json!({
        "operator": "olga", "token_sha256": digest, "scopes": scopes, "not_after": "2100-01-01T00:00:00Z",
    });
    std::fs::write(dir.join("glass.json"), json!({"entries": [entry]}).to_string()).unwrap();
}
