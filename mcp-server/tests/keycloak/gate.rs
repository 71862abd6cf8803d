//! A gate before Keycloak, which a test closes for those who come through it: for them the issuer is away, and for nobody else.

use crate::until::until;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// What Keycloak answers when it cannot reach its database.
const TROUBLE: &str =
    r#"{"error":"unknown_error","error_description":"For more on this error consult the server log."}"#;

/// How it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Condition {
    Open,
    /// Every connection ends.
    Closed,
    /// Every request is answered as by a Keycloak that has trouble.
    Troubled,
}

/// A gate.
pub(crate) struct Gate {
    /// Where Keycloak is through it.
    pub(crate) url: String,
    condition: watch::Sender<Condition>,
    turned_away: Arc<AtomicUsize>,
}

impl Gate {
    /// An open one before the Keycloak that is there.
    pub(crate) async fn before(keycloak: &str) -> Self {
        let keycloak: SocketAddr = keycloak.strip_prefix("http://").unwrap().parse().unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (condition, seen) = watch::channel(Condition::Open);
        let turned_away = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&turned_away);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                if *seen.borrow() != Condition::Open {
                    count.fetch_add(1, Ordering::Relaxed);
                }
                tokio::spawn(pass(stream, keycloak, seen.clone()));
            }
        });
        Self { url, condition, turned_away }
    }

    /// It is so from now on, also for connections that are there already.
    pub(crate) fn is(&self, condition: Condition) {
        self.condition.send(condition).unwrap();
    }

    /// Waits until somebody has come to it in vain from now on.
    pub(crate) async fn turns_somebody_away(&self) {
        let before = self.turned_away.load(Ordering::Relaxed);
        until("somebody is turned away", async || self.turned_away.load(Ordering::Relaxed) > before).await;
    }
}

async fn pass(mut stream: TcpStream, keycloak: SocketAddr, mut seen: watch::Receiver<Condition>) {
    let condition = *seen.borrow_and_update();
    match condition {
        Condition::Open => {
            let mut there = TcpStream::connect(keycloak).await.unwrap();
            tokio::select! {
                // However it ends, it is the end of this connection alone.
                _ = tokio::io::copy_bidirectional(&mut stream, &mut there) => {}
                _ = seen.changed() => {}
            }
        }
        Condition::Closed => {}
        Condition::Troubled => {
            let head =
                "HTTP/1.1 500 Internal Server Error\r\ncontent-type: application/json\r\nconnection: close";
            let answer = format!("{head}\r\ncontent-length: {}\r\n\r\n{TROUBLE}", TROUBLE.len());
            // Whoever has gone meanwhile is not answered.
            let _ = stream.write_all(answer.as_bytes()).await;
            let _ = stream.shutdown().await;
            // What is not read of the request would take the answer away.
            let _ = stream.read_to_end(&mut Vec::new()).await;
        }
    }
}
