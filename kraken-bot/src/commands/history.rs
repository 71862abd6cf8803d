//! `history TENTACLE`

use super::status::seconds;
use crate::asked::{Answer, Asked, Stop};
use crate::slack::blocks::{Message, escape};
use wire::{EnclaveRef, Page};

use wire::tools::history::{HistoryOf, RunEntry, WfHistory, WfHistoryAnswer, WfHistoryArgs};
use workflow::TentacleName;

/// How many runs are shown.
const RUNS: u32 = 10;

pub(super) async fn run(asked: &Asked<'_>, tentacle: TentacleName) -> Result<Answer, Stop> {
    asked.channel()?;
    let args = WfHistoryArgs {
        enclave: EnclaveRef::default(),
        name: tentacle.clone(),
        of: HistoryOf::Runs,
        page: Page { cursor: None, limit: Some(RUNS) },
    };
    let history = asked.call::<WfHistory>(args).await?;
    Ok(Answer::Aloud(told(&tentacle, &history)))
}

pub(super) fn told(tentacle: &TentacleName, history: &WfHistoryAnswer) -> Message {
    if history.runs.is_empty() {
        return Message::new(format!("*{tentacle}* has not run yet."));
    }
    let lines: Vec<String> = history.runs.iter().map(line).collect();
    let message = Message::new(format!("*{tentacle}*, its last runs:")).line(lines.join("\n"));
    match history.next_cursor {
        Some(_) => message.note(format!("The last {} of them.", lines.len())),
        None => message,
    }
}

fn line(run: &RunEntry) -> String {
    let RunEntry { outcome, by, duration_ms, moments, .. } = run;
    let unmet = matches!(outcome.as_str(), "missed" | "skipped");
    let at = run.due_at.filter(|_| unmet).unwrap_or(run.started_at);
    let at = at.strftime("%Y-%m-%d %H:%M UTC");
    let how = match (unmet, moments) {
        (true, 2..) => format!("{outcome}, {moments} times"),
        (true, _) => outcome.clone(),
        (false, _) => format!("{outcome} after {}", seconds(*duration_ms)),
    };
    let why = run.error.as_deref().map(|error| format!(": {error}")).unwrap_or_default();
    escape(&format!("• {at} {how}, by {by}{why}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_is_one_line() {
        let run = RunEntry {
            id: String::new(),
            version: String::new(),
            trigger: Some("cron".to_owned()),
            by: "trigger cron".to_owned(),
            due_at: Some("2026-03-02T10:05:00Z".parse().unwrap()),
            started_at: "2026-03-02T10:05:02Z".parse().unwrap(),
            duration_ms: 12,
            outcome: "failed".to_owned(),
            moments: 1,
            nodes: Vec::new(),
            error: Some("tell: <no>".to_owned()),
        };
        assert_eq!(
            line(&run),
            "• 2026-03-02 10:05 UTC failed after 0.1 s, by trigger cron: tell: &lt;no&gt;"
        );
        let missed = RunEntry { outcome: "missed".to_owned(), moments: 3, error: None, ..run };
        assert_eq!(line(&missed), "• 2026-03-02 10:05 UTC missed, 3 times, by trigger cron");
    }
}
