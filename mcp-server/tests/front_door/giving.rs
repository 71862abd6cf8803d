//! Giving an enclave away on the server's own page, where there is no card in Slack to click.

use crate::app::App;
use crate::browser::{Browser, Page};
use crate::on_page::{visit, with_page};
use crate::team::set_up;
use serde_json::{Value, json};
use wire::FailureCode;

crate::on_both_stores! {
    an_enclave_without_a_channel_is_given_away_on_the_page
    nobody_takes_more_enclaves_than_one_may_own
    whoever_it_does_not_concern_is_told_so_and_learns_nothing
    an_offer_that_does_not_stand_any_more_is_not_taken_on_the_page
    what_is_offered_in_a_channel_can_be_taken_on_the_page
    without_the_page_it_is_told_what_is_missing
}

/// `cy`'s enclave without a channel, with `ben` as a member.
async fn payroll(app: &App) {
    app.sign_in("ben").await.unwrap();
    app.call(&app.agent("ben"), "whoami", json!({})).await.unwrap();
    let cy = app.agent("cy");
    app.call(&cy, "enclave_provision", json!({"name": "payroll"})).await.unwrap();
    app.call(&cy, "enclave_sync", json!({"name": "payroll", "add_members": ["ben"]})).await.unwrap();
}

async fn owner(app: &App, enclave: &str) -> Value {
    app.operate("enclave_info", json!({"name": enclave})).await.unwrap()["owner"].clone()
}

/// Chooses somebody on the page and offers it to them.
async fn offer_to(browser: &mut Browser, page: &Page, to: &str) -> Page {
    let mut form = page.form("offer");
    form.push(("to".to_owned(), to.to_owned()));
    browser.submit(&page.url, Some(&page.url.origin().ascii_serialization()), &form).await
}

/// `cy` offers payroll to `ben`; answers where ben answers.
async fn offered(app: &App) -> String {
    let (mut browser, page) = visit(app, "cy", &format!("{}/give/payroll", app.url)).await;
    let given = offer_to(&mut browser, &page, "ben").await;
    assert_eq!(given.answer.status, 200, "{}", given.text());
    let who = app.call(&app.agent("ben"), "whoami", json!({})).await.unwrap();
    let url = who["offers"][0]["page"].as_str().unwrap().to_owned();
    assert!(given.text().contains(&url), "{}", given.text());
    url
}

/// What stands between an offer and an answer is looked at when it is answered.
async fn nobody_takes_more_enclaves_than_one_may_own(app: App) {
    let app = with_page(app).await;
    payroll(&app).await;
    let url = offered(&app).await;
    let ben = app.agent("ben");
    for number in 0..policy::ENCLAVES_PER_OWNER {
        let made = json!({"name": format!("bens-{number}")});
        app.call(&ben, "enclave_provision", made).await.unwrap();
    }
    let (browser, page) = visit(&app, "ben", &url).await;
    let taken = browser.clone().press(&page, "accept").await;
    assert!(taken.text().contains("enclaves already"), "{}", taken.text());
    assert_eq!(owner(&app, "payroll").await, "cy");
    // With one less it is theirs.
    app.call(&ben, "enclave_deprovision", json!({"name": "bens-0", "confirm": "bens-0"})).await.unwrap();
    let (mut browser, page) = visit(&app, "ben", &url).await;
    browser.press(&page, "accept").await;
    assert_eq!(owner(&app, "payroll").await, "ben");
}

async fn an_enclave_without_a_channel_is_given_away_on_the_page(app: App) {
    let app = with_page(app).await;
    payroll(&app).await;
    // A token alone is told where it can be done.
    let to_ben = json!({"name": "payroll", "to": "ben"});
    let denied = app.call(&app.agent("cy"), "enclave_offer", to_ben).await.unwrap_err();
    assert_eq!(denied.code, FailureCode::Denied);
    let give = format!("{}/give/payroll", app.url);
    assert!(denied.remedy.unwrap().contains(&give));

    let (mut browser, page) = visit(&app, "cy", &give).await;
    assert!(page.text().contains("Who shall own payroll") && page.text().contains("ben"), "{}", page.text());
    let nobody = browser.clone().press(&page, "offer").await;
    assert_eq!(nobody.answer.status, 403, "{}", nobody.text());
    let odd = offer_to(&mut browser.clone(), &page, "nobody at all").await;
    assert!(odd.answer.status == 403 && odd.text().contains("Nobody called"), "{}", odd.text());
    let given = offer_to(&mut browser, &page, "ben").await;
    assert!(given.text().contains("Offered payroll waits for ben"), "{}", given.text());
    assert!(browser.cookies.is_empty(), "the sign-in is over: {:?}", browser.cookies);
    assert_eq!(owner(&app, "payroll").await, "cy");

    let who = app.call(&app.agent("ben"), "whoami", json!({})).await.unwrap();
    let offer = &who["offers"][0];
    assert_eq!((&offer["enclave"], &offer["by"]), (&json!("payroll"), &json!("cy")));
    let yes = json!({"offer": offer["offer"], "accept": true});
    let denied = app.call(&app.agent("ben"), "enclave_accept", yes).await.unwrap_err();
    let url = offer["page"].as_str().unwrap();
    assert!(denied.code == FailureCode::Denied && denied.remedy.unwrap().contains(url));
    let (mut browser, page) = visit(&app, "ben", url).await;
    assert!(page.text().contains("cy offers it to you"), "{}", page.text());
    let kept = browser.clone();
    let taken = browser.press(&page, "accept").await;
    assert!(taken.text().contains("Accepted payroll is yours cy"), "{}", taken.text());
    assert_eq!(owner(&app, "payroll").await, "ben");
    let info = app.call(&app.agent("cy"), "enclave_info", json!({"name": "payroll"})).await.unwrap();
    assert_eq!((&info["your_class"], &info["members"]), (&json!("member"), &json!(["ben", "cy"])));
    // Once.
    let again = kept.clone().press(&page, "decline").await;
    assert_eq!(again.answer.status, 403, "{}", again.text());
    let who = app.call(&app.agent("ben"), "whoami", json!({})).await.unwrap();
    assert_eq!(who["offers"], Value::Null);
    let args = json!({"enclave": "payroll", "limit": 200});
    let trail = app.call(&app.agent("ben"), "trail_tail", args).await.unwrap();
    for (tool, action) in [("enclave_offer", "enclave.transfer"), ("giving_page", "enclave.transfer")] {
        let found = trail["records"].as_array().unwrap().iter().any(|record| {
            record["tool"] == tool && record["action"] == action && record["who"]["client"] == "page"
        });
        assert!(found, "{tool}: {trail}");
    }
}

async fn whoever_it_does_not_concern_is_told_so_and_learns_nothing(app: App) {
    let app = with_page(app).await;
    payroll(&app).await;
    let give = format!("{}/give/payroll", app.url);
    let (_, owners) = visit(&app, "cy", &give).await;
    for person in ["ben", "gil"] {
        let (mut browser, page) = visit(&app, person, &give).await;
        assert_eq!(page.answer.status, 403);
        assert!(page.text().contains("Only the enclave's owner can answer this"), "{}", page.text());
        assert!(!page.text().contains("cy") && !page.text().contains("member"), "{}", page.text());
        let forged = offer_to(&mut browser, &owners, person).await;
        assert_eq!(forged.answer.status, 403, "{}", forged.text());
    }
    let (_, nothing) = visit(&app, "cy", &format!("{}/give/no-such-enclave", app.url)).await;
    assert_eq!(nothing.answer.status, 403, "{}", nothing.text());
    let url = offered(&app).await;
    for person in ["cy", "gil"] {
        let (_, page) = visit(&app, person, &url).await;
        assert_eq!(page.answer.status, 403);
        assert!(page.text().contains("Nothing is offered to you here"), "{}", page.text());
        assert!(!page.text().contains("payroll"), "{}", page.text());
    }
    // A sign-in for one thing is none for another.
    let (browser, page) = visit(&app, "ben", &url).await;
    let elsewhere =
        browser.clone().submit(&give.parse().unwrap(), Some(&app.url), &page.form("accept")).await;
    assert_eq!(elsewhere.answer.status, 403, "{}", elsewhere.text());
    assert_eq!(owner(&app, "payroll").await, "cy");
}

async fn an_offer_that_does_not_stand_any_more_is_not_taken_on_the_page(app: App) {
    let app = with_page(app).await;
    payroll(&app).await;
    let cy = app.agent("cy");
    let url = offered(&app).await;
    let (mut browser, page) = visit(&app, "ben", &url).await;
    app.call(&cy, "enclave_sync", json!({"name": "payroll", "remove_members": ["ben"]})).await.unwrap();
    app.call(&cy, "enclave_sync", json!({"name": "payroll", "add_members": ["ben"]})).await.unwrap();
    let late = browser.press(&page, "accept").await;
    assert_eq!(late.answer.status, 403, "{}", late.text());
    assert!(late.text().contains("does not stand any more"), "{}", late.text());
    // An offer that was made anew makes the one before void, and one that is declined is over.
    let (first, second) = (offered(&app).await, offered(&app).await);
    assert_eq!(visit(&app, "ben", &first).await.1.answer.status, 403);
    let (mut browser, page) = visit(&app, "ben", &second).await;
    let declined = browser.press(&page, "decline").await;
    assert!(declined.text().contains("Declined payroll stays with cy"), "{}", declined.text());
    assert_eq!(visit(&app, "ben", &second).await.1.answer.status, 403);
    // It is good for a day.
    let third = offered(&app).await;
    app.database.execute("UPDATE offer SET expires_at = 1").await;
    assert_eq!(visit(&app, "ben", &third).await.1.answer.status, 403);
    assert_eq!(owner(&app, "payroll").await, "cy");
}

async fn what_is_offered_in_a_channel_can_be_taken_on_the_page(app: App) {
    let app = with_page(app).await;
    let channel = set_up(&app).await;
    let made = channel.click("ana", "enclave_offer", json!({"to": "UBEN"})).await.unwrap();
    let (mut browser, page) = visit(&app, "ben", made["page"].as_str().unwrap()).await;
    browser.press(&page, "accept").await;
    assert_eq!(owner(&app, "price-watch").await, "ben");
    assert!(app.told("UANA").await[0]["text"].as_str().unwrap().starts_with("ben has accepted"));
}

async fn without_the_page_it_is_told_what_is_missing(app: App) {
    payroll(&app).await;
    let to_ben = json!({"name": "payroll", "to": "ben"});
    let denied = app.call(&app.agent("cy"), "enclave_offer", to_ben.clone()).await.unwrap_err();
    assert!(!denied.remedy.unwrap().contains("/give/"));
    let refused = app.operate("enclave_offer", to_ben).await.unwrap_err();
    assert_eq!(refused.code, FailureCode::Conflict);
    assert!(refused.remedy.unwrap().contains("--page-client"));
    let who = app.call(&app.agent("ben"), "whoami", json!({})).await.unwrap();
    assert_eq!(who["offers"], Value::Null);
}
