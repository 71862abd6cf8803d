//! Slack's official client for Python and its framework Bolt, unmodified: the witnesses that the workspace stand-in behaves
//! as Slack does. In the same environment: the official client of MCP, and what the independent verifier of the trail needs.

use std::path::PathBuf;

use anyhow::Result;

use super::python;
use crate::place::Place;

/// A Python that has them.
pub(super) fn install(place: &Place) -> Result<PathBuf> {
    let announcement =
        "a Python environment with `slack_sdk`, `slack_bolt`, `mcp` and `cryptography`, by pip, seconds";
    python::environment("slack-sdk", "slack_sdk", announcement, place)
}
