//! Callers who are slow, tentacles that are many, enclaves that are frozen: each holds up only itself.

use crate::app::{App, until};
use crate::clockwork::{TestClock, deploy, told, with_triggers};
use crate::door::account;
use crate::hooks::{Call, app as with_webhooks};
use crate::team::set_up;
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

/// So many tentacles of an enclave as hello, each with a call that waits for longer than any other: past the server, so that
/// it is quick. The first of them has the lowest number.
async fn crowd(app: &App, enclave: &str, clock: &TestClock) {
    const MANY: usize = 150;
    let names = format!(
        "WITH RECURSIVE one(name) AS (SELECT 1 UNION ALL SELECT name + 1 FROM one WHERE name < {MANY}), \
         crowd(name) AS (SELECT 't-' || name FROM one) "
    );
    let tentacle = "owner_issuer, owner_subject, mode, description, version, deployed_by, deployed_via, \
                    created_at, deployed_at, reach, source_commit, deploys";
    let received = clock.now().as_millisecond();
    let inserts = [
        format!(
            "INSERT INTO tentacle (enclave, name, {tentacle}) SELECT '{enclave}', crowd.name, {tentacle} FROM tentacle, crowd \
             WHERE enclave = 'price-watch' AND tentacle.name = 'hello'"
        ),
        format!(
            "INSERT INTO tentacle_trigger (enclave, tentacle, name, kind, spec) SELECT '{enclave}', crowd.name, t.name, kind, \
             spec FROM tentacle_trigger t, crowd WHERE enclave = 'price-watch' AND tentacle = 'hello'"
        ),
        format!(
            "INSERT INTO hook_delivery (id, enclave, tentacle, name, delivery, input, state, received_at) SELECT \
             '00000000-{enclave}-' || name, '{enclave}', name, 'orders', 'd', '{{}}', 'waiting', {received} FROM crowd"
        ),
    ];
    app.database.change(inserts.map(|insert| format!("{names}{insert}"))).await;
    let mut world = app.backend.world();
    let version = world.tentacles[&("price-watch".to_owned(), "hello".to_owned())].clone();
    let places = (1..=MANY).map(|number| (enclave.to_owned(), format!("t-{number}")));
    world.tentacles.extend(places.map(|place| (place, version.clone())));
}

#[tokio::test]
async fn many_tentacles_that_are_called_and_frozen_ones_leave_others_their_turn() {
    let (app, clock) = with_webhooks().await;
    app.sign_in("cy").await.unwrap();
    for (channel, name) in [("C2", "crowd"), ("C3", "still")] {
        let channel = app.channel(channel, name, &account("cy"));
        channel.say("cy", "enclave_provision", json!({})).await.unwrap();
    }
    app.call(&app.agent("cy"), "enclave_freeze", json!({"name": "still"})).await.unwrap();
    app.backend.stop_at("after run");
    for enclave in ["still", "crowd"] {
        crowd(&app, enclave, &clock).await;
    }
    app.backend.until_waiting(4).await;
    assert_eq!(Call::timed(&clock, 0, &json!({"n": 1})).status(&app).await, 202);
    let runs = |of: &str| {
        let world = app.backend.world();
        world.inputs.iter().filter(|((enclave, _), _)| enclave == of).count()
    };
    until("it has its turn", async || runs("price-watch") == 1).await;
    assert_eq!((runs("crowd"), runs("still")), (4, 0), "one enclave has so many turns and no more");
    app.backend.go_on();
}

#[tokio::test]
async fn what_waits_in_a_frozen_enclave_is_let_go_of_after_a_day() {
    let (app, clock) = with_webhooks().await;
    app.backend.stop_at("before run");
    for number in 1..=2 {
        let call = Call::timed(&clock, 0, &json!({"n": number}));
        assert_eq!(call.status(&app).await, 202);
        app.backend.until_waiting(1).await;
    }
    app.call(&app.agent("ana"), "enclave_freeze", json!({"name": "price-watch"})).await.unwrap();
    clock.on(24 * 3600 + 1);
    until("the second is let go of", async || told(&app, "hello").await == ["running - 1", "missed 10:00 1"])
        .await;
    let kept = app.database.rows().await["hook_delivery"].clone();
    assert!(kept.iter().all(|row| row.contains("state=taken") && row.contains("input= ")), "{kept:?}");
    app.backend.go_on();
}

/// While a run waits for its turn, the one after it does not begin, however long that takes.
#[tokio::test]
async fn a_run_by_the_clock_that_waits_for_its_turn_goes_on() {
    let clock = TestClock::new();
    let app = App::paced(clock.pace()).await;
    set_up(&app).await;
    for name in ["a", "b", "c", "d"] {
        deploy(&app, with_triggers(name, "hi", &["type: cron, schedule: '1 10 * * *'"])).await;
    }
    deploy(&app, with_triggers("hello", "hi", &["type: cron, schedule: '2-59 * * * *'"])).await;
    app.backend.stop_at("after run");
    clock.on(60);
    app.backend.until_waiting(4).await;
    clock.on(60);
    let hello = async |expected: &[&str]| {
        until(&format!("{expected:?}"), async || told(&app, "hello").await == expected).await;
    };
    hello(&["running 10:02 1"]).await;
    // it waits for longer than any run may take
    for (table, column) in [("open_effect", "since"), ("run_history", "started_at")] {
        app.database.execute(&format!("UPDATE {table} SET {column} = {column} - 1200000")).await;
    }
    hello(&["running 10:02 1"]).await;
    clock.on(60);
    hello(&["running 10:02 1", "skipped 10:03 1"]).await;
    assert_eq!(app.backend.world().inputs.len(), 4, "one enclave has so many turns and no more");
    app.backend.go_on();
    hello(&["succeeded 10:02 1", "skipped 10:03 1"]).await;
}
