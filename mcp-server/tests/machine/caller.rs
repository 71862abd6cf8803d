//! Ana, and others where she lets them, who call tools with the product's own client.

use crate::issuer::Issuer;
use secrecy::SecretString;
use serde_json::{Value, json};
use tokio::sync::mpsc::UnboundedSender;
use wire::Failure;
use wire::client::{Client, ClientError, Extras, Told};

/// The enclave of most tests.
pub(crate) const ENCLAVE: &str = "price-watch";

/// Whoever calls.
#[derive(Clone)]
pub(crate) struct Caller {
    pub(crate) issuer: Issuer,
    pub(crate) url: String,
    pub(crate) person: &'static str,
}

impl Caller {
    /// The same by somebody else.
    pub(crate) fn by(&self, person: &'static str) -> Self {
        Self { person, ..self.clone() }
    }

    /// Calls a tool; the server must answer.
    pub(crate) async fn call(&self, tool: &'static str, args: Value) -> Result<Value, Failure> {
        match self.try_call(tool, args).await {
            Ok(answer) => Ok(answer),
            Err(ClientError::Refused(failure)) => Err(failure),
            Err(error) => panic!("{tool}: {error}"),
        }
    }

    /// Calls a tool of a server that may end meanwhile.
    pub(crate) async fn try_call(&self, tool: &'static str, args: Value) -> Result<Value, ClientError> {
        self.told(tool, args, None).await
    }

    /// The same, and `told` hears how far it has come.
    pub(crate) async fn told(
        &self,
        tool: &'static str,
        args: Value,
        told: Option<UnboundedSender<Told>>,
    ) -> Result<Value, ClientError> {
        let Value::Object(args) = args else { panic!("arguments are an object") };
        let token = SecretString::from(self.issuer.token(self.person, "agents"));
        let client = Client::connect(&format!("{}/mcp", self.url), &token).await?;
        let answer = client.call_by_name(tool, args, Extras { told, ..Extras::default() }).await;
        client.close().await;
        answer
    }

    /// Makes an enclave.
    pub(crate) async fn provision(&self, name: &str) {
        self.call("enclave_provision", json!({"name": name})).await.unwrap();
    }

    /// Deploys these files to the enclave.
    pub(crate) async fn deploy(&self, name: &str, files: &Value) -> Result<Value, Failure> {
        self.call("wf_apply", deploying(name, files)).await
    }

    /// Runs a tentacle.
    pub(crate) async fn run_tentacle(&self, name: &str, input: Value) -> Result<Value, Failure> {
        self.call("wf_run", running(name, input)).await
    }

    /// What `wf_status` says.
    pub(crate) async fn status(&self, name: &str) -> Value {
        self.call("wf_status", json!({"enclave": ENCLAVE, "name": name})).await.unwrap()
    }

    /// The last lines of its log, as one text.
    pub(crate) async fn logs(&self, name: &str) -> String {
        let logs = self.call("wf_logs", json!({"enclave": ENCLAVE, "name": name})).await.unwrap();
        let lines: Vec<&str> =
            logs["lines"].as_array().unwrap().iter().map(|line| line.as_str().unwrap()).collect();
        lines.join("\n")
    }
}

/// The arguments of a deploy.
pub(crate) fn deploying(name: &str, files: &Value) -> Value {
    json!({"enclave": ENCLAVE, "name": name, "files": files})
}

/// The arguments of a run.
pub(crate) fn running(name: &str, input: Value) -> Value {
    json!({"enclave": ENCLAVE, "name": name, "input": input})
}
