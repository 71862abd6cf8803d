//! `tntc run`.

use super::{Context, Effect};
use crate::cli::InEnclave;
use crate::failed::Failed;
use crate::output::{Format, View, tell, words};
use serde_json::{Map, Value};
use std::io::Read;
use std::path::Path;
use wire::EnclaveRef;
use wire::tools::tentacle::{WfRun, WfRunAnswer, WfRunArgs};
use workflow::TentacleName;

/// What to run.
#[derive(Debug, clap::Args)]
pub(crate) struct Run {
    /// The tentacle's name
    name: TentacleName,
    #[command(flatten)]
    within: InEnclave,
    /// The input as JSON; `@FILE` reads it from a file, `-` from standard input
    #[arg(long, value_name = "JSON")]
    input: Option<String>,
    /// After how many seconds the run is stopped
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u32).range(1..=600), default_value_t = 120)]
    timeout: u32,
}

impl Run {
    pub(crate) async fn run(&self, context: &Context) -> Result<(), Failed> {
        let args = WfRunArgs {
            enclave: EnclaveRef::from(self.within.enclave.clone()),
            name: self.name.clone(),
            input: self.input.as_deref().map(read).transpose()?,
            timeout_seconds: Some(self.timeout),
        };
        let answer = context.call_patiently::<WfRun>(Effect::Writes, &args).await?;
        context.output.show(&answer, view)?;
        if !answer.success {
            return Err(Failed::Bad(told(&answer)));
        }
        if matches!(context.output.format, None | Some(Format::Table)) {
            tell(&format!("{} ran in {}", answer.name, words::seconds(answer.duration_ms)));
        }
        Ok(())
    }
}

/// The input, from where it was said to be.
pub(crate) fn read(input: &str) -> Result<Value, Failed> {
    let unreadable = |error: std::io::Error| Failed::Usage {
        what: format!("the input cannot be read: {error}"),
        next: "give JSON, `@FILE`, or `-` for standard input",
    };
    let text = match (input, input.strip_prefix('@')) {
        ("-", _) => {
            let mut text = String::new();
            std::io::stdin().read_to_string(&mut text).map_err(unreadable)?;
            text
        }
        (_, Some(file)) => std::fs::read_to_string(Path::new(file)).map_err(unreadable)?,
        (text, None) => text.to_owned(),
    };
    serde_json::from_str(&text).map_err(|error| Failed::Usage {
        what: format!("the input is not JSON: {error}"),
        next: r#"write it as in `--input '{"city": "Porto"}'`"#,
    })
}

/// The outputs alone, ready for the next program. Of a single node it is its output itself.
fn view(answer: &WfRunAnswer) -> View {
    let outputs = answer.output.get("outputs").and_then(Value::as_object);
    let Some(outputs) = outputs.filter(|outputs| !outputs.is_empty()) else { return View::new() };
    let mut values = outputs.values();
    let shown = match (values.next(), values.next()) {
        (Some(only), None) => only.clone(),
        _ => Value::Object(outputs.clone()),
    };
    // INVARIANT: JSON that was read can be written.
    View::new().line(serde_json::to_string_pretty(&shown).unwrap_or_default())
}

/// What failed, node by node.
fn told(answer: &WfRunAnswer) -> String {
    let none = Map::new();
    let errors = answer.output.get("errors").and_then(Value::as_object).unwrap_or(&none);
    let each = errors.iter().map(|(node, error)| match error {
        Value::String(text) => format!("{node}: {text}"),
        other => {
            format!("{node}: {}", other.get("message").and_then(Value::as_str).unwrap_or(&other.to_string()))
        }
    });
    let each: Vec<String> = each.collect();
    let took = words::seconds(answer.duration_ms);
    format!(
        "{} failed after {took}{}{}",
        answer.name,
        if each.is_empty() { "" } else { "; " },
        each.join("; ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn answer(output: Value) -> WfRunAnswer {
        serde_json::from_value(json!({
            "name": "hello", "enclave": "a", "namespace": "a", "success": false, "output": output,
            "duration_ms": 1250, "pod_name": "hello-1",
        }))
        .unwrap()
    }

    #[test]
    fn one_output_is_shown_by_itself_and_several_by_name() {
        let one = answer(json!({"outputs": {"greet": {"hi": 1}}}));
        assert_eq!(view(&one).text(None), "{\n  \"hi\": 1\n}\n");
        let two = answer(json!({"outputs": {"a": 1, "b": 2}}));
        assert_eq!(view(&two).text(None), "{\n  \"a\": 1,\n  \"b\": 2\n}\n");
        assert_eq!(view(&answer(json!({"outputs": {}}))).text(None), "");
    }

    #[test]
    fn every_node_that_failed_is_named() {
        let failed = answer(json!({"errors": {"a": "no", "b": {"message": "never", "code": 7}}}));
        assert_eq!(told(&failed), "hello failed after 1.2 s; a: no; b: never");
        assert_eq!(told(&answer(json!({}))), "hello failed after 1.2 s");
    }

    #[test]
    fn the_input_is_json_wherever_it_comes_from() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("input.json");
        std::fs::write(&file, "[1]").unwrap();
        assert_eq!(read(r#"{"a":1}"#).unwrap(), json!({"a": 1}));
        assert_eq!(read(&format!("@{}", file.display())).unwrap(), json!([1]));
        for wrong in ["{", "@/nonexistent/input.json", ""] {
            assert!(matches!(read(wrong), Err(Failed::Usage { .. })), "{wrong}");
        }
    }
}
