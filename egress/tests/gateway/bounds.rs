//! Slow ones, many, and much: each holds up only itself.

use crate::house::{House, bounds};
use std::time::{Duration, Instant};
use tokio::io::AsyncReadExt;
use wire::pass::Speaks;

#[tokio::test]
async fn whoever_is_slow_with_its_pass_its_head_or_its_first_words_is_let_go() {
    let house = House::open().await;
    let target = format!("shop.example:{}", house.shop.port);
    let mut no_pass = house.stranger().await;
    no_pass.send(b"PASS ").await;
    let mut no_head = house.client(&house.pass(Speaks::Raw)).await;
    no_head.send(b"CONNECT shop").await;
    let mut no_words = house.client(&house.pass(Speaks::Tls)).await;
    no_words.tunnel(&target).await;
    let began = Instant::now();
    for slow in [&mut no_pass, &mut no_head, &mut no_words] {
        let mut rest = Vec::new();
        let ended = tokio::time::timeout(Duration::from_secs(15), slow.stream.read_to_end(&mut rest)).await;
        assert!(ended.is_ok(), "it is still open after {:?}", began.elapsed());
    }
    assert_eq!(house.shop.got(), "");
}

#[tokio::test]
async fn one_tentacle_has_so_many_connections_and_its_neighbours_theirs() {
    let house = House::open().await;
    let target = format!("shop.example:{}", house.shop.port);
    let pass = house.pass(Speaks::Raw);
    let mut held = Vec::new();
    for _ in 0..bounds().most_of_one {
        let mut client = house.client(&pass).await;
        client.tunnel(&target).await;
        held.push(client);
    }
    let mut beyond = house.client(&pass).await;
    beyond.send(format!("CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n\r\n").as_bytes()).await;
    let told = beyond.rest().await;
    assert!(told.starts_with("HTTP/1.1 503 "), "{told}");
    let mut neighbour = pass.clone();
    neighbour.tentacle = "another/tentacle".to_owned();
    house.client(&neighbour).await.tunnel(&target).await;
    // A place that is given back is there again.
    drop(held);
    let began = Instant::now();
    loop {
        let mut client = house.client(&pass).await;
        client.send(format!("CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n\r\n").as_bytes()).await;
        if client.head().await.starts_with("HTTP/1.1 200 ") {
            break;
        }
        assert!(began.elapsed() < Duration::from_secs(15), "places are not given back");
    }
}

/// As many tentacles as one likes are no way to the places of other enclaves.
#[tokio::test]
async fn one_enclave_s_tentacles_have_so_many_connections_together_and_other_enclaves_theirs() {
    let house = House::open().await;
    let target = house.target();
    let named = |name: String| wire::pass::Pass { tentacle: name, ..house.pass(Speaks::Raw) };
    let mut held = Vec::new();
    for number in 0..bounds().most_of_enclave {
        let mut client = house.client(&named(format!("price-watch/hello-{}", number / 4))).await;
        client.tunnel(&target).await;
        held.push(client);
    }
    let mut beyond = house.client(&named("price-watch/one-more".to_owned())).await;
    beyond.send(format!("CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n\r\n").as_bytes()).await;
    let told = beyond.rest().await;
    assert!(told.starts_with("HTTP/1.1 503 "), "{told}");
    // Another enclave whose name begins with this one's is another.
    house.client(&named("price-watch-too/hello".to_owned())).await.tunnel(&target).await;
    // A place that is given back is there again.
    drop(held);
    let began = Instant::now();
    loop {
        let mut client = house.client(&named("price-watch/one-more".to_owned())).await;
        client.send(format!("CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n\r\n").as_bytes()).await;
        if client.head().await.starts_with("HTTP/1.1 200 ") {
            break;
        }
        assert!(began.elapsed() < Duration::from_secs(15), "places are not given back");
    }
}

#[tokio::test]
async fn a_tunnel_that_says_nothing_is_closed() {
    let house = House::with(egress::Bounds { idle: Duration::from_millis(300), ..bounds() }).await;
    let mut client = house.client(&house.pass(Speaks::Raw)).await;
    client.tunnel(&format!("shop.example:{}", house.shop.port)).await;
    let mut rest = Vec::new();
    let ended = tokio::time::timeout(Duration::from_secs(15), client.stream.read_to_end(&mut rest)).await;
    assert!(ended.is_ok(), "it is still open");
    house.recorded("\"allowed\"").await;
}
