use super::*;
use crate::slack::envelope::What;
use crate::tests::world::{World, happened, words};
use serde_json::json;

/// Where the last whisper went: its thread, and the name of its first block.
fn whispered(world: &World) -> (Option<String>, Option<String>) {
    let sent = world.heard("chat.postEphemeral").pop().unwrap();
    let text = |pointer: &str| sent.pointer(pointer).and_then(Value::as_str).map(str::to_owned);
    (text("/thread_ts"), text("/blocks/0/block_id"))
}

#[tokio::test]
async fn what_is_for_one_stands_in_the_channel_until_the_thread_has_a_reply() {
    let world = World::new().await;
    let kraken = &world.kraken;
    let message = Message::new("Sign in.");
    let whisper = async |said: &Asking| {
        kraken.whisper(&happened("Ev1", What::Said(said.clone())), said, &message).await.unwrap();
        whispered(&world)
    };
    let in_channel = |thread: &str| (None, Some(format!("about:{thread}:0")));
    let in_thread = |thread: &str| (Some(thread.to_owned()), None);

    let first = words("help", "1.1", "1.1");
    assert_eq!(whisper(&first).await, in_channel("1.1"));
    // What was said is a reply itself.
    assert_eq!(whisper(&words("help", "1.2", "1.1")).await, in_thread("1.1"));
    assert_eq!(whisper(&first).await, in_channel("1.1"));
    // The Kraken has answered there.
    let place = Place { channel: "C1".into(), thread: Some("1.1".into()) };
    kraken.say_once(&place, &message, "answer:Ev1").await.unwrap();
    assert_eq!(whisper(&first).await, in_thread("1.1"));
    assert_eq!(whisper(&words("help", "2.1", "2.1")).await, in_channel("2.1"));
    // A message that grows is an answer, too.
    let place = Place { channel: "C1".into(), thread: Some("2.1".into()) };
    assert!(kraken.begin_growing(&place, "UANA", (&[json!({})], "grows:Ev2")).await.unwrap());
    assert_eq!(whisper(&words("help", "2.1", "2.1")).await, in_thread("2.1"));
}
