//! `run TENTACLE [INPUT]`

use super::status::seconds;
use crate::asked::{Answer, Asked, Stop};
use crate::live::{self, Words};
use crate::slack::blocks::{Message, escape};
use crate::told::outputs;
use serde_json::{Value, json};
use wire::EnclaveRef;
use wire::step::{NodeState, NodeStep};
use wire::tools::tentacle::{WfRun, WfRunAnswer, WfRunArgs};
use workflow::TentacleName;

pub(super) async fn run(
    asked: &Asked<'_>,
    tentacle: TentacleName,
    input: Option<String>,
) -> Result<Answer, Stop> {
    asked.channel()?;
    let words = words(&tentacle);
    let args = WfRunArgs {
        enclave: EnclaveRef::default(),
        name: tentacle,
        input: input.as_deref().map(read),
        timeout_seconds: None,
    };
    let run = live::call::<WfRun>(asked, args, words, nodes).await?;
    Ok(Answer::Aloud(told(&run)))
}

/// What is said while it goes on.
pub(super) fn words(tentacle: &TentacleName) -> Words {
    Words { going: format!("*{tentacle}* is running."), what: format!("The run of *{tentacle}*") }
}

/// What the answer says of each node.
fn nodes(run: &WfRunAnswer) -> Vec<NodeStep> {
    let times = run.output.pointer("/timing/nodeTimings").and_then(Value::as_object);
    let errors = run.output.get("errors").and_then(Value::as_object);
    let step = |(node, time): (&String, &Value)| {
        let error = errors.and_then(|errors| errors.get(node)).and_then(Value::as_str);
        let duration_ms = time.get("durationMs").and_then(Value::as_u64).unwrap_or_default();
        let state = match error {
            Some(error) => NodeState::Failed { error: error.to_owned(), again: false },
            None => NodeState::Finished { duration_ms },
        };
        NodeStep { node: node.clone(), state }
    };
    times.into_iter().flatten().map(step).collect()
}

/// What somebody typed as input: JSON where it is some, else their words.
fn read(input: &str) -> Value {
    let plain = input.trim().trim_matches('`').replace(['“', '”'], "\"");
    serde_json::from_str(&plain).unwrap_or_else(|_| json!({"text": input.trim()}))
}

pub(super) fn told(run: &WfRunAnswer) -> Message {
    let (name, time) = (&run.name, seconds(run.duration_ms));
    if run.success {
        let lines = outputs(run.output.get("outputs").unwrap_or(&Value::Null));
        return Message::new(lines.join("\n")).note(format!("*{name}* answered after {time}."));
    }
    let errors = run.output.get("errors").and_then(Value::as_object);
    let lines: Vec<String> = errors
        .into_iter()
        .flatten()
        .map(|(node, error)| {
            format!("• *{}*: {}", escape(node), escape(error.as_str().unwrap_or("it failed")))
        })
        .collect();
    Message::new(format!("*{name}* failed after {time}."))
        .line(if lines.is_empty() { "It did not say why.".to_owned() } else { lines.join("\n") })
        .note(format!("`logs {name}` shows what it printed."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn input_is_json_or_plain_words() {
        assert_eq!(read(r#"{"who": "Ana"}"#), json!({"who": "Ana"}));
        assert_eq!(read("`{“who”: 1}`"), json!({"who": 1}));
        assert_eq!(read("good morning"), json!({"text": "good morning"}));
    }

    #[test]
    fn a_failed_run_is_told_as_failed() {
        let run = WfRunAnswer {
            name: "hello".parse().unwrap(),
            enclave: "e".parse().unwrap(),
            namespace: "e".parse().unwrap(),
            success: false,
            output: json!({"success": false, "errors": {"hello": "boom <b>"}}),
            duration_ms: 1_250,
            pod_name: String::new(),
        };
        let said = told(&run).plain();
        assert!(said.starts_with("*hello* failed after 1.2 s.") && said.contains("boom &lt;b&gt;"), "{said}");
    }
}
