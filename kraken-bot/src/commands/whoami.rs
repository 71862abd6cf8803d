//! `whoami`

use crate::asked::{Answer, Asked, Stop};
use crate::reply::sentence;
use crate::slack::blocks::{Message, escape};
use wire::Nothing;
use wire::tools::person::{Whoami, WhoamiAnswer};

pub(super) async fn run(asked: &Asked<'_>) -> Result<Answer, Stop> {
    let me = asked.call::<Whoami>(Nothing {}).await?;
    Ok(Answer::Whisper(told(&me, asked.said.direct)))
}

pub(super) fn told(me: &WhoamiAnswer, direct: bool) -> Message {
    let name = escape(me.name.as_deref().unwrap_or("somebody without a name"));
    let address = me.email.as_deref().map(|email| format!(" ({})", escape(email))).unwrap_or_default();
    let here = match &me.enclave {
        Some(standing) => sentence(&escape(&standing.told)),
        None if direct => "Ask me in a channel to hear where you stand there.".to_owned(),
        None => "This channel has no enclave yet.".to_owned(),
    };
    Message::new(format!("You are signed in as *{name}*{address}. {here}"))
}
