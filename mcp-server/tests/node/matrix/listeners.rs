//! Who listens on the node's own addresses while a test asks whether pods get there.

use std::net::{Ipv4Addr, SocketAddr};
use std::process::Command;
use std::sync::{Arc, Mutex, Once};
use std::thread;
use tokio::net::UdpSocket;
use tokio::task::JoinHandle;

/// The node's address.
pub(super) const NODE: Ipv4Addr = Ipv4Addr::new(10, 88, 0, 1);

/// The address at which clouds tell machines their secrets.
const METADATA: Ipv4Addr = Ipv4Addr::new(169, 254, 169, 254);

/// Serves that address on the node from now on. Whoever comes first makes it; it ends with the node, so that no test takes it from
/// another.
pub(crate) fn metadata() -> Ipv4Addr {
    static SERVED: Once = Once::new();
    SERVED.call_once(|| {
        // The command and the thread inherit this thread's network.
        let address = format!("{METADATA}/32");
        let given = Command::new("ip").args(["address", "add", &address, "dev", "node0"]).output().unwrap();
        assert!(given.status.success(), "{given:?}");
        let listener = std::net::TcpListener::bind((METADATA, 80)).unwrap();
        thread::spawn(move || while listener.accept().is_ok() {});
    });
    METADATA
}

/// A name service of the node's that knows no name, and remembers who asked.
#[derive(Debug)]
pub(super) struct NameService {
    asked: Arc<Mutex<Vec<Ipv4Addr>>>,
    serving: JoinHandle<()>,
}

impl NameService {
    pub(super) async fn serve() -> Self {
        let socket = UdpSocket::bind((NODE, 53)).await.unwrap();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let serving = tokio::spawn(answer(socket, Arc::clone(&asked)));
        Self { asked, serving }
    }

    /// Who asked.
    pub(super) fn asked(&self) -> Vec<Ipv4Addr> {
        self.asked.lock().unwrap().clone()
    }
}

impl Drop for NameService {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

/// Answers each question (RFC 1035, 4.1.1) by itself, as a response that says that there is no such name.
async fn answer(socket: UdpSocket, asked: Arc<Mutex<Vec<Ipv4Addr>>>) {
    let mut packet = [0; 512];
    while let Ok((length, from)) = socket.recv_from(&mut packet).await {
        if let SocketAddr::V4(from) = from {
            asked.lock().unwrap().push(*from.ip());
        }
        packet[2] |= 0x80;
        packet[3] = packet[3] & 0xf0 | 3;
        // Who does not wait for the answer needs none.
        let _ = socket.send_to(&packet[..length], from).await;
    }
}
