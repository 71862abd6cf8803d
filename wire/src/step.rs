//! What a caller is told of a run while it goes on, node by node: in a progress notification's `_meta` for programs, and in
//! its message for people.

use serde::{Deserialize, Serialize};
use std::fmt;

/// What became of a node.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NodeStep {
    /// The node's name.
    pub node: String,
    /// What became of it.
    #[serde(flatten)]
    pub state: NodeState,
}

/// How far a node has come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum NodeState {
    /// It has begun.
    Started {
        /// Which attempt it is, the first being 1.
        attempt: u32,
    },
    /// It has answered.
    Finished {
        /// How many milliseconds after its first attempt began.
        duration_ms: u64,
    },
    /// An attempt has failed.
    Failed {
        /// Why, in the node's own words.
        error: String,
        /// Whether it will be tried again.
        again: bool,
    },
    /// It was not run, because a node that it waits for has failed.
    Skipped,
}

impl fmt::Display for NodeStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { node, state } = self;
        match state {
            NodeState::Started { attempt: 0 | 1 } => write!(f, "{node} began"),
            NodeState::Started { attempt } => write!(f, "{node} began, attempt {attempt}"),
            NodeState::Finished { duration_ms } => {
                write!(f, "{node} finished after {}.{:03} s", duration_ms / 1000, duration_ms % 1000)
            }
            NodeState::Failed { error, again: true } => {
                write!(f, "{node} failed and is tried again: {error}")
            }
            NodeState::Failed { error, again: false } => write!(f, "{node} failed: {error}"),
            NodeState::Skipped => write!(f, "{node} was not run: a node that it waits for has failed"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_step_is_told_to_programs_and_to_people() {
        let step = |state| NodeStep { node: "fetch".to_owned(), state };
        let failed = step(NodeState::Failed { error: "no route".to_owned(), again: true });
        let told = json!({"node": "fetch", "state": "failed", "error": "no route", "again": true});
        assert_eq!(serde_json::to_value(&failed).unwrap(), told);
        assert_eq!(serde_json::from_value::<NodeStep>(told).unwrap(), failed);
        assert_eq!(failed.to_string(), "fetch failed and is tried again: no route");
        let finished = step(NodeState::Finished { duration_ms: 1_205 });
        assert_eq!(finished.to_string(), "fetch finished after 1.205 s");
        assert_eq!(step(NodeState::Started { attempt: 2 }).to_string(), "fetch began, attempt 2");
    }
}
