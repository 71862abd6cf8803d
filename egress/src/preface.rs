//! The first line of a connection: whose it is.

use crate::refusal::Refusal;
use std::time::Duration;
use tokio::io::{AsyncBufRead, AsyncBufReadExt, AsyncReadExt};
use wire::pass::{self, MOST_BYTES, PREFACE, Pass};
use wire::signing::PublicKeys;

/// Reads the line, and believes it only with its signature.
pub(crate) async fn read(
    stream: &mut (impl AsyncBufRead + Unpin),
    keys: &PublicKeys,
    within: Duration,
) -> Result<Pass, Refusal> {
    let mut line = Vec::new();
    let mut bounded = stream.take(MOST_BYTES as u64);
    let read = tokio::time::timeout(within, bounded.read_until(b'\n', &mut line)).await;
    let count = read
        .map_err(|_| Refusal::Late("the pass"))?
        .map_err(|_| Refusal::Malformed("it ends before its pass"))?;
    if count == 0 {
        return Err(Refusal::Nothing);
    }
    let no_pass = Refusal::Malformed("it does not begin with a pass that is good here");
    let line = std::str::from_utf8(&line).ok().and_then(|line| line.strip_suffix("\r\n"));
    let jws = line.and_then(|line| line.strip_prefix(PREFACE)?.strip_prefix(' ')).ok_or(no_pass.clone())?;
    pass::verify(jws, |kid| keys.get(kid)).map_err(|_| no_pass)
}
