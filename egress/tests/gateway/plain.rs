//! Plain HTTP: each request by itself, in a tunnel too, and one record for each.

use crate::house::{House, bounds};
use std::time::Duration;
use tokio::io::AsyncReadExt;
use wire::pass::{Destination, Speaks};

#[tokio::test]
async fn requests_in_a_tunnel_go_to_where_the_tunnel_does() {
    let house = House::open().await;
    house.names.set("evil.example", &[&["127.0.0.1"]]);
    let target = house.target();
    let mut client = house.client(&house.pass(Speaks::Http)).await;
    client.tunnel(&target).await;
    assert_eq!(house.shop.visits(), 0, "a tunnel alone reaches nobody");
    for path in ["/one", "/two"] {
        client.send(format!("GET {path} HTTP/1.1\r\nHost: {target}\r\n\r\n").as_bytes()).await;
        assert!(client.head().await.starts_with("HTTP/1.1 200 "));
        let mut body = [0; 4];
        client.stream.read_exact(&mut body).await.unwrap();
        assert_eq!(&body, b"shop");
    }
    let evil = format!("evil.example:{}", house.canary.port);
    for second in [
        format!("GET / HTTP/1.1\r\nHost: {evil}\r\n\r\n"),
        format!("GET http://{evil}/ HTTP/1.1\r\nHost: {target}\r\n\r\n"),
        format!("GET http://{target}/ HTTP/1.1\r\nHost: {target}\r\n\r\n"),
        format!("CONNECT {evil} HTTP/1.1\r\nHost: {evil}\r\n\r\n"),
        format!("CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n\r\n"),
        "GET / HTTP/1.1\r\n\r\n".to_owned(),
        "\u{16}\u{3}\u{1}".to_owned() + &"x".repeat(100) + "\r\n\r\n",
    ] {
        let visits = house.shop.visits();
        let mut client = house.client(&house.pass(Speaks::Http)).await;
        client.tunnel(&target).await;
        client.send(second.as_bytes()).await;
        let told = client.rest().await;
        assert!(told.starts_with("HTTP/1.1 400 "), "{second}: {told}");
        assert_eq!((house.canary.visits(), house.shop.visits()), (0, visits), "{second}");
    }
}

#[tokio::test]
async fn each_call_is_written_down_once_however_it_ends() {
    let house = House::open().await;
    let target = house.target();
    let get = format!("GET http://{target}/ HTTP/1.1\r\nHost: {target}\r\n\r\n");
    let (mut pass, gone) =
        (house.pass(Speaks::Http), tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap());
    let closed = gone.local_addr().unwrap().port();
    drop(gone);
    let mut more = pass.allow.first().unwrap().clone();
    (more.to, more.port) = (Destination::Host("gone.example".to_owned()), Some(closed));
    pass.allow.insert(more);
    house.names.set("gone.example", &[&["127.0.0.1"]]);
    let ask = async |bytes: &str| {
        let mut client = house.client(&pass).await;
        client.send(bytes.as_bytes()).await;
        client.rest().await
    };
    assert!(ask(&get).await.starts_with("HTTP/1.1 200 "));
    // An answer that is none, one that was not asked for, and nobody there.
    house.shop.answers("no HTTP at all\r\n\r\n");
    assert!(ask(&get).await.starts_with("HTTP/1.1 502 "));
    house.shop.answers("HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n");
    assert!(ask(&get).await.starts_with("HTTP/1.1 502 "));
    let nobody = format!("gone.example:{closed}");
    let told = ask(&format!("GET http://{nobody}/ HTTP/1.1\r\nHost: {nobody}\r\n\r\n")).await;
    assert!(told.starts_with("HTTP/1.1 502 ") && told.contains("connection refused"), "{told}");
    let told = ask(&format!("CONNECT {nobody} HTTP/1.1\r\nHost: {nobody}\r\n\r\n")).await;
    assert!(told.starts_with("HTTP/1.1 200 "), "it is a tunnel of requests: {told}");
    let records = house.records.clone();
    house.end(Duration::from_secs(5)).await;
    let records = String::from_utf8(records.lock().unwrap().clone()).unwrap();
    let verdicts: Vec<&str> =
        records.lines().map(|line| if line.contains("\"allowed\"") { "allowed" } else { "failed" }).collect();
    assert_eq!(verdicts, ["allowed", "failed", "failed", "failed"], "{records}");
}

#[tokio::test]
async fn only_the_gateway_says_why_it_refuses() {
    let house = House::open().await;
    let target = house.target();
    house.shop.answers(
        "HTTP/1.1 403 Forbidden\r\ntentacular-reason: ask your owner for more\r\nconnection: x-hop\r\nx-hop: 1\r\nx-end: 2\r\ncontent-length: 0\r\n\r\n",
    );
    let get = format!("GET http://{target}/ HTTP/1.1\r\nHost: {target}\r\n\r\n");
    let told = house.tries(Speaks::Http, get.as_bytes()).await;
    assert!(told.starts_with("HTTP/1.1 403 ") && told.contains("x-end: 2"), "{told}");
    assert!(!told.contains("ask your owner") && !told.contains("x-hop"), "{told}");
}

#[tokio::test]
async fn what_a_connection_says_of_itself_cannot_move_the_end_of_a_body() {
    let house = House::open().await;
    let target = house.target();
    for header in ["content-length", "transfer-encoding", "host"] {
        let length =
            if header == "transfer-encoding" { "Transfer-Encoding: chunked" } else { "Content-Length: 5" };
        let body = if header == "transfer-encoding" { "5\r\nGET /\r\n0\r\n\r\n" } else { "GET /" };
        let bytes = format!(
            "POST http://{target}/ HTTP/1.1\r\nHost: {target}\r\nConnection: {header}\r\n{length}\r\n\r\n{body}"
        );
        let told = house.tries(Speaks::Http, bytes.as_bytes()).await;
        assert!(told.starts_with("HTTP/1.1 200 "), "{header}: {told}");
        let got = house.shop.got();
        let last = got.rsplit("POST /").next().unwrap();
        let framed =
            last.contains("content-length: 5\r\n") || last.contains("transfer-encoding: chunked\r\n");
        assert!(framed && last.contains(&format!("host: {target}\r\n")), "{header}: {last}");
    }
}

#[tokio::test]
async fn whoever_never_reads_its_answer_is_let_go() {
    let house = House::with(egress::Bounds { idle: Duration::from_millis(500), ..bounds() }).await;
    let target = house.target();
    let length = 64 * 1024 * 1024;
    let body = "x".repeat(length);
    house.shop.answers(&format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n\r\n{body}"));
    let mut client = house.client(&house.pass(Speaks::Http)).await;
    client.send(format!("GET http://{target}/ HTTP/1.1\r\nHost: {target}\r\n\r\n").as_bytes()).await;
    let record = house.recorded("\"allowed\"").await;
    let carried: u64 =
        record.split("\"bytes_in\":").nth(1).unwrap().split(',').next().unwrap().parse().unwrap();
    assert!(carried < length as u64, "it was held in memory: {record}");
    house.place_is_free().await;
}
