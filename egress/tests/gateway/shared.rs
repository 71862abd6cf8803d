//! What all share: nobody takes it from the others.

use crate::house::{House, SLOW, bounds};
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};
use tokio::io::AsyncReadExt;
use wire::pass::{Destination, Speaks};

#[tokio::test]
async fn strangers_from_one_place_do_not_keep_others_out() {
    let house = House::with(egress::Bounds { pass: Duration::from_secs(60), ..bounds() }).await;
    let mut held = Vec::new();
    for _ in 0..bounds().most_of_one {
        let mut stranger = house.stranger_from("127.0.0.2").await;
        stranger.send(b"PASS ").await;
        held.push(stranger);
    }
    let began = Instant::now();
    loop {
        let mut beyond = house.stranger_from("127.0.0.2").await;
        beyond.send(b"PASS ").await;
        let mut first = [0; 12];
        let answered =
            tokio::time::timeout(Duration::from_millis(500), beyond.stream.read_exact(&mut first)).await;
        if answered.is_ok_and(|read| read.is_ok() && &first == b"HTTP/1.1 503") {
            break;
        }
        assert!(began.elapsed() < Duration::from_secs(15), "there is no bound on strangers");
    }
    house.client(&house.pass(Speaks::Raw)).await.tunnel(&house.target()).await;
}

#[tokio::test]
async fn names_that_nobody_answers_hold_up_only_whoever_asks() {
    let most =
        egress::Bounds { most_of_one: 40, most_of_enclave: 40, connect: Duration::from_secs(1), ..bounds() };
    let house = House::with(most).await;
    let mut pass = house.pass(Speaks::Raw);
    let mut slow = pass.allow.first().unwrap().clone();
    slow.to = Destination::Host(SLOW.to_owned());
    pass.allow.insert(slow);
    let target = format!("{SLOW}:{}", house.shop.port);
    for _ in 0..2 {
        let mut held = Vec::new();
        for _ in 0..15 {
            let mut client = house.client(&pass).await;
            client.send(format!("CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n\r\n").as_bytes()).await;
            held.push(client);
        }
        for mut client in held {
            assert!(client.head().await.starts_with("HTTP/1.1 504 "));
        }
    }
    assert_eq!(house.names.slow.load(Ordering::SeqCst), 8, "questions at the same time");
    let mut neighbour = house.pass(Speaks::Raw);
    neighbour.tentacle = "another/tentacle".to_owned();
    house.client(&neighbour).await.tunnel(&house.target()).await;
}

#[tokio::test]
async fn a_first_address_that_is_silent_or_closed_leaves_the_others() {
    let house = House::open().await;
    // Nobody listens at the first ones; the shop is at the last.
    house.names.set("shop.example", &[&["127.0.0.3", "127.0.0.4", "::1", "127.0.0.1"]]);
    let mut pass = house.pass(Speaks::Raw);
    pass.private.push("::1/128".parse().unwrap());
    let mut client = house.client(&pass).await;
    client.tunnel(&house.target()).await;
    drop(client);
    assert!(house.recorded("\"allowed\"").await.contains("\"address\":\"127.0.0.1\""));
}

#[tokio::test]
async fn ipv6_is_a_network_like_the_other() {
    let house = House::open().await;
    let listener = tokio::net::TcpListener::bind("[::1]:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    house.names.set("six.example", &[&["::1"]]);
    let mut pass = house.pass(Speaks::Raw);
    pass.private = vec!["::1/128".parse().unwrap()];
    let mut six = pass.allow.first().unwrap().clone();
    (six.to, six.port) = (Destination::Host("six.example".to_owned()), Some(port));
    let mut number = six.clone();
    number.to = Destination::Host("::1".to_owned());
    pass.allow.extend([six, number]);
    for target in [format!("six.example:{port}"), format!("[::1]:{port}"), format!("[0:0::1]:{port}")] {
        let mut client = house.client(&pass).await;
        client.tunnel(&target).await;
        let (mut accepted, _) = listener.accept().await.unwrap();
        client.send(b"hello").await;
        let mut got = [0; 5];
        accepted.read_exact(&mut got).await.unwrap();
        assert_eq!(&got, b"hello", "{target}");
    }
}
