//! What code reaches: through the gateway what was approved, and nothing past it.

use super::{Outcome, Site, Tried, all_are_stopped, is_stopped};
use serde_json::json;
use std::net::{Ipv4Addr, SocketAddr};
use tokio::net::UdpSocket;

pub(super) async fn declared_only(site: &impl Site) -> Outcome {
    let connections = &site.surroundings().connections;
    all_are_stopped(site, connections, connections).await
}

/// The control is what the contract names: the same code gets there by the same way.
pub(super) async fn hosts_and_ports(site: &impl Site) -> Outcome {
    let around = site.surroundings();
    let tunnel = |host: &str, port: u16| json!({"attempt": "tunnel", "host": host, "port": port});
    let (host, port, answer) = around.declared;
    let control = site.within(&tunnel(host, port)).await;
    assert_eq!(control, Tried::Got(json!(answer)), "what the contract names is not reached");
    for (host, port) in &around.undeclared {
        if let Tried::Got(got) = site.within(&tunnel(host, *port)).await {
            return Outcome::Breached(format!("{host}:{port} said {got}"));
        }
    }
    Outcome::Held
}

pub(super) async fn no_name_service(site: &impl Site) -> Outcome {
    let asked = site.surroundings().name_service;
    let what =
        json!({"attempt": "resolve", "name": "canary.example", "address": asked.ip(), "port": asked.port()});
    is_stopped(site, what).await
}

/// A name service that answers every question with the same address (RFC 1035), for as long as the runtime lives.
pub(crate) async fn name_service(at: Ipv4Addr) -> SocketAddr {
    let socket = UdpSocket::bind((at, 0)).await.unwrap();
    let address = socket.local_addr().unwrap();
    tokio::spawn(async move {
        let mut packet = [0; 512];
        while let Ok((_, from)) = socket.recv_from(&mut packet).await {
            // Who does not wait for the answer needs none.
            let _ = socket.send_to(&answer(&packet), from).await;
        }
    });
    address
}

/// The answer to the one question of a packet.
fn answer(packet: &[u8]) -> Vec<u8> {
    // The name ends with a zero, and is followed by type and class.
    let name = packet.iter().skip(12).position(|byte| *byte == 0).unwrap();
    let question = &packet[12..12 + name + 5];
    let mut answer = vec![packet[0], packet[1], 0x81, 0x80, 0, 1, 0, 1, 0, 0, 0, 0];
    answer.extend(question);
    // The same name again, an address on the internet, good for a minute.
    answer.extend([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 192, 0, 2, 1]);
    answer
}
