//! Callers who are slow: each holds up only itself.

use crate::app::{App, until};
use crate::hooks::{Call, app as with_webhooks};
use serde_json::json;
use std::net::Ipv4Addr;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

/// Callers from this address who begin to say something and do not go on, as many as are listened to.
pub(crate) async fn trickle(app: &App, path: &str) -> Vec<TcpStream> {
    let (address, mut slow) = (app.url.strip_prefix("http://").unwrap(), Vec::new());
    loop {
        let mut one = TcpStream::connect(address).await.unwrap();
        let begun = format!("POST {path} HTTP/1.1\r\nHost: {address}\r\nContent-Length: 100\r\n\r\n{{");
        one.write_all(begun.as_bytes()).await.unwrap();
        slow.push(one);
        let next = app.http.post(format!("{}{path}", app.url)).body("{}").send().await.unwrap();
        if next.status() == 429 {
            return slow;
        }
        assert!(slow.len() < 500, "there is no end: {}", next.status());
    }
}

/// A client at another address of this machine.
pub(crate) fn from_elsewhere() -> reqwest::Client {
    let elsewhere = Ipv4Addr::new(127, 0, 0, 2);
    reqwest::Client::builder().no_proxy().local_address(Some(elsewhere.into())).build().unwrap()
}

#[tokio::test]
async fn who_is_slow_to_call_holds_up_only_the_address_it_calls_from() {
    let (app, clock) = with_webhooks().await;
    let call = Call::timed(&clock, 0, &json!({"n": 1}));
    let slow = trickle(&app, "/hooks/price-watch/hello/orders").await;
    assert!(slow.len() >= 64, "{}", slow.len());
    assert_eq!(call.status(&app).await, 429);
    assert_eq!(call.status_by(&from_elsewhere(), &app).await, 202);
    // A place that is given back is there again.
    drop(slow);
    until("there is a place again", async || call.status(&app).await == 200).await;
}
