//! `sync`: looks who is in the channel now, and puts right what the enclave knows of it.

use crate::asked::{Answer, Asked, Stop};
use crate::facts::{self, ReportError};
use crate::slack::blocks::{Message, escape};
use crate::slack::directory::Known;
use wire::tools::channel::ChannelReportAnswer;
use wire::tools::enclave::{EnclaveArgs, EnclaveInfo};

pub(super) async fn run(asked: &Asked<'_>) -> Result<Answer, Stop> {
    let channel = asked.channel()?;
    // Whoever may not see the enclave hears nothing of who is in it.
    asked.call::<EnclaveInfo>(EnclaveArgs::default()).await?;
    let reported = facts::report_channel(asked.kraken, &channel.id, &mut Known::new()).await;
    let reported = reported.map_err(|error| match error {
        ReportError::Slack(error) => {
            tracing::warn!(%error, "a channel could not be looked at");
            Stop::Told(NO_SLACK.to_owned())
        }
        ReportError::Server(error) => error.into(),
        ReportError::Session(error) => error.into(),
    })?;
    Ok(match reported {
        Some(reported) => Answer::Aloud(told(&reported)),
        None => Answer::Whisper(Message::new(NOT_HERE)),
    })
}

/// What is told when Slack does not answer.
pub(super) const NO_SLACK: &str =
    "Slack does not tell me who is here at the moment, so I changed nothing. Try again in a minute.";

/// What is told where the Kraken sees nobody.
pub(super) const NOT_HERE: &str = "I am not in this channel, so I cannot see who is.";

pub(super) fn told(reported: &ChannelReportAnswer) -> Message {
    let list = |names: &[String]| names.iter().map(|name| escape(name)).collect::<Vec<_>>().join(", ");
    let mut message = Message::new(match (reported.gone.is_empty(), reported.arrived.is_empty()) {
        (true, true) => "I looked at who is here: all is as I knew it.",
        _ => "I looked at who is here, and put right what I knew.",
    });
    if !reported.gone.is_empty() {
        message = message.line(format!("*Not here any more:* {}", list(&reported.gone)));
    }
    if !reported.arrived.is_empty() {
        message = message.line(format!("*New here:* {}", list(&reported.arrived)));
    }
    message
}
