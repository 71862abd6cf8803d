//! JSON-RPC over HTTP, as any client would speak it: nothing of the product's own client is in between.

use crate::door::Door;
use reqwest::header::HeaderMap;
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use wire::meta;
use wire::{Failure, FailureAnswer};

/// The revision that the original command line speaks.
pub(crate) const REVISION: &str = "2025-06-18";

/// What came back over HTTP.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

/// What came of a tool's call.
#[derive(Debug)]
pub(crate) enum Reply {
    /// It was done.
    Answer(Value),
    /// It was refused or failed, and says why.
    Refused(Failure),
    /// There is no such tool for this caller.
    NoTool(String),
}

/// What goes with a call beside its arguments.
#[derive(Debug, Clone, Default)]
pub(crate) struct Extras {
    /// The Kraken's signed channel assertion.
    pub(crate) assertion: Option<String>,
    /// An operator's reason.
    pub(crate) reason: Option<String>,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map(|value| value.to_str().unwrap()).unwrap_or_default()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body)
            .unwrap_or_else(|error| panic!("{error}: {} {}", self.status, self.body))
    }
}

impl Door {
    /// A request to the MCP endpoint as clients make it, without a token.
    pub(crate) fn request(&self, method: Method) -> RequestBuilder {
        self.http
            .request(method, format!("{}/mcp", self.url))
            .header("accept", "application/json, text/event-stream")
            .header("content-type", "application/json")
            .header("mcp-protocol-version", REVISION)
    }

    /// Sends a JSON-RPC message.
    pub(crate) async fn post(&self, token: &str, message: &Value) -> Answer {
        finish(self.request(Method::POST).bearer_auth(token).body(message.to_string())).await
    }

    /// Asks for something by its method.
    pub(crate) async fn ask(&self, token: &str, method: &str, params: Value) -> Value {
        let message = json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params});
        let answer = self.post(token, &message).await;
        assert_eq!(answer.status, 200, "{method}: {}", answer.body);
        answer.json()
    }

    /// The tools that the owner of `token` is shown, each described as people write.
    pub(crate) async fn tools(&self, token: &str) -> Vec<Value> {
        let listed = self.ask(token, "tools/list", json!({})).await;
        let tools = listed["result"]["tools"].as_array().unwrap().clone();
        for tool in &tools {
            for text in [&tool["title"], &tool["description"]].map(|text| text.as_str().unwrap()) {
                assert!(!text.contains("  ") && !text.contains('\n'), "{}: `{text}`", tool["name"]);
            }
        }
        tools
    }

    /// Calls a tool.
    pub(crate) async fn tool(&self, token: &str, tool: &str, args: &Value, extras: &Extras) -> Reply {
        reply(&self.ask(token, "tools/call", call(tool, args, extras)).await)
    }
}

/// The parameters of a call.
pub(crate) fn call(tool: &str, args: &Value, extras: &Extras) -> Value {
    let mut meta = json!({});
    let said = [(meta::ASSERTION, &extras.assertion), (meta::REASON, &extras.reason)];
    for (key, value) in said {
        if let Some(value) = value {
            meta[key] = json!(value);
        }
    }
    json!({"name": tool, "arguments": args, "_meta": meta})
}

/// Reads the answer to a call, which must be of one of the known shapes.
pub(crate) fn reply(answer: &Value) -> Reply {
    if let Some(error) = answer.get("error") {
        assert_eq!(error["code"], -32602, "{answer}");
        return Reply::NoTool(error["message"].as_str().unwrap().to_owned());
    }
    let result = &answer["result"];
    let structured = result["structuredContent"].clone();
    if result["isError"] == true {
        let failure: FailureAnswer = serde_json::from_value(structured).unwrap();
        assert_eq!(result["content"][0]["text"], failure.error.text());
        return Reply::Refused(failure.error);
    }
    // Clients that read only text must find the same there.
    let text: Value = serde_json::from_str(result["content"][0]["text"].as_str().unwrap()).unwrap();
    assert_eq!(text, structured);
    Reply::Answer(structured)
}

pub(crate) async fn finish(request: RequestBuilder) -> Answer {
    let answer = request.send().await.unwrap();
    let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
    Answer { status, headers, body: answer.text().await.unwrap() }
}
