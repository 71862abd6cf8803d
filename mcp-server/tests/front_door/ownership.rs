//! An enclave changes hands: offered by the owner's click, accepted by the other's, and by nothing less.

use crate::app::App;
use crate::team::{hello, price_watch, set_up};
use serde_json::{Value, json};
use wire::FailureCode;

crate::on_both_stores! {
    an_enclave_is_the_others_once_they_accept_and_not_before
    an_offer_is_void_when_one_of_the_two_changes
    neither_words_nor_a_token_alone_give_an_enclave_away
    only_a_member_who_signed_in_can_be_offered_it
    an_operator_offers_what_its_owner_has_left
    an_operator_lets_somebody_make_a_channel_theirs_whose_maker_is_gone
}

async fn owner(app: &App) -> Value {
    app.operate("enclave_info", json!({"name": "price-watch"})).await.unwrap()["owner"].clone()
}

/// Ana offers her enclave to ben; answers the offer.
async fn offered(app: &App) -> Value {
    let offered = price_watch(app).click("ana", "enclave_offer", json!({"to": "UBEN"})).await.unwrap();
    offered["offer"].clone()
}

fn yes(offer: &Value) -> Value {
    json!({"offer": offer, "accept": true})
}

async fn an_enclave_is_the_others_once_they_accept_and_not_before(app: App) {
    let channel = set_up(&app).await;
    let offer = offered(&app).await;
    assert_eq!(owner(&app).await, "ana");
    let asked = app.told("UBEN").await;
    assert_eq!(asked.len(), 1, "{asked:?}");
    assert_eq!(asked[0]["question"], json!({"kind": "offer", "id": offer}));
    assert!(asked[0]["text"].as_str().unwrap().starts_with("ana offers you the enclave price-watch"));

    let done = channel.click("ben", "enclave_accept", yes(&offer)).await.unwrap();
    assert_eq!((&done["accepted"], &done["from"]), (&json!(true), &json!("ana")));
    assert_eq!(owner(&app).await, "ben");
    // Ben decides now, and ana is a member like any other.
    let mode = json!({"new_mode": "rwxr-x---"});
    channel.say("ben", "enclave_sync", mode.clone()).await.unwrap();
    let denied = channel.say("ana", "enclave_sync", mode).await.unwrap_err();
    assert_eq!(denied.code, FailureCode::Denied);
    let people = app.operate("enclave_info", json!({"name": "price-watch"})).await.unwrap();
    assert_eq!(people["members"], json!(["ben", "ana"]));
    assert!(app.told("UANA").await[0]["text"].as_str().unwrap().starts_with("ben has accepted"));
    // Once.
    let again = channel.click("ben", "enclave_accept", yes(&offer)).await.unwrap_err();
    assert_eq!(again.code, FailureCode::Conflict);
    // With approval of new members the one who gave it away is still one.
    channel.say("ben", "enclave_sync", json!({"new_enrollment": "approval"})).await.unwrap();
    channel.say("ana", "enclave_info", json!({})).await.unwrap();
}

async fn an_offer_is_void_when_one_of_the_two_changes(app: App) {
    let channel = set_up(&app).await;
    let refused = async |offer: &Value, why: &str| {
        let refused = channel.click("ben", "enclave_accept", yes(offer)).await.unwrap_err();
        assert!(matches!(refused.code, FailureCode::Conflict), "{why}: {refused:?}");
        assert_eq!(owner(&app).await, "ana", "{why}");
    };
    let first = offered(&app).await;
    let second = offered(&app).await;
    refused(&first, "offered again").await;
    // Who leaves and comes back is not any more whom it was offered to.
    app.report("C1", &[("ana", "full"), ("gil", "guest")]).await;
    refused(&second, "ben left").await;
    crate::team::everybody_is_in(&app).await;
    refused(&second, "ben is back").await;
    let third = offered(&app).await;
    channel.say("ana", "enclave_sync", json!({"remove_members": ["UBEN"]})).await.unwrap();
    channel.say("ana", "enclave_sync", json!({"add_members": ["UBEN"]})).await.unwrap();
    refused(&third, "ben was removed").await;
    let fourth = offered(&app).await;
    app.report("C1", &[("ben", "full"), ("gil", "guest")]).await;
    refused(&fourth, "ana left").await;
    crate::team::everybody_is_in(&app).await;
    let fifth = offered(&app).await;
    app.database.execute("UPDATE offer SET expires_at = 0").await;
    refused(&fifth, "a day has passed").await;
    let sixth = offered(&app).await;
    let no = json!({"offer": sixth, "accept": false});
    channel.click("ben", "enclave_accept", no).await.unwrap();
    refused(&sixth, "declined").await;
    let seventh = offered(&app).await;
    channel.say("ana", "enclave_freeze", json!({})).await.unwrap();
    refused(&seventh, "frozen").await;
    channel.say("ana", "enclave_unfreeze", json!({})).await.unwrap();
    // Nobody takes what was offered to somebody else, not even in its own channel.
    app.sign_in("cy").await.unwrap();
    app.report("C1", &[("ana", "full"), ("ben", "full"), ("cy", "full")]).await;
    let stolen = channel.click("cy", "enclave_accept", yes(&seventh)).await.unwrap_err();
    assert_eq!(stolen.code, FailureCode::Conflict);
    // Nor by a card of another channel.
    let elsewhere = app.channel("C2", "payroll", "UBEN");
    let other = elsewhere.click("ben", "enclave_accept", yes(&seventh)).await.unwrap_err();
    assert_eq!(other.code, FailureCode::Conflict);
    channel.click("ben", "enclave_accept", yes(&seventh)).await.unwrap();
    assert_eq!(owner(&app).await, "ben");
}

async fn neither_words_nor_a_token_alone_give_an_enclave_away(app: App) {
    let channel = set_up(&app).await;
    let to = json!({"to": "UBEN"});
    let denied = channel.say("ana", "enclave_offer", to.clone()).await.unwrap_err();
    assert_eq!(denied.code, FailureCode::Denied);
    let named = json!({"name": "price-watch", "to": "UBEN"});
    let denied = app.call(&app.agent("ana"), "enclave_offer", named).await.unwrap_err();
    assert!(denied.message.contains("a token alone"), "{denied:?}");
    let denied = channel.click("ben", "enclave_offer", to).await.unwrap_err();
    assert_eq!(denied.code, FailureCode::Denied, "only the owner offers it");
    let offer = offered(&app).await;
    let denied = channel.say("ben", "enclave_accept", yes(&offer)).await.unwrap_err();
    assert_eq!(denied.code, FailureCode::Denied);
    let denied = app.call(&app.agent("ben"), "enclave_accept", yes(&offer)).await.unwrap_err();
    assert_eq!(denied.code, FailureCode::Denied);
    assert_eq!(owner(&app).await, "ana");
}

async fn only_a_member_who_signed_in_can_be_offered_it(app: App) {
    let channel = set_up(&app).await;
    app.sign_in("gil").await.unwrap();
    for (whom, why) in [
        ("UGIL", "a guest of the workspace"),
        ("UANA", "owns this enclave already"),
        ("UCY", "cannot own this enclave"),
    ] {
        let refused = channel.click("ana", "enclave_offer", json!({"to": whom})).await.unwrap_err();
        assert_eq!(refused.code, FailureCode::Conflict, "{refused:?}");
        assert!(refused.message.contains(why), "{refused:?}");
    }
    assert_eq!(app.told("UGIL").await, Vec::<Value>::new());
}

async fn an_operator_offers_what_its_owner_has_left(app: App) {
    let channel = set_up(&app).await;
    channel.say("ana", "wf_apply", hello("hello", "hi")).await.unwrap();
    app.report("C1", &[("ben", "full")]).await;
    let to = json!({"name": "price-watch", "to": "UBEN"});
    let offered = app.operate("enclave_offer", to).await.unwrap();
    assert_eq!(owner(&app).await, "ana", "an operator names nobody");
    channel.click("ben", "enclave_accept", yes(&offered["offer"])).await.unwrap();
    assert_eq!(owner(&app).await, "ben");
    let notices = app.relay("notices", json!({})).await.unwrap();
    assert!(
        notices.to_string().contains("used emergency access and offered this enclave to ben"),
        "{notices}"
    );
}

async fn an_operator_lets_somebody_make_a_channel_theirs_whose_maker_is_gone(app: App) {
    for person in ["ben", "cy"] {
        app.sign_in(person).await.unwrap();
    }
    // Zoe made it, and is gone.
    let channel = app.channel("C5", "old-team", "UZOE");
    let denied = channel.say("ben", "enclave_provision", json!({})).await.unwrap_err();
    assert_eq!(denied.code, FailureCode::Denied);
    let offer = json!({
        "name": "old-team", "channel_id": "C5", "channel_name": "#old-team",
        "founder": {"team": "T1", "user": "UBEN"},
    });
    let refused = app.call(&app.agent("ben"), "enclave_provision", offer.clone()).await.unwrap_err();
    assert_eq!(refused.code, FailureCode::Denied, "nobody lets themselves");
    app.operate("enclave_provision", json!({"name": "old-team"})).await.unwrap_err();
    let offered = app.operate("enclave_provision", offer.clone()).await.unwrap();
    assert_eq!((&offered["status"], &offered["owner"]), (&json!("offered"), &json!("UBEN")));
    let list = app.operate("enclave_list", json!({})).await.unwrap();
    assert_eq!(list["enclaves"], json!([]), "nothing is made before he says so");
    assert!(app.told("UBEN").await[0]["text"].as_str().unwrap().contains("#old-team"));
    // Nobody else, and not in another channel.
    channel.say("cy", "enclave_provision", json!({})).await.unwrap_err();
    app.channel("C6", "other", "UZOE").say("ben", "enclave_provision", json!({})).await.unwrap_err();
    let made = channel.say("ben", "enclave_provision", json!({})).await.unwrap();
    assert_eq!((&made["status"], &made["owner"]), (&json!("active"), &json!("ben")));
    let notices = app.relay("notices", json!({})).await.unwrap();
    let told =
        "used emergency access and let ben make this channel an enclave. Reason: the owner is on holiday";
    let heard = |notice: &Value| notice["channel"] == "C5" && notice["text"].as_str().unwrap().contains(told);
    assert!(notices["notices"].as_array().unwrap().iter().any(heard), "{notices}");
    // Once: what was made is made, and what he shuts down he cannot make again by it.
    let gone = json!({"confirm": "old-team"});
    channel.say("ben", "enclave_deprovision", gone).await.unwrap();
    channel.say("ben", "enclave_provision", json!({})).await.unwrap_err();
    app.operate("enclave_provision", offer).await.unwrap();
    app.database.execute("UPDATE founder SET expires_at = 0").await;
    channel.say("ben", "enclave_provision", json!({})).await.unwrap_err();
}
