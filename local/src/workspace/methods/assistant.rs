//! `assistant.threads.*`: what the app says that it is doing.

use serde_json::{Value, json};

use super::Call;
use crate::workspace::act::message;
use crate::workspace::fault::Fault;
use crate::workspace::id::ChannelId;
use crate::workspace::turn::Turn;

/// <https://docs.slack.dev/reference/methods/assistant.threads.setStatus>
pub(super) fn set_status(turn: &mut Turn<'_>, call: &Call<'_>) -> Result<Value, Fault> {
    let channel = ChannelId::from(call.args.required("channel_id")?.as_str());
    let thread =
        call.args.ts("thread_ts", Fault::InvalidThreadTs)?.ok_or_else(|| Fault::missing("thread_ts"))?;
    // An empty one is what takes it away.
    let status = call.args.text("status").ok_or_else(|| Fault::missing("status"))?;
    message::say_status(turn, &Call::caller(turn), &channel, thread, status)?;
    Ok(json!({}))
}
