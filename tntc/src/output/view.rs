//! How an answer looks to people: named values, tables, sentences.

use super::plain;
use anstyle::{AnsiColor, Style};
use comfy_table::{Attribute, Cell, ContentArrangement, Table, presets};
use std::fmt::Write as _;

/// The narrowest that a table is squeezed to; on a narrower terminal it overflows rather than becoming unreadable.
const NARROWEST: u16 = 40;

/// What people see of an answer: parts, one below the other.
#[derive(Debug, Default)]
pub(crate) struct View {
    parts: Vec<Part>,
}

#[derive(Debug)]
enum Part {
    /// A name and a value each.
    Values(Vec<(&'static str, String)>),
    /// Columns with heads.
    Table { heads: Vec<&'static str>, rows: Vec<Vec<String>> },
    /// Sentences.
    Text(String),
    /// A sentence that says how it stands.
    Verdict { good: bool, text: String },
}

impl View {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// Named values; those without a value are left out.
    pub(crate) fn values<const N: usize>(self, values: [(&'static str, String); N]) -> Self {
        self.with(Part::Values(values.into_iter().filter(|(_, value)| !value.is_empty()).collect()))
    }

    /// A table; `none` says that it would be empty.
    pub(crate) fn table<const N: usize>(
        self,
        heads: [&'static str; N],
        rows: impl IntoIterator<Item = [String; N]>,
        none: &str,
    ) -> Self {
        let rows: Vec<Vec<String>> = rows.into_iter().map(Vec::from).collect();
        if rows.is_empty() { self.line(none) } else { self.with(Part::Table { heads: heads.to_vec(), rows }) }
    }

    /// A sentence, or lines of them.
    pub(crate) fn line(self, text: impl Into<String>) -> Self {
        self.with(Part::Text(text.into()))
    }

    /// A sentence that says how it stands.
    pub(crate) fn verdict(self, good: bool, text: impl Into<String>) -> Self {
        self.with(Part::Verdict { good, text: text.into() })
    }

    /// Another view below.
    pub(crate) fn joined(mut self, other: Self) -> Self {
        self.parts.extend(other.parts);
        self
    }

    fn with(mut self, part: Part) -> Self {
        self.parts.push(part);
        self
    }

    /// The whole, for a terminal of this width.
    pub(crate) fn text(&self, width: Option<u16>) -> String {
        let mut text = String::new();
        for (index, part) in self.parts.iter().enumerate() {
            // Tables and values stand apart; sentences follow each other.
            let apart = !matches!(part, Part::Text(_) | Part::Verdict { .. });
            let after_block = index > 0
                && self
                    .parts
                    .get(index - 1)
                    .is_some_and(|before| !matches!(before, Part::Text(_) | Part::Verdict { .. }));
            if index > 0 && (apart || after_block) {
                text.push('\n');
            }
            part.write(&mut text, width);
        }
        text
    }
}

impl Part {
    fn write(&self, text: &mut String, width: Option<u16>) {
        // INVARIANT: writing to a `String` never fails.
        let _ = match self {
            Self::Values(values) => writeln!(text, "{}", of_values(values, width)),
            Self::Table { heads, rows } => writeln!(text, "{}", of_rows(heads, rows, width)),
            Self::Text(line) => writeln!(text, "{}", plain(line)),
            Self::Verdict { good, text: line } => {
                let color = if *good { AnsiColor::Green } else { AnsiColor::Red };
                let style = Style::new().fg_color(Some(color.into())).bold();
                writeln!(text, "{style}{}{style:#}", plain(line))
            }
        };
    }
}

fn of_values(values: &[(&'static str, String)], width: Option<u16>) -> String {
    let mut table = bare(width);
    for (name, value) in values {
        table.add_row([Cell::new(name).add_attribute(Attribute::Bold), Cell::new(plain(value))]);
    }
    finish(table)
}

fn of_rows(heads: &[&'static str], rows: &[Vec<String>], width: Option<u16>) -> String {
    let mut table = bare(width);
    table.set_header(heads.iter().map(|head| Cell::new(head).add_attribute(Attribute::Bold)));
    for row in rows {
        table.add_row(row.iter().map(|text| Cell::new(plain(text))));
    }
    finish(table)
}

/// A table without lines. Columns are two blanks apart, and wrap where they would not fit.
fn bare(width: Option<u16>) -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).enforce_styling().style_text_only();
    if let Some(width) = width {
        table.set_content_arrangement(ContentArrangement::Dynamic).set_width(width.max(NARROWEST));
    }
    table
}

fn finish(mut table: Table) -> String {
    for column in table.column_iter_mut() {
        column.set_padding((0, 2));
    }
    let lines: Vec<String> = table.lines().map(|line| line.trim_end().to_owned()).collect();
    lines.join("\n")
}
