//! OpenAI's Chat Completions API (`POST /v1/chat/completions`), without streaming.

use super::{Told, Turn, Wish};
use serde_json::{Value, json};
use wire::client::ToolShown;

/// The body of a request.
pub(super) fn request(model: &str, most_tokens: u32, told: &Told<'_>) -> Value {
    let system = json!({"role": "system", "content": told.system});
    let turns = told.turns.iter().flat_map(messages);
    json!({
        "model": model,
        "max_completion_tokens": most_tokens,
        "tools": told.tools.iter().map(tool).collect::<Vec<_>>(),
        "messages": std::iter::once(system).chain(turns).collect::<Vec<_>>(),
    })
}

fn tool(tool: &ToolShown) -> Value {
    json!({"type": "function", "function": {
        "name": tool.name, "description": tool.about, "parameters": tool.schema,
    }})
}

fn messages(turn: &Turn) -> Vec<Value> {
    match turn {
        Turn::Person { words, .. } => vec![json!({"role": "user", "content": words})],
        Turn::Model { words, wishes } if wishes.is_empty() => {
            vec![json!({"role": "assistant", "content": words})]
        }
        Turn::Model { words, wishes } => {
            let calls: Vec<Value> = wishes.iter().map(call).collect();
            vec![json!({"role": "assistant", "content": words, "tool_calls": calls})]
        }
        Turn::Results(results) => {
            let result = results
                .iter()
                .map(|result| json!({"role": "tool", "tool_call_id": result.id, "content": result.told}));
            result.collect()
        }
    }
}

fn call(wish: &Wish) -> Value {
    let function = json!({"name": wish.tool, "arguments": wish.arguments.to_string()});
    json!({"id": wish.id, "type": "function", "function": function})
}

/// Reads an answer; `None` when it is none.
pub(super) fn read(answer: &Value) -> Option<Turn> {
    let message = answer.pointer("/choices/0/message")?;
    let words = message.get("content").and_then(Value::as_str).unwrap_or_default().to_owned();
    let calls = message.get("tool_calls").and_then(Value::as_array);
    let wishes: Option<Vec<Wish>> = calls.into_iter().flatten().map(wish).collect();
    Some(Turn::Model { words, wishes: wishes? })
}

/// The arguments are a text that should hold JSON; what holds none is told to be wrong as any other wrong arguments are.
fn wish(call: &Value) -> Option<Wish> {
    let text = |pointer: &str| call.pointer(pointer)?.as_str().map(str::to_owned);
    let arguments = text("/function/arguments").unwrap_or_default();
    let arguments = match arguments.trim() {
        "" => json!({}),
        written => serde_json::from_str(written).unwrap_or_else(|_| Value::String(arguments.clone())),
    };
    Some(Wish { id: text("/id")?, tool: text("/function/name")?, arguments })
}

/// How many tokens the API says that an answer took; `None` when it does not say.
pub(super) fn tokens(answer: &Value) -> Option<u64> {
    let count = |field: &str| answer.pointer(&format!("/usage/{field}")).and_then(Value::as_u64);
    let both = || Some(count("prompt_tokens")?.saturating_add(count("completion_tokens")?));
    count("total_tokens").or_else(both)
}

#[cfg(test)]
mod tests {
    use super::super::Outcome;
    use super::*;

    #[test]
    fn what_was_read_is_told_again_as_it_was() {
        let calls = json!([{"id": "call_1", "type": "function", "function": {
            "name": "wf_logs", "arguments": "{\"name\":\"hello\"}",
        }}]);
        let message = json!({"role": "assistant", "content": null, "tool_calls": calls});
        let turn = read(&json!({"choices": [{"message": message}]})).unwrap();
        let results = Turn::Results(vec![Outcome { id: "call_1".into(), told: "{}".into() }]);
        let turns = [Turn::Person { words: "why?".into(), with_others: false }, turn, results];
        let request = request("m", 10, &Told { system: "s", tools: &[], turns: &turns });
        assert_eq!(request["messages"][2]["tool_calls"], calls);
        assert_eq!(request["messages"][3]["tool_call_id"], "call_1");
    }

    #[test]
    fn what_is_no_answer_is_none_and_wrong_arguments_stay_visible() {
        for odd in [json!({}), json!({"choices": []}), json!({"choices": [{"message": {"tool_calls": [1]}}]})]
        {
            assert_eq!(read(&odd), None, "{odd}");
        }
        let call = json!({"id": "1", "function": {"name": "wf_run", "arguments": "{oops"}});
        let answer = json!({"choices": [{"message": {"tool_calls": [call]}}]});
        let Some(Turn::Model { wishes, .. }) = read(&answer) else { panic!("an answer") };
        assert_eq!(wishes[0].arguments, json!("{oops"));
    }
}
