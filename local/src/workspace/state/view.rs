//! A modal or a Home tab, as the app made it.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::workspace::id::{UserId, ViewId};

/// Where a view is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Surface {
    /// A window over the page.
    Modal,
    /// The app's own page.
    Home,
}

impl Surface {
    /// Slack's word.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Modal => "modal",
            Self::Home => "home",
        }
    }
}

/// A modal or a Home tab.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct View {
    pub(crate) id: ViewId,
    pub(crate) surface: Surface,
    /// Who sees it.
    pub(crate) user: UserId,
    /// What the app sent, with an id for each block.
    pub(crate) body: Map<String, Value>,
    /// Another one after each update.
    pub(crate) hash: String,
    /// The first modal of the stack.
    pub(crate) root: ViewId,
    /// The modal below.
    pub(crate) previous: Option<ViewId>,
    /// What was entered, as far as the app was told: `state.values`.
    pub(crate) values: Value,
    /// What is wrong with the input of a block, as the app said.
    pub(crate) errors: Map<String, Value>,
}

impl View {
    /// A text of the body.
    pub(crate) fn text(&self, key: &str) -> &str {
        self.body.get(key).and_then(Value::as_str).unwrap_or_default()
    }

    /// A yes or no of the body; missing is no.
    pub(crate) fn flag(&self, key: &str) -> bool {
        self.body.get(key).and_then(Value::as_bool).unwrap_or_default()
    }

    /// Its blocks.
    pub(crate) fn blocks(&self) -> &[Value] {
        self.body.get("blocks").and_then(Value::as_array).map_or(&[], Vec::as_slice)
    }
}
