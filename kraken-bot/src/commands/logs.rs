//! `logs TENTACLE`

use crate::asked::{Answer, Asked, Stop};
use crate::slack::blocks::{Message, escape};
use wire::EnclaveRef;
use wire::tools::logs::{WfLogs, WfLogsAnswer, WfLogsArgs};
use workflow::TentacleName;

/// How many lines are shown.
const LINES: u32 = 30;

/// How many characters of them: a message holds a few more.
const ROOM: usize = 2_800;

pub(super) async fn run(asked: &Asked<'_>, tentacle: TentacleName) -> Result<Answer, Stop> {
    asked.channel()?;
    let args = WfLogsArgs {
        enclave: EnclaveRef::default(),
        name: Some(tentacle.clone()),
        pod: None,
        container: None,
        tail_lines: Some(LINES),
        follow_seconds: None,
    };
    let logs = asked.call::<WfLogs>(args).await?;
    Ok(Answer::Aloud(told(&tentacle, &logs)))
}

pub(super) fn told(tentacle: &TentacleName, logs: &WfLogsAnswer) -> Message {
    if logs.lines.is_empty() {
        return Message::new(format!("*{tentacle}* has printed nothing yet."));
    }
    let (shown, all) = newest(&logs.lines);
    let lines = shown.join("\n").replace("```", "'''");
    let message = Message::new(format!("*{tentacle}* printed:")).line(format!("```{}```", escape(&lines)));
    let whole = all && !logs.truncated;
    match (whole, shown.len()) {
        (true, _) => message,
        (false, 1) => message.note("Only the last line."),
        (false, count) => message.note(format!("The last {count} lines.")),
    }
}

/// The newest lines that one message can hold, and whether those are all.
fn newest(lines: &[String]) -> (&[String], bool) {
    let mut room = ROOM;
    let fitting = lines.iter().rev().take_while(|line| {
        let needed = escape(line).chars().count() + 1;
        let fits = needed <= room;
        room = room.saturating_sub(needed);
        fits
    });
    // Of a single line that is too long the message shows the beginning.
    let count = fitting.count().max(1).min(lines.len());
    let shown = lines.get(lines.len() - count..).unwrap_or_default();
    (shown, count == lines.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_lines_are_shown() {
        let lines: Vec<String> = (0..30).map(|number| format!("{number:<200}")).collect();
        let (shown, all) = newest(&lines);
        assert!(!all && shown.len() < 30 && shown.last() == lines.last());
        assert_eq!(newest(&lines[..3]), (&lines[..3], true));
        assert_eq!(newest(&["x".repeat(5_000)]).0.len(), 1);
        assert_eq!(newest(&[]), (&[][..], true));
    }
}
