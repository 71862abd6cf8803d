//! One line of a tentacle's log, as the engine writes it and as people read it.

use serde::{Deserialize, Serialize};

/// A line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct LogLine {
    time: String,
    run: Option<String>,
    node: Option<String>,
    level: String,
    message: String,
}

impl LogLine {
    /// Reads what was said. What is not a line of the engine's is a message all the same.
    pub(super) fn read(said: &str) -> Self {
        serde_json::from_str(said).unwrap_or_else(|_| Self {
            time: jiff::Timestamp::now().to_string(),
            run: None,
            node: None,
            level: "error".to_owned(),
            message: said.to_owned(),
        })
    }

    /// What it says, without when and where.
    pub(super) fn message(&self) -> &str {
        &self.message
    }

    /// The line for people: `time level node: message`. A message of several lines gives several; the others are
    /// indented.
    pub(super) fn readable(&self) -> Vec<String> {
        let Self { time, node, level, message, .. } = self;
        let node = node.as_deref().map_or_else(String::new, |node| format!("{node}: "));
        let head = format!("{time} {level} {node}");
        let lines = message.trim_end().split('\n').enumerate();
        lines
            .map(|(number, line)| {
                plain(&if number == 0 { format!("{head}{line}") } else { format!("  {line}") })
            })
            .collect()
    }
}

/// The text without what a terminal would obey: a tentacle writes its log for whoever reads it.
fn plain(text: &str) -> String {
    let shown = |c: char| if c.is_control() && c != '\t' { '\u{fffd}' } else { c };
    text.trim_end_matches('\r').chars().map(shown).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_shown_with_its_time_level_and_node() {
        let said =
            r#"{"time":"2026-11-22T09:09:45.392Z","run":"r","node":"hello","level":"info","message":"hi"}"#;
        assert_eq!(LogLine::read(said).readable(), ["2026-11-22T09:09:45.392Z info hello: hi"]);
        assert_eq!(LogLine::read(said).message(), "hi");
    }

    #[test]
    fn a_terminal_obeys_nothing_of_it() {
        let line = LogLine { message: "a\u{1b}[2J\r\nb\u{7}\n".to_owned(), ..LogLine::read("x") };
        let shown = line.readable();
        assert!(shown[0].ends_with(" error a\u{fffd}[2J"), "{shown:?}");
        assert_eq!(shown[1..], ["  b\u{fffd}"]);
    }
}
