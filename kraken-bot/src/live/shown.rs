//! What is shown of a call that goes on.

use crate::commands::seconds;
use crate::slack::blocks::{Message, escape};
use serde_json::{Value, json};
use std::time::Duration;
use tokio::time::Instant;
use wire::client::Told;
use wire::step::{NodeState, NodeStep};

/// How many nodes are shown at most.
const MOST: usize = 40;

/// The most characters of a reason.
const REASON: usize = 200;

/// The most characters of a task's title.
const TITLE: usize = 200;

/// What the first task is called while it goes on, and when it is over.
pub(crate) const AT_WORK: &str = "At work on it";
pub(crate) const IS_OVER: &str = "Looked into it";

/// How long something goes on before it is said how long: what is over at once has no clock.
const MOMENT: Duration = Duration::from_secs(1);

/// How far a call has come.
pub(crate) struct Shown {
    pub(crate) heading: String,
    /// Since when it goes on; `None` when it has ended.
    since: Option<Instant>,
    /// Each with the time at which it came to that.
    nodes: Vec<(NodeStep, Instant)>,
    /// The last thing that was told of the call as a whole.
    last: Option<String>,
    /// Everything that was told of it, each once.
    told: Vec<String>,
}

impl Shown {
    pub(crate) fn new(heading: String) -> Self {
        let since = Some(Instant::now());
        Self { heading, since, nodes: Vec::new(), last: None, told: Vec::new() }
    }

    /// It has gone on for so long already.
    pub(crate) fn goes_on_for(&mut self, time: Duration) {
        self.since = Instant::now().checked_sub(time).or(self.since);
    }

    /// It has ended.
    pub(crate) fn end(&mut self, heading: String) {
        (self.heading, self.since) = (heading, None);
    }

    pub(crate) fn hear(&mut self, told: Told) {
        match told.step {
            Some(step) => self.put(step),
            None => {
                if !self.told.contains(&told.message) && self.told.len() < MOST {
                    self.told.push(told.message.clone());
                }
                self.last = Some(told.message);
            }
        }
    }

    fn put(&mut self, step: NodeStep) {
        let now = Instant::now();
        match self.nodes.iter_mut().find(|(node, _)| node.node == step.node) {
            // The same said again is not its beginning.
            Some((node, _)) if *node == step => {}
            Some(node) => *node = (step, now),
            None => self.nodes.push((step, now)),
        }
    }

    /// What the answer says of a node, unless it is known better.
    pub(crate) fn settle(&mut self, step: NodeStep) {
        let known = self.nodes.iter().find(|(node, _)| node.node == step.node);
        if known.is_none_or(|(node, _)| matches!(node.state, NodeState::Started { .. })) {
            self.put(step);
        }
    }

    /// The same as tasks of a message that grows. The first is called `key`, by which the message is found again, and says what goes
    /// on at the moment; the others are what was told. Their order says which is which, so that after a restart they are the same.
    pub(crate) fn tasks(&self, key: &str, is_over: bool) -> Vec<Value> {
        let now = self.nodes.iter().rev().find(|(node, _)| matches!(node.state, NodeState::Started { .. }));
        let now = match (is_over, now) {
            (true, _) => IS_OVER.to_owned(),
            (false, Some((step, _))) => format!("{} is running", step.node),
            (false, None) => AT_WORK.to_owned(),
        };
        let newest = self.told.len();
        let told = self.told.iter().zip(1..);
        let told = told.map(|(what, number)| (format!("{key}/{number}"), what.clone(), number < newest));
        let task = |(id, title, is_done): (String, String, bool)| {
            let status = if is_done || is_over { "complete" } else { "in_progress" };
            let title: String = title.chars().take(TITLE).collect();
            json!({"type": "task_update", "id": id, "title": title, "status": status})
        };
        std::iter::once((key.to_owned(), now, false)).chain(told).map(task).collect()
    }

    pub(crate) fn message(&self) -> Message {
        self.message_at(Instant::now())
    }

    /// The message, with what goes on at `now` for how long.
    pub(crate) fn message_at(&self, now: Instant) -> Message {
        let mut message = Message::new(&self.heading);
        let line = |(step, since): &(NodeStep, Instant)| line(step, self.since.and(elapsed(*since, now)));
        let mut lines: Vec<String> = self.nodes.iter().take(MOST).map(line).collect();
        if let Some(more @ 1..) = self.nodes.len().checked_sub(MOST) {
            lines.push(format!("… and {more} more"));
        }
        if !lines.is_empty() {
            message = message.line(lines.join("\n"));
        }
        let so_far = self.since.and_then(|since| elapsed(since, now));
        match (&self.last, so_far) {
            (Some(last), Some(time)) => message.note(format!("{} ({time} so far)", escape(last))),
            (Some(last), None) => message.note(escape(last)),
            (None, Some(time)) => message.note(format!("{time} so far")),
            (None, None) => message,
        }
    }
}

/// How long that is, where it is more than a moment: `12 s`, `2 min 5 s`.
fn elapsed(since: Instant, now: Instant) -> Option<String> {
    let time = now.saturating_duration_since(since);
    let (minutes, seconds) = (time.as_secs() / 60, time.as_secs() % 60);
    (time >= MOMENT).then(|| match minutes {
        0 => format!("{seconds} s"),
        _ => format!("{minutes} min {seconds} s"),
    })
}

fn line(step: &NodeStep, time: Option<String>) -> String {
    let node = escape(&step.node);
    let time = time.map(|time| format!(", for {time}")).unwrap_or_default();
    match &step.state {
        NodeState::Started { attempt: 0 | 1 } => format!("○ *{node}* is running{time}"),
        NodeState::Started { attempt } => format!("○ *{node}* is running, attempt {attempt}{time}"),
        NodeState::Finished { duration_ms } => format!("✓ *{node}* is done, after {}", seconds(*duration_ms)),
        NodeState::Failed { error, again } => {
            let (sign, next) = if *again { ("↻", " and is tried again") } else { ("✗", "") };
            let why: String = error.chars().take(REASON).collect();
            format!("{sign} *{node}* failed{next}: {}", escape(&why))
        }
        NodeState::Skipped => format!("– *{node}* was not run"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(node: &str, state: NodeState) -> NodeStep {
        NodeStep { node: node.to_owned(), state }
    }

    #[test]
    fn each_node_has_a_line_that_changes() {
        let mut shown = Shown::new("*tea* is running.".to_owned());
        let told = |step| Told { message: String::new(), step: Some(step) };
        shown.hear(told(step("prices", NodeState::Started { attempt: 1 })));
        assert_eq!(shown.message().plain(), "*tea* is running.\n○ *prices* is running");
        shown.hear(told(step("prices", NodeState::Finished { duration_ms: 1_210 })));
        shown.hear(told(step("judge", NodeState::Started { attempt: 1 })));
        shown.hear(told(step("tell", NodeState::Skipped)));
        // What was heard is not forgotten for what the answer says less well.
        shown.settle(step("judge", NodeState::Failed { error: "<!here>".to_owned(), again: false }));
        shown.settle(step("tell", NodeState::Failed { error: "judge failed".to_owned(), again: false }));
        let said = "*tea* is running.\n✓ *prices* is done, after 1.2 s\n✗ *judge* failed: &lt;!here&gt;\n– *tell* was not run";
        assert_eq!(shown.message().plain(), said);
    }

    #[test]
    fn what_goes_on_says_for_how_long_and_what_has_ended_does_not() {
        let mut shown = Shown::new("*tea* is being deployed.".to_owned());
        let began = Instant::now();
        let after = |shown: &Shown, seconds| {
            shown.message_at(began + Duration::from_secs(seconds) + Duration::from_millis(500)).plain()
        };
        assert_eq!(after(&shown, 0), "*tea* is being deployed.");
        assert_eq!(after(&shown, 12), "*tea* is being deployed.\n12 s so far");
        shown.hear(Told { message: "its files are checked".to_owned(), step: None });
        assert_eq!(after(&shown, 125), "*tea* is being deployed.\nits files are checked (2 min 5 s so far)");
        let started =
            || Told { message: String::new(), step: Some(step("look", NodeState::Started { attempt: 2 })) };
        shown.hear(started());
        shown.hear(started());
        assert!(after(&shown, 9).contains("○ *look* is running, attempt 2, for 9 s\n"));
        shown.goes_on_for(Duration::from_secs(60));
        assert!(after(&shown, 9).ends_with("(1 min 9 s so far)"));
        shown.end("The deploy of *tea* has ended.".to_owned());
        assert_eq!(
            after(&shown, 200),
            "The deploy of *tea* has ended.\n○ *look* is running, attempt 2\nits files are checked"
        );
    }

    #[test]
    fn tasks_are_the_same_after_a_restart() {
        let told = |message: &str| Told { message: message.to_owned(), step: None };
        let mut shown = Shown::new("It goes on.".to_owned());
        for message in ["Looking things up", "Running hello", "Looking things up"] {
            shown.hear(told(message));
        }
        shown.hear(Told {
            message: String::new(),
            step: Some(step("slow", NodeState::Started { attempt: 1 })),
        });
        let tasks = |shown: &Shown, is_over| -> Vec<String> {
            let tasks = shown.tasks("k", is_over);
            let text = |task: &Value, field: &str| task[field].as_str().unwrap().to_owned();
            tasks.iter().map(|it| ["id", "title", "status"].map(|field| text(it, field)).join(" ")).collect()
        };
        let first = tasks(&shown, false);
        assert_eq!(
            first,
            [
                "k slow is running in_progress",
                "k/1 Looking things up complete",
                "k/2 Running hello in_progress"
            ]
        );
        assert!(tasks(&shown, true).iter().all(|task| task.ends_with(" complete")));
        let mut again = Shown::new("It goes on.".to_owned());
        again.hear(told("Looking things up"));
        again.hear(told("Running hello"));
        assert_eq!(tasks(&again, false)[1..], first[1..]);
    }
}
