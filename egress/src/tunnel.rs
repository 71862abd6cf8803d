//! A tunnel after CONNECT: looked at as far as the contract says what is spoken, and then carried unchanged.

use crate::config::Bounds;
use crate::counted::{Count, Counted};
use crate::hello;
use crate::permit::{Permit, Wanted};
use crate::refusal::Refusal;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use wire::pass::Speaks;

/// Carries a tunnel to its end.
///
/// # Errors
/// Why it was refused, where it was.
pub(crate) async fn carry(
    wanted: &Wanted,
    permit: &Permit,
    (mut inside, mut outside): (impl AsyncRead + AsyncWrite + Unpin, Counted<TcpStream>),
    count: &Count,
    bounds: &Bounds,
) -> Result<(), Refusal> {
    if permit.speaks == Speaks::Tls {
        let hello = hello::read(&mut inside, &wanted.shown(), bounds.head).await?;
        if permit.by_name && hello.name.as_deref() != Some(wanted.host.as_str()) {
            let said = hello.name.unwrap_or_else(|| "nobody".to_owned());
            return Err(Refusal::TwoHosts { asked: wanted.host.clone(), said });
        }
        let sent = outside.write_all(&hello.bytes).await;
        sent.map_err(|error| Refusal::NoAnswer(wanted.shown(), error.kind()))?;
    }
    tokio::select! {
        // How it ends is of no interest: either end may close when it likes.
        _ = tokio::io::copy_bidirectional(&mut inside, &mut outside) => {}
        () = count.is_stuck(bounds.idle, bounds.lifetime) => {}
    }
    Ok(())
}
