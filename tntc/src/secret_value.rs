//! The value of a secret as it is given: from a file, from standard input, or typed without being shown. Never from the
//! command line, where everybody on the machine could read it.

use crate::failed::Failed;
use secrecy::SecretString;
use std::io::{IsTerminal, Read};
use std::path::Path;

/// The most bytes that are read: a little more than is taken, so that whoever takes it says that it is too much.
const MOST: u64 = 20 * 1024;

/// Reads the value, without the line feed that editors and `echo` put at the end. `what` is asked for in a terminal.
pub(crate) fn read(file: Option<&Path>, what: &str) -> Result<SecretString, Failed> {
    let failed = |error: std::io::Error| match file {
        Some(file) => Failed::Bad(format!("the value in `{}` cannot be read: {error}", file.display())),
        None => Failed::Bad(format!("the value on standard input cannot be read: {error}")),
    };
    let stdin = std::io::stdin();
    if file.is_none() && stdin.is_terminal() {
        let typed = rpassword::prompt_password(format!("The value of {what}, which is not shown: "));
        return typed.map(SecretString::from).map_err(failed);
    }
    // As long as it can be, so that it does not move and leave a copy behind.
    let mut value = String::with_capacity(usize::try_from(MOST).unwrap_or_default());
    match file {
        Some(file) => std::fs::File::open(file).map_err(failed)?.take(MOST).read_to_string(&mut value),
        None => stdin.take(MOST).read_to_string(&mut value),
    }
    .map_err(failed)?;
    if value.ends_with('\n') {
        value.pop();
    }
    Ok(SecretString::from(value))
}
