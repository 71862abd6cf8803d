//! What takes long is seen to go on although there is nothing new to tell.

use super::*;
use crate::slack::envelope::Said;
use crate::tests::world::{World, words};
use wire::step::NodeState;

/// What a message has become when it was changed for the first time, after `told` and nothing else.
async fn changed_to(told: Option<Told>) -> String {
    let world = World::new().await;
    world.ana_has_signed_in().await;
    let said: Said = words("deploy hello", "1.1", "1.1");
    let open = world.says("said/C1/1.1", said.clone()).await;
    let kraken = &world.kraken;
    let asked = Asked {
        kraken,
        incoming: &open.incoming,
        said: &said,
        account: kraken.slack.account("UANA").await.unwrap(),
        channel: None,
        session: kraken.sessions.of("UANA").await.unwrap().unwrap(),
    };
    let going = Words { going: "*hello* is at it.".to_owned(), what: "What *hello* did".to_owned() };
    let changed = async |world: &World| !world.heard("chat.update").is_empty();
    let work = async |to: UnboundedSender<Told>| {
        told.into_iter().for_each(|told| to.send(told).unwrap());
        world.until("it is changed", changed).await;
        Ok(())
    };
    followed(&asked, going, work, |()| Vec::new()).await.unwrap();
    let updates = world.heard("chat.update");
    assert_eq!(
        updates.last().unwrap()["text"].as_str().unwrap().split('\n').next(),
        Some("What *hello* did has ended.")
    );
    updates[0]["text"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_node_that_takes_long_is_seen_to_take_longer() {
    let step = NodeStep { node: "slow".to_owned(), state: NodeState::Started { attempt: 1 } };
    let text = changed_to(Some(Told { message: String::new(), step: Some(step) })).await;
    assert!(text.contains("○ *slow* is running, for ") && text.ends_with(" s so far"), "{text}");
}

#[tokio::test]
async fn what_has_no_steps_is_seen_to_take_longer() {
    let text = changed_to(None).await;
    assert!(text.starts_with("*hello* is at it.\n") && text.ends_with(" s so far"), "{text}");
}
