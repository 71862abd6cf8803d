//! How somebody signs in for the Kraken, remains signed in, and no longer is.
//!
//! The Kraken renews a session that ends within half a minute. The tokens that it is given here end sooner, so that it renews the
//! session with each request, and each time with another refresh token: Keycloak takes each of them once.

use crate::browser::Browser;
use crate::door::Door;
use crate::gate::{Condition, Gate};
use crate::kraken::{ANA, Kraken};
use crate::own_realm::client;
use crate::realm::Realm;
use crate::variable::variable;
use serde_json::{Value, json};

/// Has the Kraken's tokens live for less than it renews them before their end, and for as long as one request may take.
fn shortly(realm: &mut Value) {
    client(realm, "kraken")["attributes"]["access.token.lifespan"] = json!("29");
}

/// Gives the password, and says whether the Kraken may.
async fn decide(browser: &mut Browser, decision: (&str, &str)) {
    assert_eq!(browser.page(), "login-login", "{}", browser.html());
    browser.submit(&[("username", ANA), ("password", ANA)]).await;
    assert_eq!(browser.page(), "login-login-oauth-grant", "{}", browser.html());
    browser.submit(&[decision]).await;
}

const YES: (&str, &str) = ("accept", "Yes");

#[tokio::test(flavor = "multi_thread")]
async fn whoever_agreed_is_signed_in_until_the_issuer_ends_it() {
    let realm = Realm::own(shortly).await;
    let id = realm.make_person(ANA).await;
    let kraken = Kraken::start(&realm).await;

    let asked = kraken.is_asked("whoami").await;
    decide(&mut asked.is_led_to_sign_in().await, ("cancel", "No")).await;
    asked.hears("The sign-in was refused.").await;

    let asked = kraken.is_asked("whoami").await;
    let mut browser = asked.is_led_to_sign_in().await;
    decide(&mut browser, YES).await;
    assert_eq!(browser.page(), "login-info", "{}", browser.html());
    // It goes on by itself with what was asked.
    asked.hears("You are signed in as *ana Test*").await;
    for _ in 0..2 {
        kraken.is_asked("whoami").await.is_known().await;
    }

    // The token of a moment ago is good yet; the session is not, and the Kraken notices.
    realm.log_out(&id).await;
    let asked = kraken.is_asked("whoami").await;
    decide(&mut asked.is_led_to_sign_in().await, YES).await;
    asked.hears("You are signed in as").await;
    kraken.is_asked("whoami").await.is_known().await;

    realm.change_person(&id, &json!({"enabled": false})).await;
    let mut browser = kraken.is_asked("whoami").await.is_led_to_sign_in().await;
    browser.submit(&[("username", ANA), ("password", ANA)]).await;
    assert_eq!(browser.page(), "login-login", "{}", browser.html());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_issuer_that_is_away_or_does_not_know_the_kraken_signs_nobody_out() {
    let gate = Gate::before(&variable("TENTACULAR_TEST_KEYCLOAK")).await;
    let realm = Realm::own(|realm| {
        shortly(realm);
        realm["attributes"]["frontendUrl"] = json!(gate.url);
    })
    .await;
    realm.make_person(ANA).await;
    let kraken = Kraken::start(&realm).await;
    let asked = kraken.is_asked("whoami").await;
    let mut browser = asked.is_led_to_sign_in().await;
    // The Kraken goes on asking whether she has signed in.
    for condition in [Condition::Closed, Condition::Troubled] {
        gate.is(condition);
        gate.turns_somebody_away().await;
        gate.is(Condition::Open);
    }
    decide(&mut browser, YES).await;
    asked.hears("You are signed in as").await;

    for condition in [Condition::Closed, Condition::Troubled] {
        gate.is(condition);
        let asked = kraken.is_asked("whoami").await;
        asked.hears("*The place where you sign in does not answer at the moment*").await;
        gate.is(Condition::Open);
        asked.is_known().await;
    }

    realm.enable_client("kraken", false).await;
    kraken.is_asked("whoami").await.hears("does not take my requests").await;
    realm.enable_client("kraken", true).await;
    kraken.is_asked("whoami").await.is_known().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_signs_in_while_the_servers_clock_is_wrong_hears_that_it_is_not_their_fault() {
    let realm = Realm::own(|realm| realm["accessTokenLifespan"] = json!(240)).await;
    realm.make_person(ANA).await;
    let kraken = Kraken::before(Door::with_clock(&realm, 300).await, &realm).await;
    let asked = kraken.is_asked("whoami").await;
    decide(&mut asked.is_led_to_sign_in().await, YES).await;
    asked.hears("the server does not take that").await;
}
