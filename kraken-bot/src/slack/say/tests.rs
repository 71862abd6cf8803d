use super::*;
use crate::tests::world::World;

/// A thread of a mention and 250 replies, the oldest first, as Slack gives it: in pages of at most 200, from `oldest` on.
fn replies(sent: &Value) -> Value {
    let number = |name: &str| sent[name].as_str().map(|text| text.parse::<usize>().unwrap());
    let from = number("cursor").unwrap_or_default();
    let to = (from + number("limit").unwrap()).min(251);
    let oldest = number("oldest").unwrap_or_default();
    let messages: Vec<Value> = (from..to)
        .filter(|at| *at == 0 || 1_700_000_000 + at > oldest)
        .map(|at| json!({"ts": format!("{}.000001", 1_700_000_000 + at), "blocks": [{"block_id": format!("answer:{at}")}]}))
        .collect();
    let next = if to < 251 { to.to_string() } else { String::new() };
    json!({"ok": true, "messages": messages, "response_metadata": {"next_cursor": next}})
}

#[tokio::test]
async fn what_was_said_is_found_in_a_long_thread() {
    let world =
        World::answering(|method, sent| (method == "conversations.replies").then(|| replies(sent))).await;
    let slack = &world.kraken.slack;
    let place = Place { channel: "C1".into(), thread: Some("1700000000.000001".into()) };
    let since = 1_700_000_000;
    for (key, ts) in
        [("answer:3", Some("1700000003.000001")), ("answer:240", Some("1700000240.000001")), ("no", None)]
    {
        assert_eq!(slack.find(&place, key, since).await.unwrap().as_deref(), ts, "{key}");
    }
    // Nothing is asked for that is older than what is looked for.
    let asked = world.heard("conversations.replies");
    let oldest = json!((since - APART).to_string());
    assert!(asked.iter().all(|sent| sent["oldest"] == oldest), "{asked:?}");
}
