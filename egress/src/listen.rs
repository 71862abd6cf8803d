//! Where the gateway listens, and how it stops.

use crate::config::Listen;
use crate::gateway::{Gateway, GatewayError};
use std::fmt;
use std::future::Future;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, UnixListener};
use tokio::task::JoinSet;

/// How soon a connection is taken again after one could not be.
const AGAIN_AFTER: Duration = Duration::from_millis(100);

/// How long calls that were cut may take to be written down.
const CUT: Duration = Duration::from_secs(2);

/// A gateway that listens for as long as this lives.
#[derive(Debug)]
pub struct Serving {
    gateway: Arc<Gateway>,
    listening: JoinSet<()>,
}

impl Gateway {
    /// Listens at each place.
    ///
    /// # Errors
    /// When a place cannot be had.
    pub async fn serve(self: &Arc<Self>, places: &[Listen]) -> Result<Serving, GatewayError> {
        let mut listening = JoinSet::new();
        for place in places {
            match place {
                Listen::Unix(path) => {
                    let listener = bind(path).map_err(|error| failed(&path.display(), error))?;
                    listening.spawn(accept(Arc::clone(self), async move || {
                        let (stream, _) = listener.accept().await?;
                        let process = stream.peer_cred().ok().and_then(|peer| peer.pid());
                        Ok((stream, format!("process {}", process.unwrap_or_default())))
                    }));
                }
                Listen::Tcp(address) => {
                    let bound = TcpListener::bind(address).await;
                    let listener = bound.map_err(|error| failed(address, error))?;
                    listening.spawn(accept(Arc::clone(self), async move || {
                        let (stream, peer) = listener.accept().await?;
                        // What is carried is not held back to be sent with more.
                        let _ = stream.set_nodelay(true);
                        Ok((stream, peer.ip().to_canonical().to_string()))
                    }));
                }
            }
        }
        tracing::info!(?places, "listening");
        Ok(Serving { gateway: Arc::clone(self), listening })
    }
}

impl Serving {
    /// Takes no more connections, lets calls go on for as long as `within`, ends the others, and comes back when all of
    /// them are written down.
    pub async fn end(mut self, within: Duration) {
        self.listening.shutdown().await;
        let Gateway { tasks, ending, cut, records, .. } = self.gateway.as_ref();
        ending.cancel();
        tasks.close();
        let _ = tokio::time::timeout(within, tasks.wait()).await;
        cut.cancel();
        let _ = tokio::time::timeout(CUT, async {
            tasks.wait().await;
            records.flush().await;
        })
        .await;
    }
}

/// Takes connections, each with a word for where it comes from.
async fn accept<S>(gateway: Arc<Gateway>, next: impl AsyncFn() -> io::Result<(S, String)>)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    loop {
        match next().await {
            Ok((stream, peer)) => gateway.spawn(Arc::clone(&gateway).one(stream, peer)),
            Err(error) => {
                tracing::warn!(%error, "a connection could not be taken");
                tokio::time::sleep(AGAIN_AFTER).await;
            }
        }
    }
}

impl Gateway {
    /// Does something that the end waits for, and cuts.
    pub(crate) fn spawn(&self, work: impl Future<Output = ()> + Send + 'static) {
        let cut = self.cut.clone();
        self.tasks.spawn(async move {
            tokio::select! {
                () = work => {}
                () = cut.cancelled() => {}
            }
        });
    }
}

/// A Unix socket in the place of one that a gateway before this has left.
fn bind(path: &Path) -> io::Result<UnixListener> {
    use std::os::unix::fs::FileTypeExt;
    match std::fs::symlink_metadata(path) {
        Ok(there) if there.file_type().is_socket() => std::fs::remove_file(path)?,
        Ok(_) => return Err(io::Error::new(io::ErrorKind::AlreadyExists, "something else is there")),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }
    UnixListener::bind(path)
}

fn failed(place: &dyn fmt::Display, error: io::Error) -> GatewayError {
    GatewayError::Listen(place.to_string(), error)
}
