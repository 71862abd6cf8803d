//! Anthropic's Messages API (`POST /v1/messages`, version 2023-06-01), without streaming.

use super::{Outcome, Told, Turn, Wish};
use serde_json::{Value, json};
use wire::client::ToolShown;

/// The version of the API.
pub(super) const VERSION: &str = "2023-06-01";

/// The body of a request.
pub(super) fn request(model: &str, most_tokens: u32, told: &Told<'_>) -> Value {
    json!({
        "model": model,
        "max_tokens": most_tokens,
        "system": told.system,
        "tools": told.tools.iter().map(tool).collect::<Vec<_>>(),
        "messages": told.turns.iter().map(message).collect::<Vec<_>>(),
    })
}

fn tool(tool: &ToolShown) -> Value {
    json!({"name": tool.name, "description": tool.about, "input_schema": tool.schema})
}

fn message(turn: &Turn) -> Value {
    match turn {
        Turn::Person { words, .. } => json!({"role": "user", "content": words}),
        Turn::Model { words, wishes } => {
            // The API takes neither words that are only gaps, nor an input that is no object.
            let words = (!words.trim().is_empty()).then(|| json!({"type": "text", "text": words}));
            let wishes = wishes.iter().map(|wish| {
                let input = if wish.arguments.is_object() { wish.arguments.clone() } else { json!({}) };
                json!({"type": "tool_use", "id": wish.id, "name": wish.tool, "input": input})
            });
            json!({"role": "assistant", "content": words.into_iter().chain(wishes).collect::<Vec<_>>()})
        }
        Turn::Results(results) => {
            json!({"role": "user", "content": results.iter().map(result).collect::<Vec<_>>()})
        }
    }
}

fn result(Outcome { id, told }: &Outcome) -> Value {
    json!({"type": "tool_result", "tool_use_id": id, "content": told})
}

/// Reads an answer; `None` when it is none.
pub(super) fn read(answer: &Value) -> Option<Turn> {
    let text = |value: &Value, field: &str| value.get(field)?.as_str().map(str::to_owned);
    let mut words = Vec::new();
    let mut wishes = Vec::new();
    for part in answer.get("content")?.as_array()? {
        match part.get("type")?.as_str()? {
            "text" => words.push(text(part, "text")?),
            "tool_use" => wishes.push(Wish {
                id: text(part, "id")?,
                tool: text(part, "name")?,
                arguments: part.get("input").cloned().unwrap_or_default(),
            }),
            // What it thinks is its own affair.
            _ => {}
        }
    }
    Some(Turn::Model { words: words.join("\n"), wishes })
}

/// How many tokens the API says that an answer took, with those that it kept of earlier requests; `None` when it does not say.
pub(super) fn tokens(answer: &Value) -> Option<u64> {
    let usage = answer.get("usage")?;
    let count = |field: &str| usage.get(field).and_then(Value::as_u64);
    let kept = ["cache_creation_input_tokens", "cache_read_input_tokens"].into_iter().filter_map(count);
    Some(kept.fold(count("input_tokens")?.saturating_add(count("output_tokens")?), u64::saturating_add))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_read_is_told_again_as_it_was() {
        let answer = json!({"role": "assistant", "stop_reason": "tool_use", "content": [
            {"type": "text", "text": "Let me look."},
            {"type": "tool_use", "id": "toolu_1", "name": "wf_logs", "input": {"name": "hello"}},
        ]});
        let turn = read(&answer).unwrap();
        let results = Turn::Results(vec![Outcome { id: "toolu_1".into(), told: "{}".into() }]);
        let turns = [Turn::Person { words: "why?".into(), with_others: false }, turn, results];
        let request = request("m", 10, &Told { system: "s", tools: &[], turns: &turns });
        assert_eq!(request["messages"][1]["content"], answer["content"]);
        assert_eq!(request["messages"][2]["content"][0]["tool_use_id"], "toolu_1");
    }

    #[test]
    fn what_the_api_would_not_take_is_not_told_again() {
        let wish = Wish { id: "1".into(), tool: "wf_run".into(), arguments: json!("hello") };
        let told = message(&Turn::Model { words: " \n".into(), wishes: vec![wish] });
        let call = json!({"type": "tool_use", "id": "1", "name": "wf_run", "input": {}});
        assert_eq!(told["content"], json!([call]));
    }

    #[test]
    fn tokens_are_counted_as_the_api_says() {
        let usage = json!({"input_tokens": 10, "output_tokens": 5, "cache_read_input_tokens": 100});
        assert_eq!(tokens(&json!({"usage": usage})), Some(115));
        for odd in
            [json!({}), json!({"usage": {}}), json!({"usage": {"input_tokens": "10", "output_tokens": 1}})]
        {
            assert_eq!(tokens(&odd), None, "{odd}");
        }
    }

    #[test]
    fn what_is_no_answer_is_none() {
        for odd in
            [json!({}), json!({"content": "hi"}), json!({"content": [{"type": "tool_use"}]}), json!([])]
        {
            assert_eq!(read(&odd), None, "{odd}");
        }
    }
}
