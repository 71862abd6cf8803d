//! Random secrets for servers that live as long as one run.

use std::fs::File;
use std::io::Read as _;

use anyhow::{Context as _, Result};

/// 128 bits from the kernel, as 32 hexadecimal digits.
pub(crate) fn random() -> Result<String> {
    let mut bytes = [0; 16];
    File::open("/dev/urandom")
        .and_then(|mut kernel| kernel.read_exact(&mut bytes))
        .context("no random bytes")?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}
