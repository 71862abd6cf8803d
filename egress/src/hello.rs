//! The first words of TLS: whom the client says that it talks to.

use crate::refusal::Refusal;
use rustls::server::Acceptor;
use std::io::Cursor;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt};

/// The most bytes of a ClientHello: a record is no larger, and one in several records is nothing that clients send.
const MOST: usize = 18 * 1024;

/// The first words, and the name in them.
#[derive(Debug)]
pub(crate) struct Hello {
    /// All bytes that were read, to be sent on.
    pub(crate) bytes: Vec<u8>,
    /// The name, in lower case.
    pub(crate) name: Option<String>,
}

/// Reads a ClientHello (RFC 8446, section 4.1.2); anything else is refused.
pub(crate) async fn read(
    stream: &mut (impl AsyncRead + Unpin),
    shown: &str,
    within: Duration,
) -> Result<Hello, Refusal> {
    tokio::time::timeout(within, take(stream, shown))
        .await
        .map_err(|_| Refusal::Late("the first words of TLS"))?
}

async fn take(stream: &mut (impl AsyncRead + Unpin), shown: &str) -> Result<Hello, Refusal> {
    let no_tls = || Refusal::OtherProtocol(shown.to_owned(), "https");
    let mut acceptor = Acceptor::default();
    let (mut bytes, mut part) = (Vec::new(), [0; 4096]);
    loop {
        let count = stream.read(&mut part).await.map_err(|_| no_tls())?;
        let new = part.get(..count).filter(|new| !new.is_empty()).ok_or_else(no_tls)?;
        bytes.extend_from_slice(new);
        if bytes.len() > MOST {
            return Err(no_tls());
        }
        let mut unread = Cursor::new(new);
        while (unread.position() as usize) < count {
            acceptor.read_tls(&mut unread).map_err(|_| no_tls())?;
        }
        if let Some(accepted) = acceptor.accept().map_err(|_| no_tls())? {
            let name = accepted.client_hello().server_name().map(str::to_ascii_lowercase);
            return Ok(Hello { bytes, name });
        }
    }
}
