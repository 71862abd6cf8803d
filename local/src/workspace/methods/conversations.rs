//! `conversations.*`: the channels as the bot sees them.

pub(super) mod history;
pub(super) mod read;
pub(super) mod write;

use super::Call;
use crate::workspace::fault::Fault;
use crate::workspace::id::ChannelId;

/// The channel that a call names.
fn named(call: &Call<'_>) -> Result<ChannelId, Fault> {
    Ok(ChannelId::from(call.args.required("channel")?.as_str()))
}
