//! Hosts on this machine, and what a server has to be told so that its tentacles get there.

use crate::caller::ENCLAVE;
use secrecy::ExposeSecret;
use serde_json::json;
use std::sync::{Arc, Mutex};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// A host on this machine that answers each request with its name, and remembers what it got.
pub(crate) struct Host {
    pub(crate) port: u16,
    got: Arc<Mutex<String>>,
}

impl Host {
    pub(crate) async fn start(name: &'static str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (port, got) = (listener.local_addr().unwrap().port(), Arc::<Mutex<String>>::default());
        let kept = Arc::clone(&got);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, name, Arc::clone(&kept)));
            }
        });
        Self { port, got }
    }

    /// All that it got.
    pub(crate) fn got(&self) -> String {
        self.got.lock().unwrap().clone()
    }
}

async fn serve(mut stream: TcpStream, name: &str, got: Arc<Mutex<String>>) {
    let mut part = [0; 4096];
    while let Ok(count @ 1..) = stream.read(&mut part).await {
        got.lock().unwrap().push_str(&String::from_utf8_lossy(&part[..count]));
        let answer = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{name}", name.len());
        if stream.write_all(answer.as_bytes()).await.is_err() {
            return;
        }
    }
}

/// The files that open the way to hosts on this machine.
pub(crate) struct Ways {
    flags: Vec<String>,
    _folder: TempDir,
}

impl Ways {
    /// All names lead to this machine, and the enclave of most tests may go there.
    pub(crate) fn open(names: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str, text: &str| {
            let path = folder.path().join(name);
            std::fs::write(&path, text).unwrap();
            path.display().to_string()
        };
        let hosts = file("hosts", &format!("127.0.0.1 {names}\n"));
        let ranges = file("ranges.json", &json!({ENCLAVE: ["127.0.0.0/8"]}).to_string());
        let key = file("secrets.key", wire::seal::new_age_key().expose_secret());
        let flags = vec![
            format!("--egress-hosts={hosts}"),
            "--egress-allow-loopback".to_owned(),
            format!("--private-ranges-file={ranges}"),
            format!("--secrets-key-file={key}"),
        ];
        Self { flags, _folder: folder }
    }

    /// The server's flags.
    pub(crate) fn flags(&self) -> Vec<&str> {
        self.flags.iter().map(String::as_str).collect()
    }
}
