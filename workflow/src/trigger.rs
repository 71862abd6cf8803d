//! What makes a tentacle run.

mod cron;
mod names;
mod schedule;
mod webhook;

pub use cron::Cron;
pub use schedule::{Schedule, ScheduleError};
pub use webhook::{Scheme, Webhook};

use crate::fields::Fields;
use crate::name::shown;
use crate::nearest::nearest;
use crate::part_name::PartName;
use crate::problem::{Part, Position, Report, Rule};
use crate::yaml::Yaml;

/// One entry of `triggers`.
#[derive(Debug, Clone)]
pub struct Trigger {
    /// Where it stands in the file.
    pub at: Position,
    /// Its name: the given one, else the word of its kind, with a number where that is taken (`cron`, `cron-2`).
    pub name: PartName,
    /// What it waits for.
    pub kind: TriggerKind,
    /// Which one of the list it is.
    pub(crate) index: usize,
}

/// What a trigger waits for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TriggerKind {
    /// A person or an agent asks.
    Manual,
    /// The clock.
    Cron(Cron),
    /// Another service calls.
    Webhook(Webhook),
    /// A message arrives.
    Queue {
        /// The subject that it arrives on.
        subject: String,
    },
}

impl TriggerKind {
    /// The word in the file.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Manual => "manual",
            Self::Cron(_) => "cron",
            Self::Webhook(_) => "webhook",
            Self::Queue { .. } => "queue",
        }
    }
}

const KEYS: &[&str] = &[
    "type", "name", "schedule", "timezone", "overlap", "catchUp", "jitter", "path", "subject", "provider",
    "secret", "event", "actions",
];
const KINDS: [&str; 4] = ["manual", "cron", "webhook", "queue"];
/// The most triggers of one tentacle.
const MOST: usize = 50;

/// An entry whose name is not settled yet.
struct Unnamed {
    at: Position,
    name: Option<PartName>,
    kind: TriggerKind,
}

pub(crate) fn read_all(fields: &Fields<'_>) -> Vec<Trigger> {
    let list = fields.list("triggers");
    let at = fields.key_at("triggers").unwrap_or(fields.at);
    if fields.is_empty("triggers") {
        fields.add(at, Rule::AtLeastOne("trigger"));
    }
    if list.len() > MOST {
        fields.add(at, Rule::TooMany { what: "triggers", count: list.len(), most: MOST });
    }
    let read = |(index, yaml)| Some((index, read(yaml, Part::Trigger(index), fields.report)?));
    names::give(list.iter().take(MOST).enumerate().filter_map(read).collect(), fields.report)
}

fn read(yaml: &Yaml, part: Part, report: &Report) -> Option<Unnamed> {
    let fields = Fields::of(yaml, part, KEYS, report)?;
    let name = fields.text("name").and_then(|name| PartName::read(name.text, name.at, &fields.part, report));
    let word = fields.required_text("type")?;
    let kind = match word.text {
        "manual" => of_kind(&fields, "manual", &[], Some(TriggerKind::Manual)),
        "cron" => of_kind(&fields, "cron", cron::KEYS, cron::read(&fields).map(TriggerKind::Cron)),
        "webhook" => {
            of_kind(&fields, "webhook", webhook::KEYS, webhook::read(&fields).map(TriggerKind::Webhook))
        }
        "queue" => {
            let subject = needed(&fields, "subject", "queue");
            of_kind(&fields, "queue", &["subject"], subject.map(|subject| TriggerKind::Queue { subject }))
        }
        other => {
            let rule = Rule::Word {
                what: "type",
                got: shown(other),
                known: "manual, cron, webhook, or queue",
                nearest: nearest(other, KINDS),
            };
            fields.add(word.at, rule);
            None
        }
    };
    Some(Unnamed { at: fields.at, name, kind: kind? })
}

/// `kind`, after telling which of the given keys belong to other kinds.
fn of_kind(
    fields: &Fields<'_>,
    word: &'static str,
    own: &[&str],
    kind: Option<TriggerKind>,
) -> Option<TriggerKind> {
    for &key in KEYS {
        if key != "type" && key != "name" && !own.contains(&key) && fields.value(key).is_some() {
            let at = fields.key_at(key).unwrap_or(fields.at);
            fields.add(at, Rule::TriggerIgnores { kind: word, key });
        }
    }
    kind
}

fn needed(fields: &Fields<'_>, key: &'static str, kind: &'static str) -> Option<String> {
    if fields.value(key).is_none() {
        fields.add(fields.at, Rule::TriggerRequires { kind, what: key });
        return None;
    }
    fields.line(key).map(|text| text.text.to_owned())
}
