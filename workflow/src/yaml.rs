//! YAML text as a tree with positions. Only what a workflow needs of YAML: no aliases, no tags, one document.
//!
//! Bounded in size, depth and count before anything is made of it, so that no input costs more than linear time and
//! memory.

use crate::name::shown;
use crate::problem::{Part, Position, Report, Rule};
use granit_parser::{Event, Parser, ScalarStyle, ScanError, Span};
use std::collections::HashMap;

pub(crate) use write::written;

mod write;

/// The most bytes that are read.
pub(crate) const MOST_BYTES: usize = 1024 * 1024;
/// The most levels of lists and maps.
const MOST_DEEP: usize = 24;
/// The most values.
const MOST_VALUES: usize = 20_000;

/// A value and where it begins.
#[derive(Debug)]
pub(crate) struct Yaml {
    pub(crate) at: Position,
    pub(crate) value: Value,
}

/// What YAML can say here.
#[derive(Debug)]
pub(crate) enum Value {
    /// Something that was reported already; nothing more is said about it.
    Broken,
    /// A scalar. Whether it is a number is for its reader to say: `version: 1.0` is a text.
    Text { text: String, plain: bool },
    /// A list.
    List(Vec<Yaml>),
    /// A map, in the order of the file.
    Map(Vec<Entry>),
}

/// A key of a map with its value.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) at: Position,
    pub(crate) key: String,
    pub(crate) value: Yaml,
}

impl Yaml {
    /// Nothing, `~` or `null`: as if the key were absent.
    pub(crate) fn is_null(&self) -> bool {
        matches!(&self.value, Value::Text { text, plain: true } if matches!(text.as_str(), "" | "~" | "null" | "Null" | "NULL"))
    }
}

/// Reads one document. `None` when it is broken so that nothing more can be said about it.
pub(crate) fn read(bytes: &[u8], report: &Report) -> Option<Yaml> {
    let refuse = |at, rule| {
        report.add(at, &Part::Top, rule);
        None
    };
    if bytes.len() > MOST_BYTES {
        return refuse(Position::START, Rule::TooLarge { bytes: bytes.len(), most: MOST_BYTES });
    }
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => {
            return refuse(end_of(bytes.get(..error.valid_up_to()).unwrap_or_default()), Rule::NotUtf8);
        }
    };
    built(Parser::new_from_str_with_options(text, options()), report)
}

/// The tree of a parser's events.
fn built<'t>(
    events: impl Iterator<Item = Result<(Event<'t>, Span), ScanError>>,
    report: &Report,
) -> Option<Yaml> {
    let refuse = |at, rule| {
        report.add(at, &Part::Top, rule);
        None
    };
    let mut builder = Builder { report, open: Vec::new(), root: None, values: 0, documents: 0 };
    for event in events {
        let taken = match event {
            Ok((event, span)) => builder.take(event, &span).map_err(|rule| (start(&span), rule)),
            Err(error) => Err((place(&error), scan_rule(&error))),
        };
        if let Err((at, rule)) = taken {
            return refuse(at, rule);
        }
    }
    match builder.root {
        Some(root) if !root.is_null() => Some(root),
        _ => refuse(Position::START, Rule::Empty),
    }
}

fn options() -> granit_parser::Options {
    granit_parser::options! {
        emit_comments: false,
        emit_anchor_events: true,
        emit_unresolved_aliases: true,
        flow_nesting_limit: MOST_DEEP,
        block_nesting_limit: MOST_DEEP,
    }
}

fn start(span: &Span) -> Position {
    Position { line: span.start.line(), column: span.start.col() + 1 }
}

fn place(error: &ScanError) -> Position {
    Position { line: error.marker().line(), column: error.marker().col() + 1 }
}

fn scan_rule(error: &ScanError) -> Rule {
    use granit_parser::ErrorKind;
    match error.kind() {
        ErrorKind::RecursionLimitExceeded => Rule::TooDeep(MOST_DEEP),
        kind => Rule::Yaml(kind.to_string().chars().take(200).collect()),
    }
}

/// The position after the last of these bytes, all of which are valid UTF-8.
fn end_of(bytes: &[u8]) -> Position {
    let text = String::from_utf8_lossy(bytes);
    let line = text.matches('\n').count() + 1;
    let column = text.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    Position { line, column }
}

/// A list or map whose end has not come yet.
enum Open {
    List {
        at: Position,
        items: Vec<Yaml>,
    },
    Map {
        at: Position,
        entries: Vec<Entry>,
        seen: HashMap<String, Position>,
        key: Option<(String, Position)>,
    },
}

struct Builder<'r> {
    report: &'r Report,
    open: Vec<Open>,
    root: Option<Yaml>,
    values: usize,
    documents: usize,
}

impl Builder<'_> {
    /// Takes one event; an error ends the reading.
    fn take(&mut self, event: Event<'_>, span: &Span) -> Result<(), Rule> {
        let at = start(span);
        if event.tag().is_some() {
            self.report.add(at, &Part::Top, Rule::Tag);
        }
        match event {
            Event::DocumentStart(..) => {
                self.documents += 1;
                if self.documents > 1 { Err(Rule::SecondDocument) } else { Ok(()) }
            }
            Event::Scalar(text, style, ..) => {
                let plain = style == ScalarStyle::Plain;
                self.put(at, Value::Text { text: text.into_owned(), plain })
            }
            Event::Alias(_) | Event::UnresolvedAlias(_) => {
                self.report.add(at, &Part::Top, Rule::Alias);
                self.put(at, Value::Broken)
            }
            Event::Anchor(..) => {
                self.report.add(at, &Part::Top, Rule::Alias);
                Ok(())
            }
            Event::SequenceStart(..) => self.begin(Open::List { at, items: Vec::new() }),
            Event::MappingStart(..) => {
                self.begin(Open::Map { at, entries: Vec::new(), seen: HashMap::new(), key: None })
            }
            Event::SequenceEnd | Event::MappingEnd => self.end(),
            _ => Ok(()),
        }
    }

    fn begin(&mut self, open: Open) -> Result<(), Rule> {
        if matches!(self.open.last(), Some(Open::Map { key: None, .. })) {
            return Err(Rule::ComplexKey);
        }
        if self.open.len() >= MOST_DEEP {
            return Err(Rule::TooDeep(MOST_DEEP));
        }
        self.open.push(open);
        Ok(())
    }

    fn end(&mut self) -> Result<(), Rule> {
        match self.open.pop() {
            Some(Open::List { at, items }) => self.put(at, Value::List(items)),
            Some(Open::Map { at, entries, .. }) => self.put(at, Value::Map(entries)),
            None => Ok(()),
        }
    }

    fn put(&mut self, at: Position, value: Value) -> Result<(), Rule> {
        self.values += 1;
        if self.values > MOST_VALUES {
            return Err(Rule::TooManyValues(MOST_VALUES));
        }
        match self.open.last_mut() {
            None => self.root = Some(Yaml { at, value }),
            Some(Open::List { items, .. }) => items.push(Yaml { at, value }),
            Some(Open::Map { entries, seen, key, .. }) => match key.take() {
                None => match value {
                    Value::Text { text, .. } => *key = Some((text, at)),
                    _ => return Err(Rule::ComplexKey),
                },
                Some((word, key_at)) => match seen.get(&word) {
                    Some(first) => {
                        let rule = Rule::DuplicateKey { key: shown(&word), first: *first };
                        self.report.add(key_at, &Part::Top, rule);
                    }
                    None => {
                        seen.insert(word.clone(), key_at);
                        entries.push(Entry { at: key_at, key: word, value: Yaml { at, value } });
                    }
                },
            },
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
