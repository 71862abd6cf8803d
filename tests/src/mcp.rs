//! An MCP client: JSON-RPC over HTTP, as any client would speak it.

use crate::browser::http;
use reqwest::Client;
use serde_json::{Value, json};

/// The revision that the original command line speaks.
const REVISION: &str = "2025-06-18";

/// A client with one token.
#[derive(Debug)]
pub struct Mcp {
    http: Client,
    endpoint: String,
    token: String,
}

/// A call that was not done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// Why, for programs; empty where the server knows no such tool or takes no such arguments.
    pub code: String,
    /// Why, for people.
    pub text: String,
}

impl Mcp {
    pub(crate) fn new(endpoint: &str, token: &str) -> Self {
        Self { http: http(), endpoint: endpoint.to_owned(), token: token.to_owned() }
    }

    async fn ask(&self, method: &str, params: Value) -> Value {
        let message = json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params});
        let request = self.http.post(&self.endpoint).bearer_auth(&self.token);
        let request = request
            .header("accept", "application/json, text/event-stream")
            .header("content-type", "application/json")
            .header("mcp-protocol-version", REVISION);
        let answer = request.body(message.to_string()).send().await.unwrap();
        let (status, body) = (answer.status(), answer.text().await.unwrap());
        assert!(status.is_success(), "{method}: {status}: {body}");
        serde_json::from_str(&body).unwrap()
    }

    /// The tools that this person is shown, with their schemas.
    pub async fn tools(&self) -> Vec<Value> {
        let listed = self.ask("tools/list", json!({})).await;
        listed["result"]["tools"].as_array().unwrap().clone()
    }

    /// Calls a tool.
    ///
    /// # Errors
    /// What the server says where it does not do it.
    pub async fn call(&self, tool: &str, arguments: &Value) -> Result<Value, Refusal> {
        let answer = self.ask("tools/call", json!({"name": tool, "arguments": arguments})).await;
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        if let Some(error) = answer.get("error") {
            return Err(Refusal { code: String::new(), text: text(&error["message"]) });
        }
        let result = &answer["result"];
        if result["isError"] == true {
            let code = text(&result["structuredContent"]["error"]["code"]);
            return Err(Refusal { code, text: text(&result["content"][0]["text"]) });
        }
        Ok(result["structuredContent"].clone())
    }
}
