//! Who is invited by e-mail, and asks to be let in.

use crate::app::App;
use crate::team::set_up;
use serde_json::{Value, json};
use wire::FailureCode;

crate::on_both_stores! {
    who_is_invited_asks_once_and_the_owner_lets_them_in
    only_the_very_address_that_the_issuer_has_verified_is_invited
    an_invitation_ends_after_a_week_or_when_it_is_taken_back
    only_the_owner_invites_and_only_the_owner_sees_who_is_invited
    whoever_was_removed_is_not_let_in_by_an_invitation
    who_is_invited_to_a_channel_is_brought_into_it
    what_is_no_address_is_not_invited
}

const CY: &str = "cy@example.com";

/// Ana's enclave without a channel.
async fn study(app: &App) {
    ana(app, "enclave_provision", json!({"name": "study"})).await.unwrap();
}

async fn ana(app: &App, tool: &str, args: Value) -> Result<Value, wire::Failure> {
    app.call(&app.agent("ana"), tool, args).await
}

async fn invite(app: &App, email: &str) {
    ana(app, "enclave_invite", json!({"name": "study", "email": email})).await.unwrap();
}

async fn invitations(app: &App, token: &str) -> Value {
    app.call(token, "whoami", json!({})).await.unwrap()["invitations"].clone()
}

/// Asks to be let into ana's enclave.
async fn ask(app: &App, token: &str) -> Result<Value, wire::Failure> {
    app.call(token, "join_ask", json!({"name": "study"})).await
}

async fn who_is_invited_asks_once_and_the_owner_lets_them_in(app: App) {
    study(&app).await;
    let cy = app.agent("cy");
    assert_eq!(invitations(&app, &cy).await, Value::Null);
    let before = ask(&app, &cy).await.unwrap_err();
    invite(&app, CY).await;
    let told = invitations(&app, &cy).await;
    assert_eq!((&told[0]["enclave"], &told[0]["by"]), (&json!("study"), &json!("ana")));
    // An invitation alone opens nothing.
    app.call(&cy, "enclave_info", json!({"name": "study"})).await.unwrap_err();
    assert_eq!(ask(&app, &cy).await.unwrap()["owner"], "ana");
    assert_eq!(invitations(&app, &cy).await, Value::Null, "it is used up");
    assert_eq!(ask(&app, &cy).await.unwrap_err().message, before.message);
    let info = ana(&app, "enclave_info", json!({"name": "study"})).await.unwrap();
    assert_eq!(info["joins"][0]["person"], format!("cy ({CY})"));
    assert_eq!(info["invitations"], Value::Null);
    app.call(&cy, "enclave_info", json!({"name": "study"})).await.unwrap_err();
    let yes = json!({"name": "study", "request": info["joins"][0]["request"], "allow": true});
    ana(&app, "join_decide", yes.clone()).await.unwrap();
    let info = app.call(&cy, "enclave_info", json!({"name": "study"})).await.unwrap();
    assert_eq!(info["your_class"], "member");
    assert_eq!(ana(&app, "join_decide", yes).await.unwrap_err().code, FailureCode::Conflict);
}

async fn only_the_very_address_that_the_issuer_has_verified_is_invited(app: App) {
    study(&app).await;
    invite(&app, CY).await;
    let with = |email: &str, verified: bool| {
        let mut claims = app.issuer.claims("eve", "agents");
        claims["email"] = json!(email);
        claims["email_verified"] = json!(verified);
        app.issuer.sign(&claims)
    };
    let looks_like_it =
        ["Cy@example.com", "cy@EXAMPLE.com", "ｃy@example.com", "cy@example.com ", "сy@example.com"];
    for token in looks_like_it.map(|email| with(email, true)).into_iter().chain([with(CY, false)]) {
        assert_eq!(invitations(&app, &token).await, Value::Null);
        let refused = ask(&app, &token).await.unwrap_err();
        assert_eq!(refused.message, "there is no enclave here that you could ask");
    }
    // Nor does it open another enclave, nor is it told to another which ones there are.
    let other = app.call(&app.agent("cy"), "join_ask", json!({"name": "else"})).await.unwrap_err();
    assert_eq!(other.message, "there is no enclave here that you could ask");
    ask(&app, &app.agent("cy")).await.unwrap();
}

async fn an_invitation_ends_after_a_week_or_when_it_is_taken_back(app: App) {
    study(&app).await;
    let cy = app.agent("cy");
    let back = json!({"name": "study", "email": CY, "withdraw": true});
    assert_eq!(ana(&app, "enclave_invite", back.clone()).await.unwrap_err().code, FailureCode::NotFound);
    invite(&app, CY).await;
    ana(&app, "enclave_invite", back).await.unwrap();
    ask(&app, &cy).await.unwrap_err();
    invite(&app, CY).await;
    app.database.execute("UPDATE invitation SET expires_at = expires_at - 604800000").await;
    assert_eq!(invitations(&app, &cy).await, Value::Null);
    ask(&app, &cy).await.unwrap_err();
    let info = ana(&app, "enclave_info", json!({"name": "study"})).await.unwrap();
    assert_eq!(info["invitations"], Value::Null);
    // Invited anew, for a week from now.
    invite(&app, CY).await;
    ask(&app, &cy).await.unwrap();
}

async fn only_the_owner_invites_and_only_the_owner_sees_who_is_invited(app: App) {
    let channel = set_up(&app).await;
    let eve = json!({"email": "eve@example.com"});
    let denied = channel.say("ben", "enclave_invite", eve.clone()).await.unwrap_err();
    assert_eq!(denied.code, FailureCode::Denied);
    channel.say("ana", "enclave_invite", eve).await.unwrap();
    let seen = channel.say("ana", "enclave_info", json!({})).await.unwrap();
    assert_eq!(seen["invitations"][0]["email"], "eve@example.com");
    let seen = channel.say("ben", "enclave_info", json!({})).await.unwrap();
    assert!(!seen.to_string().contains("eve@"), "{seen}");
    let seen = app.operate("enclave_info", json!({"name": "price-watch"})).await.unwrap();
    assert!(!seen.to_string().contains("eve@"), "{seen}");
}

async fn whoever_was_removed_is_not_let_in_by_an_invitation(app: App) {
    study(&app).await;
    let cy = app.agent("cy");
    invite(&app, CY).await;
    ask(&app, &cy).await.unwrap();
    let request =
        ana(&app, "enclave_info", json!({"name": "study"})).await.unwrap()["joins"][0]["request"].clone();
    ana(&app, "join_decide", json!({"name": "study", "request": request, "allow": true})).await.unwrap();
    invite(&app, CY).await;
    assert!(ask(&app, &cy).await.unwrap_err().message.contains("a member already"));
    ana(&app, "enclave_sync", json!({"name": "study", "remove_members": ["cy"]})).await.unwrap();
    app.call(&cy, "enclave_info", json!({"name": "study"})).await.unwrap_err();
    assert!(ask(&app, &cy).await.unwrap_err().message.contains("the owner has removed you"));
}

async fn who_is_invited_to_a_channel_is_brought_into_it(app: App) {
    let channel = set_up(&app).await;
    app.sign_in("cy").await.unwrap();
    channel.say("ana", "enclave_invite", json!({"email": CY})).await.unwrap();
    app.call(&app.agent("cy"), "join_ask", json!({"name": "price-watch"})).await.unwrap();
    let card = app.told("UANA").await;
    assert_eq!(
        card[0]["text"],
        format!("cy ({CY}) asks to be a member of your enclave price-watch (#price-watch).")
    );
    let yes = json!({"request": card[0]["question"]["id"], "allow": true});
    let decided = channel.click("ana", "join_decide", yes).await.unwrap();
    assert_eq!(decided["bring"], "UCY");
    assert!(app.told("UCY").await[0]["text"].as_str().unwrap().contains("once you are in its channel"));
    // Whoever is let in is a member where members are: in the channel.
    app.call(&app.agent("cy"), "enclave_info", json!({"name": "price-watch"})).await.unwrap_err();
    app.report("C1", &[("ana", "full"), ("ben", "full"), ("cy", "full")]).await;
    app.call(&app.agent("cy"), "enclave_info", json!({"name": "price-watch"})).await.unwrap();
}

async fn what_is_no_address_is_not_invited(app: App) {
    study(&app).await;
    let long = format!("{}@example.com", "a".repeat(250));
    for email in ["", "cy", "@example.com", "cy@", "cy@a@b", "c y@example.com", "cy\n@example.com", &long] {
        let refused =
            ana(&app, "enclave_invite", json!({"name": "study", "email": email})).await.unwrap_err();
        assert_eq!(refused.code, FailureCode::Invalid, "{email:?}");
    }
    for n in 0..100 {
        invite(&app, &format!("p{n}@example.com")).await;
    }
    let many = ana(&app, "enclave_invite", json!({"name": "study", "email": CY})).await.unwrap_err();
    assert_eq!(many.code, FailureCode::Conflict);
    invite(&app, "p7@example.com").await;
}
