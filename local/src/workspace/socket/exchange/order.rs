//! The order in which events go out: as they came, or drawn, as far as Slack may reorder them.

use std::collections::HashMap;

use serde_json::Value;

/// The numbers of `waiting` in an order that `seed` draws. Slack promises none between conversations; what belongs to one stays as
/// it came.
pub(super) fn drawn(waiting: &[(u64, String)], seed: u64) -> Vec<u64> {
    let mut places: HashMap<&str, Vec<u64>> = HashMap::new();
    for (number, conversation) in waiting {
        places.entry(conversation).or_default().push(mixed(seed ^ mixed(*number)));
    }
    // The last is taken first.
    places.values_mut().for_each(|places| places.sort_unstable_by(|one, other| other.cmp(one)));
    let mut drawn: Vec<(u64, u64)> = waiting
        .iter()
        .map(|(number, conversation)| {
            let place = places.get_mut(conversation.as_str()).and_then(Vec::pop);
            (place.unwrap_or_default(), *number)
        })
        .collect();
    drawn.sort_unstable();
    drawn.into_iter().map(|(_, number)| number).collect()
}

/// What an event belongs to: a thread, or what happens to a channel or an account.
pub(super) fn conversation(payload: &Value) -> String {
    let text = |pointer: &str| payload.pointer(pointer).and_then(Value::as_str);
    let channel = ["/event/channel", "/event/channel/id", "/event/item/channel"].into_iter().find_map(text);
    let about =
        channel.or_else(|| text("/event/user")).or_else(|| text("/event/user/id")).unwrap_or_default();
    // A change of a message stands under the message that it changes.
    let threads = [
        "/event/thread_ts",
        "/event/message/thread_ts",
        "/event/previous_message/thread_ts",
        "/event/message/ts",
        "/event/deleted_ts",
        "/event/item/ts",
    ];
    let is_said = matches!(text("/event/type"), Some("message" | "app_mention"));
    let thread = threads.into_iter().find_map(text).or_else(|| text("/event/ts").filter(|_| is_said));
    format!("{about}/{}", thread.unwrap_or_default())
}

/// A number that looks drawn (<https://prng.di.unimi.it/splitmix64.c>).
const fn mixed(number: u64) -> u64 {
    let number = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ (number >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn conversations_mix_and_each_stays_in_order() {
        let waiting: Vec<(u64, String)> =
            (0..60).map(|number| (number, format!("C1/{}", number % 6))).collect();
        let first = drawn(&waiting, 1);
        assert_ne!(first, (0..60).collect::<Vec<u64>>());
        assert_ne!(first, drawn(&waiting, 2));
        for thread in 0..6 {
            let of_it: Vec<u64> = first.iter().copied().filter(|number| number % 6 == thread).collect();
            assert_eq!(of_it, (0..10).map(|nth| nth * 6 + thread).collect::<Vec<u64>>());
        }
    }

    #[test]
    fn what_is_said_of_a_message_belongs_to_its_thread() {
        let of = |event: Value| conversation(&json!({ "event": event }));
        let said = json!({ "type": "message", "channel": "C1", "ts": "1.1" });
        assert_eq!(of(said), "C1/1.1");
        assert_eq!(
            of(json!({ "type": "app_mention", "channel": "C1", "ts": "1.2", "thread_ts": "1.1" })),
            "C1/1.1"
        );
        let deleted = json!({ "type": "message", "subtype": "message_deleted", "channel": "C1", "ts": "1.9", "deleted_ts": "1.1" });
        assert_eq!(of(deleted), "C1/1.1");
        assert_eq!(of(json!({ "type": "member_left_channel", "channel": "C1", "user": "U1" })), "C1/");
        assert_eq!(of(json!({ "type": "channel_rename", "channel": { "id": "C1" } })), "C1/");
        assert_eq!(of(json!({ "type": "user_change", "user": { "id": "U1" } })), "U1/");
    }
}
