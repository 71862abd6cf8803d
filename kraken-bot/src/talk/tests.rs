use super::*;
use crate::clicks::TOO_LATE;
use crate::modals::ASK_ANYTHING;
use crate::slack::envelope::{Click, Incoming, What};
use crate::tests::world::{World, happened, words};
use serde_json::{Value, json};

/// A Slack in which the Kraken is in no channel.
async fn alone() -> World {
    World::answering(|method, sent| {
        let refused = |code: &str| Some(json!({"ok": false, "error": code}));
        match method {
            "conversations.info" | "chat.postEphemeral" => refused("channel_not_found"),
            "chat.postMessage" if sent["channel"] != "DUANA" => refused("not_in_channel"),
            "views.open" => refused("expired_trigger_id"),
            _ => None,
        }
    })
    .await
}

fn form() -> Said {
    Said { how: How::Form, ..words("status", "", "") }
}

/// What was said in the direct messages with Ana.
fn told(world: &World) -> Vec<String> {
    let sent = world.heard("chat.postMessage").into_iter().filter(|sent| sent["channel"] == "DUANA");
    let words = sent.map(|sent: Value| sent["text"].as_str().unwrap().to_owned());
    words.filter(|words| words != doing::I_AM_ON_IT).collect()
}

#[tokio::test]
async fn a_form_sent_to_where_the_kraken_is_not_is_answered_in_a_direct_message() {
    let world = alone().await;
    let kraken = &world.kraken;
    let open = world.says("view/1", form()).await;
    assert_eq!(answer(kraken, &open, &form()).await, Became::Waits);
    assert!(told(&world)[0].contains("Sign in to go on."), "{:?}", told(&world));

    world.ana_has_signed_in().await;
    let open = world.says("view/2", form()).await;
    assert_eq!(answer(kraken, &open, &form()).await, Became::Done);
    assert_eq!(told(&world)[1..], [not_invited("C1")]);
    // Also where all could have heard it.
    deliver(kraken, &open, &form(), Answer::Aloud(Message::new("All is well."))).await.unwrap();
    assert_eq!(told(&world)[2..], ["All is well."]);
    assert!(
        deliver(kraken, &open, &words("status", "1.1", "1.1"), Answer::Aloud(Message::new("No.")))
            .await
            .is_err()
    );
    assert_eq!(told(&world).len(), 3, "a mention is none of these");
}

#[tokio::test]
async fn a_shortcut_that_came_too_late_is_answered_in_a_direct_message() {
    let world = alone().await;
    let kraken = &world.kraken;
    let click =
        Click { action: ASK_ANYTHING.into(), value: String::new(), trigger: "t.1".into(), card: None };
    let said = Said { click: Some(click), ..words("", "", "") };
    let said_there = happened("shortcut/UANA/t.1", What::Said(said.clone()));
    let incoming = Incoming { channel: String::new(), ..said_there };
    kraken.inbox.receive(&incoming).await.unwrap();
    let open = kraken.inbox.open_events().await.unwrap().remove(0);
    assert_eq!(answer(kraken, &open, &said).await, Became::Done);
    assert_eq!(told(&world), [TOO_LATE]);
}
