//! `logs TENTACLE`

use crate::asked::{Answer, Asked, Stop};
use crate::slack::blocks::{Message, escape};
use wire::EnclaveRef;
use wire::tools::tentacle::{WfLogs, WfLogsArgs};
use workflow::TentacleName;

/// How many lines are shown.
const LINES: u32 = 30;

pub(super) async fn run(asked: &Asked<'_>, tentacle: TentacleName) -> Result<Answer, Stop> {
    asked.channel()?;
    let args = WfLogsArgs {
        enclave: EnclaveRef::default(),
        name: Some(tentacle.clone()),
        pod: None,
        tail_lines: Some(LINES),
    };
    let logs = asked.call::<WfLogs>(args).await?;
    if logs.lines.is_empty() {
        return Ok(Answer::Aloud(Message::new(format!("*{tentacle}* has printed nothing yet."))));
    }
    let lines = logs.lines.join("\n").replace("```", "'''");
    let message = Message::new(format!("*{tentacle}* printed:")).line(format!("```{}```", escape(&lines)));
    Ok(Answer::Aloud(if logs.truncated { message.note(format!("The last {LINES} lines.")) } else { message }))
}
