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

#[tokio::test]
async fn an_answer_to_a_slash_command_is_never_lost() {
    let world = World::answering(|method, _| match method {
        "chat.postEphemeral" => Some(json!({"ok": false, "error": "channel_not_found"})),
        "over" => Some(json!({"ok": false, "error": "expired_url"})),
        _ => None,
    })
    .await;
    world.around().failing.insert("in_trouble");
    let answered = async |address: String| {
        let said = Asking { how: How::Slash(address), ..words("help", "", "") };
        let incoming = happened("slash/UANA/t.1", What::Said(said.clone()));
        world.kraken.whisper(&incoming, &said, &Message::new("All is well.")).await
    };
    let again = |answered: Result<(), SayError>| match answered {
        Err(SayError::Slack(error)) => !error.is_final(),
        _ => false,
    };
    answered(world.slack("hook")).await.unwrap();
    assert_eq!(world.heard("hook")[0]["text"], "All is well.");
    // Slack is in trouble, or nobody is there: it is tried again.
    assert!(again(answered(world.slack("in_trouble")).await));
    assert!(again(answered("http://127.0.0.1:1/".to_owned()).await));
    assert!(world.heard("chat.postMessage").is_empty());
    // What cannot be answered there any more is answered in a direct message.
    for address in [world.slack("over"), String::new()] {
        answered(address).await.unwrap();
        let told = world.heard("chat.postMessage").pop().unwrap();
        assert_eq!((&told["channel"], &told["text"]), (&json!("DUANA"), &json!("All is well.")));
    }
    assert_eq!(world.heard("chat.postMessage").len(), 2);
}
