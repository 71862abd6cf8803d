//! `sync`: looks who is in the channel now, and puts right what the enclave knows of it.

use crate::asked::{Answer, Asked, Stop};
use crate::facts::{self, ReportError};
use crate::slack::blocks::{Message, escape};
use crate::slack::directory::Known;
use wire::tools::enclave::{EnclaveArgs, EnclaveInfo};

pub(super) async fn run(asked: &Asked<'_>) -> Result<Answer, Stop> {
    let channel = asked.channel()?;
    // Whoever may not see the enclave hears nothing of who is in it.
    asked.call::<EnclaveInfo>(EnclaveArgs::default()).await?;
    let reported = facts::report_channel(asked.kraken, &channel.id, &mut Known::new()).await;
    let reported = reported.map_err(|error| match error {
        ReportError::Slack(error) => {
            tracing::warn!(%error, "a channel could not be looked at");
            Stop::Told("Slack does not tell me who is here at the moment, so I changed nothing. Try again in a minute.".to_owned())
        }
        ReportError::Server(error) => error.into(),
    })?;
    let Some(reported) = reported else {
        return Ok(Answer::Whisper(Message::new("I am not in this channel, so I cannot see who is.")));
    };
    let list = |names: &[String]| names.iter().map(|name| escape(name)).collect::<Vec<_>>().join(", ");
    let mut message = Message::new(match (reported.gone.is_empty(), reported.arrived.is_empty()) {
        (true, true) => "I looked who is here: everything was as I knew it.",
        _ => "I looked who is here, and put right what I knew.",
    });
    if !reported.gone.is_empty() {
        message = message.line(format!("*Not here any more:* {}", list(&reported.gone)));
    }
    if !reported.arrived.is_empty() {
        message = message.line(format!("*New here:* {}", list(&reported.arrived)));
    }
    Ok(Answer::Aloud(message))
}
