//! `what failed`: the runs that failed lately, and what is to be looked at now; of a channel's enclave, or in a direct message of
//! every tentacle that the person may see.

use crate::asked::{Answer, Asked, Stop};
use crate::command::Lately;
use crate::slack::blocks::{Message, code, escape};
use jiff::tz::{Offset, TimeZone};
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeSet;
use wire::tools::health::{HealthEntry, WfHealthEnclave, WfHealthEnclaveArgs};
use wire::tools::history::{HistoryOf, RunEntry, WfHistory, WfHistoryArgs};
use wire::tools::tentacle::{TentacleEntry, WfList, WfListArgs};
use wire::{EnclaveRef, FailureCode, Page};
use workflow::{EnclaveName, TentacleName};

/// How many tentacles are looked at.
const MOST: usize = 200;

/// How many are told of.
const LINES: usize = 20;

/// How many runs of a tentacle the server keeps.
const KEPT: usize = 500;

/// The most characters of a reason.
const REASON: usize = 150;

/// Which time was asked about: its words, when it begins and ends, and how far the clock of whoever asks is ahead of UTC.
#[derive(Debug, Clone, Copy)]
pub(super) struct Asking {
    pub(super) lately: Lately,
    pub(super) time: (Timestamp, Timestamp),
    pub(super) offset: i32,
}

/// What was found.
#[derive(Debug, Default)]
pub(super) struct Looked {
    pub(super) failed: Vec<Failed>,
    /// What is not well now.
    pub(super) odd: Vec<(EnclaveName, HealthEntry)>,
    /// How many tentacles and runs were looked at.
    pub(super) tentacles: usize,
    pub(super) runs: usize,
    /// How many tentacles there are besides.
    pub(super) left_out: usize,
    /// Of how many the person may not see the runs.
    pub(super) hidden: usize,
    /// Whose record begins later than what was asked about, and when.
    pub(super) since: Vec<(TentacleName, Timestamp)>,
}

/// A tentacle with runs that failed, the newest first.
#[derive(Debug)]
pub(super) struct Failed {
    pub(super) enclave: EnclaveName,
    pub(super) name: TentacleName,
    pub(super) runs: Vec<RunEntry>,
    /// Of how many.
    pub(super) of: usize,
    /// Whether a later run went well.
    pub(super) well_since: bool,
}

pub(super) async fn run(asked: &Asked<'_>, lately: Lately) -> Result<Answer, Stop> {
    let offset = asked.kraken.slack.clock_of(&asked.account.id).await?;
    let asking = Asking { lately, time: lately.at(Timestamp::now(), offset), offset };
    let tentacles = tentacles(asked).await?;
    let mut looked = Looked { left_out: tentacles.len().saturating_sub(MOST), ..Looked::default() };
    let mut enclaves = BTreeSet::new();
    for tentacle in tentacles.into_iter().take(MOST) {
        enclaves.insert(tentacle.enclave.clone());
        match history(asked, &tentacle, asking.time.0).await {
            Ok(runs) => looked.take((tentacle.enclave, tentacle.name), runs, asking.time),
            // What may not be seen there is not theirs to hear of.
            Err(Stop::Refused(failure)) if is_not_theirs(failure.code) => looked.hidden += 1,
            Err(stop) => return Err(stop),
        }
    }
    for enclave in enclaves {
        looked.odd.extend(not_well(asked, &enclave).await?.into_iter().map(|entry| (enclave.clone(), entry)));
    }
    let told = told(&looked, asking, asked.channel.is_none());
    Ok(if asked.channel.is_some() { Answer::Aloud(told) } else { Answer::Whisper(told) })
}

fn is_not_theirs(code: FailureCode) -> bool {
    matches!(code, FailureCode::Denied | FailureCode::NotFound)
}

/// The next page, where there is one.
fn next(cursor: Option<String>) -> Option<Page> {
    cursor.map(|cursor| Page { cursor: Some(cursor), limit: None })
}

/// All tentacles that the person may see: of the channel's enclave, or of every one.
async fn tentacles(asked: &Asked<'_>) -> Result<Vec<TentacleEntry>, Stop> {
    let (mut all, mut page) = (Vec::new(), Some(Page::default()));
    while let Some(of) = page {
        let args = WfListArgs { page: of, ..WfListArgs::default() };
        let list = asked.call::<WfList>(args).await?;
        all.extend(list.workflows);
        page = next(list.next_cursor);
    }
    Ok(all)
}

/// The runs of a tentacle that ended at `from` or later, and some before them.
async fn history(
    asked: &Asked<'_>,
    tentacle: &TentacleEntry,
    from: Timestamp,
) -> Result<Vec<RunEntry>, Stop> {
    let (mut runs, mut page) = (Vec::new(), Some(Page::default()));
    while let Some(of) = page {
        let args = WfHistoryArgs {
            enclave: EnclaveRef::from(tentacle.enclave.clone()),
            name: tentacle.name.clone(),
            of: HistoryOf::Runs,
            page: of,
        };
        let history = asked.call::<WfHistory>(args).await?;
        let reaches = history.runs.last().is_none_or(|run| ended(run) < from);
        runs.extend(history.runs);
        page = if reaches { None } else { next(history.next_cursor) };
    }
    Ok(runs)
}

/// What is not well in an enclave now.
async fn not_well(asked: &Asked<'_>, enclave: &EnclaveName) -> Result<Vec<HealthEntry>, Stop> {
    let (mut odd, mut page) = (Vec::new(), Some(Page::default()));
    while let Some(of) = page {
        let args = WfHealthEnclaveArgs { enclave: EnclaveRef::from(enclave.clone()), page: of };
        match asked.call::<WfHealthEnclave>(args).await {
            Ok(health) => {
                odd.extend(health.workflows.into_iter().filter(|entry| entry.status != "green"));
                page = next(health.next_cursor);
            }
            Err(Stop::Refused(failure)) if is_not_theirs(failure.code) => return Ok(odd),
            Err(stop) => return Err(stop),
        }
    }
    Ok(odd)
}

/// When it was known how a run went; where it was missed, when it was due.
fn ended(run: &RunEntry) -> Timestamp {
    let time = SignedDuration::from_millis(i64::try_from(run.duration_ms).unwrap_or(i64::MAX));
    let began = if run.outcome == "missed" { run.due_at.unwrap_or(run.started_at) } else { run.started_at };
    began.saturating_add(time).unwrap_or(began)
}

fn has_failed(run: &RunEntry) -> bool {
    matches!(run.outcome.as_str(), "failed" | "interrupted" | "missed")
}

impl Looked {
    /// Takes in the runs of one tentacle, the newest first.
    pub(super) fn take(
        &mut self,
        (enclave, name): (EnclaveName, TentacleName),
        runs: Vec<RunEntry>,
        (from, to): (Timestamp, Timestamp),
    ) {
        self.tentacles += 1;
        if let Some(first) = runs.last().filter(|first| runs.len() >= KEPT && ended(first) >= from) {
            self.since.push((name.clone(), ended(first)));
        }
        let latest = runs.iter().find(|run| has_failed(run) || run.outcome == "succeeded");
        let well_since = latest.is_some_and(|run| !has_failed(run));
        let asked_about = |run: &RunEntry| (from..=to).contains(&ended(run));
        let (mut failed, mut of) = (Vec::new(), 0);
        for run in runs.into_iter().filter(asked_about) {
            of += usize::try_from(run.moments).unwrap_or(usize::MAX);
            if has_failed(&run) {
                failed.push(run);
            }
        }
        self.runs += of;
        if !failed.is_empty() {
            self.failed.push(Failed { enclave, name, runs: failed, of, well_since });
        }
    }

    /// How much was looked at.
    fn measure(&self) -> String {
        let runs = match self.runs {
            0 => "There was no run".to_owned(),
            1 => "I looked at one run".to_owned(),
            count => format!("I looked at {count} runs"),
        };
        let all = self.tentacles + self.left_out;
        match (self.tentacles, self.left_out) {
            (1, 0) => format!("{runs} of the one tentacle that you can see."),
            (count, 0) => format!("{runs} of the {count} tentacles that you can see."),
            (count, _) => format!("{runs} of {count} tentacles, of {all} that you can see."),
        }
    }
}

/// The answer; with the enclave of each tentacle in a direct message.
pub(super) fn told(looked: &Looked, asking: Asking, direct: bool) -> Message {
    match (looked.tentacles, looked.hidden) {
        (0, 0) => return Message::new("There are no tentacles that you can see."),
        (0, _) => return Message::new("There are no tentacles whose runs you may see."),
        _ => {}
    }
    let place = |enclave: &EnclaveName| if direct { format!("{}, ", code(enclave)) } else { String::new() };
    let failed: Vec<String> = looked
        .failed
        .iter()
        .map(|it| format!("• {}{}", place(&it.enclave), it.line(asking.offset)))
        .collect();
    let is_told = |name: &TentacleName, enclave: &EnclaveName| {
        looked.failed.iter().any(|it| it.name == *name && it.enclave == *enclave && !it.well_since)
    };
    let odd: Vec<String> = looked
        .odd
        .iter()
        .filter(|(enclave, entry)| entry.status == "red" || !is_told(&entry.name, enclave))
        .map(|(enclave, entry)| {
            let how = if entry.status == "red" { "cannot run" } else { "is to be looked at" };
            let reason = escape(&entry.reason);
            format!("• {}{} {how}: {reason}", place(enclave), code(&entry.name))
        })
        .collect();
    let when = asking.lately.words();
    let mut message = match failed.is_empty() {
        true => Message::new(format!("Nothing failed {when}.")),
        false => Message::new(format!("*Failed {when}*")).line(some(&failed)),
    };
    if !odd.is_empty() {
        message = message.line("*To be looked at now*").line(some(&odd));
    }
    message = message.note(format!("{} {}", looked.measure(), times(asking)));
    for (name, since) in looked.since.iter().take(LINES) {
        let since = clock(*since, asking.offset);
        message = message.note(format!("*{name}* runs so often that its record begins at {since}."));
    }
    match looked.hidden {
        0 => message,
        1 => message.note("There is one more, whose runs you may not see."),
        count => message.note(format!("There are {count} more, whose runs you may not see.")),
    }
}

impl Failed {
    /// `hello: 2 of 14 runs failed, the last at …: why. It has run well since.`
    fn line(&self, offset: i32) -> String {
        let count = |missed: bool| -> u64 {
            let runs = self.runs.iter().filter(|run| (run.outcome == "missed") == missed);
            runs.map(|run| run.moments).sum()
        };
        let of = self.of;
        let runs =
            |count: u64| if of == 1 { "its one run".to_owned() } else { format!("{count} of {of} runs") };
        let what = match (count(false), count(true)) {
            (failed, 0) => format!("{} failed", runs(failed)),
            (0, missed) => format!("{} did not begin", runs(missed)),
            (failed, missed) => format!("{} failed, and {missed} more did not begin", runs(failed)),
        };
        let last = self.runs.first();
        let at = last.map(|run| clock(ended(run), offset)).unwrap_or_default();
        let why: String =
            last.and_then(|run| run.error.as_deref()).unwrap_or_default().chars().take(REASON).collect();
        let why =
            if why.is_empty() { String::new() } else { format!(": {}", escape(why.trim_end_matches('.'))) };
        let since = if self.well_since { " It has run well since." } else { "" };
        format!("{}: {what}, the last at {at}{why}.{since}", code(&self.name))
    }
}

/// So many lines, and how many more there are.
fn some(lines: &[String]) -> String {
    let mut shown: Vec<String> = lines.iter().take(LINES).cloned().collect();
    if let Some(more @ 1..) = lines.len().checked_sub(LINES) {
        shown.push(format!("• and {more} more: ask in their channels"));
    }
    shown.join("\n")
}

/// A time as somebody's clock shows it.
fn clock(at: Timestamp, offset: i32) -> String {
    at.to_zoned(zone(offset)).strftime("%Y-%m-%d %H:%M").to_string()
}

fn zone(offset: i32) -> TimeZone {
    TimeZone::fixed(Offset::from_seconds(offset).unwrap_or(Offset::UTC))
}

/// From when to when was looked.
fn times(asking: Asking) -> String {
    let ((from, to), offset) = (asking.time, asking.offset);
    let zone = match offset {
        0 => "UTC".to_owned(),
        _ => format!("your time, UTC{}", Offset::from_seconds(offset).unwrap_or(Offset::UTC)),
    };
    format!("From {} to {}, {zone}.", clock(from, offset), clock(to, offset))
}

#[cfg(test)]
mod tests;
