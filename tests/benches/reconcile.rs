//! How long the Kraken takes after its start until the server knows again who is in which channel: 200 channels with 50 people each, while
//! the workspace holds the app to the calls a minute that Slack promises, and to no burst beyond them.
//!
//! Nobody may own more than ten enclaves, so the server's store is filled by hand while the server runs; channels, people and
//! everything that is told of them are made as people and apps make them.
#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a benchmark prints what it measured, and may stop"
)]

use reqwest::{Client, Method, RequestBuilder};
use serde_json::{Value, json};
use sqlx::sqlite::{SqliteConnectOptions, SqlitePool};
use std::time::{Duration, Instant};
use tests::{Home, Person, Up};

const CHANNELS: usize = 200;

/// How many people are in each, the one who made it among them.
const PEOPLE: usize = 50;

/// How often Ana looks at her Home.
const HOMES: usize = 20;

/// How long it may take at most.
const PATIENCE: Duration = Duration::from_secs(900);

const LOOK: Duration = Duration::from_millis(50);

#[tokio::main]
async fn main() {
    let home = Home::default();
    let up = home.up().await;
    let ana = up.person("ana").await;
    ana.asks_and_signs_in("set up this channel").await;
    let workspace = Workspace::of(&up);
    let channels = workspace.fill().await;
    // What it was told of while they were made is done with before it is measured.
    ana.asks("status").await;
    while !up.has_all_acknowledged().await {
        tokio::time::sleep(LOOK).await;
    }
    let store = store(&up).await;
    enclaves(&store, &channels).await;
    for held in [false, true] {
        sqlx::query("DELETE FROM channel_person WHERE enclave LIKE 'bench-%'").execute(&store).await.unwrap();
        let began = Instant::now();
        up.service("kraken-bot").await.kill();
        // What the one that is gone has called is not counted against the next.
        up.control(Method::POST, "tiers", Some(json!({"held": held}))).await;
        while full(&store).await < CHANNELS && began.elapsed() < PATIENCE {
            tokio::time::sleep(LOOK).await;
        }
        let (seconds, done) = (began.elapsed().as_secs_f64(), full(&store).await);
        let limits = if held { "the least that Slack promises" } else { "none" };
        println!(
            r#"{{"name":"from the Kraken's end to everybody known again","channels":{CHANNELS},"people":{PEOPLE},"limits":"{limits}","value":{seconds:.1},"unit":"s","channels_done":{done}}}"#
        );
    }
    at_home(&store, &ana).await;
    for service in ["mcp-server", "kraken-bot"] {
        let memory = up.service(service).await.memory_mib().unwrap();
        println!(
            r#"{{"name":"memory of {service} after that","channels":{CHANNELS},"people":{PEOPLE},"value":{memory:.1},"unit":"MiB"}}"#
        );
    }
}

/// Ana's Home, which shows fifty of all her enclaves: from the click on "Look again" until it shows what has changed meanwhile.
async fn at_home(store: &SqlitePool, ana: &Person) {
    let shown = ana.finds_at_home(&["Look again", " is active"]).await.text;
    // Fifty are shown; this is the first of them.
    let first = shown.split("Your enclaves ").nth(1).and_then(|rest| rest.split(" is ").next()).unwrap();
    let mut times = Vec::new();
    for number in 0..HOMES {
        let frozen = number % 2 == 0;
        let (state, statement) = if frozen {
            ("frozen", "UPDATE enclave SET frozen_owner = 1, state = 'frozen' WHERE name LIKE 'bench-%'")
        } else {
            ("active", "UPDATE enclave SET frozen_owner = 0, state = 'active' WHERE name LIKE 'bench-%'")
        };
        changed(store, statement).await;
        let began = Instant::now();
        ana.presses_at_home("Look again").await;
        ana.finds_shown_at_home(&[&format!("{first} is {state}")]).await;
        times.push(began.elapsed().as_secs_f64() * 1e3);
    }
    times.sort_by(f64::total_cmp);
    let enclaves = CHANNELS + 1;
    let (half, most) = (times.get(HOMES / 2).unwrap(), times.last().unwrap());
    println!(
        r#"{{"name":"Home, from the click to what is new","enclaves":{enclaves},"value":{half:.0},"unit":"ms","most_ms":{most:.0},"looks":{HOMES}}}"#
    );
}

/// Changes enclaves from behind, so that whoever keeps them in memory reads them anew.
async fn changed(store: &SqlitePool, statement: &'static str) {
    let mut tx = store.begin().await.unwrap();
    sqlx::query("UPDATE generation SET number = number + 1").execute(&mut *tx).await.unwrap();
    sqlx::query(statement).execute(&mut *tx).await.unwrap();
    sqlx::query("UPDATE enclave SET changed = (SELECT number FROM generation) WHERE name LIKE 'bench-%'")
        .execute(&mut *tx)
        .await
        .unwrap();
    tx.commit().await.unwrap();
}

/// The workspace, as a program uses it.
struct Workspace {
    http: Client,
    base: String,
    secret: String,
    bot: String,
}

impl Workspace {
    fn of(up: &Up) -> Self {
        let file = std::fs::read_to_string(up.folder().join("workspace/credentials.json")).unwrap();
        let credentials: Value = serde_json::from_str(&file).unwrap();
        let bot = credentials.get("bot_token").unwrap().as_str().unwrap().to_owned();
        Self { http: Client::new(), base: up.workspace().to_owned(), secret: up.secret().to_owned(), bot }
    }

    async fn sent(&self, request: RequestBuilder) -> Value {
        let text = request.send().await.unwrap().text().await.unwrap();
        serde_json::from_str(&text).unwrap_or_default()
    }

    /// What Ana does at the page.
    async fn ana(&self, deed: &str, fields: &[(&str, &str)]) {
        let request = self.http.post(format!("{}/as/ana/do/{deed}", self.base)).bearer_auth(&self.secret);
        let done = self.sent(request.header("accept", "application/json").form(fields)).await;
        assert!(done.get("error").is_none(), "{deed} {fields:?}: {done}");
    }

    /// What the app does.
    async fn app(&self, method: &str, body: Value) -> Value {
        let request = self.http.post(format!("{}/api/{method}", self.base)).bearer_auth(&self.bot);
        let answer = self.sent(request.json(&body)).await;
        assert_eq!(answer.get("ok"), Some(&json!(true)), "{method}: {answer}");
        answer
    }

    /// Makes people and channels; answers the channels' ids with the workspace's.
    async fn fill(&self) -> Vec<(String, String)> {
        let team =
            self.app("auth.test", json!({})).await.get("team_id").unwrap().as_str().unwrap().to_owned();
        for number in 1..PEOPLE {
            let person = json!({"name": name(number), "given": "Person", "family": number.to_string()});
            let request = self.http.post(format!("{}/control/people", self.base)).bearer_auth(&self.secret);
            let hired = self.sent(request.json(&person)).await;
            assert!(hired.get("id").is_some(), "{hired}");
        }
        for number in 0..CHANNELS {
            let channel = format!("bench-{number}");
            self.ana("create", &[("name", &channel)]).await;
            for person in 1..PEOPLE {
                self.ana("invite", &[("channel", &channel), ("user", &name(person))]).await;
            }
        }
        let list = self.app("conversations.list", json!({"types": "public_channel", "limit": 999})).await;
        let mut channels = Vec::with_capacity(CHANNELS);
        for channel in list.get("channels").unwrap().as_array().unwrap() {
            let text = |field: &str| channel.get(field).unwrap().as_str().unwrap().to_owned();
            if text("name").starts_with("bench-") {
                self.app("conversations.join", json!({"channel": text("id")})).await;
                channels.push((team.clone(), text("id")));
            }
        }
        assert_eq!(channels.len(), CHANNELS);
        channels
    }
}

/// A short name, which has letters alone.
fn name(number: usize) -> String {
    let letter = |number: usize| char::from(b'a' + u8::try_from(number % 26).unwrap());
    ["person".to_owned(), letter(number / 26).to_string(), letter(number).to_string()].concat()
}

async fn store(up: &Up) -> SqlitePool {
    let options = SqliteConnectOptions::new()
        .filename(up.folder().join("server/store.sqlite"))
        .busy_timeout(Duration::from_secs(10));
    SqlitePool::connect_with(options).await.unwrap()
}

/// How many of the channels the server knows everybody of.
async fn full(store: &SqlitePool) -> usize {
    let people = i64::try_from(PEOPLE).unwrap();
    let full = sqlx::query(
        "SELECT enclave FROM channel_person WHERE enclave LIKE 'bench-%' GROUP BY enclave HAVING COUNT(*) = $1",
    );
    full.bind(people).fetch_all(store).await.unwrap().len()
}

/// Gives each channel an enclave of Ana's.
async fn enclaves(store: &SqlitePool, channels: &[(String, String)]) {
    let mut tx = store.begin().await.unwrap();
    sqlx::query("UPDATE generation SET number = number + 1").execute(&mut *tx).await.unwrap();
    for (number, (team, channel)) in channels.iter().enumerate() {
        sqlx::query(
            "INSERT INTO enclave (name, id, changed, mirror_wanted, mirror_made, state, frozen_owner, frozen_archive, \
             frozen_operator, mode, enrollment, quota, owner_issuer, owner_subject, team, channel, channel_name, \
             channel_creator, observed_at, created_at, updated_at) \
             SELECT 'bench-' || $1, printf('01900000-0000-7000-8000-%012x', $1), generation.number, 0, 0, 'active', 0, 0, 0, 'rwxrwx---', 'open', \
             quota, owner_issuer, owner_subject, $2, $3, 'bench-' || $1, channel_creator, 0, created_at, updated_at \
             FROM enclave, generation WHERE name = 'price-watch'",
        )
        .bind(i64::try_from(number).unwrap())
        .bind(team)
        .bind(channel)
        .execute(&mut *tx)
        .await
        .unwrap();
    }
    tx.commit().await.unwrap();
}
