//! Who is let in by the owner, and asks for it; and who is nobody's account any more.

use crate::app::App;
use crate::team::{everybody_is_in, hello, set_up};
use serde_json::{Value, json};
use wire::FailureCode;

crate::on_both_stores! {
    who_waits_asks_and_the_owner_lets_them_in
    asking_again_asks_nobody_and_a_no_is_kept_for_a_day
    asking_changes_nothing_for_whom_a_yes_would_not_let_in
    only_the_owner_answers_and_only_in_their_own_enclave
    an_account_that_is_unlinked_is_nobodys_at_once
    an_operator_unlinks_an_account_and_nobody_elses
}

/// #price-watch, where new members need approval; ben waits for it.
async fn with_approval(app: &App) -> crate::door::InChannel<'_> {
    let channel = set_up(app).await;
    channel.say("ana", "enclave_sync", json!({"new_enrollment": "approval"})).await.unwrap();
    channel
}

async fn who_waits_asks_and_the_owner_lets_them_in(app: App) {
    let channel = with_approval(&app).await;
    let denied = channel.say("ben", "enclave_info", json!({})).await.unwrap_err();
    assert_eq!(denied.code, FailureCode::Denied);
    let me = channel.say("ben", "whoami", json!({})).await.unwrap();
    assert_eq!(me["enclave"]["may_ask_to_join"], true);
    let asked = channel.say("ben", "join_ask", json!({})).await.unwrap();
    assert_eq!((&asked["owner"], &asked["asked_before"]), (&json!("ana"), &json!(false)));
    let waiting = async |person: &str| {
        let list = app.call(&app.agent(person), "enclave_list", json!({})).await.unwrap();
        list["enclaves"][0]["joins_waiting"].clone()
    };
    assert_eq!(waiting("ana").await, 1);
    let card = app.told("UANA").await;
    assert_eq!(card.len(), 1, "{card:?}");
    assert_eq!(card[0]["text"], "ben asks to be a member of your enclave price-watch (#price-watch).");
    let request = card[0]["question"]["id"].clone();
    let yes = json!({"request": request, "allow": true});
    let decided = channel.click("ana", "join_decide", yes.clone()).await.unwrap();
    assert_eq!(waiting("ana").await, 0);
    assert_eq!(waiting("ben").await, 0, "what waits is the owner's to know");
    assert_eq!((&decided["person"], &decided["allowed"]), (&json!("ben"), &json!(true)));
    channel.say("ben", "enclave_info", json!({})).await.unwrap();
    assert!(app.told("UBEN").await[0]["text"].as_str().unwrap().contains("you are a member now"));
    let again = channel.click("ana", "join_decide", yes).await.unwrap_err();
    assert_eq!(again.code, FailureCode::Conflict);
}

async fn asking_again_asks_nobody_and_a_no_is_kept_for_a_day(app: App) {
    let channel = with_approval(&app).await;
    channel.say("ben", "join_ask", json!({})).await.unwrap();
    let again = channel.say("ben", "join_ask", json!({})).await.unwrap();
    assert_eq!(again["asked_before"], true);
    let cards = app.told("UANA").await;
    assert_eq!(cards.len(), 1);
    let no = json!({"request": cards[0]["question"]["id"], "allow": false});
    channel.click("ana", "join_decide", no.clone()).await.unwrap();
    channel.say("ben", "enclave_info", json!({})).await.unwrap_err();
    assert_eq!(channel.say("ben", "join_ask", json!({})).await.unwrap()["asked_before"], true);
    // What was refused is not let in by the old card.
    let late = json!({"request": cards[0]["question"]["id"], "allow": true});
    assert_eq!(channel.click("ana", "join_decide", late).await.unwrap_err().code, FailureCode::Conflict);
    app.database.execute("UPDATE join_request SET asked_at = asked_at - 90000000").await;
    assert_eq!(channel.say("ben", "join_ask", json!({})).await.unwrap()["asked_before"], false);
    assert_eq!(app.told("UANA").await.len(), 2);
}

async fn asking_changes_nothing_for_whom_a_yes_would_not_let_in(app: App) {
    let channel = with_approval(&app).await;
    app.sign_in("gil").await.unwrap();
    let why = async |person: &str| channel.say(person, "join_ask", json!({})).await.unwrap_err();
    assert!(why("ana").await.message.contains("a member already"));
    assert!(why("gil").await.message.contains("only be a visitor"));
    channel.say("ana", "enclave_sync", json!({"remove_members": ["UBEN"]})).await.unwrap();
    assert!(why("ben").await.message.contains("the owner has removed you"));
    let me = channel.say("ben", "whoami", json!({})).await.unwrap();
    assert_eq!(me["enclave"]["may_ask_to_join"], Value::Null);
    // By a client of one's own nobody learns what there is.
    app.sign_in("cy").await.unwrap();
    for name in ["price-watch", "no-such"] {
        let none = app.call(&app.agent("cy"), "join_ask", json!({"name": name})).await.unwrap_err();
        assert_eq!(none.message, "there is no enclave here that you could ask");
    }
    assert_eq!(app.told("UANA").await, Vec::<Value>::new());
}

async fn only_the_owner_answers_and_only_in_their_own_enclave(app: App) {
    let channel = with_approval(&app).await;
    channel.say("ben", "join_ask", json!({})).await.unwrap();
    let request = app.told("UANA").await[0]["question"]["id"].clone();
    let yes = json!({"request": request, "allow": true});
    let denied = channel.click("ben", "join_decide", yes.clone()).await.unwrap_err();
    assert_eq!(denied.code, FailureCode::Denied);
    app.sign_in("cy").await.unwrap();
    let other = app.channel("C2", "payroll", "UCY");
    other.say("cy", "enclave_provision", json!({})).await.unwrap();
    let stranger = other.click("cy", "join_decide", yes).await.unwrap_err();
    assert_eq!(stranger.code, FailureCode::Conflict, "a request of another enclave is none here");
    channel.say("ben", "enclave_info", json!({})).await.unwrap_err();
}

async fn an_account_that_is_unlinked_is_nobodys_at_once(app: App) {
    let channel = set_up(&app).await;
    channel.say("ben", "wf_apply", hello("hello", "hi")).await.unwrap();
    let done = channel.say("ben", "account_unlink", json!({})).await.unwrap();
    assert_eq!(done["accounts"], json!([{"team": "T1", "user": "UBEN"}]));
    assert_eq!(done["passed_on"], json!(["price-watch"]));
    let refused = channel.say("ben", "enclave_info", json!({})).await.unwrap_err();
    assert_eq!(refused.code, FailureCode::SignInRequired);
    app.call(&app.agent("ben"), "enclave_info", json!({"name": "price-watch"})).await.unwrap_err();
    let listed = channel.say("ana", "wf_list", json!({})).await.unwrap();
    assert_eq!(listed["workflows"][0]["owner"], "ana");
    let notices = app.relay("notices", json!({})).await.unwrap().to_string();
    assert!(notices.contains("ben is not signed in here any more. hello is ana's now."), "{notices}");
    // Whoever signs in again is a member again, and owns nothing.
    app.sign_in("ben").await.unwrap();
    let listed = channel.say("ben", "wf_list", json!({})).await.unwrap();
    assert_eq!(listed["workflows"][0]["owner"], "ana");
}

async fn an_operator_unlinks_an_account_and_nobody_elses(app: App) {
    let channel = set_up(&app).await;
    let ben = json!({"account": {"team": "T1", "user": "UBEN"}});
    // People name none but their own.
    let refused = app.call(&app.agent("ana"), "account_unlink", ben.clone()).await.unwrap_err();
    assert_eq!(refused.code, FailureCode::Conflict);
    channel.say("ben", "enclave_info", json!({})).await.unwrap();
    app.operate("account_unlink", json!({})).await.unwrap_err();
    app.operate("account_unlink", ben.clone()).await.unwrap();
    let refused = channel.say("ben", "enclave_info", json!({})).await.unwrap_err();
    assert_eq!(refused.code, FailureCode::SignInRequired);
    channel.say("ana", "enclave_info", json!({})).await.unwrap();
    assert_eq!(app.operate("account_unlink", ben).await.unwrap_err().code, FailureCode::NotFound);
    everybody_is_in(&app).await;
}
