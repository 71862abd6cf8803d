use super::*;
use crate::buttons::OVER;
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

/// What Ana alone reads after pressing a button in #prices; `user` presses it.
async fn presses(world: &World, user: &str, number: usize, (action, value): (&str, &str)) -> String {
    let click = Click { action: action.into(), value: value.into(), trigger: "t.1".into(), card: None };
    let said = Said { user: user.into(), click: Some(click), ..words("", "1.2", "1.1") };
    let open = world.says(&format!("click/{user}/{number}"), said.clone()).await;
    let before = world.heard("chat.postEphemeral").len();
    assert_eq!(answer(&world.kraken, &open, &said).await, Became::Done);
    world.kraken.inbox.done(open.seq).await.unwrap();
    let told = world.heard("chat.postEphemeral").split_off(before);
    let told: Vec<&str> = told.iter().map(|sent| sent["text"].as_str().unwrap()).collect();
    told.into_iter().filter(|words| *words != doing::I_AM_ON_IT).collect::<Vec<_>>().join("\n")
}

/// How often the server was asked to do this.
fn called(world: &World, tool: &str) -> usize {
    world.around().calls.iter().filter(|(called, _)| called == tool).count()
}

#[tokio::test]
async fn a_forged_button_does_nothing_and_that_is_said() {
    let world = World::new().await;
    world.ana_has_signed_in().await;
    let forged = [
        ("approve_everything", "1"),
        ("", ""),
        ("approve_reach", "all of it"),
        ("refuse_reach", ""),
        ("accept_enclave", "C1"),
        ("let_in", "C1/UBEN"),
    ];
    for (number, button) in forged.into_iter().enumerate() {
        assert_eq!(presses(&world, "UANA", number, button).await, clicks::UNKNOWN, "{button:?}");
    }
    let dangerous = [
        "remove_tentacle",
        "offer_enclave",
        "bring_back_archived",
        "ask_shut_down",
        "ask_secret",
        "do_proposed",
    ];
    for (number, action) in (100..).zip(dangerous) {
        assert_eq!(presses(&world, "UANA", number, (action, "UBEN")).await, OVER, "{action}");
    }
    let done = [
        "reach_approve",
        "enclave_accept",
        "enclave_offer",
        "join_decide",
        "wf_remove",
        "enclave_deprovision",
        "wf_apply",
        "secret_set",
    ];
    assert!(done.iter().all(|tool| called(&world, tool) == 0), "{:?}", world.around().calls);
    assert!(world.heard("views.open").is_empty());
}

#[tokio::test]
async fn an_enclave_is_offered_by_whoever_was_asked_within_ten_minutes_and_once() {
    let world = World::new().await;
    world.ana_has_signed_in().await;
    world.around().tools.insert("enclave_offer", |args| {
        json!({"enclave": "prices", "offer": uuid::Uuid::nil(), "to": args["to"], "expires_at": "2026-07-01T09:30:00Z"})
    });
    for (thread, number) in [("1.1", 1), ("2.1", 2)] {
        let said = words("transfer to <@UBEN>", thread, thread);
        let open = world.says(&format!("said/C1/{number}"), said.clone()).await;
        assert_eq!(answer(&world.kraken, &open, &said).await, Became::Done);
        world.kraken.inbox.done(open.seq).await.unwrap();
    }
    let card = world.heard("chat.postEphemeral").remove(0);
    let button = card["blocks"].as_array().unwrap().iter().find(|block| block["type"] == "actions").unwrap();
    let button = &button["elements"][0];
    let (action, value) = (button["action_id"].as_str().unwrap(), button["value"].as_str().unwrap());
    assert!(!value.contains("UBEN"), "a button says what it is about to nobody who could change it: {value}");

    world.has_signed_in("UGIL").await;
    assert_eq!(presses(&world, "UGIL", 1, (action, value)).await, OVER);
    assert_eq!(called(&world, "enclave_offer"), 0);
    assert_eq!(presses(&world, "UANA", 2, (action, value)).await, "");
    assert_eq!(called(&world, "enclave_offer"), 1);
    assert_eq!(presses(&world, "UANA", 3, (action, value)).await, OVER);
    // The other one gets old.
    let older = "UPDATE button SET made_at = made_at - 600";
    sqlx::query(older).execute(world.kraken.inbox.pool()).await.unwrap();
    assert_eq!(presses(&world, "UANA", 4, (action, "said/C1/2")).await, OVER);
    assert_eq!(called(&world, "enclave_offer"), 1);
}

#[tokio::test]
async fn what_names_no_tentacle_was_talk_unless_the_kraken_was_asked() {
    let world = World::new().await;
    world.ana_has_signed_in().await;
    world.around().tools.extend([
        ("whoami", (|_| {
            json!({
                "kind": "person", "issuer": "i", "subject": "s", "name": "Ana Sousa", "client": "kraken", "accounts": [],
                "enclave": {"name": "prices", "class": "owner", "told": "you are the owner of `prices`", "may_ask_to_join": false},
            })
        }) as fn(&Value) -> Value),
        ("wf_apply", |_| crate::tests::deployed()),
        ("wf_list", |_| json!({"workflows": []})),
    ]);
    let mut told = Vec::new();
    for (ts, how) in [("1.2", How::Overheard), ("1.3", How::Spoken)] {
        world.kraken.inbox.asked_in("C1", "1.1").await.unwrap();
        let said = Said { how, ..words("deploy our-hopes", ts, "1.1") };
        let open = world.says(&format!("said/C1/{ts}"), said.clone()).await;
        assert_eq!(answer(&world.kraken, &open, &said).await, Became::Done);
        let whispered = world.heard("chat.postEphemeral").into_iter().map(|sent| sent["text"].to_string());
        told.push(whispered.filter(|words| !words.contains(doing::I_AM_ON_IT)).collect::<Vec<_>>());
        assert!(world.heard("chat.postMessage").is_empty());
    }
    assert_eq!(told[0], [""; 0]);
    assert!(told[1][0].contains("There are no files of `our-hopes` yet."), "{told:?}");
}
