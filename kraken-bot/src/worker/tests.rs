//! That somebody has left is told, whatever else goes on or does not.

use super::work;
use crate::slack::envelope::{How, Incoming, Said, What};
use crate::tests::notice;
use crate::tests::world::{Condition, World, happened};
use crate::{away, notices};
use serde_json::json;

fn asks(number: usize) -> Incoming {
    let said = Said {
        user: format!("U{number}"),
        text: "help".into(),
        ts: number.to_string(),
        thread: number.to_string(),
        direct: false,
        click: None,
        how: How::Spoken,
    };
    // No channel takes all turns.
    Incoming { channel: format!("C2{}", number % 4), ..happened(&format!("said/{number}"), What::Said(said)) }
}

/// How often Slack was asked for this.
fn asked(world: &World, method: &str) -> usize {
    world.heard(method).len()
}

#[tokio::test]
async fn leaving_that_waited_for_the_server_is_told_when_it_is_back_while_a_notice_waits_for_slack() {
    let world = World::new().await;
    let kraken = &world.kraken;
    world.around().limited.insert("chat.postMessage");
    world.around().notices = vec![notice("Ben Okafor has left the channel.")];
    let happens = async {
        world.until("a notice waits for Slack", async |it| asked(it, "chat.postMessage") > 0).await;
        world.around().server = Condition::Away;
        world.happens("left", What::Left("UBEN".into())).await;
        let waits = async |it: &World| it.kraken.inbox.news_wait("C1", i64::MAX).await.unwrap().is_some();
        world.until("the news wait", waits).await;
        assert!(!world.is_told_that_left("UBEN"));
        world.around().server = Condition::Well;
        world.until("the news are told", async |it| it.is_told_that_left("UBEN")).await;
    };
    tokio::select! {
        () = work(kraken) => {}
        () = away::watch(kraken) => {}
        () = notices::deliver(kraken) => {}
        () = happens => {}
    }
}

/// With all turns taken by what asks Slack by this method, which is limited, Ben leaves.
async fn leaving_is_told(world: &World, method: &str) {
    let happens = async {
        world.until("all turns are taken", async |it| asked(it, method) == super::AT_ONCE).await;
        world.happens("left", What::Left("UBEN".into())).await;
        world.until("the news are told", async |it| it.is_told_that_left("UBEN")).await;
    };
    tokio::select! {
        () = work(&world.kraken) => {}
        () = happens => {}
    }
}

#[tokio::test]
async fn leaving_is_told_while_all_turns_of_what_people_ask_are_taken() {
    let world = World::new().await;
    world.around().limited.insert("chat.postEphemeral");
    for number in 0..40 {
        world.kraken.inbox.receive(&asks(number)).await.unwrap();
    }
    leaving_is_told(&world, "chat.postEphemeral").await;
    assert_eq!(asked(&world, "chat.postEphemeral"), super::AT_ONCE);
}

#[tokio::test]
async fn leaving_is_told_while_who_joined_cannot_be_looked_up() {
    let world = World::new().await;
    world.around().limited.insert("conversations.members");
    let joined = |number: usize| Incoming {
        channel: if number == 0 { "C1".into() } else { format!("C1{number}") },
        ..happened(&format!("joined{number}"), What::Joined("UBEN".into()))
    };
    for number in 0..40 {
        world.kraken.inbox.receive(&joined(number)).await.unwrap();
    }
    leaving_is_told(&world, "conversations.members").await;
}

#[tokio::test]
async fn what_waits_for_the_server_is_not_overtaken_in_its_channel() {
    let world = World::new().await;
    let inbox = &world.kraken.inbox;
    world.around().members.insert("C1", vec!["UANA", "UBEN"]);
    world.around().server = Condition::Away;
    let happens = async {
        world.happens("left", What::Left("UBEN".into())).await;
        let waits = async |it: &World| it.kraken.inbox.news_wait("C1", i64::MAX).await.unwrap().is_some();
        world.until("the news wait", waits).await;
        // The server is back, which nobody has seen yet; meanwhile Ben is, too.
        world.around().server = Condition::Well;
        world.happens("joined", What::Joined("UBEN".into())).await;
        let elsewhere = Incoming { channel: "C2".into(), ..happened("renamed", What::Renamed("tea".into())) };
        inbox.receive(&elsewhere).await.unwrap();
        world.until("the others' news are told", async |it| !it.reports().is_empty()).await;
        assert_eq!(world.reports()[0]["channel"], "C2");
        inbox.signed_in(away::Away::Server.name()).await.unwrap();
        world.until("the news are told", async |it| it.reports().len() == 3).await;
    };
    tokio::select! {
        () = work(&world.kraken) => {}
        () = happens => {}
    }
    let reports = world.reports();
    assert_eq!((&reports[1]["left"], &reports[2]["joined"][0]["user"]), (&json!(["UBEN"]), &json!("UBEN")));
}
