//! What the server and tentacles answered, told to people: words and short lines, never JSON.

use crate::slack::blocks::escape;
use serde_json::Value;

/// How many lines are told at most.
const MOST: usize = 30;

/// Who froze an enclave, by the names of the reasons.
pub(crate) fn freezers(reasons: &[String]) -> String {
    let told = reasons.iter().map(|reason| match reason.as_str() {
        "owner" => "its owner",
        "operator" => "an operator",
        "archive" => "the archiving of its channel",
        other => other,
    });
    let told: Vec<&str> = told.collect();
    match told.split_last() {
        Some((last, before @ [_, ..])) => format!("{} and {last}", before.join(", ")),
        _ => told.concat(),
    }
}

/// The outputs of a run: of one node without its name, of several each under its own.
pub(crate) fn outputs(outputs: &Value) -> Vec<String> {
    let Some(nodes) = outputs.as_object() else { return value(outputs) };
    match nodes.iter().next() {
        Some((_, only)) if nodes.len() == 1 => value(only),
        _ => value(outputs),
    }
}

/// A value in lines.
fn value(value: &Value) -> Vec<String> {
    let mut lines = Vec::new();
    tell(value, "", &mut lines);
    if lines.is_empty() {
        lines.push("It answered nothing.".to_owned());
    }
    let more = lines.len().saturating_sub(MOST);
    lines.truncate(MOST);
    if more > 0 {
        lines.push(format!("… and {more} more lines"));
    }
    lines
}

fn tell(value: &Value, name: &str, lines: &mut Vec<String>) {
    let line = |text: String| if name.is_empty() { text } else { format!("• *{}*: {text}", escape(name)) };
    match value {
        Value::Null => {}
        Value::Bool(true) => lines.push(line("yes".to_owned())),
        Value::Bool(false) => lines.push(line("no".to_owned())),
        Value::Number(number) => lines.push(line(number.to_string())),
        Value::String(text) => lines.push(line(escape(text))),
        Value::Array(items) => {
            let simple = items.iter().all(|item| !item.is_object() && !item.is_array());
            if simple && !items.is_empty() {
                let items: Vec<String> = items.iter().filter_map(plain).collect();
                lines.push(line(items.join(", ")));
            } else {
                for (number, item) in items.iter().enumerate() {
                    tell(item, &join(name, &(number + 1).to_string()), lines);
                }
            }
        }
        Value::Object(fields) => {
            for (field, item) in fields {
                tell(item, &join(name, field), lines);
            }
        }
    }
}

fn plain(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(escape(text)),
        Value::Null => None,
        other => Some(other.to_string()),
    }
}

fn join(outer: &str, inner: &str) -> String {
    if outer.is_empty() { inner.to_owned() } else { format!("{outer} › {inner}") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn one_node_is_told_without_its_name() {
        assert_eq!(outputs(&json!({"hello": "Hello, Ana!"})), ["Hello, Ana!"]);
        let fields = json!({"hello": {"greeting": "Hi", "ok": true, "tags": ["a", 1]}});
        assert_eq!(outputs(&fields), ["• *greeting*: Hi", "• *ok*: yes", "• *tags*: a, 1"]);
    }

    #[test]
    fn several_nodes_and_what_is_inside_are_told_by_name() {
        let told = outputs(&json!({"a": {"b": [{"c": 1}]}, "d": "x"}));
        assert_eq!(told, ["• *a › b › 1 › c*: 1", "• *d*: x"]);
    }

    #[test]
    fn markup_is_taken_out_and_length_bounded() {
        assert_eq!(outputs(&json!({"n": "<!channel>"})), ["&lt;!channel&gt;"]);
        assert_eq!(
            outputs(&json!({"n": (0..100).map(|n| json!({"n": n})).collect::<Vec<_>>()})).len(),
            MOST + 1
        );
        assert_eq!(outputs(&json!({"n": null})), ["It answered nothing."]);
    }
}
