//! OpenAI's Chat Completions API, as its official libraries use it.

use super::{KEY, NAME, Reply, must};
use axum::http::HeaderMap;
use serde_json::{Value, json};

/// Whether the real one would take a request.
pub(super) fn check(path: &str, headers: &HeaderMap, body: &Value) -> Result<(), String> {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    must(path == "/v1/chat/completions", "another path")?;
    must(header("authorization") == Some(&format!("Bearer {KEY}")), "another key")?;
    must(header("content-type") == Some("application/json"), "no JSON")?;
    must(body["model"] == NAME, "another model")?;
    for tool in body["tools"].as_array().ok_or("no tools")? {
        must(tool["type"] == "function" && tool["function"]["name"].is_string(), "a tool without a name")?;
        must(tool["function"]["parameters"]["type"] == "object", "a tool without a schema")?;
    }
    let messages = body["messages"].as_array().ok_or("no messages")?;
    must(
        messages.first().is_some_and(|first| first["role"] == "system"),
        "it does not begin with the system",
    )?;
    // Each call has its result right after it.
    let mut open: Vec<&str> = Vec::new();
    for message in messages {
        match message["role"].as_str() {
            Some("tool") => {
                let id = message["tool_call_id"].as_str().ok_or("a result without a call")?;
                must(open.first() == Some(&id), "results that fit no calls")?;
                open.remove(0);
            }
            Some("assistant" | "user" | "system") => {
                must(open.is_empty(), "a call without a result")?;
                let calls = message["tool_calls"].as_array().into_iter().flatten();
                open.extend(calls.filter_map(|call| call["id"].as_str()));
                must(!open.is_empty() || message["content"].is_string(), "an empty message")?;
            }
            _ => return Err("a role that there is not".to_owned()),
        }
    }
    must(open.is_empty(), "a call without a result")
}

/// An answer.
pub(super) fn answer(number: usize, reply: &Reply, tokens: usize) -> Value {
    let (message, stop) = match reply {
        Reply::Calls(calls) => {
            let calls = calls.iter().enumerate().map(|(index, (tool, arguments))| {
                // The real one does not promise that they are JSON.
                let arguments = arguments.as_str().map_or_else(|| arguments.to_string(), str::to_owned);
                let function = json!({"name": tool, "arguments": arguments});
                json!({"id": format!("call_{number}_{index}"), "type": "function", "function": function})
            });
            let calls: Vec<Value> = calls.collect();
            (json!({"role": "assistant", "content": null, "tool_calls": calls}), "tool_calls")
        }
        Reply::Words(words) => (json!({"role": "assistant", "content": words, "refusal": null}), "stop"),
        _ => (json!({"role": "assistant", "content": null, "refusal": null}), "stop"),
    };
    json!({
        "id": format!("chatcmpl-{number}"), "object": "chat.completion", "created": 1_700_000_000, "model": NAME,
        "choices": [{"index": 0, "message": message, "finish_reason": stop, "logprobs": null}],
        "usage": {"prompt_tokens": tokens, "completion_tokens": 1, "total_tokens": tokens + 1},
    })
}
