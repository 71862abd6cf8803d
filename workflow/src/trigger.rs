//! What makes a tentacle run.

use crate::fields::Fields;
use crate::name::shown;
use crate::nearest::nearest;
use crate::part_name::PartName;
use crate::problem::{Part, Position, Report, Rule};
use crate::yaml::Yaml;
use std::collections::BTreeSet;

/// One entry of `triggers`.
#[derive(Debug, Clone)]
pub struct Trigger {
    /// Where it stands in the file.
    pub at: Position,
    /// Its name, if it has one.
    pub name: Option<PartName>,
    /// What it waits for.
    pub kind: TriggerKind,
}

/// What a trigger waits for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TriggerKind {
    /// A person or an agent asks.
    Manual,
    /// The clock.
    Cron {
        /// When, in cron's five fields.
        schedule: String,
    },
    /// Another service calls.
    Webhook {
        /// The path that it calls.
        path: Option<String>,
        /// The service, where its signature is known, such as `github`.
        provider: Option<String>,
        /// The kind of event; absent means all.
        event: Option<String>,
        /// The actions of the event; empty means all.
        actions: Vec<String>,
    },
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
            Self::Cron { .. } => "cron",
            Self::Webhook { .. } => "webhook",
            Self::Queue { .. } => "queue",
        }
    }
}

const KEYS: &[&str] = &["type", "name", "schedule", "path", "subject", "provider", "event", "actions"];
const KINDS: [&str; 4] = ["manual", "cron", "webhook", "queue"];
/// The most triggers of one tentacle.
const MOST: usize = 50;

pub(crate) fn read_all(fields: &Fields<'_>) -> Vec<Trigger> {
    let list = fields.list("triggers");
    let at = fields.key_at("triggers").unwrap_or(fields.at);
    if fields.is_empty("triggers") {
        fields.add(at, Rule::AtLeastOne("trigger"));
    }
    if list.len() > MOST {
        fields.add(at, Rule::TooMany { what: "triggers", count: list.len(), most: MOST });
    }
    let mut names = BTreeSet::new();
    let read = |(index, yaml)| {
        let trigger = read(yaml, Part::Trigger(index), fields.report)?;
        if let Some(name) = &trigger.name
            && !names.insert(name.clone())
        {
            let rule = Rule::DuplicateName { what: "trigger", name: name.to_string() };
            fields.report.add(trigger.at, &Part::Trigger(index), rule);
        }
        Some(trigger)
    };
    list.iter().take(MOST).enumerate().filter_map(read).collect()
}

fn read(yaml: &Yaml, part: Part, report: &Report) -> Option<Trigger> {
    let fields = Fields::of(yaml, part, KEYS, report)?;
    let name = fields.text("name").and_then(|name| PartName::read(name.text, name.at, &fields.part, report));
    let word = fields.required_text("type")?;
    let kind = match word.text {
        "manual" => read_kind(&fields, "manual", &[], Some(TriggerKind::Manual)),
        "cron" => {
            let schedule = needed(&fields, "schedule", "cron");
            read_kind(&fields, "cron", &["schedule"], schedule.map(|schedule| TriggerKind::Cron { schedule }))
        }
        "webhook" => {
            read_kind(&fields, "webhook", &["path", "provider", "event", "actions"], read_webhook(&fields))
        }
        "queue" => {
            let subject = needed(&fields, "subject", "queue");
            read_kind(&fields, "queue", &["subject"], subject.map(|subject| TriggerKind::Queue { subject }))
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
    Some(Trigger { at: fields.at, name, kind: kind? })
}

/// `kind`, after telling which of the given keys belong to other kinds.
fn read_kind(
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

fn read_webhook(fields: &Fields<'_>) -> Option<TriggerKind> {
    let line = |key| fields.line(key).map(|text| text.text.to_owned());
    let (path, provider, event) = (line("path"), line("provider"), line("event"));
    let actions = fields.texts("actions").into_iter().map(|text| text.text.to_owned()).collect();
    if fields.value("path").is_none() && fields.value("provider").is_none() {
        fields.add(fields.at, Rule::TriggerRequires { kind: "webhook", what: "path or provider" });
        return None;
    }
    Some(TriggerKind::Webhook { path, provider, event, actions })
}
