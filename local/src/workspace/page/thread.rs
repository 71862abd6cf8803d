//! The pane of a thread.

use super::row::{Row, Rows, merged};
use crate::workspace::state::Message;
use crate::workspace::ts::Ts;

/// A thread, ready to be shown.
pub(super) struct Pane {
    pub(super) ts: String,
    /// The name of the first message on the page.
    pub(super) link: String,
    pub(super) parent: Vec<Row>,
    pub(super) replies: Vec<Row>,
    pub(super) count: usize,
    /// What the app is doing in it, as it says.
    pub(super) doing: Option<String>,
}

impl Pane {
    /// The thread that begins with `parent`, where there is such a message.
    pub(super) fn of(rows: &Rows<'_>, parent: Ts) -> Option<Self> {
        let first = rows.channel.messages.get(&parent)?;
        let own = rows.own_replies(parent);
        let replies: Vec<&Message> = merged(rows.channel.replies(parent), own.into_iter());
        Some(Self {
            ts: parent.to_string(),
            link: parent.in_link(),
            parent: rows.make(&[first]),
            count: replies.len(),
            replies: rows.make(&replies),
            doing: rows.doing(parent),
        })
    }
}
