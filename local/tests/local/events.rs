//! What the app is told, and what it is not.

use reqwest::Method;
use serde_json::{Value, json};

use crate::app::App;

#[tokio::test]
async fn a_mention_is_a_message_and_a_mention() {
    let app = App::start().await;
    let mut socket = app.socket().await;
    let ts = app.person("ana").say("price-watch", "@kraken *set up* this channel").await;
    let (message, mention) = (socket.envelope().await, socket.envelope().await);
    let (message_event, mention_event) = (&message["payload"]["event"], &mention["payload"]["event"]);
    let bot = app.api("auth.test", json!({})).await["user_id"].as_str().unwrap().to_owned();

    assert_eq!(message["type"], "events_api");
    assert_eq!(message["payload"]["type"], "event_callback");
    assert_eq!(message["payload"]["authorizations"][0]["user_id"], bot);
    assert_ne!(message["payload"]["event_id"], mention["payload"]["event_id"]);
    assert_eq!((&message_event["type"], &mention_event["type"]), (&json!("message"), &json!("app_mention")));
    assert_eq!(message_event["channel_type"], "channel");
    for event in [message_event, mention_event] {
        assert_eq!((&event["ts"], &event["event_ts"]), (&json!(ts), &json!(ts)));
        assert_eq!(event["user"], app.user("ana").await);
        assert_eq!(event["channel"], app.channel("price-watch").await);
        assert_eq!(event["text"], format!("<@{bot}> *set up* this channel"));
        assert!(event["client_msg_id"].is_string());
        let elements = &event["blocks"][0]["elements"][0]["elements"];
        assert_eq!(elements[0], json!({ "type": "user", "user_id": bot }));
        assert_eq!(elements[2], json!({ "type": "text", "text": "set up", "style": { "bold": true } }));
    }
}

#[tokio::test]
async fn where_the_bot_is_not_it_hears_nothing() {
    let app = App::start().await;
    let mut socket = app.socket().await;
    let answer = app.person("ana").act("post", &[("channel", "random"), ("text", "@kraken help")]).await;
    assert!(answer["message"].as_str().unwrap().contains("not in this channel"), "{answer}");
    app.person("ana").act("do/topic", &[("channel", "random"), ("topic", "x")]).await;
    app.person("cy").act("do/leave", &[("channel", "random")]).await;
    app.person("ana").say("price-watch", "here").await;
    assert_eq!(socket.envelope().await["payload"]["event"]["text"], "here");
}

#[tokio::test]
async fn in_a_direct_conversation_every_message_is_for_the_bot() {
    let app = App::start().await;
    let mut socket = app.socket().await;
    let ana = app.user("ana").await;
    let direct = app.api("conversations.open", json!({ "users": ana })).await;
    let id = direct["channel"]["id"].as_str().unwrap();
    assert!(id.starts_with('D'));
    app.person("ana").say(id, "@kraken help").await;
    app.person("ana").say("price-watch", "after").await;
    let event = socket.envelope().await["payload"]["event"].clone();
    assert_eq!((&event["type"], &event["channel_type"]), (&json!("message"), &json!("im")));
    assert_eq!(socket.envelope().await["payload"]["event"]["text"], "after");
    assert_eq!(app.api("conversations.open", json!({ "users": ana })).await["already_open"], true);
    let posted = app.api("chat.postMessage", json!({ "channel": ana, "text": "hello" })).await;
    assert_eq!(posted["channel"], id);
    let first =
        app.api("chat.postMessage", json!({ "channel": app.user("ben").await, "text": "hello" })).await;
    assert!(first["channel"].as_str().unwrap().starts_with('D') && first["channel"] != id);
}

#[tokio::test]
async fn what_is_said_to_one_is_told_to_no_other() {
    let app = App::start().await;
    let mut socket = app.socket().await;
    let (channel, ana) = (app.channel("price-watch").await, app.user("ana").await);
    app.api("chat.postEphemeral", json!({ "channel": channel, "user": ana, "text": "psst" })).await;
    app.person("ben").say("price-watch", "aloud").await;
    assert_eq!(socket.envelope().await["payload"]["event"]["text"], "aloud");
    let hears = async |name: &str| {
        let messages = app.person(name).messages("price-watch").await;
        messages.iter().any(|message| message["text"] == "psst" && message["only_for_you"] == true)
    };
    assert!(hears("ana").await);
    assert!(!hears("ben").await);
    let history = app.api("conversations.history", json!({ "channel": channel })).await;
    assert!(!history.to_string().contains("psst"));
}

#[tokio::test]
async fn what_is_said_to_one_in_a_thread_without_a_reply_is_shown_to_nobody() {
    let app = App::start().await;
    let (channel, ana) = (app.channel("price-watch").await, app.user("ana").await);
    let thread = app.person("ana").say("price-watch", "@kraken help").await;
    let whisper = async |text: &str| {
        let there = json!({ "channel": channel, "user": ana, "thread_ts": thread, "text": text });
        app.api("chat.postEphemeral", there).await["message_ts"].as_str().unwrap().to_owned()
    };
    let seen = async || -> Vec<Value> {
        let messages = app.person("ana").messages("price-watch").await;
        messages.into_iter().filter(|message| message["only_for_you"] == true).collect()
    };
    let ts = whisper("too early").await;
    assert_eq!(seen().await, Vec::<Value>::new());
    let dismissed = app.person("ana").try_do("do/dismiss", &[("channel", "price-watch"), ("ts", &ts)]).await;
    assert_eq!(dismissed["error"], "message_not_found");
    let reply = [("channel", "price-watch"), ("text", "hm"), ("thread", thread.as_str())];
    app.person("ben").act("post", &reply).await;
    assert_eq!(seen().await, Vec::<Value>::new(), "it does not come later either");
    whisper("in time").await;
    let seen = seen().await;
    assert_eq!((seen.len(), &seen[0]["text"], &seen[0]["thread_ts"]), (1, &json!("in time"), &json!(thread)));
}

#[tokio::test]
async fn edits_deletions_and_reactions_are_told() {
    let app = App::start().await;
    let mut socket = app.socket().await;
    let ts = app.person("ana").say("price-watch", "before").await;
    socket.event("message").await;
    let at = [("channel", "price-watch"), ("ts", ts.as_str())];
    app.person("ana").act("do/edit", &[at[0], at[1], ("text", "@kraken after")]).await;
    let changed = socket.event("message/message_changed").await;
    assert_eq!(changed["previous_message"]["text"], "before");
    assert!(changed["message"]["text"].as_str().unwrap().ends_with("after"));
    assert_eq!(changed["message"]["edited"]["user"], app.user("ana").await);
    // Slack mentions again when an edit mentions; who acts on mentions sees the mark of the edit.
    assert!(socket.event("app_mention").await["edited"].is_object());

    app.person("ben").act("do/react", &[at[0], at[1], ("name", "eyes")]).await;
    let added = socket.event("reaction_added").await;
    assert_eq!((&added["reaction"], &added["item"]["ts"]), (&json!("eyes"), &json!(ts)));
    app.person("ben").act("do/react", &[at[0], at[1], ("name", "eyes")]).await;
    socket.event("reaction_removed").await;

    app.person("ana").act("do/delete", &at).await;
    let deleted = socket.event("message/message_deleted").await;
    assert_eq!(deleted["deleted_ts"], ts.as_str());
}

#[tokio::test]
async fn coming_and_going_is_told() {
    let app = App::start().await;
    let mut socket = app.socket().await;
    let (channel, cy) = (app.channel("price-watch").await, app.user("cy").await);
    app.person("cy").act("do/join", &[("channel", "price-watch")]).await;
    let joined = socket.event("member_joined_channel").await;
    assert_eq!((&joined["user"], &joined["channel_type"]), (&json!(cy), &json!("C")));
    assert_eq!(joined.get("inviter"), None);
    assert_eq!(socket.event("message/channel_join").await["user"], cy);
    app.person("cy").act("do/leave", &[("channel", "price-watch")]).await;
    assert_eq!(socket.event("member_left_channel").await["user"], cy);

    let invite = [("channel", "price-watch"), ("user", "cy")];
    app.person("ana").act("do/invite", &invite).await;
    assert_eq!(socket.event("member_joined_channel").await["inviter"], app.user("ana").await);
    app.person("ana").act("do/remove", &invite).await;
    assert_eq!(socket.event("member_left_channel").await["channel"], channel);
}

#[tokio::test]
async fn a_bot_that_is_put_out_learns_it_and_hears_no_more() {
    let app = App::start().await;
    let mut socket = app.socket().await;
    let kraken = [("channel", "price-watch"), ("user", "kraken")];
    app.person("ana").act("do/remove", &kraken).await;
    app.person("ana").say("price-watch", "are we alone?").await;
    app.person("ana").act("do/invite", &kraken).await;
    let left = socket.envelope().await["payload"]["event"].clone();
    assert_eq!(left["type"], "channel_left");
    let back = socket.envelope().await["payload"]["event"].clone();
    assert_eq!(back["type"], "member_joined_channel");
    assert_eq!(back["user"], app.api("auth.test", json!({})).await["user_id"]);
}

#[tokio::test]
async fn an_archived_channel_has_no_bot_and_no_members() {
    let app = App::start().await;
    let mut socket = app.socket().await;
    let channel = app.channel("price-watch").await;
    app.person("ana").act("do/archive", &[("channel", "price-watch")]).await;
    let archived = socket.event("channel_archive").await;
    assert_eq!((&archived["channel"], &archived["user"]), (&json!(channel), &json!(app.user("ana").await)));
    let here = json!({ "channel": channel, "text": "x", "user": app.user("ana").await });
    assert_eq!(app.refusal("chat.postMessage", here.clone()).await, "is_archived");
    assert_eq!(app.refusal("chat.postEphemeral", here.clone()).await, "is_archived");
    assert_eq!(app.refusal("conversations.archive", here.clone()).await, "already_archived");
    assert_eq!(app.refusal("conversations.join", here.clone()).await, "is_archived");
    assert_eq!(app.refusal("conversations.history", here.clone()).await, "not_in_channel");
    let info = app.api("conversations.info", here.clone()).await["channel"].clone();
    assert_eq!((&info["is_archived"], &info["is_member"]), (&json!(true), &json!(false)));
    assert_eq!(app.api("conversations.members", here.clone()).await["members"], json!([]));
    let said = app.person("ana").try_do("post", &[("channel", "price-watch"), ("text", "x")]).await;
    assert_eq!(said["error"], "is_archived");
    let listed = app.api("conversations.list", json!({ "exclude_archived": true })).await;
    assert!(!listed.to_string().contains("price-watch"));

    app.person("ana").act("do/unarchive", &[("channel", "price-watch")]).await;
    assert_eq!(socket.event("channel_unarchive").await["channel"], channel);
    let members = app.api("conversations.members", here.clone()).await["members"].clone();
    assert_eq!(members, json!([app.user("ana").await]));
    assert_eq!(app.refusal("chat.postMessage", here).await, "not_in_channel");
}

#[tokio::test]
async fn a_private_channel_is_known_to_its_members_only() {
    let app = App::start().await;
    let mut socket = app.socket().await;
    app.person("ana").act("do/create", &[("name", "plans"), ("private", "yes")]).await;
    let id = app.channel("plans").await;
    assert_eq!(app.refusal("conversations.info", json!({ "channel": id })).await, "channel_not_found");
    assert!(app.person("ben").html("/channels").await.contains("price-watch"));
    assert!(!app.person("ben").html("/channels").await.contains("plans"));

    for user in ["kraken", "ben"] {
        app.person("ana").act("do/invite", &[("channel", "plans"), ("user", user)]).await;
    }
    // Nothing of the time before: the making of it was not told.
    assert_eq!(socket.event("member_joined_channel").await["channel_type"], "G");
    app.person("ben").say("plans", "hello").await;
    assert_eq!(socket.event("message").await["channel_type"], "group");
    app.person("ana").act("do/rename", &[("channel", "plans"), ("name", "deeds")]).await;
    assert_eq!(socket.event("group_rename").await["channel"]["name"], "deeds");
    app.person("ana").act("do/archive", &[("channel", "deeds")]).await;
    socket.event("group_archive").await;
    app.person("ben").act("do/unarchive", &[("channel", "deeds")]).await;
    let members = app.person("ana").state().await["channels"].to_string();
    assert!(members.contains("deeds"), "private channels get their people back");
    assert_eq!(app.refusal("conversations.info", json!({ "channel": id })).await, "channel_not_found");
}

#[tokio::test]
async fn channels_and_people_change_and_it_is_told() {
    let app = App::start().await;
    let mut socket = app.socket().await;
    app.person("ben").act("do/create", &[("name", "plans")]).await;
    let created = socket.event("channel_created").await;
    assert_eq!(
        (&created["channel"]["name"], &created["channel"]["creator"]),
        (&json!("plans"), &json!(app.user("ben").await))
    );
    app.person("ana").act("do/rename", &[("channel", "price-watch"), ("name", "prices")]).await;
    assert_eq!(socket.event("channel_rename").await["channel"]["name"], "prices");
    assert_eq!(socket.event("message/channel_name").await["old_name"], "price-watch");
    app.person("ana").act("do/topic", &[("channel", "prices"), ("topic", "milk")]).await;
    assert_eq!(socket.event("message/channel_topic").await["topic"], "milk");

    app.control(Method::PATCH, "people/ben", json!({ "email": "benny@example.com" })).await;
    let changed = socket.event("user_change").await;
    assert_eq!(changed["user"]["profile"]["email"], "benny@example.com");
    app.control(Method::POST, "people", json!({ "name": "dan", "given": "Dan", "family": "Li" })).await;
    assert_eq!(socket.event("team_join").await["user"]["name"], "dan");
    app.control(Method::PATCH, "people/ben", json!({ "deleted": true })).await;
    assert_eq!(socket.event("member_left_channel").await["channel"], app.channel("prices").await);
    assert_eq!(socket.event("user_change").await["user"]["deleted"], true);
}

#[tokio::test]
async fn the_bot_hears_its_own_messages_as_a_bots() {
    let app = App::start().await;
    let mut socket = app.socket().await;
    let channel = app.channel("price-watch").await;
    app.api("chat.postMessage", json!({ "channel": channel, "text": "I" })).await;
    let event: Value = socket.event("message").await;
    let me = app.api("auth.test", json!({})).await;
    assert_eq!((&event["bot_id"], &event["user"]), (&me["bot_id"], &me["user_id"]));
    assert_eq!(event.get("client_msg_id"), None);
    assert_eq!(event["bot_profile"]["app_id"], event["app_id"]);
}

#[tokio::test]
async fn what_was_given_up_is_never_heard_of() {
    let app = App::start().await;
    app.person("ana").say("price-watch", "while nobody listens").await;
    assert_eq!(app.waiting().await.len(), 1);
    app.control(Method::POST, "give-up", json!({})).await;
    assert_eq!(app.waiting().await, Vec::<Value>::new());
    let mut socket = app.socket().await;
    app.person("ana").say("price-watch", "after").await;
    assert_eq!(socket.envelope().await["payload"]["event"]["text"], "after");
}

#[tokio::test]
async fn events_that_were_held_come_in_an_order_that_is_drawn_and_each_conversation_in_its_own() {
    let app = App::start().await;
    let mut socket = app.socket().await;
    app.control(Method::POST, "hold", json!({ "held": true })).await;
    let mut threads = Vec::new();
    for _ in 0..6 {
        threads.push(app.person("ana").say("price-watch", "0").await);
    }
    for number in 1..4 {
        for thread in &threads {
            let reply =
                [("channel", "price-watch"), ("text", &number.to_string()), ("thread", thread.as_str())];
            app.person("ben").act("post", &reply).await;
        }
    }
    app.person("cy").act("do/join", &[("channel", "price-watch")]).await;
    app.person("cy").act("do/leave", &[("channel", "price-watch")]).await;
    let waiting = app.waiting().await.len();
    app.control(Method::POST, "hold", json!({ "held": false, "seed": 7 })).await;
    let (mut order, mut of_cy) = (Vec::new(), Vec::new());
    for _ in 0..waiting {
        let event = socket.envelope().await["payload"]["event"].clone();
        let text = |name: &str| event[name].as_str().map(str::to_owned);
        match event["type"].as_str().unwrap() {
            "message" if event["subtype"].is_null() => {
                order.push((text("thread_ts").or(text("ts")).unwrap(), text("text").unwrap()));
            }
            "message" => {}
            other => of_cy.push(other.to_owned()),
        }
    }
    assert_eq!(of_cy, ["member_joined_channel", "member_left_channel"]);
    for thread in &threads {
        let of_it: Vec<&str> =
            order.iter().filter(|(of, _)| of == thread).map(|(_, text)| text.as_str()).collect();
        assert_eq!(of_it, ["0", "1", "2", "3"]);
    }
    let came: Vec<&str> = order.iter().map(|(_, text)| text.as_str()).collect();
    assert!(!came.is_sorted(), "as they were sent, all first ones would be first: {came:?}");
}
