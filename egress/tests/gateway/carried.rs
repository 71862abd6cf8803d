//! What the contract names.

use crate::house::{House, client_hello};
use tokio::io::AsyncReadExt;
use wire::pass::{Destination, Egress, Speaks};

#[tokio::test]
async fn https_goes_through_a_tunnel_whose_first_words_name_the_host() {
    let house = House::open().await;
    let mut client = house.client(&house.pass(Speaks::Tls)).await;
    client.tunnel(&format!("shop.example:{}", house.shop.port)).await;
    let hello = client_hello("shop.example");
    // In pieces, as a network may bring them.
    for piece in hello.chunks(100) {
        client.send(piece).await;
    }
    client.send(b"and the rest\r\n\r\n").await;
    assert!(client.rest().await.ends_with("shop"));
    assert!(house.shop.got().contains("and the rest"));
    drop(client);
    let record = house.recorded("\"allowed\"").await;
    for part in
        ["\"tentacle\":\"price-watch/hello\"", "\"host\":\"shop.example\"", "\"address\":\"127.0.0.1\""]
    {
        assert!(record.contains(part), "{record}");
    }
    assert!(record.contains(&format!("\"bytes_out\":{}", hello.len() + 16)), "{record}");
    assert!(!record.contains("rest"), "never what was sent: {record}");
}

#[tokio::test]
async fn plain_http_is_sent_on_request_by_request() {
    let house = House::open().await;
    let mut client = house.client(&house.pass(Speaks::Http)).await;
    let place = format!("shop.example:{}", house.shop.port);
    for path in ["/one?a=1", "/two"] {
        let request = format!(
            "GET http://{place}{path} HTTP/1.1\r\nHost: {place}\r\nConnection: keep-alive, X-Mine\r\nX-Mine: 1\r\nX-Kept: 2\r\n\r\n"
        );
        client.send(request.as_bytes()).await;
        assert!(client.head().await.starts_with("HTTP/1.1 200 "));
        let mut body = [0; 4];
        client.stream.read_exact(&mut body).await.unwrap();
        assert_eq!(&body, b"shop");
    }
    let got = house.shop.got();
    assert!(got.contains("GET /one?a=1 HTTP/1.1") && got.contains("GET /two HTTP/1.1"), "{got}");
    assert!(
        got.contains(&format!("host: {place}")) && got.contains("x-kept: 2") && !got.contains("x-mine"),
        "{got}"
    );
}

#[tokio::test]
async fn another_protocol_is_carried_as_it_is() {
    let house = House::open().await;
    let mut client = house.client(&house.pass(Speaks::Raw)).await;
    client.tunnel(&format!("shop.example:{}", house.shop.port)).await;
    client.send(b"\0anything\r\n\r\n").await;
    assert!(client.rest().await.ends_with("shop"));
    assert!(house.shop.got().starts_with("\0anything"));
}

#[tokio::test]
async fn an_address_of_a_declared_range_is_reached_by_its_number() {
    let house = House::open().await;
    let mut pass = house.pass(Speaks::Raw);
    let to = Destination::Range("127.0.0.0/30".parse().unwrap());
    pass.allow = [Egress { to, port: None, speaks: Speaks::Raw }].into();
    let mut client = house.client(&pass).await;
    client.tunnel(&format!("127.0.0.1:{}", house.shop.port)).await;
    client.send(b"hello\r\n\r\n").await;
    assert!(client.rest().await.ends_with("shop"));
    let mut beyond = house.client(&pass).await;
    let target = format!("127.0.0.5:{}", house.shop.port);
    beyond.send(format!("CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n\r\n").as_bytes()).await;
    assert!(beyond.head().await.starts_with("HTTP/1.1 403 "));
}

#[tokio::test]
async fn a_refusal_says_which_line_is_missing_and_a_test_run_collects_it() {
    let house = House::open().await;
    let mut pass = house.pass(Speaks::Tls);
    pass.observe = true;
    let mut client = house.client(&pass).await;
    client.send(b"CONNECT news.example:443 HTTP/1.1\r\nHost: news.example:443\r\n\r\n").await;
    let told = client.rest().await;
    let line = "news.example:443 is not in this tentacle's contract: add it to contract.dependencies, and to the node's `uses`";
    assert!(told.starts_with("HTTP/1.1 403 "), "{told}");
    assert!(
        told.contains(&format!("tentacular-reason: {line}\r\n")) && told.ends_with(&format!("{line}\n")),
        "{told}"
    );
    house.recorded("\"would-need\"").await;
}
