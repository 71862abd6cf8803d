//! The tree as text again, which is read as the same tree.

use super::{Entry, Value, Yaml};
use crate::problem::Position;
use crate::workflow::json;
use std::fmt::Write as _;

/// The text of a tree without the entries whose keys stand where `is_left_out` says. It has no comments.
pub(crate) fn written(yaml: &Yaml, is_left_out: &dyn Fn(Position) -> bool) -> String {
    let mut writer = Writer { out: String::new(), is_left_out };
    writer.value(yaml, 0, true);
    writer.out
}

struct Writer<'a> {
    out: String,
    is_left_out: &'a dyn Fn(Position) -> bool,
}

impl Writer<'_> {
    /// A value at this depth. `begun`: its first line has its indent already.
    fn value(&mut self, yaml: &Yaml, depth: usize, begun: bool) {
        match &yaml.value {
            Value::Map(entries) => self.map(entries, depth, begun),
            Value::List(items) if !items.is_empty() => {
                for (index, item) in items.iter().enumerate() {
                    self.indent(depth, begun && index == 0);
                    self.out.push_str("- ");
                    self.value(item, depth + 1, true);
                }
            }
            Value::List(_) => self.out.push_str("[]\n"),
            Value::Text { text, plain } => {
                self.out.push_str(&scalar(yaml, text, *plain));
                self.out.push('\n');
            }
            Value::Broken => self.out.push_str("null\n"),
        }
    }

    fn map(&mut self, entries: &[Entry], depth: usize, begun: bool) {
        let kept: Vec<&Entry> = entries.iter().filter(|entry| !(self.is_left_out)(entry.at)).collect();
        if kept.is_empty() {
            self.out.push_str("{}\n");
        }
        for (index, entry) in kept.into_iter().enumerate() {
            self.indent(depth, begun && index == 0);
            // every key is a text, whatever it looks like
            match is_word(&entry.key) {
                true => self.out.push_str(&entry.key),
                false => self.out.push_str(&quoted(&entry.key)),
            }
            self.out.push(':');
            match self.is_block(&entry.value) {
                true => self.out.push('\n'),
                false => self.out.push(' '),
            }
            self.value(&entry.value, depth + 1, false);
        }
    }

    fn is_block(&self, yaml: &Yaml) -> bool {
        match &yaml.value {
            Value::Map(entries) => entries.iter().any(|entry| !(self.is_left_out)(entry.at)),
            Value::List(items) => !items.is_empty(),
            Value::Text { .. } | Value::Broken => false,
        }
    }

    fn indent(&mut self, depth: usize, begun: bool) {
        if !begun {
            self.out.extend(std::iter::repeat_n("  ", depth));
        }
    }
}

/// A scalar that is read as what it was: a number stays one, and a text that looks like one is in quotes.
fn scalar(yaml: &Yaml, text: &str, plain: bool) -> String {
    let bare = Yaml { at: yaml.at, value: Value::Text { text: text.to_owned(), plain: true } };
    match (json(&bare).is_string(), plain) {
        (false, true) if bare.is_null() => "null".to_owned(),
        (false, true) => text.to_owned(),
        (true, _) if is_word(text) => text.to_owned(),
        _ => quoted(text),
    }
}

/// Whether nothing in it has a meaning in YAML.
fn is_word(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | '/'))
}

/// In double quotes, everything escaped that is not to be seen.
fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            '\n' => out.push_str("\\n"),
            c if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}') => {
                // A String takes everything.
                let _ = write!(out, "\\u{:04x}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}
