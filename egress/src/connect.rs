//! A connection to a host: whichever of its addresses answers first.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::task::JoinSet;

/// How long the next address waits for the ones before it (RFC 8305, section 5).
const NEXT_AFTER: Duration = Duration::from_millis(250);

/// How many addresses of a host are tried.
const MOST: usize = 8;

/// Connects to one of these addresses.
///
/// # Errors
/// Why the last one failed, when all did.
pub(crate) async fn connect(addresses: &[SocketAddr]) -> io::Result<(TcpStream, SocketAddr)> {
    let mut left = addresses.iter().copied().take(MOST);
    let mut trying = JoinSet::new();
    let mut failed = io::Error::from(io::ErrorKind::HostUnreachable);
    loop {
        let next = left.next();
        if let Some(address) = next {
            trying.spawn(async move { Ok((TcpStream::connect(address).await?, address)) });
        }
        tokio::select! {
            ended = trying.join_next() => match ended {
                Some(Ok(Ok((stream, address)))) => {
                    // What is carried is not held back to be sent with more.
                    let _ = stream.set_nodelay(true);
                    return Ok((stream, address));
                }
                Some(Ok(Err(error))) => failed = error,
                Some(Err(_)) => {}
                None => return Err(failed),
            },
            () = tokio::time::sleep(NEXT_AFTER), if left.len() > 0 => {}
        }
    }
}
