//! What an engine tells of a run while it goes on, a line each (`engine/told.ts`).

use crate::backend::Watch;
use crate::store::brief;
use serde::Deserialize;
use serde_json::Value;
use wire::step::{NodeState, NodeStep};
use workflow::PartName;

/// A line about a node; what a node logs is none.
#[derive(Debug, Deserialize)]
#[serde(tag = "kind", rename_all_fields = "camelCase")]
enum Line {
    #[serde(rename = "node_started")]
    Started { node: PartName, attempt: u32 },
    #[serde(rename = "node_finished")]
    Finished { node: PartName, duration_ms: u64 },
    #[serde(rename = "node_failed")]
    Failed { node: PartName, attempt: u32, error: String, will_retry: bool },
}

/// Splits what an engine sends into lines, tells the watcher of those about nodes, and keeps the last one: the report.
#[derive(Debug, Default)]
pub(super) struct Lines {
    unfinished: Vec<u8>,
    report: Option<Value>,
}

impl Lines {
    /// Takes one part; fails when a line is longer than `most` bytes.
    pub(super) fn take(&mut self, part: &[u8], most: usize, watch: &Watch) -> Result<(), String> {
        for piece in part.split_inclusive(|byte| *byte == b'\n') {
            self.unfinished.extend_from_slice(piece);
            if self.unfinished.len() > most {
                return Err(format!("it answered a line of more than {most} bytes"));
            }
            if piece.ends_with(b"\n") {
                self.line(watch);
            }
        }
        Ok(())
    }

    fn line(&mut self, watch: &Watch) {
        let line = std::mem::take(&mut self.unfinished);
        if let Ok(line) = serde_json::from_slice::<Line>(&line) {
            return watch.tell(step(line));
        }
        let told = serde_json::from_slice::<Value>(&line).ok();
        if let Some(Value::Object(mut told)) = told
            && told.remove("kind").is_some_and(|kind| kind == "outcome")
        {
            self.report = Some(Value::Object(told));
        }
    }

    /// The report, if it has come.
    pub(super) fn report(self) -> Result<Value, String> {
        self.report.ok_or_else(|| "it ended its answer before the report".to_owned())
    }
}

fn step(line: Line) -> NodeStep {
    let (node, state) = match line {
        Line::Started { node, attempt } => (node, NodeState::Started { attempt }),
        Line::Finished { node, duration_ms } => (node, NodeState::Finished { duration_ms }),
        Line::Failed { node, attempt: 0, .. } => (node, NodeState::Skipped),
        Line::Failed { node, error, will_retry, .. } => {
            (node, NodeState::Failed { error: brief(&error), again: will_retry })
        }
    };
    NodeStep { node: node.to_string(), state }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const SAID: &str = r#"{"kind":"started","run":"1"}
{"kind":"node_started","node":"fetch","attempt":1}
{"kind":"log","node":"fetch","level":"info","message":"{\"kind\":\"outcome\"}"}
{"kind":"node_failed","node":"fetch","attempt":1,"error":"no","willRetry":true}
{"kind":"node_started","node":"fetch","attempt":2}
{"kind":"node_finished","node":"fetch","durationMs":12}
{"kind":"node_failed","node":"tell","attempt":0,"error":"fetch failed","willRetry":false}
{"kind":"node_started","node":"<!channel>","attempt":1}
no line of an engine
{"kind":"outcome","success":true,"outputs":{"fetch":1}}
"#;

    #[test]
    fn lines_are_told_wherever_they_are_cut() {
        for size in [1, 7, 64, 4096] {
            let (watch, mut told) = Watch::new();
            let mut lines = Lines::default();
            for part in SAID.as_bytes().chunks(size) {
                lines.take(part, 200, &watch).unwrap();
            }
            drop(watch);
            let report = json!({"success": true, "outputs": {"fetch": 1}});
            assert_eq!(lines.report().unwrap(), report, "parts of {size}");
            let steps: Vec<_> =
                std::iter::from_fn(|| told.try_recv().ok()).map(|step| step.to_string()).collect();
            let wanted = [
                "fetch began",
                "fetch failed and is tried again: no",
                "fetch began, attempt 2",
                "fetch finished after 0.012 s",
                "tell was not run: a node that it waits for has failed",
            ];
            assert_eq!(steps, wanted, "parts of {size}");
        }
    }

    #[test]
    fn an_engine_that_breaks_off_gives_no_report() {
        let watch = Watch::default();
        let mut lines = Lines::default();
        lines.take(b"{\"kind\":\"outcome\",\"success\":true}", 100, &watch).unwrap();
        assert!(lines.report().is_err());
        assert!(Lines::default().take(&[b'x'; 101], 100, &watch).is_err());
    }
}
