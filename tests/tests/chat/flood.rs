//! Many requests, each of which Slack tells of up to four times and in an order of its own, while people come, go and press buttons and
//! the Kraken is killed again and again: each is done once and answered once.

use crate::said::{alone, aloud, founder, greeted};
use reqwest::Method;
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use tests::{Home, Person, Post, Thread, Up, until};
use tokio::time::{Instant, sleep_until};

/// How many requests there are, and how many when nothing is left out.
const FEW: usize = 200;
const ALL: usize = 10_000;

/// After how many the Kraken is killed.
const KILLED_AFTER: usize = 100;

/// How far apart it is killed at least.
const APART: Duration = Duration::from_secs(13);

/// How many wait together, to be told in an order that is drawn, each as often as all of them.
const AT_ONCE: usize = 25;

fn count() -> usize {
    if std::env::var("TENTACULAR_TEST_FULL").is_ok_and(|full| full == "1") {
        return ALL;
    }
    println!("{FEW} requests are made, {} left out: set TENTACULAR_TEST_FULL=1", ALL - FEW);
    FEW
}

/// What the request of this number is: most look, and every tenth does something that can be counted.
fn request(number: usize) -> String {
    match number % 10 {
        0 => format!("@kraken run hello {{\"name\": \"number {number}.\"}}"),
        1..=4 => "@kraken members".to_owned(),
        5 => "@kraken whoami".to_owned(),
        _ => "@kraken status".to_owned(),
    }
}

/// The answer for one alone, of which nobody can say after a kill whether it was sent.
fn is_for_one(number: usize) -> bool {
    number % 10 == 5
}

/// What the one who asked sees of the answer, once it is there.
async fn answer(who: &Person, number: usize, thread: &Thread) -> Vec<Post> {
    let seen = async || match is_for_one(number) {
        // It stands in the channel, among the last things there.
        true => who.sees(thread).await,
        false => who.sees_alone(thread).await,
    };
    until("it is answered", async || Some(seen().await).filter(|posts| !posts.is_empty())).await
}

fn is_right(number: usize, posts: &[Post]) {
    match number % 10 {
        0 => aloud(&posts[0], &[&format!("Hello, number {number}.!")]),
        1..=4 => aloud(&posts[0], &["People of price-watch"]),
        5 => {
            posts.iter().for_each(|post| alone(post, &["price-watch"]));
            assert!(posts.len() <= 2, "a second one comes of a kill alone: {posts:?}");
        }
        _ => aloud(&posts[0], &["price-watch is active."]),
    }
}

/// Adds the runs of `hello` that are not known yet, however many there are.
async fn learn_runs(up: &Up, known: &mut BTreeSet<String>) {
    let (ana, mut cursor) = (up.mcp("ana").await, None::<String>);
    loop {
        let mut page = json!({"enclave": "price-watch", "name": "hello", "limit": 200});
        if let Some(cursor) = cursor {
            page["cursor"] = cursor.into();
        }
        let history = ana.call("wf_history", &page).await.unwrap();
        let runs = history["runs"].as_array().unwrap();
        let ids = runs.iter().map(|run| run["id"].as_str().unwrap().to_owned());
        let new = ids.filter(|id| known.insert(id.clone())).count();
        cursor = history["next_cursor"].as_str().map(str::to_owned);
        if new < runs.len() || cursor.is_none() {
            return;
        }
    }
}

/// Tells the Kraken of what `happens` only afterwards, in an order that `seed` draws, each event so many times more than once.
async fn shuffled<T>(up: &Up, (seed, more): (usize, usize), happens: impl Future<Output = T>) -> T {
    up.control(Method::POST, "redeliver", Some(json!({"times": more}))).await;
    up.control(Method::POST, "hold", Some(json!({"held": true}))).await;
    let happened = happens.await;
    up.control(Method::POST, "hold", Some(json!({"held": false, "seed": seed}))).await;
    happened
}

#[tokio::test]
async fn each_is_done_once_and_answered_once() {
    let home = Home::default();
    let up = home.up().await;
    let ana = founder(&up).await;
    let (ben, cy) = (up.person("ben").await, up.person("cy").await);
    greeted(&ben.asks_and_signs_in("run hello").await);
    let (count, mut threads, mut killed) = (count(), Vec::new(), Instant::now());
    let (mut runs, mut offers) = (BTreeSet::new(), Vec::new());
    let numbers: Vec<usize> = (0..count).collect();
    let asker = |number: usize| if (number / AT_ONCE).is_multiple_of(2) { &ana } else { &ben };
    for (round, numbers) in numbers.chunks(KILLED_AFTER).enumerate() {
        // Cy is there at the end of every second round.
        let is_there = round % 2 == 0;
        let deeds = if is_there { ["join", "leave", "join"] } else { ["leave", "join", "leave"] };
        let begun = threads.len();
        let offer = ana.says("@kraken transfer to @ben").await;
        alone(&ana.hears(&offer, 1).await[0], &["Offer this enclave to @ben?"]);
        for (batch, numbers) in numbers.chunks(AT_ONCE).enumerate() {
            let said: Vec<String> = numbers.iter().map(|number| request(*number)).collect();
            let happens = async {
                if let Some(deed) = deeds.get(batch) {
                    cy.does(deed, None).await;
                }
                asker(numbers[0]).sends_all(&said).await
            };
            threads.extend(shuffled(&up, (round * 4 + batch, batch % 4), happens).await);
        }
        // A second press of the same button, and the kill, come while everything is on its way.
        ana.presses_in_a_rush(&offer, "Offer it").await;
        ana.presses_in_a_rush(&offer, "Offer it").await;
        // Who dies more often than that is started again later and later.
        sleep_until(killed + APART).await;
        killed = Instant::now();
        up.service("kraken-bot").await.kill();
        // What Slack could not deliver for minutes it lets go of, so that the next ones come when these are answered.
        for (number, thread) in numbers.iter().zip(&threads[begun..]) {
            is_right(*number, &answer(asker(*number), *number, thread).await);
        }
        until("it is known who is there", async || {
            (ana.asks("members").await.text.contains("Cy Tanaka") == is_there).then_some(())
        })
        .await;
        offers.push(offer);
        learn_runs(&up, &mut runs).await;
    }
    up.all_acknowledged().await;
    // Once more, when all are answered: none has a second answer.
    let mut twice = BTreeMap::new();
    for (number, thread) in threads.iter().enumerate().filter(|(number, _)| !is_for_one(*number)) {
        let posts = ana.sees_alone(thread).await;
        if posts.len() != 1 {
            twice.insert(number, posts);
        }
    }
    assert!(twice.is_empty(), "{twice:?}");
    for offer in &offers {
        let aloud = ana.sees_alone(offer).await.into_iter().filter(|post| !post.only_for_you);
        let offered: Vec<Post> = aloud.collect();
        assert!(offered.len() == 1 && offered[0].text.contains("is offered to @ben"), "{offered:?}");
    }
    // And each run was one: ben's first one and every tenth of these.
    learn_runs(&up, &mut runs).await;
    assert_eq!(runs.len(), count.div_ceil(10) + 1);
}
