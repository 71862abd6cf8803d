//! What is written: answers to standard output as a table, JSON or YAML, everything else to standard error.
//!
//! Texts that others chose (names, log lines, descriptions) are written so that they cannot steer a terminal.

use clap::ValueEnum;
use serde::Serialize;
use std::io::{self, Write};

mod plain;
mod view;
pub(crate) mod words;

pub(crate) use plain::plain;
pub(crate) use view::View;

/// How an answer is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people.
    Table,
    /// The whole answer as JSON.
    Json,
    /// The whole answer as YAML.
    Yaml,
}

/// Why an answer cannot be written.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OutputError {
    /// Standard output or a file does not take it.
    #[error("the answer cannot be written: {0}")]
    Io(#[from] io::Error),
    /// It is no JSON.
    #[error("the answer cannot be written as JSON: {0}")]
    Json(#[from] serde_json::Error),
    /// It is no YAML.
    #[error("the answer cannot be written as YAML: {0}")]
    Yaml(String),
}

/// Writes answers in the format that was asked for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Output {
    /// As it was asked for; commands have a format of their own where nothing was.
    pub(crate) format: Option<Format>,
}

impl Output {
    /// Writes `answer`: as `view` shows it, unless a format for programs was asked for.
    pub(crate) fn show<T: Serialize>(
        self,
        answer: &T,
        view: impl FnOnce(&T) -> View,
    ) -> Result<(), OutputError> {
        match self.format.unwrap_or(Format::Table) {
            Format::Table => write(&view(answer).text(width())),
            Format::Json => write(&json(answer)?),
            Format::Yaml => write(&yaml(answer)?),
        }
    }

    /// Writes a line of something that goes on: as it is, or as an object a line for programs.
    pub(crate) fn line(self, line: &str) -> Result<(), OutputError> {
        match self.format.unwrap_or(Format::Table) {
            Format::Table => write(&format!("{}\n", plain(line))),
            Format::Json | Format::Yaml => write(&format!("{}\n", serde_json::json!({"line": line}))),
        }
    }

    /// Writes documents: as a stream of YAML, unless JSON was asked for.
    pub(crate) fn documents<T: Serialize>(self, list: &T, each: &[T]) -> Result<(), OutputError> {
        match self.format.unwrap_or(Format::Yaml) {
            Format::Json => write(&json(list)?),
            Format::Table | Format::Yaml => {
                let texts = each.iter().map(yaml).collect::<Result<Vec<_>, _>>()?;
                write(&texts.join("---\n"))
            }
        }
    }
}

fn json<T: Serialize>(answer: &T) -> Result<String, OutputError> {
    Ok(serde_json::to_string_pretty(answer)? + "\n")
}

/// YAML that readers of both versions of the language take for the same: what is a word of YAML 1.1 (`on`, `no`) is
/// quoted, which is what `kubectl` reads.
pub(crate) fn yaml<T: Serialize>(answer: &T) -> Result<String, OutputError> {
    // By way of JSON, so that both formats say the same in the same order.
    let value = serde_json::to_value(answer)?;
    let options = serde_saphyr::ser_options! { prefer_block_scalars: false };
    serde_saphyr::to_string_with_options(&value, options)
        .map_err(|error| OutputError::Yaml(error.to_string()))
}

/// Writes to standard output. A reader that has seen enough (`| head`) is no failure.
pub(crate) fn write(text: &str) -> Result<(), OutputError> {
    let mut out = anstream::stdout().lock();
    let written = out.write_all(text.as_bytes()).and_then(|()| out.flush());
    match written {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        written => Ok(written?),
    }
}

/// Tells people something beside the answer, on standard error.
pub(crate) fn tell(text: &str) {
    // Where nobody can be told, there is nobody to tell that to.
    let _ = writeln!(anstream::stderr().lock(), "{text}");
}

/// The width of the terminal; none when the output goes elsewhere, where nothing needs to fit.
fn width() -> Option<u16> {
    terminal_size::terminal_size().map(|(terminal_size::Width(width), _)| width)
}

#[cfg(test)]
mod tests;
