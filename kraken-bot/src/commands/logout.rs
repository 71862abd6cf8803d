//! `logout`

use crate::asked::{Answer, Stop};
use crate::kraken::Kraken;
use crate::slack::blocks::Message;

pub(crate) async fn run(kraken: &Kraken, account: &str) -> Result<Answer, Stop> {
    let text = if kraken.sessions.end(account).await? {
        "You are signed out. I have forgotten your tokens; who you are in your enclaves stays as it is."
    } else {
        "You are not signed in."
    };
    Ok(Answer::Whisper(Message::new(text)))
}
