//! A gateway with everything around it: a resolver that a test can change, hosts on loopback that remember what reaches
//! them, and a client that speaks as the engine does.

use async_trait::async_trait;
use ed25519_dalek::pkcs8::EncodePrivateKey;
use ed25519_dalek::pkcs8::spki::der::pem::LineEnding;
use egress::{Bounds, Gateway, Listen, Records, Resolver, Serving};
use std::collections::HashMap;
use std::io;
use std::net::IpAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use wire::pass::{Destination, Egress, Pass, Speaks};
use wire::signing::{PublicKeys, SigningKey};

/// How long a test waits for something that must happen.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// A name about which nobody ever says anything.
pub(crate) const SLOW: &str = "slow.example";

/// Answers what it was told to; each question takes one answer, and the last stays.
#[derive(Debug, Default)]
pub(crate) struct Names {
    known: Mutex<HashMap<String, Vec<Vec<IpAddr>>>>,
    /// How many questions about [`SLOW`] were asked.
    pub(crate) slow: AtomicUsize,
}

#[async_trait]
impl Resolver for Names {
    async fn resolve(&self, host: &str) -> io::Result<Vec<IpAddr>> {
        if host == SLOW {
            self.slow.fetch_add(1, Ordering::SeqCst);
            return std::future::pending().await;
        }
        let mut names = self.known.lock().unwrap();
        let answers = names.get_mut(host).ok_or(io::ErrorKind::NotFound)?;
        Ok(if answers.len() > 1 { answers.remove(0) } else { answers[0].clone() })
    }
}

impl Names {
    /// From now on `host` is answered with these, one after the other.
    pub(crate) fn set(&self, host: &str, answers: &[&[&str]]) {
        let read = |answer: &&[&str]| answer.iter().map(|text| text.parse().unwrap()).collect();
        self.known.lock().unwrap().insert(host.to_owned(), answers.iter().map(read).collect());
    }
}

/// A host that remembers everything that it is sent, and answers each request of HTTP.
#[derive(Debug, Clone)]
pub(crate) struct Host {
    pub(crate) port: u16,
    got: Arc<Mutex<Vec<u8>>>,
    visits: Arc<AtomicUsize>,
    answer: Arc<Mutex<String>>,
}

impl Host {
    /// One that answers with its name.
    pub(crate) async fn start(name: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let host = Self { port, got: Arc::default(), visits: Arc::default(), answer: Arc::default() };
        host.answers(&format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{name}", name.len()));
        let serving = host.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                serving.visits.fetch_add(1, Ordering::SeqCst);
                tokio::spawn(serving.clone().serve(stream));
            }
        });
        host
    }

    /// From now on it answers like this.
    pub(crate) fn answers(&self, answer: &str) {
        answer.clone_into(&mut self.answer.lock().unwrap());
    }

    pub(crate) fn got(&self) -> String {
        String::from_utf8_lossy(&self.got.lock().unwrap()).into_owned()
    }

    /// How often it was connected to.
    pub(crate) fn visits(&self) -> usize {
        self.visits.load(Ordering::SeqCst)
    }

    async fn serve(self, mut stream: TcpStream) {
        let mut part = [0; 64 * 1024];
        while let Ok(count @ 1..) = stream.read(&mut part).await {
            self.got.lock().unwrap().extend_from_slice(&part[..count]);
            if part[..count].windows(4).any(|end| end == b"\r\n\r\n") {
                let answer = self.answer.lock().unwrap().clone();
                if stream.write_all(answer.as_bytes()).await.is_err() {
                    return;
                }
            }
        }
    }
}

/// The gateway, and what is around it.
pub(crate) struct House {
    pub(crate) names: Arc<Names>,
    /// Declared, at its port.
    pub(crate) shop: Host,
    /// Never to be reached.
    pub(crate) canary: Host,
    pub(crate) records: Arc<Mutex<Vec<u8>>>,
    pub(crate) key: SigningKey,
    pub(crate) other_key: SigningKey,
    port: u16,
    serving: Serving,
}

pub(crate) fn bounds() -> Bounds {
    Bounds {
        pass: Duration::from_secs(2),
        head: Duration::from_secs(2),
        head_bytes: 16 * 1024,
        drain: Duration::from_secs(5),
        connect: Duration::from_secs(5),
        idle: Duration::from_secs(30),
        lifetime: Duration::from_secs(60),
        most: 64,
        most_of_one: 8,
        most_of_enclave: 20,
        allow_loopback: true,
    }
}

impl House {
    pub(crate) async fn open() -> Self {
        Self::with(bounds()).await
    }

    pub(crate) async fn with(bounds: Bounds) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let key = |seed: u8| {
            let path = folder.path().join(seed.to_string());
            let key = ed25519_dalek::SigningKey::from_bytes(&[seed; 32]);
            std::fs::write(&path, key.to_pkcs8_pem(LineEnding::LF).unwrap().as_bytes()).unwrap();
            SigningKey::read(&path).unwrap()
        };
        let (key, other_key) = (key(1), key(2));
        let keys = folder.path().join("keys.json");
        std::fs::write(&keys, key.jwks().to_string()).unwrap();
        let names = Arc::new(Names::default());
        names.set("shop.example", &[&["127.0.0.1"]]);
        let records = Arc::<Mutex<Vec<u8>>>::default();
        let written = Records::to(Written(Arc::clone(&records)));
        let resolver: Arc<dyn Resolver> = names.clone();
        let gateway = Arc::new(Gateway::new(PublicKeys::read(&keys).unwrap(), resolver, written, bounds));
        let free = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
        let serving = gateway.serve(&[Listen::Tcp(free)]).await.unwrap();
        let (shop, canary) = (Host::start("shop").await, Host::start("canary").await);
        Self { names, shop, canary, records, key, other_key, port: free.port(), serving }
    }

    /// A pass that allows `shop.example` at its port, spoken to like this.
    pub(crate) fn pass(&self, speaks: Speaks) -> Pass {
        let to = Destination::Host("shop.example".to_owned());
        let allow = Egress { to, port: Some(self.shop.port), speaks };
        Pass {
            tentacle: "price-watch/hello".to_owned(),
            version: format!("sha256:{}", "0".repeat(64)).parse().unwrap(),
            allow: [allow].into(),
            private: vec!["127.0.0.0/8".parse().unwrap()],
            observe: false,
            iat: 1,
        }
    }

    /// Claims under a signature that is good, of whatever type.
    pub(crate) fn signed_as(&self, typ: &str, claims: &serde_json::Value) -> String {
        let mut header = jsonwebtoken::Header::new(jsonwebtoken::Algorithm::EdDSA);
        header.typ = Some(typ.to_owned());
        header.kid = Some(self.key.id().to_owned());
        jsonwebtoken::encode(&header, claims, self.key.private()).unwrap()
    }

    /// A connection of the engine's, with the pass shown.
    pub(crate) async fn client(&self, pass: &Pass) -> Client {
        let mut client = self.stranger().await;
        client.send(format!("PASS {}\r\n", wire::pass::sign(pass, &self.key).unwrap()).as_bytes()).await;
        client
    }

    /// A connection without anything.
    pub(crate) async fn stranger(&self) -> Client {
        Client { stream: TcpStream::connect(("127.0.0.1", self.port)).await.unwrap() }
    }

    /// `shop.example` with its port.
    pub(crate) fn target(&self) -> String {
        format!("shop.example:{}", self.shop.port)
    }

    /// Ends the gateway as a signal does.
    pub(crate) async fn end(self, within: Duration) {
        self.serving.end(within).await;
    }

    /// The same from another address of this machine.
    pub(crate) async fn stranger_from(&self, from: &str) -> Client {
        let socket = tokio::net::TcpSocket::new_v4().unwrap();
        socket.bind(format!("{from}:0").parse().unwrap()).unwrap();
        Client { stream: socket.connect(([127, 0, 0, 1], self.port).into()).await.unwrap() }
    }

    /// Waits until all places of the tentacle are free again.
    pub(crate) async fn place_is_free(&self) {
        let began = std::time::Instant::now();
        loop {
            let mut held = Vec::new();
            for _ in 0..bounds().most_of_one {
                let mut client = self.client(&self.pass(Speaks::Raw)).await;
                let target = self.target();
                client.send(format!("CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n\r\n").as_bytes()).await;
                if !client.head().await.starts_with("HTTP/1.1 200 ") {
                    break;
                }
                held.push(client);
            }
            if held.len() == bounds().most_of_one {
                return;
            }
            assert!(began.elapsed() < PATIENCE, "{} places are free", held.len());
        }
    }

    /// Sends these bytes after a pass, and reads what comes until the end, or for a while.
    pub(crate) async fn tries(&self, speaks: Speaks, bytes: &[u8]) -> String {
        let mut client = self.client(&self.pass(speaks)).await;
        client.send(bytes).await;
        client.rest().await
    }

    /// All records so far that fit, waiting for the first.
    pub(crate) async fn recorded(&self, part: &str) -> String {
        let began = std::time::Instant::now();
        loop {
            let all = String::from_utf8(self.records.lock().unwrap().clone()).unwrap();
            let fit: Vec<&str> = all.lines().filter(|line| line.contains(part)).collect();
            if !fit.is_empty() {
                return fit.join("\n");
            }
            assert!(began.elapsed() < PATIENCE, "no record has {part:?}: {all}");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}

/// A client of the gateway.
pub(crate) struct Client {
    pub(crate) stream: TcpStream,
}

impl Client {
    pub(crate) async fn send(&mut self, bytes: &[u8]) {
        // The gateway may have closed already, which the answer shows.
        let _ = self.stream.write_all(bytes).await;
    }

    /// The head of the next answer.
    pub(crate) async fn head(&mut self) -> String {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let read = tokio::time::timeout(PATIENCE, self.stream.read_u8()).await.unwrap();
            let Ok(byte) = read else { break };
            head.push(byte);
        }
        String::from_utf8(head).unwrap()
    }

    /// What comes until nothing does for a while, or the end.
    pub(crate) async fn rest(&mut self) -> String {
        let (mut all, mut part) = (Vec::new(), [0; 4096]);
        loop {
            let quiet = if all.is_empty() { PATIENCE } else { Duration::from_millis(300) };
            match tokio::time::timeout(quiet, self.stream.read(&mut part)).await {
                Ok(Ok(count @ 1..)) => all.extend_from_slice(&part[..count]),
                _ => return String::from_utf8_lossy(&all).into_owned(),
            }
        }
    }

    /// Opens a tunnel, which must succeed.
    pub(crate) async fn tunnel(&mut self, target: &str) {
        self.send(format!("CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n\r\n").as_bytes()).await;
        let head = self.head().await;
        assert!(head.starts_with("HTTP/1.1 200 "), "{head}");
    }
}

/// A place to write that can be read.
#[derive(Clone)]
struct Written(Arc<Mutex<Vec<u8>>>);

impl tokio::io::AsyncWrite for Written {
    fn poll_write(
        self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
        bytes: &[u8],
    ) -> std::task::Poll<io::Result<usize>> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        std::task::Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(
        self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<io::Result<()>> {
        std::task::Poll::Ready(Ok(()))
    }

    fn poll_shutdown(
        self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<io::Result<()>> {
        std::task::Poll::Ready(Ok(()))
    }
}

/// The first words of a TLS client that says it talks to `name`.
pub(crate) fn client_hello(name: &str) -> Vec<u8> {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let config = rustls::ClientConfig::builder()
        .with_root_certificates(rustls::RootCertStore::empty())
        .with_no_client_auth();
    let name = rustls::pki_types::ServerName::try_from(name.to_owned()).unwrap();
    let mut connection = rustls::ClientConnection::new(Arc::new(config), name).unwrap();
    let mut hello = Vec::new();
    connection.write_tls(&mut hello).unwrap();
    hello
}
