//! `enclaves`, in a direct message

use crate::asked::{Answer, Asked, Stop};
use crate::slack::blocks::{Message, code, escape};
use wire::tools::enclave::{EnclaveList, EnclaveListArgs};

pub(super) async fn run(asked: &Asked<'_>) -> Result<Answer, Stop> {
    let list = asked.call::<EnclaveList>(EnclaveListArgs::default()).await?.enclaves;
    if list.is_empty() {
        return Ok(Answer::Whisper(Message::new("There is no enclave that you can see here.")));
    }
    let lines = list.iter().map(|entry| {
        format!(
            "• {} is {}; you are its {}, {} owns it",
            code(&entry.name),
            entry.status,
            entry.your_class,
            escape(&entry.owner)
        )
    });
    Ok(Answer::Whisper(Message::new("*Your enclaves*").line(lines.collect::<Vec<_>>().join("\n"))))
}
