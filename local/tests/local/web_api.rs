//! The Web API: arguments, tokens, errors, pages.

use std::collections::BTreeSet;

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::app::App;

#[tokio::test]
async fn arguments_come_in_any_of_slacks_ways() {
    let app = App::start().await;
    let channel = app.channel("price-watch").await;
    let url = format!("{}/api/conversations.info", app.base);
    let query = app.http.get(&url).query(&[("channel", &channel), ("token", &app.bot_token().to_owned())]);
    let form = app.http.post(&url).bearer_auth(app.bot_token()).form(&[("channel", &channel)]);
    let json = app.http.post(&url).bearer_auth(app.bot_token()).json(&json!({ "channel": channel }));
    let mut answers = Vec::new();
    for request in [query, form, json] {
        answers.push(request.send().await.unwrap().json::<Value>().await.unwrap());
    }
    assert_eq!(answers[0]["channel"]["name"], "price-watch");
    assert!(answers.iter().all(|answer| *answer == answers[0]));

    let blocks = json!([{ "type": "divider", "block_id": "x" }]).to_string();
    let url = format!("{}/api/chat.postMessage", app.base);
    let sent = app.http.post(url).bearer_auth(app.bot_token());
    let sent = sent.form(&[("channel", channel.as_str()), ("text", "a"), ("blocks", blocks.as_str())]);
    let answer: Value = sent.send().await.unwrap().json().await.unwrap();
    assert_eq!(answer["message"]["blocks"][0]["block_id"], "x");
}

#[tokio::test]
async fn every_call_needs_the_right_token() {
    let app = App::start().await;
    let call = async |method: &str, token: Option<&str>| -> String {
        let mut sent = app.http.post(format!("{}/api/{method}", app.base));
        if let Some(token) = token {
            sent = sent.bearer_auth(token);
        }
        let answer: Value = sent.send().await.unwrap().json().await.unwrap();
        answer["error"].as_str().unwrap_or("none").to_owned()
    };
    let app_token = secrecy::ExposeSecret::expose_secret(&app.credentials.app_token);
    assert_eq!(call("auth.test", None).await, "not_authed");
    assert_eq!(call("auth.test", Some("")).await, "not_authed");
    assert_eq!(call("auth.test", Some("xoxb-1-2-made-up")).await, "invalid_auth");
    assert_eq!(call("auth.test", Some(app_token)).await, "not_allowed_token_type");
    assert_eq!(call("apps.connections.open", Some(app.bot_token())).await, "not_allowed_token_type");
    assert_eq!(call("auth.test", Some(app.bot_token())).await, "none");
    assert_eq!(call("files.upload", Some(app.bot_token())).await, "unknown_method");
    assert_eq!(call("api.test", None).await, "none");
}

#[tokio::test]
async fn a_lost_scope_is_named() {
    let app = App::start().await;
    let lost = json!({ "withdrawn": ["chat:write", "users:read.email"] });
    assert_eq!(app.control(Method::POST, "scopes", lost).await, StatusCode::NO_CONTENT);
    let answer = app.try_api("chat.postMessage", json!({ "channel": "C", "text": "x" })).await;
    assert_eq!((&answer["error"], &answer["needed"]), (&json!("missing_scope"), &json!("chat:write")));
    let people = app.api("users.list", json!({})).await;
    assert!(people["members"].as_array().unwrap().iter().all(|user| user["profile"].get("email").is_none()));
}

#[tokio::test]
async fn a_rate_limit_says_when_to_come_back_and_ends() {
    let app = App::start().await;
    let limit = json!({ "method": "auth.test", "times": 2, "retry_after": 7 });
    app.control(Method::POST, "ratelimit", limit).await;
    let url = format!("{}/api/auth.test", app.base);
    for _ in 0..2 {
        let answer = app.http.post(&url).bearer_auth(app.bot_token()).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::TOO_MANY_REQUESTS);
        assert_eq!(answer.headers()["retry-after"], "7");
        assert_eq!(answer.json::<Value>().await.unwrap()["error"], "ratelimited");
    }
    app.api("auth.test", json!({})).await;
}

#[tokio::test]
async fn errors_have_slacks_names() {
    let app = App::start().await;
    let (watch, general, random) =
        (app.channel("price-watch").await, app.channel("general").await, app.channel("random").await);
    let (ana, cy) = (app.user("ana").await, app.user("cy").await);
    let bot = app.api("auth.test", json!({})).await["user_id"].as_str().unwrap().to_owned();
    let long = "x".repeat(40_001);
    let rows = [
        ("chat.postMessage", json!({ "channel": "C0", "text": "x" }), "channel_not_found"),
        ("chat.postMessage", json!({ "channel": random, "text": "x" }), "not_in_channel"),
        ("chat.postMessage", json!({ "channel": watch }), "no_text"),
        ("chat.postMessage", json!({ "text": "x" }), "invalid_arguments"),
        ("chat.postMessage", json!({ "channel": watch, "text": long }), "msg_too_long"),
        ("chat.postMessage", json!({ "channel": watch, "blocks": [{ "type": "x" }] }), "invalid_blocks"),
        ("chat.postMessage", json!({ "channel": watch, "blocks": "nonsense" }), "invalid_blocks_format"),
        (
            "chat.postMessage",
            json!({ "channel": watch, "text": "x", "thread_ts": "1.000000" }),
            "cannot_reply_to_message",
        ),
        ("chat.postEphemeral", json!({ "channel": watch, "text": "x", "user": cy }), "user_not_in_channel"),
        ("chat.update", json!({ "channel": watch, "ts": "1.000000", "text": "x" }), "message_not_found"),
        ("chat.delete", json!({ "channel": watch, "ts": "1.000000" }), "message_not_found"),
        ("conversations.info", json!({ "channel": "C0" }), "channel_not_found"),
        ("conversations.history", json!({ "channel": random }), "not_in_channel"),
        ("conversations.history", json!({ "channel": watch, "oldest": "x" }), "invalid_ts_oldest"),
        ("conversations.history", json!({ "channel": watch, "limit": 9999 }), "invalid_limit"),
        ("conversations.members", json!({ "channel": watch, "cursor": "x" }), "invalid_cursor"),
        ("conversations.replies", json!({ "channel": watch, "ts": "1.000000" }), "thread_not_found"),
        ("conversations.list", json!({ "types": "x" }), "invalid_types"),
        ("conversations.invite", json!({ "channel": watch, "users": ana }), "already_in_channel"),
        ("conversations.invite", json!({ "channel": watch, "users": bot }), "cant_invite_self"),
        ("conversations.invite", json!({ "channel": watch, "users": "U0" }), "user_not_found"),
        ("conversations.invite", json!({ "channel": watch, "users": "" }), "no_user"),
        ("conversations.kick", json!({ "channel": watch, "user": bot }), "cant_kick_self"),
        ("conversations.kick", json!({ "channel": watch, "user": cy }), "not_in_channel"),
        ("conversations.open", json!({}), "users_list_not_supplied"),
        ("conversations.open", json!({ "users": "U0" }), "user_not_found"),
        ("conversations.create", json!({ "name": "price-watch" }), "name_taken"),
        ("conversations.create", json!({ "name": "Has Space" }), "invalid_name_specials"),
        ("conversations.create", json!({ "name": "" }), "invalid_name_required"),
        ("conversations.create", json!({ "name": "x".repeat(81) }), "invalid_name_maxlength"),
        ("conversations.unarchive", json!({ "channel": watch }), "not_in_channel"),
        ("conversations.setTopic", json!({ "channel": watch, "topic": "x".repeat(251) }), "too_long"),
        ("users.info", json!({ "user": "U0" }), "user_not_found"),
        ("users.lookupByEmail", json!({ "email": "nobody@example.com" }), "users_not_found"),
        ("bots.info", json!({ "bot": "B0" }), "bot_not_found"),
        (
            "reactions.add",
            json!({ "channel": watch, "timestamp": "1.000000", "name": "+1" }),
            "message_not_found",
        ),
        (
            "reactions.add",
            json!({ "channel": watch, "timestamp": "1.000000", "name": "nope" }),
            "invalid_name",
        ),
        ("reactions.add", json!({ "channel": watch, "timestamp": "x", "name": "+1" }), "bad_timestamp"),
        ("views.open", json!({ "trigger_id": "x", "view": modal() }), "invalid_trigger_id"),
        ("views.open", json!({ "trigger_id": "x", "view": {} }), "invalid_arguments"),
        ("views.update", json!({ "view_id": "V0", "view": modal() }), "not_found"),
        ("views.publish", json!({ "user_id": ana, "view": modal() }), "invalid_arguments"),
        ("conversations.leave", json!({ "channel": general }), "cant_leave_general"),
        ("conversations.mark", json!({}), "unknown_method"),
    ];
    for (method, arguments, expected) in rows {
        assert_eq!(app.refusal(method, arguments.clone()).await, expected, "{method} {arguments}");
    }
}

fn modal() -> Value {
    json!({ "type": "modal", "title": { "type": "plain_text", "text": "T" }, "blocks": [] })
}

#[tokio::test]
async fn pages_hold_everything_once_while_more_is_said() {
    let app = App::start().await;
    let channel = app.channel("price-watch").await;
    let mut said = BTreeSet::new();
    for number in 0..23 {
        said.insert(app.person("ana").say("price-watch", &format!("message {number}")).await);
    }
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    loop {
        let arguments = json!({ "channel": channel, "limit": 5, "cursor": cursor });
        let page = app.api("conversations.history", arguments).await;
        let messages = page["messages"].as_array().unwrap();
        assert!(messages.len() <= 5);
        seen.extend(messages.iter().map(|message| message["ts"].as_str().unwrap().to_owned()));
        app.person("ben").say("price-watch", "in between").await;
        cursor = page["response_metadata"]["next_cursor"].as_str().unwrap().to_owned();
        assert_eq!(page["has_more"], !cursor.is_empty());
        if cursor.is_empty() {
            break;
        }
    }
    let unique: BTreeSet<String> = seen.iter().cloned().collect();
    assert_eq!((unique.len(), &unique), (seen.len(), &said));
    let newest_first = seen.is_sorted_by(|one, other| one > other);
    assert!(newest_first, "{seen:?}");
}

#[tokio::test]
async fn a_range_of_history_is_cut_at_its_ends() {
    let app = App::start().await;
    let channel = app.channel("price-watch").await;
    let mut ts = Vec::new();
    for number in 0..4 {
        ts.push(app.person("ana").say("price-watch", &format!("{number}")).await);
    }
    let texts = async |arguments: Value| -> Vec<String> {
        let mut all = json!({ "channel": channel });
        all.as_object_mut().unwrap().extend(arguments.as_object().unwrap().clone());
        let answer = app.api("conversations.history", all).await;
        let messages = answer["messages"].as_array().unwrap();
        messages.iter().map(|message| message["text"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(texts(json!({ "oldest": ts[1] })).await, ["3", "2"]);
    assert_eq!(texts(json!({ "oldest": ts[1], "latest": ts[3], "inclusive": true })).await, ["3", "2", "1"]);
    assert_eq!(texts(json!({ "latest": ts[2] })).await, ["1", "0"]);
}

#[tokio::test]
async fn threads_hang_together() {
    let app = App::start().await;
    let channel = app.channel("price-watch").await;
    let parent = app.person("ana").say("price-watch", "question").await;
    let say = async |text: &str, broadcast: bool| {
        let arguments =
            json!({ "channel": channel, "text": text, "thread_ts": parent, "reply_broadcast": broadcast });
        app.api("chat.postMessage", arguments).await["message"].clone()
    };
    let reply = say("first", false).await;
    assert_eq!(reply["thread_ts"], parent.as_str());
    assert_eq!(reply["parent_user_id"], app.user("ana").await);
    let shown = say("second", true).await;
    assert_eq!(shown["subtype"], "thread_broadcast");

    let thread = app.api("conversations.replies", json!({ "channel": channel, "ts": reply["ts"] })).await;
    let texts: Vec<&str> =
        thread["messages"].as_array().unwrap().iter().map(|one| one["text"].as_str().unwrap()).collect();
    assert_eq!(texts, ["question", "first", "second"]);
    assert_eq!(thread["messages"][0]["reply_count"], 2);
    let history = app.api("conversations.history", json!({ "channel": channel })).await;
    let texts: Vec<&str> =
        history["messages"].as_array().unwrap().iter().map(|one| one["text"].as_str().unwrap()).collect();
    assert_eq!(texts, ["second", "question"]);
}

#[tokio::test]
async fn an_update_keeps_what_it_does_not_name() {
    let app = App::start().await;
    let channel = app.channel("price-watch").await;
    let blocks = json!([{ "type": "divider", "block_id": "d" }]);
    let posted =
        app.api("chat.postMessage", json!({ "channel": channel, "text": "a", "blocks": blocks })).await;
    let update = async |more: Value| {
        let mut all = json!({ "channel": channel, "ts": posted["ts"] });
        all.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        app.api("chat.update", all).await["message"].clone()
    };
    let kept = update(json!({ "text": "b" })).await;
    assert_eq!((&kept["text"], &kept["blocks"]), (&json!("b"), &blocks));
    assert_eq!(kept["edited"]["user"], posted["message"]["user"]);
    let gone = update(json!({ "text": "b", "blocks": [] })).await;
    assert_eq!(gone.get("blocks"), None);
}

#[tokio::test]
async fn nobody_changes_what_another_said() {
    let app = App::start().await;
    let channel = app.channel("price-watch").await;
    let ts = app.person("ana").say("price-watch", "mine").await;
    let arguments = json!({ "channel": channel, "ts": ts, "text": "yours" });
    assert_eq!(app.refusal("chat.update", arguments.clone()).await, "cant_update_message");
    assert_eq!(app.refusal("chat.delete", arguments).await, "cant_delete_message");
    let fields = [("channel", "price-watch"), ("ts", ts.as_str()), ("text", "yours")];
    assert_eq!(app.person("ben").try_do("do/edit", &fields).await["error"], "cant_update_message");
    assert_eq!(app.person("ben").try_do("do/delete", &fields).await["error"], "cant_delete_message");
}

#[tokio::test]
async fn a_deleted_message_with_replies_leaves_a_trace() {
    let app = App::start().await;
    let channel = app.channel("price-watch").await;
    let parent = app.api("chat.postMessage", json!({ "channel": channel, "text": "a" })).await["ts"].clone();
    app.api("chat.postMessage", json!({ "channel": channel, "text": "b", "thread_ts": parent })).await;
    app.api("chat.delete", json!({ "channel": channel, "ts": parent })).await;
    let thread = app.api("conversations.replies", json!({ "channel": channel, "ts": parent })).await;
    assert_eq!(thread["messages"][0]["subtype"], "tombstone");
    assert_eq!(thread["messages"][1]["text"], "b");
}

#[tokio::test]
async fn guests_see_what_they_were_invited_to() {
    let app = App::start().await;
    let names = |state: &Value| -> BTreeSet<String> {
        let channels = state["channels"].as_array().unwrap();
        channels.iter().filter_map(|one| one["name"].as_str()).map(str::to_owned).collect()
    };
    assert_eq!(names(&app.person("gil").state().await), ["general", "price-watch"].map(String::from).into());
    let everything = ["general", "price-watch", "random"].map(String::from).into();
    assert_eq!(names(&app.person("cy").state().await), everything);
    let tries = [
        ("do/join", "random", "channel_not_found"),
        ("do/archive", "price-watch", "restricted_action"),
        ("do/create", "", "user_is_restricted"),
    ];
    for (deed, channel, expected) in tries {
        let answer = app.person("gil").try_do(deed, &[("channel", channel), ("name", "x")]).await;
        assert_eq!(answer["error"], expected, "{deed}");
    }
}

#[tokio::test]
async fn the_first_start_is_as_described() {
    let app = App::start().await;
    let members = async |name: &str| -> BTreeSet<String> {
        let id = app.channel(name).await;
        let answer = app.api("conversations.members", json!({ "channel": id })).await;
        let mut names = BTreeSet::new();
        for id in answer["members"].as_array().unwrap() {
            let user = app.api("users.info", json!({ "user": id })).await;
            names.insert(user["user"]["name"].as_str().unwrap().to_owned());
        }
        names
    };
    assert_eq!(members("price-watch").await, ["ana", "ben", "gil", "kraken"].map(String::from).into());
    assert_eq!(members("general").await, ["ana", "ben", "cy", "gil"].map(String::from).into());
    assert_eq!(members("random").await, ["ana", "ben", "cy"].map(String::from).into());
    let info = app.api("conversations.info", json!({ "channel": app.channel("price-watch").await })).await;
    assert_eq!(info["channel"]["creator"], app.user("ana").await);
    let gil = app.api("users.info", json!({ "user": app.user("gil").await })).await;
    assert_eq!(gil["user"]["is_restricted"], true);
    assert!(gil["user"]["profile"]["fields"].is_object());
}
