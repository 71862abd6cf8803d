//! What is shown of a call that goes on.

use crate::commands::seconds;
use crate::slack::blocks::{Message, escape};
use wire::client::Told;
use wire::step::{NodeState, NodeStep};

/// How many nodes are shown at most.
const MOST: usize = 40;

/// The most characters of a reason.
const REASON: usize = 200;

/// How far a call has come.
pub(crate) struct Shown {
    pub(crate) heading: String,
    nodes: Vec<NodeStep>,
    /// The last thing that was told of the call as a whole.
    last: Option<String>,
}

impl Shown {
    pub(crate) const fn new(heading: String) -> Self {
        Self { heading, nodes: Vec::new(), last: None }
    }

    pub(crate) fn hear(&mut self, told: Told) {
        match told.step {
            Some(step) => self.put(step),
            None => self.last = Some(told.message),
        }
    }

    fn put(&mut self, step: NodeStep) {
        match self.nodes.iter_mut().find(|node| node.node == step.node) {
            Some(node) => *node = step,
            None => self.nodes.push(step),
        }
    }

    /// What the answer says of a node, unless it is known better.
    pub(crate) fn settle(&mut self, step: NodeStep) {
        let known = self.nodes.iter().find(|node| node.node == step.node);
        if known.is_none_or(|node| matches!(node.state, NodeState::Started { .. })) {
            self.put(step);
        }
    }

    pub(crate) fn message(&self) -> Message {
        let mut message = Message::new(&self.heading);
        let mut lines: Vec<String> = self.nodes.iter().take(MOST).map(line).collect();
        if let Some(more @ 1..) = self.nodes.len().checked_sub(MOST) {
            lines.push(format!("… and {more} more"));
        }
        if !lines.is_empty() {
            message = message.line(lines.join("\n"));
        }
        match &self.last {
            Some(last) => message.note(escape(last)),
            None => message,
        }
    }
}

fn line(step: &NodeStep) -> String {
    let node = escape(&step.node);
    match &step.state {
        NodeState::Started { attempt: 0 | 1 } => format!("○ *{node}* is running"),
        NodeState::Started { attempt } => format!("○ *{node}* is running, attempt {attempt}"),
        NodeState::Finished { duration_ms } => format!("✓ *{node}* is done, after {}", seconds(*duration_ms)),
        NodeState::Failed { error, again } => {
            let (sign, next) = if *again { ("↻", " and is tried again") } else { ("✗", "") };
            let why: String = error.chars().take(REASON).collect();
            format!("{sign} *{node}* failed{next}: {}", escape(&why))
        }
        NodeState::Skipped => format!("– *{node}* was not run"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(node: &str, state: NodeState) -> NodeStep {
        NodeStep { node: node.to_owned(), state }
    }

    #[test]
    fn each_node_has_a_line_that_changes() {
        let mut shown = Shown::new("*tea* is running.".to_owned());
        let told = |step| Told { message: String::new(), step: Some(step) };
        shown.hear(told(step("prices", NodeState::Started { attempt: 1 })));
        assert_eq!(shown.message().plain(), "*tea* is running.\n○ *prices* is running");
        shown.hear(told(step("prices", NodeState::Finished { duration_ms: 1_210 })));
        shown.hear(told(step("judge", NodeState::Started { attempt: 1 })));
        shown.hear(told(step("tell", NodeState::Skipped)));
        // What was heard is not forgotten for what the answer says less well.
        shown.settle(step("judge", NodeState::Failed { error: "<!here>".to_owned(), again: false }));
        shown.settle(step("tell", NodeState::Failed { error: "judge failed".to_owned(), again: false }));
        let said = "*tea* is running.\n✓ *prices* is done, after 1.2 s\n✗ *judge* failed: &lt;!here&gt;\n– *tell* was not run";
        assert_eq!(shown.message().plain(), said);
    }
}
