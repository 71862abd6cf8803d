//! `logout`

use crate::asked::{Answer, Stop};
use crate::kraken::Kraken;
use crate::slack::blocks::Message;

pub(crate) async fn run(kraken: &Kraken, account: &str) -> Result<Answer, Stop> {
    Ok(Answer::Whisper(told(kraken.sessions.end(account).await?)))
}

pub(crate) fn told(was_signed_in: bool) -> Message {
    Message::new(if was_signed_in {
        "You are signed out. I have forgotten your tokens; who you are in your enclaves stays as it is."
    } else {
        "You are not signed in."
    })
}
