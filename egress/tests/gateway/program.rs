//! The program itself: its flags, its end, and what it takes.

use crate::house::{Client, Host, PATIENCE};
use ed25519_dalek::pkcs8::EncodePrivateKey;
use ed25519_dalek::pkcs8::spki::der::pem::LineEnding;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream, UnixStream};
use tokio::process::{Child, Command};
use wire::pass::{Destination, Egress, Pass, Speaks};
use wire::signing::SigningKey;

const GIB: u64 = 1024 * 1024 * 1024;

/// The program with its folder.
struct Program {
    folder: tempfile::TempDir,
    child: Child,
    port: u16,
}

fn key(folder: &Path, seed: u8) -> SigningKey {
    let path = folder.join(seed.to_string());
    let key = ed25519_dalek::SigningKey::from_bytes(&[seed; 32]);
    std::fs::write(&path, key.to_pkcs8_pem(LineEnding::LF).unwrap().as_bytes()).unwrap();
    SigningKey::read(&path).unwrap()
}

impl Program {
    async fn start(flags: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name).display().to_string();
        std::fs::write(path("keys.json"), key(folder.path(), 1).jwks().to_string()).unwrap();
        std::fs::write(path("hosts"), "127.0.0.1 shop.example # ours\n10.0.0.7 inside.example\n").unwrap();
        let free = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
        let child = Command::new(env!("CARGO_BIN_EXE_egress"))
            .arg(format!("--listen=tcp:{free}"))
            .arg(format!("--listen=unix:{}", path("socket")))
            .arg(format!("--pass-keys={}", path("keys.json")))
            .arg(format!("--hosts={}", path("hosts")))
            .args(flags)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(std::fs::File::create(path("log")).unwrap())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let program = Self { folder, child, port: free.port() };
        let began = Instant::now();
        while UnixStream::connect(program.folder.path().join("socket")).await.is_err() {
            assert!(began.elapsed() < PATIENCE, "it does not listen");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        program
    }

    /// A connection with a pass of this key, for these hosts.
    async fn client(&self, seed: u8, hosts: &[(&str, u16, Speaks)]) -> Client {
        let allow = hosts.iter().map(|(host, port, speaks)| Egress {
            to: Destination::Host((*host).to_owned()),
            port: Some(*port),
            speaks: *speaks,
        });
        let pass = Pass {
            tentacle: "price-watch/hello".to_owned(),
            version: format!("sha256:{}", "0".repeat(64)).parse().unwrap(),
            allow: allow.collect(),
            private: vec!["127.0.0.0/8".parse().unwrap()],
            observe: false,
            iat: 1,
        };
        let jws = wire::pass::sign(&pass, &key(self.folder.path(), seed)).unwrap();
        let mut client = Client { stream: TcpStream::connect(("127.0.0.1", self.port)).await.unwrap() };
        client.send(format!("PASS {jws}\r\n").as_bytes()).await;
        client
    }

    fn terminate(&self) {
        let pid = i32::try_from(self.child.id().unwrap()).unwrap();
        kill(Pid::from_raw(pid), Signal::SIGTERM).unwrap();
    }

    /// What it has written when it has ended, which it does well.
    async fn ended(mut self) -> String {
        let mut written = String::new();
        let mut output = self.child.stdout.take().unwrap();
        let ended = tokio::time::timeout(PATIENCE, output.read_to_string(&mut written)).await;
        assert!(ended.is_ok_and(|read| read.is_ok()), "it does not end: {written}");
        assert!(self.child.wait().await.unwrap().success());
        written
    }

    /// The most memory that it has had, in KiB.
    fn peak(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id().unwrap())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
        line.trim().strip_suffix(" kB").unwrap().parse().unwrap()
    }
}

#[tokio::test]
async fn hosts_of_the_file_are_known_and_their_addresses_looked_at_like_any_other() {
    let (program, shop) = (Program::start(&["--allow-loopback"]).await, Host::start("shop").await);
    let hosts = [("shop.example", shop.port, Speaks::Raw), ("inside.example", 443, Speaks::Raw)];
    program.client(1, &hosts).await.tunnel(&format!("shop.example:{}", shop.port)).await;
    let mut inside = program.client(1, &hosts).await;
    inside.send(b"CONNECT inside.example:443 HTTP/1.1\r\nHost: inside.example:443\r\n\r\n").await;
    let told = inside.rest().await;
    assert!(told.contains("inside.example resolves to 10.0.0.7, a private address"), "{told}");
    program.terminate();
    let records = program.ended().await;
    assert!(records.contains("\"allowed\"") && records.contains("\"refused\""), "{records}");
}

#[tokio::test]
async fn a_call_that_goes_on_may_end_and_no_other_begins() {
    let (program, shop) = (Program::start(&["--allow-loopback"]).await, Host::start("shop").await);
    let hosts = [("shop.example", shop.port, Speaks::Raw)];
    let mut client = program.client(1, &hosts).await;
    client.tunnel(&format!("shop.example:{}", shop.port)).await;
    program.terminate();
    let began = Instant::now();
    while TcpStream::connect(("127.0.0.1", program.port)).await.is_ok() {
        assert!(began.elapsed() < PATIENCE, "it still takes connections");
    }
    client.send(b"late\r\n\r\n").await;
    assert!(client.rest().await.ends_with("shop"));
    drop(client);
    assert!(program.ended().await.contains("\"bytes_out\":8,"));
}

#[tokio::test]
async fn what_does_not_end_is_cut_and_written_down() {
    let flags = ["--allow-loopback", "--drain-seconds=1"];
    let (program, shop) = (Program::start(&flags).await, Host::start("shop").await);
    let mut client = program.client(1, &[("shop.example", shop.port, Speaks::Raw)]).await;
    client.tunnel(&format!("shop.example:{}", shop.port)).await;
    program.terminate();
    assert!(program.ended().await.contains("\"allowed\""));
}

#[tokio::test]
async fn it_does_not_outlive_whoever_started_it() {
    let (mut program, shop) =
        (Program::start(&["--allow-loopback", "--guard-stdin"]).await, Host::start("shop").await);
    let mut client = program.client(1, &[("shop.example", shop.port, Speaks::Raw)]).await;
    client.tunnel(&format!("shop.example:{}", shop.port)).await;
    drop(program.child.stdin.take());
    assert!(program.ended().await.contains("\"allowed\""));
}

#[tokio::test]
async fn keys_that_have_changed_are_read_again() {
    let program = Program::start(&[]).await;
    let keys = program.folder.path().join("keys.json");
    let asks = async |seed| {
        let mut client = program.client(seed, &[]).await;
        client.send(b"CONNECT a.example:1 HTTP/1.1\r\nHost: a.example:1\r\n\r\n").await;
        client.head().await.get(9..12).unwrap_or_default().to_owned()
    };
    assert_eq!((asks(1).await, asks(2).await), ("403".to_owned(), "407".to_owned()));
    // What cannot be used changes nothing; what can does.
    std::fs::write(&keys, "half of a fi").unwrap();
    let began = Instant::now();
    while !std::fs::read_to_string(program.folder.path().join("log")).unwrap().contains("the keys of before")
    {
        assert!(began.elapsed() < PATIENCE, "it does not look at its keys");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert_eq!(asks(1).await, "403");
    std::fs::write(&keys, key(program.folder.path(), 2).jwks().to_string()).unwrap();
    let began = Instant::now();
    while asks(2).await != "403" {
        assert!(began.elapsed() < PATIENCE, "the new key is not known");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert_eq!(asks(1).await, "407", "the old key is gone");
}

#[tokio::test]
async fn records_that_nobody_reads_hold_up_no_call() {
    let program = Program::start(&["--allow-loopback"]).await;
    let shop = Host::start("shop").await;
    // More than the pipe and the queue hold, several to a connection.
    for _ in 0..60 {
        let mut client = program.client(1, &[]).await;
        let host = format!("{}.example:80", "x".repeat(200));
        let one = format!("GET http://{host}/ HTTP/1.1\r\nHost: {host}\r\n\r\n");
        for _ in 0..100 {
            client.send(one.as_bytes()).await;
            let head = client.head().await;
            assert!(head.starts_with("HTTP/1.1 403 "), "{head}");
            let length = head.split("content-length: ").nth(1).unwrap().split('\r').next().unwrap();
            client.stream.read_exact(&mut vec![0; length.parse().unwrap()]).await.unwrap();
        }
    }
    program
        .client(1, &[("shop.example", shop.port, Speaks::Raw)])
        .await
        .tunnel(&format!("shop.example:{}", shop.port))
        .await;
    program.terminate();
    let lines = program.ended().await.lines().count();
    assert!(lines < 6000, "none was left out, so that nothing was tried: {lines}");
}

/// A host that takes a body of a GiB, and answers with one.
async fn sink(listener: TcpListener) -> u64 {
    let (stream, _) = listener.accept().await.unwrap();
    let mut stream = BufReader::with_capacity(256 * 1024, stream);
    let mut line = Vec::new();
    while line != b"\r\n" {
        line.clear();
        stream.read_until(b'\n', &mut line).await.unwrap();
    }
    let taken = tokio::io::copy(&mut (&mut stream).take(GIB), &mut tokio::io::sink()).await.unwrap();
    let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {GIB}\r\n\r\n");
    stream.write_all(head.as_bytes()).await.unwrap();
    tokio::io::copy(&mut tokio::io::repeat(0).take(GIB), &mut stream).await.unwrap();
    taken
}

#[tokio::test]
async fn a_body_of_a_gib_goes_through_and_is_never_held() {
    let program = Program::start(&["--allow-loopback"]).await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let taken = tokio::spawn(sink(listener));
    let mut client = program.client(1, &[("shop.example", port, Speaks::Http)]).await;
    let host = format!("shop.example:{port}");
    let head = format!("POST http://{host}/ HTTP/1.1\r\nHost: {host}\r\nContent-Length: {GIB}\r\n\r\n");
    client.send(head.as_bytes()).await;
    let before = program.peak();
    let sent = tokio::io::copy(&mut tokio::io::repeat(0).take(GIB), &mut client.stream).await.unwrap();
    assert!(client.head().await.starts_with("HTTP/1.1 200 "));
    let got = tokio::io::copy(&mut (&mut client.stream).take(GIB), &mut tokio::io::sink()).await.unwrap();
    assert_eq!((sent, taken.await.unwrap(), got), (GIB, GIB, GIB));
    let grown = program.peak() - before;
    assert!(grown < 32 * 1024, "it took {grown} KiB for it");
    drop(client);
    program.terminate();
    let records = program.ended().await;
    let number =
        |name: &str| records.split(name).nth(1).unwrap().split(',').next().unwrap().parse::<u64>().unwrap();
    assert!(number("\"bytes_out\":") > GIB && number("\"bytes_in\":") > GIB, "{records}");
}
