//! Anthropic's Messages API, as its official libraries use it.

use super::{KEY, NAME, Reply, must};
use axum::http::HeaderMap;
use serde_json::{Value, json};

/// Whether the real one would take a request.
pub(super) fn check(path: &str, headers: &HeaderMap, body: &Value) -> Result<(), String> {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    must(path == "/v1/messages", "another path")?;
    must(header("x-api-key") == Some(KEY), "another key")?;
    must(header("anthropic-version") == Some("2023-06-01"), "another version")?;
    must(header("content-type") == Some("application/json"), "no JSON")?;
    must(body["model"] == NAME, "another model")?;
    must(body["max_tokens"].as_u64().is_some_and(|most| most > 0), "no `max_tokens`")?;
    must(body["system"].is_string(), "no `system`")?;
    for tool in body["tools"].as_array().ok_or("no tools")? {
        let fits = |text: &str| {
            text.len() <= 64 && text.chars().all(|it| it.is_ascii_alphanumeric() || "_-".contains(it))
        };
        must(tool["name"].as_str().is_some_and(fits), "a tool without a name")?;
        must(tool["input_schema"]["type"] == "object", "a tool without a schema")?;
    }
    let messages = body["messages"].as_array().ok_or("no messages")?;
    must(messages.first().is_some_and(|first| first["role"] == "user"), "it does not begin with the user")?;
    must(messages.last().is_some_and(|last| last["role"] == "user"), "it does not end with the user")?;
    for pair in messages.windows(2) {
        must(pair[0]["role"] != pair[1]["role"], "two of the same role in a row")?;
        must(
            ids(&pair[0], "tool_use", "id") == ids(&pair[1], "tool_result", "tool_use_id"),
            "results that fit no calls",
        )?;
    }
    for message in messages {
        let content = &message["content"];
        let empty = |part: &Value| {
            part["type"] == "text" && part["text"].as_str().is_none_or(|text| text.trim().is_empty())
        };
        let odd = |part: &Value| part["type"] == "tool_use" && !part["input"].is_object();
        must(!content.as_array().is_some_and(|parts| parts.iter().any(odd)), "an input that is no object")?;
        let parts = content.as_array().is_some_and(|parts| !parts.is_empty() && !parts.iter().any(empty));
        must(parts || content.as_str().is_some_and(|text| !text.is_empty()), "an empty message")?;
    }
    Ok(())
}

fn ids(message: &Value, kind: &str, field: &str) -> Vec<String> {
    let parts = message["content"].as_array().into_iter().flatten();
    let of_kind = parts.filter(|part| part["type"] == kind);
    of_kind.map(|part| part[field].as_str().unwrap_or_default().to_owned()).collect()
}

/// An answer.
pub(super) fn answer(number: usize, reply: &Reply, tokens: usize) -> Value {
    let (content, stop) = match reply {
        Reply::Calls(calls) => {
            let calls = calls.iter().enumerate().map(|(index, (tool, arguments))| {
                json!({"type": "tool_use", "id": format!("toolu_{number}_{index}"), "name": tool, "input": arguments})
            });
            (calls.collect(), "tool_use")
        }
        Reply::Words(words) => (vec![json!({"type": "text", "text": words})], "end_turn"),
        _ => (Vec::new(), "end_turn"),
    };
    json!({
        "id": format!("msg_{number}"), "type": "message", "role": "assistant", "model": NAME, "content": content,
        "stop_reason": stop, "stop_sequence": null, "usage": {"input_tokens": tokens, "output_tokens": 1},
    })
}
