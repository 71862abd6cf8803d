//! Asks before something is removed for good, or taken although it is not proven: the name has to be typed.

use crate::output::plain;
use std::io::{self, BufRead, IsTerminal, Write};

/// Answers the question beforehand, for scripts.
#[derive(Debug, Clone, Copy, clap::Args)]
pub(crate) struct Sure {
    /// Do not ask; for scripts
    #[arg(short, long)]
    yes: bool,
}

/// What would be lost.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Loss<'a> {
    /// In words.
    pub(crate) what: &'a str,
    /// What has to be typed.
    pub(crate) name: &'a str,
}

/// Why it is not removed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ConfirmError {
    /// There is nobody to ask.
    #[error("this removes {0} for good, and there is no terminal to ask on")]
    NoTerminal(String),
    /// The same where nothing is removed.
    #[error(
        "there is no terminal to ask on: say `--confirm {0}` once you have seen the difference (`--dry-run`)"
    )]
    Unasked(String),
    /// Something else was typed.
    #[error("that is not `{0}`, so nothing was done")]
    Otherwise(String),
    /// The terminal does not answer.
    #[error("the terminal cannot be asked: {0}")]
    Io(#[from] io::Error),
}

impl Sure {
    /// Asks, unless the answer is known.
    pub(crate) fn confirm(self, loss: &Loss<'_>) -> Result<(), ConfirmError> {
        if self.yes {
            return Ok(());
        }
        let stdin = io::stdin();
        if !stdin.is_terminal() {
            return Err(ConfirmError::NoTerminal(loss.what.to_owned()));
        }
        let question = format!("This removes {} for good.", loss.what);
        ask(&question, loss.name, &mut stdin.lock(), &mut anstream::stderr().lock())
    }
}

/// Asks whether what was shown is to be taken.
pub(crate) fn agree(shown: &str, name: &str) -> Result<(), ConfirmError> {
    let stdin = io::stdin();
    if !stdin.is_terminal() {
        return Err(ConfirmError::Unasked(name.to_owned()));
    }
    ask(shown, name, &mut stdin.lock(), &mut anstream::stderr().lock())
}

fn ask(
    question: &str,
    name: &str,
    input: &mut impl BufRead,
    output: &mut impl Write,
) -> Result<(), ConfirmError> {
    write!(output, "{}\nType {} to go on: ", plain(question), plain(name))?;
    output.flush()?;
    let mut typed = String::new();
    input.read_line(&mut typed)?;
    if typed.trim() == name { Ok(()) } else { Err(ConfirmError::Otherwise(name.to_owned())) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_name_goes_on() {
        let answer = |typed: &str| {
            ask("This removes it.", "price-watch", &mut typed.as_bytes(), &mut Vec::new()).is_ok()
        };
        assert!(answer("price-watch\n"));
        assert!(answer("  price-watch"));
        for other in ["", "\n", "y\n", "yes\n", "price\n", "Price-Watch\n", "price-watch x\n"] {
            assert!(!answer(other), "{other:?}");
        }
    }
}
