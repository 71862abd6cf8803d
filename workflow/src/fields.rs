//! Reading a map of known keys, and reporting all that does not fit.

use crate::name::shown;
use crate::problem::{Part, Position, Report, Rule};
use crate::yaml::{Entry, Value, Yaml};
use std::time::Duration;

/// A map whose keys are known. Every reader returns `None` for what is absent, and for what it has reported.
pub(crate) struct Fields<'a> {
    /// Where the map begins: the place of whatever it lacks.
    pub(crate) at: Position,
    /// Whose map it is.
    pub(crate) part: Part,
    /// Where problems go.
    pub(crate) report: &'a Report,
    entries: &'a [Entry],
}

/// A text and where it stands.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Text<'a> {
    pub(crate) at: Position,
    pub(crate) text: &'a str,
}

impl<'a> Fields<'a> {
    /// The fields of `yaml`, of which only `known` are read. Any other key goes to the report.
    pub(crate) fn of(
        yaml: &'a Yaml,
        part: Part,
        known: &'static [&'static str],
        report: &'a Report,
    ) -> Option<Self> {
        let entries = entries(yaml, &part, "this part", report)?;
        for entry in entries {
            if !known.contains(&entry.key.as_str()) {
                report.unknown_key(entry.at, &part, &entry.key, known);
            }
        }
        Some(Self { at: yaml.at, part, report, entries })
    }

    /// The fields of a map in which the author may have keys of their own.
    pub(crate) const fn open(at: Position, part: Part, entries: &'a [Entry], report: &'a Report) -> Self {
        Self { at, part, report, entries }
    }

    /// Reports a problem of this part.
    pub(crate) fn add(&self, at: Position, rule: Rule) {
        self.report.add(at, &self.part, rule);
    }

    /// The value of `key`; an empty one counts as absent.
    pub(crate) fn value(&self, key: &str) -> Option<&'a Yaml> {
        self.entries
            .iter()
            .find(|entry| entry.key == key)
            .map(|entry| &entry.value)
            .filter(|yaml| !yaml.is_null())
    }

    /// Whether `key` is absent, or a list or map of nothing.
    pub(crate) fn is_empty(&self, key: &str) -> bool {
        self.value(key).is_none_or(|yaml| match &yaml.value {
            Value::List(items) => items.is_empty(),
            Value::Map(entries) => entries.is_empty(),
            Value::Text { .. } | Value::Broken => false,
        })
    }

    /// Where the word `key` itself stands.
    pub(crate) fn key_at(&self, key: &str) -> Option<Position> {
        self.entries.iter().find(|entry| entry.key == key).map(|entry| entry.at)
    }

    /// The value of `key`, reported when absent.
    pub(crate) fn required(&self, key: &'static str) -> Option<&'a Yaml> {
        let value = self.value(key);
        if value.is_none() {
            self.add(self.key_at(key).unwrap_or(self.at), Rule::Required(key));
        }
        value
    }

    /// A text that may be absent.
    pub(crate) fn text(&self, key: &'static str) -> Option<Text<'a>> {
        text(self.value(key)?, key, &self.part, self.report)
    }

    /// A text that must be there and not be blank.
    pub(crate) fn required_text(&self, key: &'static str) -> Option<Text<'a>> {
        let text = text(self.required(key)?, key, &self.part, self.report)?;
        if text.text.trim().is_empty() {
            self.add(text.at, Rule::Required(key));
            return None;
        }
        Some(text)
    }

    /// A text without a line break.
    pub(crate) fn line(&self, key: &'static str) -> Option<Text<'a>> {
        let text = self.text(key)?;
        one_line(text, key, &self.part, self.report).then_some(text)
    }

    /// A list of texts; absent means empty.
    pub(crate) fn texts(&self, key: &'static str) -> Vec<Text<'a>> {
        self.list(key).iter().filter_map(|item| text(item, key, &self.part, self.report)).collect()
    }

    /// A list; absent means empty.
    pub(crate) fn list(&self, key: &'static str) -> &'a [Yaml] {
        let Some(yaml) = self.value(key) else { return &[] };
        match &yaml.value {
            Value::List(items) => items,
            _ => {
                report_shape(yaml, key, "a list", &self.part, self.report);
                &[]
            }
        }
    }

    /// A map whose keys the author chooses; absent means empty.
    pub(crate) fn map(&self, key: &'static str) -> &'a [Entry] {
        self.value(key).and_then(|yaml| entries(yaml, &self.part, key, self.report)).unwrap_or_default()
    }

    /// A whole number between two bounds.
    pub(crate) fn number(&self, key: &'static str, least: u64, most: u64) -> Option<(Position, u64)> {
        let Text { at, text } = self.text(key)?;
        match text.parse::<u64>() {
            Ok(number) if (least..=most).contains(&number) => Some((at, number)),
            _ => {
                self.add(at, Rule::Number { key, got: shown(text), least, most });
                None
            }
        }
    }

    /// A length of time such as `30s` or `2m`, from one second to `most`.
    pub(crate) fn duration(&self, key: &'static str, most: Duration) -> Option<Duration> {
        let Text { at, text } = self.text(key)?;
        let seconds = |digits: &str, factor: u64| digits.parse::<u64>().ok()?.checked_mul(factor);
        let parsed = match (text.strip_suffix('s'), text.strip_suffix('m')) {
            (Some(digits), _) => seconds(digits, 1),
            (_, Some(digits)) => seconds(digits, 60),
            _ => None,
        };
        match parsed {
            Some(seconds) if (1..=most.as_secs()).contains(&seconds) => Some(Duration::from_secs(seconds)),
            _ => {
                self.add(at, Rule::Duration { key, got: shown(text), most: most.as_secs() });
                None
            }
        }
    }
}

/// The entries of a map, reported when it is something else.
pub(crate) fn entries<'a>(yaml: &'a Yaml, part: &Part, key: &str, report: &Report) -> Option<&'a [Entry]> {
    match &yaml.value {
        Value::Map(entries) => Some(entries),
        _ => {
            report_shape(yaml, key, "a map", part, report);
            None
        }
    }
}

/// A scalar as text, reported when it is something else.
pub(crate) fn text<'a>(yaml: &'a Yaml, key: &str, part: &Part, report: &Report) -> Option<Text<'a>> {
    match &yaml.value {
        Value::Text { text, .. } => Some(Text { at: yaml.at, text }),
        _ => {
            report_shape(yaml, key, "a text", part, report);
            None
        }
    }
}

/// Whether a text is one line of printable characters; reported when not.
pub(crate) fn one_line(text: Text<'_>, key: &str, part: &Part, report: &Report) -> bool {
    let fits = !text.text.contains(char::is_control);
    if !fits {
        report.add(text.at, part, Rule::OneLine(key.to_owned()));
    }
    fits
}

fn report_shape(yaml: &Yaml, key: &str, expected: &'static str, part: &Part, report: &Report) {
    let found = match &yaml.value {
        Value::Broken => return,
        Value::Text { text, .. } => format!("\"{}\"", shown(text)),
        Value::List(_) => "a list".to_owned(),
        Value::Map(_) => "a map".to_owned(),
    };
    report.add(yaml.at, part, Rule::Shape { key: shown(key), expected, found });
}
