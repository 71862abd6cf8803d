//! Who belongs to an enclave: it changes hands, lets people in who ask, and loses whoever is gone at once.

use crate::said::{alone, aloud, founder, greeted};
use reqwest::Method;
use serde_json::json;
use std::time::{Duration, Instant};
use tests::{Home, Mcp, Person, Up, until};

/// How long whoever left may still do something, counted from the event.
const AT_ONCE: Duration = Duration::from_secs(5);

/// Ben, who has signed in and is a member.
async fn member(up: &Up) -> Person {
    let ben = up.person("ben").await;
    greeted(&ben.asks_and_signs_in("run hello").await);
    ben
}

/// What the channel is told when he has left.
const BEN_IS_OUT: &str = "Ben Okafor is not in the channel any more, and no longer a member.";

/// A tentacle of his own.
async fn deploys_tea(ben: &Person) {
    aloud(&ben.asks("new tea").await, &["tea is written"]);
    aloud(&ben.asks("deploy tea").await, &["tea is deployed."]);
}

/// Waits until nothing of the enclave is shown to somebody's own client.
async fn is_out(client: &Mcp) {
    until("they are out", async || {
        client.call("enclave_info", &json!({"name": "price-watch"})).await.is_err().then_some(())
    })
    .await;
}

/// From now on Slack tells the Kraken nothing about who is where: it says when to come back, again and again.
async fn slack_says_to_come_back(up: &Up) {
    for method in ["conversations.members", "conversations.info", "users.info"] {
        let limit = json!({"method": method, "times": 1_000_000, "retry_after": 1});
        up.control(Method::POST, "ratelimit", Some(limit)).await;
    }
}

/// What happened and waits for the Kraken is given up: it never hears of that.
async fn slack_gives_up(up: &Up) {
    let waits = up.control(Method::GET, "delivery", None).await;
    assert!(waits["waiting"].to_string().contains("member_left_channel"), "{waits}");
    up.control(Method::POST, "give-up", None).await;
    assert!(up.has_all_acknowledged().await);
}

/// Whether the Kraken has said this in the channel itself.
async fn told_in_channel(who: &Person, words: &str) {
    until(words, async || who.channel().await.iter().any(|post| post.text.contains(words)).then_some(()))
        .await;
}

#[tokio::test]
async fn an_enclave_changes_hands_when_the_other_takes_it() {
    let home = Home::default();
    let up = home.up().await;
    let ana = founder(&up).await;
    let ben = member(&up).await;
    let thread = ana.says("@kraken transfer to @ben").await;
    let card = ana.hears(&thread, 1).await.remove(0);
    alone(&card, &["Offer this enclave to @ben?", "Nothing changes before they have accepted"]);
    aloud(&ana.asks("status").await, &["Ana Sousa owns it."]);
    ana.presses(&thread, "Offer it").await;
    aloud(&ana.hears(&thread, 2).await[1], &["price-watch is offered to @ben", "a day to accept"]);
    ana.presses(&thread, "Offer it").await;
    alone(&ana.hears(&thread, 3).await[2], &["This button is over"]);

    let offer = ben.hears_in_private(1).await.remove(0);
    assert!(offer.text.contains("Ana Sousa offers you the enclave price-watch (#price-watch)."), "{offer:?}");
    aloud(&ana.asks("status").await, &["Ana Sousa owns it."]);
    ben.presses_in_private("Take it").await;
    told_in_channel(&ana, "Ben Okafor owns this enclave now. Ana Sousa, who did before, is a member.").await;
    aloud(&ben.asks("status").await, &["Ben Okafor owns it."]);
    alone(&ana.asks("set mode private").await, &["You may not"]);
    assert!(ana.hears_in_private(1).await[0].text.contains("Ben Okafor has accepted"));
    // The card tells what became of it, and has no buttons any more.
    let private = ben.in_private().await;
    assert!(private[0].text.starts_with("The enclave price-watch is yours now."), "{private:?}");
    assert_eq!(private.len(), 1, "it is said once: {private:?}");
}

#[tokio::test]
async fn who_must_be_let_in_asks_by_a_button_and_the_owner_answers_by_one() {
    let home = Home::default();
    let up = home.up().await;
    let ana = founder(&up).await;
    aloud(
        &ana.asks("new members need approval").await,
        &["only those are members of price-watch whom you have let in"],
    );
    let ben = up.person("ben").await;
    let thread = ben.says("@kraken run hello").await;
    let card = ben.hears(&thread, 1).await.remove(0);
    ben.signs_in(&card).await;
    let refused = ben.hears(&thread, 2).await.remove(1);
    alone(&refused, &["You may not", "Ask to join"]);
    ben.presses(&thread, "Ask to join").await;
    alone(&ben.hears(&thread, 3).await[2], &["I have asked Ana Sousa to let you in"]);
    let asked = ana.hears_in_private(1).await.remove(0);
    assert!(asked.text.contains("Ben Okafor asks to be a member of your enclave price-watch"), "{asked:?}");
    ana.presses_in_private("Let them in").await;
    assert!(ben.hears_in_private(1).await[0].text.contains("you are a member now"));
    greeted(&ben.asks("run hello").await);
    alone(&ben.asks("ask to join").await, &["You are a member already."]);
    // A guest is not offered what could not be given.
    let gil = up.person("gil").await;
    let refused = gil.asks_and_signs_in("run hello").await;
    assert!(!refused.text.contains("Ask to join"), "{refused:?}");
}

#[tokio::test]
async fn whoever_leaves_is_out_at_once_though_nobody_else_is_there() {
    let home = Home::default();
    let up = home.up().await;
    let ana = founder(&up).await;
    let ben = member(&up).await;
    deploys_tea(&ben).await;
    // His own client and its token go on; the owner has signed out, and Slack tells the Kraken nothing.
    let client = up.mcp("ben").await;
    client.call("enclave_info", &json!({"name": "price-watch"})).await.unwrap();
    alone(&ana.asks("logout").await, &["You are signed out."]);
    slack_says_to_come_back(&up).await;
    ben.does("leave", None).await;
    let left = Instant::now();
    is_out(&client).await;
    assert!(left.elapsed() < AT_ONCE, "it took {:?}", left.elapsed());
    told_in_channel(&ana, &format!("{BEN_IS_OUT} tea is Ana Sousa's now.")).await;
}

#[tokio::test]
async fn whoever_leaves_while_the_server_is_away_is_out_when_it_is_back() {
    let home = Home::default();
    let up = home.up().await;
    let ana = founder(&up).await;
    let ben = member(&up).await;
    let client = up.mcp("ben").await;
    let before = up.service("mcp-server").await;
    before.kill();
    // Nor does Slack tell anything.
    slack_says_to_come_back(&up).await;
    ben.does("leave", None).await;
    up.all_acknowledged().await;
    // The Kraken has it on disk, and dies too.
    let kraken = up.service("kraken-bot").await;
    kraken.kill();
    until("another server runs", async || (up.service("mcp-server").await != before).then_some(())).await;
    up.answers().await;
    let back = Instant::now();
    is_out(&client).await;
    assert!(back.elapsed() < AT_ONCE, "it took {:?}", back.elapsed());
    told_in_channel(&ana, BEN_IS_OUT).await;
}

#[tokio::test]
async fn whoever_leaves_while_the_kraken_is_away_is_out_as_soon() {
    let home = Home::default();
    let up = home.up().await;
    let ana = founder(&up).await;
    let ben = member(&up).await;
    let client = up.mcp("ben").await;
    // It hears nothing of it before it dies.
    let kraken = up.service("kraken-bot").await;
    kraken.freeze();
    ben.does("leave", None).await;
    let left = Instant::now();
    kraken.kill();
    is_out(&client).await;
    assert!(left.elapsed() < AT_ONCE, "it took {:?}", left.elapsed());
    told_in_channel(&ana, BEN_IS_OUT).await;
}

#[tokio::test]
async fn what_was_missed_while_the_kraken_was_away_is_found_at_its_start() {
    let home = Home::default();
    let up = home.up().await;
    let ana = founder(&up).await;
    let ben = member(&up).await;
    deploys_tea(&ben).await;
    let client = up.mcp("ben").await;
    up.minds_nothing();
    up.service("kraken-bot").await.kill();
    ben.does("leave", None).await;
    slack_gives_up(&up).await;
    client.call("enclave_info", &json!({"name": "price-watch"})).await.unwrap();
    up.minds_again();
    is_out(&client).await;
    told_in_channel(&ana, &format!("{BEN_IS_OUT} tea is Ana Sousa's now.")).await;
}

#[tokio::test]
async fn what_was_missed_is_put_right_and_told_when_somebody_asks_for_it() {
    let home = Home::default();
    let up = home.up().await;
    let ana = founder(&up).await;
    let ben = member(&up).await;
    let client = up.mcp("ben").await;
    let kraken = up.service("kraken-bot").await;
    kraken.freeze();
    up.control(Method::POST, "disconnect", Some(json!({"how": "drop"}))).await;
    until("the Kraken is not connected", async || {
        let delivery = up.control(Method::GET, "delivery", None).await;
        (delivery["connections"] == 0).then_some(())
    })
    .await;
    ben.does("leave", None).await;
    slack_gives_up(&up).await;
    kraken.thaw();
    up.answers().await;
    // Nobody knows of it.
    aloud(&ana.asks("members").await, &["Members: Ben Okafor"]);
    client.call("enclave_info", &json!({"name": "price-watch"})).await.unwrap();
    aloud(&ana.asks("sync").await, &["put right what I knew", "Not here any more: Ben Okafor"]);
    is_out(&client).await;
    told_in_channel(&ana, BEN_IS_OUT).await;
    aloud(&ana.asks("sync").await, &["all is as I knew it"]);
}

#[tokio::test]
async fn an_account_that_is_over_or_a_guests_now_loses_what_it_had() {
    let home = Home::default();
    let up = home.up().await;
    let ana = founder(&up).await;
    let ben = member(&up).await;
    let change = async |difference: serde_json::Value| {
        up.control(Method::PATCH, "people/ben", Some(difference)).await;
    };
    change(json!({"is_restricted": true})).await;
    until("he is a visitor", async || {
        ana.asks("members").await.text.contains("Ben Okafor (a guest of the workspace)").then_some(())
    })
    .await;
    alone(&ben.asks("deploy hello").await, &["You may not"]);
    change(json!({"is_restricted": false})).await;
    until("he is a member again", async || {
        ana.asks("members").await.text.contains("Members: Ben Okafor").then_some(())
    })
    .await;
    let client = up.mcp("ben").await;
    change(json!({"deleted": true})).await;
    is_out(&client).await;
    told_in_channel(&ana, BEN_IS_OUT).await;
}

#[tokio::test]
async fn an_account_is_unlinked_and_signs_in_again() {
    let home = Home::default();
    let up = home.up().await;
    let ana = founder(&up).await;
    let ben = member(&up).await;
    alone(&ben.asks("unlink").await, &["This Slack account is not tied to you any more"]);
    aloud(&ana.asks("members").await, &["Ben Okafor (has not signed in)"]);
    alone(&ben.asks_and_signs_in("login").await, &["You are signed in as Ben Okafor"]);
    alone(&ben.asks("login").await, &["You are signed in as Ben Okafor"]);
    greeted(&ben.asks("run hello").await);
    aloud(&ana.asks("sync").await, &["all is as I knew it"]);

    // In a direct message a click confirms it.
    let card = ben.asks_in_private("unlink").await;
    assert!(card.text.contains("Unlink this Slack account?"), "{card:?}");
    aloud(&ana.asks("members").await, &["Members: Ben Okafor"]);
    ben.presses_in_private("Unlink").await;
    until("he is nobody's", async || {
        let said = ben.in_private().await;
        said.iter().any(|post| post.text.contains("is not tied to you any more")).then_some(())
    })
    .await;
    aloud(&ana.asks("members").await, &["Ben Okafor (has not signed in)"]);
}

#[tokio::test]
async fn an_archived_channel_is_told_to_its_owner_and_comes_back() {
    let home = Home::default();
    let up = home.up().await;
    let ana = founder(&up).await;
    ana.does("archive", None).await;
    let told = ana.hears_in_private(1).await.remove(0);
    assert!(
        told.text.contains("The channel #price-watch was archived, so your enclave price-watch is frozen"),
        "{told:?}"
    );
    let frozen = up.operator(&["enclave", "info", "price-watch"]).await;
    assert!(frozen.out.contains("frozen"), "{frozen:?}");
    ana.finds_at_home(&["its channel is archived, so nothing changes there", "invite me back"]).await;

    // Used again, it is as frozen as before until the Kraken, which cannot come back by itself, is there to see who is in it.
    ana.does("unarchive", None).await;
    up.all_acknowledged().await;
    let frozen = up.operator(&["enclave", "info", "price-watch"]).await;
    assert!(frozen.out.contains("frozen"), "{frozen:?}");
    ana.does("invite", Some("kraken")).await;
    until("it is in use again", async || {
        let now = up.operator(&["enclave", "info", "price-watch"]).await;
        (!now.out.contains("frozen")).then_some(())
    })
    .await;
    greeted(&ana.asks("run hello").await);
}

#[tokio::test]
async fn what_failed_is_told_where_it_was_and_to_whoever_may_know() {
    let home = Home::default();
    let up = home.up().await;
    let ana = founder(&up).await;
    let nothing = ["Nothing failed in the last 24 hours.", "no run of the one tentacle that you can see."];
    aloud(&ana.asks("what failed").await, &nothing);
    let hello = up.folder().join("tentacles/price-watch/hello");
    std::fs::remove_dir_all(hello.join("tests")).unwrap();
    let well = std::fs::read(hello.join("nodes/hello.ts")).unwrap();
    std::fs::write(hello.join("nodes/hello.ts"), "export default () => { throw new Error('no tea'); };\n")
        .unwrap();
    aloud(&ana.asks("deploy hello").await, &["hello is deployed."]);
    ana.asks("run hello").await;
    let failed = ["Failed in the last 24 hours", "hello: its one run failed, the last at", "no tea"];
    aloud(&ana.asks("what failed?").await, &failed);
    // What went well since has failed all the same.
    std::fs::write(hello.join("nodes/hello.ts"), well).unwrap();
    aloud(&ana.asks("deploy hello").await, &["hello is deployed."]);
    greeted(&ana.asks("run hello").await);
    let failed = ["hello: 1 of 2 runs failed, the last at", "no tea", "It has run well since."];
    aloud(&ana.asks("what failed").await, &failed);
    let told = ana.asks_in_private("what failed").await;
    assert!(told.text.contains("price-watch, hello: 1 of 2 runs failed"), "{told:?}");
}
