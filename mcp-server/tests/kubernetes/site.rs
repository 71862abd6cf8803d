//! One installation: a folder with a store, an issuer, a way to the cluster that can be cut, and a server.

use crate::cluster::Cluster;
use crate::issuer::{Issuer, TestKey};
use crate::program::{Program, write_keys};
use crate::proxy::Proxy;
use serde_json::{Value, json};
use tempfile::TempDir;
use uuid::Uuid;
use wire::Failure;
use wire::client::{Client, ClientError, Extras};

/// What outlives a server, and the server.
pub(crate) struct Site {
    pub(crate) cluster: Cluster,
    pub(crate) proxy: Proxy,
    pub(crate) issuer: Issuer,
    dir: TempDir,
    running: Option<Program>,
}

impl Site {
    /// Everything, and a server whose trail's heads are in `heads`.
    pub(crate) async fn start(heads: &str) -> Self {
        let cluster = Cluster::connect().await;
        let proxy = Proxy::start(&cluster).await;
        let dir = tempfile::tempdir().unwrap();
        let key = TestKey::new("kraken-1");
        write_keys(dir.path(), &key.pem, &key.jwk);
        cluster.write_kubeconfig(&proxy.url, &dir.path().join("kubeconfig"));
        let mut site = Self { cluster, proxy, issuer: Issuer::start().await, dir, running: None };
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
        let flags = [
            format!("--oidc-issuer={}", self.issuer.url),
            "--mcp-client=agents".to_owned(),
            format!("--trail-heads-dir={}", file(heads)),
            "--backend=kubernetes".to_owned(),
            format!("--kubeconfig={}", file("kubeconfig")),
        ];
        Program::start(self.dir.path(), &flags).await
    }

    /// Ends the server as nobody can prepare for.
    pub(crate) fn kill(&mut self) {
        drop(self.running.take().unwrap());
    }

    pub(crate) fn endpoint(&self) -> String {
        self.running.as_ref().unwrap().endpoint()
    }

    /// A token of this person.
    pub(crate) fn token(&self, person: &str) -> String {
        self.issuer.token(person, "agents")
    }

    /// This person calls a tool.
    pub(crate) async fn call(&self, person: &str, tool: &'static str, args: Value) -> Result<Value, Failure> {
        call(&self.endpoint(), &self.token(person), tool, args).await
    }

    /// Whether this person's enclave has this status.
    pub(crate) async fn is(&self, status: &str, person: &str, name: &str) -> bool {
        let info = self.call(person, "enclave_info", json!({"name": name})).await;
        info.is_ok_and(|info| info["status"] == status)
    }

    /// This person removes an enclave, and then nothing of it is on the cluster.
    pub(crate) async fn deprovision(&self, person: &str, name: &str) {
        let gone = self.call(person, "enclave_deprovision", json!({"name": name, "confirm": name})).await;
        assert_eq!(gone.unwrap()["deleted"], true, "{name}");
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
    let client = Client::connect(endpoint, &token.into()).await.unwrap();
    let answer = client.call_by_name(tool, args.as_object().unwrap().clone(), Extras::default()).await;
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
