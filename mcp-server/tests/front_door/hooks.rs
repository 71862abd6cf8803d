//! Tentacles that other services call.

use crate::app::{App, until};
use crate::clockwork::{TestClock, deploy, runs, told, with_triggers};
use crate::team::{price_watch, set_up};
use hmac::{Hmac, KeyInit, Mac};
use jiff::SignedDuration;
use serde_json::{Value, json};
use sha2::Sha256;

const SECRET: &str = "swordfish";
pub(crate) const GITHUB: &str = "type: webhook, name: pushes, provider: github";
pub(crate) const TIMED: &str = "type: webhook, name: orders, path: /orders, secret: shop.hook";

/// One call of a webhook.
#[derive(Clone)]
pub(crate) struct Call {
    place: String,
    body: String,
    headers: Vec<(&'static str, String)>,
}

pub(crate) fn hex_hmac(secret: &str, parts: &[&str]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    parts.iter().for_each(|part| mac.update(part.as_bytes()));
    wire::canonical::hex(&mac.finalize().into_bytes())
}

impl Call {
    /// As GitHub calls.
    fn github(delivery: &str, event: &str, body: &Value) -> Self {
        let body = body.to_string();
        let signature = format!("sha256={}", hex_hmac(SECRET, &[&body]));
        Self {
            place: "price-watch/hello/pushes".to_owned(),
            headers: vec![
                ("X-Hub-Signature-256", signature),
                ("X-GitHub-Delivery", delivery.to_owned()),
                ("X-GitHub-Event", event.to_owned()),
            ],
            body,
        }
    }

    /// As anybody else does, at a time so many seconds from the server's.
    pub(crate) fn timed(clock: &TestClock, apart: i64, body: &Value) -> Self {
        let (body, at) = (body.to_string(), clock.now() + SignedDuration::from_secs(apart));
        let time = at.as_second().to_string();
        let signature = format!("t={time},v1={}", hex_hmac(SECRET, &[&time, ".", &body]));
        Self {
            place: "price-watch/hello/orders".to_owned(),
            headers: vec![("X-Tentacular-Signature", signature)],
            body,
        }
    }

    /// The same, which says which delivery it is and of which event, and signs for both.
    fn timed_about(clock: &TestClock, delivery: &str, event: &str, body: &Value) -> Self {
        let mut call = Self::timed(clock, 0, body);
        let time = clock.now().as_second().to_string();
        let mac = hex_hmac(SECRET, &[&time, "\n", delivery, "\n", event, "\n", &call.body]);
        call.headers = vec![("X-Tentacular-Signature", format!("t={time},v1={mac}"))];
        let named = [("X-Tentacular-Delivery", delivery), ("X-Tentacular-Event", event)];
        let named = named.into_iter().filter(|(_, said)| !said.is_empty());
        call.headers.extend(named.map(|(name, said)| (name, said.to_owned())));
        call
    }

    fn to(mut self, place: &str) -> Self {
        place.clone_into(&mut self.place);
        self
    }

    fn with(mut self, name: &'static str, value: &str) -> Self {
        self.headers.retain(|(has, _)| *has != name);
        self.headers.push((name, value.to_owned()));
        self
    }

    fn without(mut self, name: &str) -> Self {
        self.headers.retain(|(has, _)| *has != name);
        self
    }

    async fn make(&self, app: &App) -> (u16, Value, Option<String>) {
        self.make_by(&app.http, app).await
    }

    async fn make_by(&self, http: &reqwest::Client, app: &App) -> (u16, Value, Option<String>) {
        let mut request = http.post(format!("{}/hooks/{}", app.url, self.place)).body(self.body.clone());
        for (name, value) in &self.headers {
            request = request.header(*name, value);
        }
        let answer = request.send().await.unwrap();
        let again = answer.headers().get("retry-after").map(|value| value.to_str().unwrap().to_owned());
        let (status, text) = (answer.status().as_u16(), answer.text().await.unwrap());
        (status, serde_json::from_str(&text).unwrap_or(Value::Null), again)
    }

    pub(crate) async fn status(&self, app: &App) -> u16 {
        self.make(app).await.0
    }

    /// The same, made by another client.
    pub(crate) async fn status_by(&self, http: &reqwest::Client, app: &App) -> u16 {
        self.make_by(http, app).await.0
    }
}

pub(crate) async fn app() -> (App, TestClock) {
    let clock = TestClock::new();
    let app = App::paced(clock.pace()).await;
    set_up(&app).await;
    for name in ["github.webhook_secret", "shop.hook"] {
        price_watch(&app).say("ana", "secret_set", json!({"name": name, "value": SECRET})).await.unwrap();
    }
    deploy(&app, with_triggers("hello", "hi", &[GITHUB, TIMED])).await;
    (app, clock)
}

async fn until_run(app: &App, count: usize) -> Vec<Value> {
    until(&format!("{count} runs"), async || {
        let told = told(app, "hello").await;
        told.len() == count && told.iter().all(|told| told.starts_with("succeeded"))
    })
    .await;
    app.backend.world().inputs.iter().map(|(_, input)| input.clone()).collect()
}

#[tokio::test]
async fn what_is_signed_is_stored_answered_and_run_once() {
    let (app, clock) = app().await;
    let push = Call::github("d-1", "push", &json!({"ref": "main", "_webhook": "forged"}));
    assert_eq!(push.make(&app).await.0, 202);
    let input = until_run(&app, 1).await.remove(0);
    assert_eq!(input["ref"], "main");
    assert_eq!(
        (&input["_webhook"]["event"], &input["_webhook"]["delivery"]),
        (&json!("push"), &json!("d-1"))
    );
    assert_eq!(input["_webhook"]["headers"]["x-github-event"], "push");
    assert!(!input.to_string().contains("sha256="), "{input}");
    // the same once more runs nothing, for a day
    for _ in 0..3 {
        assert_eq!(push.status(&app).await, 200);
    }
    clock.on(23 * 3600);
    assert_eq!(push.status(&app).await, 200);
    assert_eq!(Call::timed(&clock, 0, &json!([1, 2])).status(&app).await, 202);
    let inputs = until_run(&app, 2).await;
    assert_eq!(inputs[1]["body"], json!([1, 2]));
    let by: Vec<_> = runs(&app, "hello").await.iter().map(|run| run["by"].clone()).collect();
    assert_eq!(by, ["trigger pushes", "trigger orders"]);
    // nothing of what was said is kept
    let kept = app.database.rows().await["hook_delivery"].clone();
    assert!(kept.iter().all(|row| row.contains("state=taken") && row.contains("input= ")), "{kept:?}");
}

#[tokio::test]
async fn without_a_good_signature_nothing_is_run_and_little_is_told() {
    let (app, clock) = app().await;
    let push = Call::github("d-1", "push", &json!({"a": 1}));
    let order = Call::timed(&clock, 0, &json!({"a": 1}));
    let good = push.headers[0].1.clone();
    let mut forged = order.clone();
    forged.body = json!({"a": 2}).to_string();
    let refused = [
        push.clone().without("X-Hub-Signature-256"),
        push.clone().with("X-Hub-Signature-256", "sha256="),
        push.clone().with("X-Hub-Signature-256", &good.replace("sha256=", "sha1=")),
        push.clone().with("X-Hub-Signature-256", &good[..good.len() - 2]),
        push.clone().with("X-Hub-Signature-256", &format!("sha256={}", hex_hmac("other", &[&push.body]))),
        push.clone().to("price-watch/hello/orders"),
        order.clone().to("price-watch/hello/pushes"),
        forged,
        order.clone().without("X-Tentacular-Signature"),
        order.clone().with("X-Tentacular-Signature", "t=1,v1="),
        Call::timed(&clock, 301, &json!({})),
        Call::timed(&clock, -301, &json!({})),
    ];
    for (number, call) in refused.iter().enumerate() {
        let (status, told, _) = call.make(&app).await;
        assert_eq!(
            (status, &told["error"]),
            (401, &json!("the signature is missing or does not fit")),
            "{number}"
        );
    }
    for apart in [300, -300] {
        assert_eq!(Call::timed(&clock, apart, &json!({})).status(&app).await, 202, "{apart}");
    }
    let unknown = [
        "no-such/hello/pushes",
        "price-watch/no-such/pushes",
        "price-watch/hello/no-such",
        "price-watch/hello/manual",
        "Price%20Watch/hello/pushes",
        "price-watch/..%2fhello/pushes",
    ];
    let mut told = Vec::new();
    for place in unknown {
        let (status, body, _) = push.clone().to(place).make(&app).await;
        assert_eq!(status, 404, "{place}");
        told.push(body);
    }
    assert!(told.iter().all(|body| *body == told[0]), "{told:?}");
    assert_eq!(
        app.http.get(format!("{}/hooks/price-watch/hello/pushes", app.url)).send().await.unwrap().status(),
        405
    );
}

/// Whoever has recorded a timed call can send it again, and it is known, or send it with other headers, and it is nobody's.
#[tokio::test]
async fn a_timed_call_is_taken_once_whatever_headers_it_comes_back_with() {
    let (app, clock) = app().await;
    deploy(&app, with_triggers("hello", "hi", &[GITHUB, &format!("{TIMED}, event: paid")])).await;
    let (id, event, signature) = ("X-Tentacular-Delivery", "X-Tentacular-Event", "X-Tentacular-Signature");
    let body = json!({"order": 7});
    let (plain, call) = (Call::timed(&clock, 0, &body), Call::timed_about(&clock, "o-7", "paid", &body));
    // one that is of no event is not wanted, and nobody who has it makes it of one
    assert_eq!(plain.status(&app).await, 200);
    assert_eq!(plain.clone().with(event, "paid").status(&app).await, 401);
    assert_eq!(Call::timed_about(&clock, "o-8", "sent", &body).status(&app).await, 200);
    assert_eq!(Call::timed_about(&clock, "o-8", "sent", &body).with(event, "paid").status(&app).await, 401);
    assert_eq!(call.status(&app).await, 202);
    assert_eq!(call.status(&app).await, 200);
    for other in [
        call.clone().with(id, "o-9"),
        call.clone().with(event, "sent"),
        call.clone().without(id),
        call.clone().without(event),
        call.clone().without(id).without(event),
        call.clone().with(id, ""),
        plain.clone().with(id, "o-9"),
    ] {
        assert_eq!(other.status(&app).await, 401, "{:?}", other.headers);
    }
    let mut twice = call.clone();
    twice.headers.push((id, "o-9".to_owned()));
    assert_eq!(twice.status(&app).await, 401);
    // of an event and no delivery, it is what was signed by which it is known, in whatever letters
    let unnamed = Call::timed_about(&clock, "", "paid", &body);
    assert_eq!(unnamed.status(&app).await, 202);
    let mac = unnamed.headers[0].1.clone();
    let (time, hex) = mac.split_once(",v1=").unwrap();
    for same in [format!("{time},v1={}", hex.to_uppercase()), format!("{time},v1=00,v1={hex}"), mac.clone()] {
        assert_eq!(unnamed.clone().with(signature, &same).status(&app).await, 200, "{same}");
    }
    // the same delivery once more, at another time, is its caller's to say
    clock.on(1);
    assert_eq!(Call::timed_about(&clock, "o-7", "paid", &body).status(&app).await, 200);
    let inputs = until_run(&app, 2).await;
    assert_eq!(inputs[0]["_webhook"]["event"], "paid");
}

/// While a secret is replaced a call brings a signature with each: when the second one counts, it is the same call still.
#[tokio::test]
async fn a_timed_call_is_known_by_whichever_secret_it_was_taken() {
    let (app, clock) = app().await;
    let call = Call::timed(&clock, 0, &json!({"order": 7}));
    let time = clock.now().as_second().to_string();
    let second = hex_hmac("sailfish", &[&time, ".", &call.body]);
    let both = format!("{},v1={second}", call.headers[0].1);
    let call = call.with("X-Tentacular-Signature", &both);
    assert_eq!(call.status(&app).await, 202);
    let replaced = json!({"name": "shop.hook", "value": "sailfish"});
    price_watch(&app).say("ana", "secret_set", replaced).await.unwrap();
    assert_eq!(call.status(&app).await, 200);
    until_run(&app, 1).await;
}

#[tokio::test]
async fn what_is_no_call_is_refused() {
    let (app, _) = app().await;
    let signed = |body: &str| {
        let mut call = Call::github("d-1", "push", &json!({}));
        call.body = body.to_owned();
        call.with("X-Hub-Signature-256", &format!("sha256={}", hex_hmac(SECRET, &[body])))
    };
    assert_eq!(signed("payload=x").status(&app).await, 400);
    assert_eq!(signed(&"[".repeat(100_000)).status(&app).await, 400);
    assert_eq!(signed("{}").with("X-GitHub-Delivery", &"x".repeat(201)).status(&app).await, 400);
    assert_eq!(signed("{}").without("X-GitHub-Delivery").status(&app).await, 400);
    assert_eq!(signed(&format!("\"{}\"", "x".repeat(1024 * 1024))).status(&app).await, 413);
    assert_eq!(app.backend.world().inputs.len(), 0);
}

#[tokio::test]
async fn only_the_wanted_events_run() {
    let (app, _) = app().await;
    let wanted = "type: webhook, name: pushes, provider: github, event: issues, actions: [opened, closed]";
    deploy(&app, with_triggers("hello", "hi", &[wanted])).await;
    let call = |number: usize, event: &str, body: Value| Call::github(&format!("d-{number}"), event, &body);
    for (number, (event, body, status)) in [
        ("issues", json!({"action": "opened"}), 202),
        ("issues", json!({"action": "edited"}), 200),
        ("issues", json!({}), 200),
        ("push", json!({"action": "opened"}), 200),
        ("ping", json!({"action": "opened"}), 200),
    ]
    .into_iter()
    .enumerate()
    {
        assert_eq!(call(number, event, body).status(&app).await, status, "{number}");
    }
    until_run(&app, 1).await;
}

#[tokio::test]
async fn a_frozen_enclave_is_called_in_vain_and_a_secret_that_is_gone_too() {
    let (app, _) = app().await;
    let name = json!({"name": "price-watch"});
    app.call(&app.agent("ana"), "enclave_freeze", name.clone()).await.unwrap();
    let push = Call::github("d-1", "push", &json!({}));
    let (status, told, again) = push.make(&app).await;
    assert_eq!((status, again.as_deref()), (503, Some("300")), "{told}");
    // who cannot sign is not told that it is frozen
    assert_eq!(push.clone().without("X-Hub-Signature-256").status(&app).await, 401);
    app.call(&app.agent("ana"), "enclave_unfreeze", name).await.unwrap();
    assert_eq!(push.status(&app).await, 202);
    until_run(&app, 1).await;
    let secret = json!({"name": "github.webhook_secret", "confirm": "github.webhook_secret"});
    price_watch(&app).say("ana", "secret_remove", secret).await.unwrap();
    let (status, told, _) = Call::github("d-2", "push", &json!({})).make(&app).await;
    assert_eq!(
        (status, told["error"].as_str().unwrap()),
        (503, "its secret is not set: the enclave's owner sets it")
    );
}

#[tokio::test]
async fn a_webhook_is_not_deployed_without_its_secret() {
    let app = App::start().await;
    let channel = set_up(&app).await;
    let args = with_triggers("hello", "hi", &[TIMED]);
    let asked = channel.say("ana", "wf_apply", args.clone()).await.unwrap();
    assert_eq!(asked["missing_secrets"], json!(["shop.hook"]));
    let approve = json!({"approval": asked["approval"]["id"], "approve": true});
    channel.click("ana", "reach_approve", approve).await.unwrap();
    let refused = channel.say("ana", "wf_apply", args.clone()).await.unwrap_err();
    assert!(refused.message.contains("shop.hook"), "{refused:?}");
    channel.say("ana", "secret_set", json!({"name": "shop.hook", "value": SECRET})).await.unwrap();
    let deployed = channel.say("ana", "wf_apply", args).await.unwrap();
    assert_eq!(deployed["status"], "deployed");
    let described = channel.say("ana", "wf_describe", json!({"name": "hello"})).await.unwrap();
    assert_eq!(described["triggers"][0]["url"], format!("{}/hooks/price-watch/hello/orders", app.url));
}

#[tokio::test]
async fn what_was_answered_is_run_once_whatever_stops_the_server() {
    let (mut app, _) = app().await;
    // killed before the run was begun: what was stored is run by whoever comes next
    app.backend.stop_at("before run");
    assert_eq!(Call::github("d-1", "push", &json!({"n": 1})).status(&app).await, 202);
    app.backend.until_waiting(1).await;
    assert_eq!(Call::github("d-2", "push", &json!({"n": 2})).status(&app).await, 202);
    app.kill().await;
    app.backend.go_on();
    app.run().await;
    until("the second ran, and the first is told as interrupted", async || {
        told(&app, "hello").await == ["interrupted - 1", "succeeded - 1"]
    })
    .await;
    let ran: Vec<_> = app.backend.world().inputs.iter().map(|(_, input)| input["n"].clone()).collect();
    assert_eq!(ran, [2]);
    assert_eq!(Call::github("d-1", "push", &json!({"n": 1})).status(&app).await, 200);
}

#[tokio::test]
async fn nobody_calls_more_often_than_one_may() {
    let (app, clock) = app().await;
    app.backend.stop_at("before run");
    let mut stored = 0;
    let status = loop {
        let status = Call::timed(&clock, 0, &json!({"n": stored})).status(&app).await;
        if status != 202 {
            break status;
        }
        stored += 1;
        assert!(stored <= 110, "there is no end");
    };
    assert_eq!(status, 429);
    assert!(stored >= 60, "{stored}");
    app.backend.go_on();
}

async fn two_servers_run_each_once(app: App) {
    set_up(&app).await;
    price_watch(&app)
        .say("ana", "secret_set", json!({"name": "github.webhook_secret", "value": SECRET}))
        .await
        .unwrap();
    deploy(&app, with_triggers("hello", "hi", &[GITHUB])).await;
    let other = app.replica().await;
    for number in 0..20 {
        let call = Call::github(&format!("d-{number}"), "push", &json!({"n": number}));
        assert_eq!(call.status(&app).await, 202);
    }
    let mut ran: Vec<i64> =
        until_run(&app, 20).await.iter().map(|input| input["n"].as_i64().unwrap()).collect();
    ran.sort_unstable();
    assert_eq!(ran, (0..20).collect::<Vec<_>>());
    other.stop().await;
}

crate::on_both_stores! {
    two_servers_run_each_once
}
