//! Whose a Slack account is: who may bind it, by what, and what nobody can have by a trick.

use crate::app::App;
use crate::rpc::Extras;
use crate::team::{everybody_is_in, hello, set_up};
use jiff::Timestamp;
use serde_json::{Value, json};
use wire::assertion::{Assertion, Kind};
use wire::{Failure, FailureCode};

crate::on_both_stores! {
    a_link_that_another_followed_binds_nothing_and_tells_both
    who_has_no_binding_yet_is_told_at_the_account_that_the_issuer_names
    an_address_that_is_not_the_very_same_proves_nothing
    an_address_counts_once_and_never_again
    an_operator_binds_whom_no_address_proves
    who_signed_in_with_slack_is_who_slack_says
    an_account_that_is_over_belongs_to_nobody_and_its_person_may_bind_another
    in_a_direct_message_a_click_unlinks_and_words_and_models_do_not
}

/// Signs in as `person` for the Slack account `account`, which has this address in Slack.
async fn for_account(app: &App, person: &str, account: &str, email: &str) -> Result<Value, Failure> {
    let mut said = app.signing_in(person);
    account.clone_into(&mut said.user.id);
    said.user.name = format!("the owner of {account}");
    said.user.email = Some(email.to_owned());
    app.send(person, "account_bind", json!({}), &said).await
}

/// The same, where the issuer says this besides of `person`, or in place of what it usually says; what is null, it does not say.
async fn with_claims(
    app: &App,
    person: &str,
    claims: Value,
    account: &str,
    email: &str,
) -> Result<Value, Failure> {
    let mut said = app.signing_in(person);
    account.clone_into(&mut said.user.id);
    said.user.email = Some(email.to_owned());
    let mut all = app.issuer.claims(person, "kraken");
    let own = all.as_object_mut().unwrap();
    own.extend(claims.as_object().unwrap().clone());
    own.retain(|_, said| !said.is_null());
    let extras = Extras { assertion: Some(app.signed(&said)), ..Extras::default() };
    app.call_with(&app.issuer.sign(&all), "account_bind", json!({}), extras).await
}

/// Whether somebody may see the enclave by a client of their own.
async fn is_in(app: &App, person: &str) -> bool {
    app.call(&app.agent(person), "enclave_info", json!({"name": "price-watch"})).await.is_ok()
}

async fn a_link_that_another_followed_binds_nothing_and_tells_both(app: App) {
    set_up(&app).await;
    // Cy got the link, and ben followed it: cy's account must not become ben's, nor ben's right cy's.
    let refused = for_account(&app, "ben", "UCY", "cy@example.com").await.unwrap_err();
    assert_eq!(refused.code, FailureCode::Denied);
    let notices = app.relay("notices", json!({})).await.unwrap();
    let told = &notices["notices"][0];
    assert_eq!((&told["user"], &told["enclave"]), (&json!("UBEN"), &Value::Null), "{notices}");
    assert!(told["text"].as_str().unwrap().starts_with("Somebody signed in with your identity"), "{told}");
    // Nor with the address of his own account put in place of hers: he has one in this workspace already.
    let refused = for_account(&app, "ben", "UCY", "ben@example.com").await.unwrap_err();
    assert!(refused.message.contains("another Slack account"), "{refused:?}");
    assert!(is_in(&app, "ben").await);
    // Hers is free for herself.
    app.sign_in("cy").await.unwrap();
    assert!(!is_in(&app, "cy").await);
}

async fn who_has_no_binding_yet_is_told_at_the_account_that_the_issuer_names(app: App) {
    set_up(&app).await;
    let slack = |team: &str, user: &str| json!({"slack_team_id": team, "slack_user_id": user});
    let follows = async |claims: Value| {
        let refused = with_claims(&app, "dora", claims, "UCY", "cy@example.com").await.unwrap_err();
        assert_eq!(refused.code, FailureCode::Denied, "{refused:?}");
    };
    // Nobody knows anything of her that she has proven.
    follows(json!({"email_verified": false})).await;
    assert_eq!(app.relay("notices", json!({})).await.unwrap()["notices"], json!([]));
    // Nobody here knows which account is hers, or it is one that this Kraken cannot write to: Slack may know who has her address.
    for claims in [json!({}), slack("T2", "UDORA")] {
        follows(claims).await;
        let notices = app.relay("notices", json!({})).await.unwrap();
        let told = &notices["notices"][0];
        assert_eq!(
            (&told["user"], &told["address"]),
            (&Value::Null, &json!("dora@example.com")),
            "{notices}"
        );
        assert!(
            told["text"].as_str().unwrap().starts_with("Somebody signed in with your identity"),
            "{told}"
        );
        let told = json!({"acknowledge": [told["id"]]});
        assert_eq!(app.relay("notices", told).await.unwrap()["notices"], json!([]));
    }
    follows(slack("T1", "UDORA")).await;
    let told = app.told("UDORA").await;
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(
        told[0]["text"].as_str().unwrap().starts_with("Somebody signed in with your identity"),
        "{told:?}"
    );
    // It is a word to her, and no binding: neither account is anybody's.
    app.sign_in("cy").await.unwrap();
    app.sign_in("dora").await.unwrap();
}

async fn an_address_that_is_not_the_very_same_proves_nothing(app: App) {
    set_up(&app).await;
    let close = [
        "CY@example.com",
        "cy@EXAMPLE.com",
        "cy@example.com ",
        "cy@example.com.",
        "cy+1@example.com",
        // a Cyrillic letter, and the same word composed otherwise
        "\u{441}y@example.com",
        "cy\u{301}@example.com",
        "",
    ];
    for email in close {
        let refused = for_account(&app, "cy", "UCY", email).await.unwrap_err();
        assert_eq!(refused.code, FailureCode::Denied, "{email}");
    }
    let mut without = app.signing_in("cy");
    without.user.email = None;
    app.send("cy", "account_bind", json!({}), &without).await.unwrap_err();
    // The very same, which the issuer has not verified, or does not say that it has.
    for verified in [json!(false), Value::Null] {
        let claims = json!({"email_verified": verified});
        let refused = with_claims(&app, "cy", claims, "UCY", "cy@example.com").await.unwrap_err();
        assert!(refused.message.contains("is not the one of this Slack account"), "{verified}: {refused:?}");
    }
    app.sign_in("cy").await.unwrap();
}

async fn an_address_counts_once_and_never_again(app: App) {
    set_up(&app).await;
    // Ben's account got cy's address in Slack: it is ben's all the same, and cy's identity gets nothing by it.
    let refused = for_account(&app, "cy", "UBEN", "cy@example.com").await.unwrap_err();
    assert!(refused.message.contains("bound to another identity"), "{refused:?}");
    assert!(is_in(&app, "ben").await && !is_in(&app, "cy").await);
    // An account that was made anew with the address of one that is gone is another account.
    let refused = for_account(&app, "ben", "UBEN2", "ben@example.com").await.unwrap_err();
    assert!(refused.message.contains("another Slack account"), "{refused:?}");
    app.report("C1", &[("ana", "full"), ("ben2", "full")]).await;
    assert!(!is_in(&app, "ben").await, "the new account's place is not the old one's");
}

async fn an_operator_binds_whom_no_address_proves(app: App) {
    set_up(&app).await;
    let issuer = app.issuer.url.clone();
    let dora = json!({
        "account": {"team": "T1", "user": "UDORA"}, "issuer": issuer, "subject": "dora",
    });
    let unknown = app.operate("account_bind", dora.clone()).await.unwrap_err();
    assert_eq!(unknown.code, FailureCode::NotFound, "{unknown:?}");
    app.call(&app.agent("dora"), "whoami", json!({})).await.unwrap();
    for person in ["ana", "dora"] {
        let refused = app.call(&app.agent(person), "account_bind", dora.clone()).await.unwrap_err();
        assert_eq!(refused.code, FailureCode::Invalid, "people name nobody");
    }
    let bound = app.operate("account_bind", dora.clone()).await.unwrap();
    assert_eq!((&bound["created"], &bound["name"]), (&json!(true), &json!("dora")));
    app.report("C1", &[("ana", "full"), ("ben", "full"), ("dora", "full")]).await;
    assert!(is_in(&app, "dora").await);
    // Nobody is bound over somebody else.
    let mut ben = dora;
    ben["account"]["user"] = json!("UBEN");
    assert_eq!(app.operate("account_bind", ben).await.unwrap_err().code, FailureCode::Denied);
    everybody_is_in(&app).await;
}

async fn who_signed_in_with_slack_is_who_slack_says(app: App) {
    set_up(&app).await;
    let bind = async |claims: Value, email: &str| with_claims(&app, "cy", claims, "UCY", email).await;
    // The same address does not help whoever signed in with another account, or in another workspace.
    for claims in [
        json!({"slack_team_id": "T1", "slack_user_id": "UDORA"}),
        json!({"slack_team_id": "T2", "slack_user_id": "UCY"}),
    ] {
        let refused = bind(claims, "cy@example.com").await.unwrap_err();
        assert!(refused.message.contains("another Slack account than this one"), "{refused:?}");
    }
    // Half of it is nothing, and then the address decides.
    bind(json!({"slack_user_id": "UCY"}), "else@example.com").await.unwrap_err();
    let bound =
        bind(json!({"slack_team_id": "T1", "slack_user_id": "UCY"}), "else@example.com").await.unwrap();
    assert_eq!(bound["account"], json!({"team": "T1", "user": "UCY"}));
}

async fn an_account_that_is_over_belongs_to_nobody_and_its_person_may_bind_another(app: App) {
    let channel = set_up(&app).await;
    channel.say("ben", "wf_apply", hello("hello", "hi")).await.unwrap();
    let report = async |what: Value| {
        let mut args = json!({"team": "T1", "channel": "", "observed_at": Timestamp::now()});
        args.as_object_mut().unwrap().extend(what.as_object().unwrap().clone());
        app.relay("channel_report", args).await.unwrap()
    };
    let refused = for_account(&app, "ben", "UBEN2", "ben@example.com").await.unwrap_err();
    assert!(refused.message.contains("another Slack account"), "{refused:?}");
    // Somebody of another workspace is another.
    assert_eq!(report(json!({"team": "T9", "ended": ["UBEN"]})).await["taken"], false);
    assert!(is_in(&app, "ben").await);

    // Told as often as it may be, it is so once.
    for taken in [true, false] {
        assert_eq!(report(json!({"ended": ["UBEN", "UNOBODY"]})).await["taken"], taken);
        assert!(!is_in(&app, "ben").await);
    }
    let told = app.told(Value::Null).await;
    let told: Vec<&str> = told.iter().map(|notice| notice["text"].as_str().unwrap()).collect();
    assert_eq!(told, ["ben is not signed in here any more. hello is ana's now."]);
    for_account(&app, "ben", "UBEN2", "ben@example.com").await.unwrap();
}

async fn in_a_direct_message_a_click_unlinks_and_words_and_models_do_not(app: App) {
    set_up(&app).await;
    let by = async |kind: Kind, tool: &str, args: Value| {
        let said = Assertion { kind, ..app.assertion("ben", tool, &args) };
        app.send("ben", tool, args, &said).await
    };
    for kind in [Kind::Dm, Kind::Home, Kind::Agent, Kind::Message, Kind::Command] {
        let refused = by(kind, "account_unlink", json!({})).await.unwrap_err();
        assert_eq!(refused.code, FailureCode::Denied, "{kind:?}: {refused:?}");
        assert!(is_in(&app, "ben").await, "{kind:?}");
    }
    // A click without a channel is for that alone.
    let here = json!({"name": "price-watch", "remove_members": ["UGIL"]});
    for (tool, args) in [("enclave_sync", here), ("enclave_info", json!({"name": "price-watch"}))] {
        by(Kind::Click, tool, args).await.unwrap_err();
    }
    let done = by(Kind::Click, "account_unlink", json!({})).await.unwrap();
    assert_eq!(done["accounts"], json!([{"team": "T1", "user": "UBEN"}]));
    assert!(!is_in(&app, "ben").await);
}
