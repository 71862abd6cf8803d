//! `enclaves`, in a direct message

use crate::asked::{Answer, Asked, Stop};
use crate::slack::blocks::{Message, code, escape};
use wire::tools::enclave::{EnclaveEntry, EnclaveList, EnclaveListArgs};

pub(super) async fn run(asked: &Asked<'_>) -> Result<Answer, Stop> {
    Ok(Answer::Whisper(told(&asked.call::<EnclaveList>(EnclaveListArgs::default()).await?.enclaves)))
}

pub(super) fn told(list: &[EnclaveEntry]) -> Message {
    if list.is_empty() {
        return Message::new("There is no enclave that you can see here.");
    }
    let lines = list.iter().map(|entry| {
        let whose = match entry.your_class.as_str() {
            "owner" => "you own it".to_owned(),
            class => format!("you are its {class}, {} owns it", escape(&entry.owner)),
        };
        format!("• {} is {}; {whose}", code(&entry.name), entry.status)
    });
    Message::new("*Your enclaves*").line(lines.collect::<Vec<_>>().join("\n"))
}
