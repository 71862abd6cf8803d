//! The server's own page: the owner signs in anew, sees what would newly be reached, and decides it once.

use crate::app::App;
use crate::approvals::reaching;
use crate::browser::{Browser, Page};
use crate::door::Door;
use crate::issuer::TestKey;
use crate::rpc::Extras;
use crate::team::set_up;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jiff::{SignedDuration, Timestamp};
use mcp_server::{Pace, TriggerPace};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use url::Url;
use wire::FailureCode;

on_both_stores! {
    the_owner_approves_and_the_deploy_goes_through
    the_owner_refuses_and_nothing_is_deployed
    an_enclave_without_a_channel_is_approved_for
    who_is_not_the_owner_is_told_so_and_learns_nothing
    a_form_is_good_once
    a_form_of_another_page_decides_nothing
    an_approval_that_waits_no_more_is_told_as_the_tool_tells_it
    another_replica_goes_on_with_a_sign_in
    an_owner_who_may_not_any_more_hears_why
}

/// The same with the page.
pub(crate) async fn with_page(mut app: App) -> App {
    app.stop().await;
    app.flags.push("--page-client=page");
    app.run().await;
    app
}

async fn started() -> App {
    with_page(App::start().await).await
}

/// `ben`'s agent asks to deploy what reaches something new; answers where that is approved.
async fn asked(door: &Door) -> String {
    asked_for(door, "ben", "price-watch").await
}

async fn asked_for(door: &Door, person: &str, enclave: &str) -> String {
    let answer = apply(door, person, enclave).await;
    assert_eq!(answer["status"], "needs_approval", "{answer}");
    answer["approval"]["page"].as_str().unwrap().to_owned()
}

async fn apply(door: &Door, person: &str, enclave: &str) -> Value {
    let mut args = reaching(&["shop.example"]);
    args["enclave"] = json!(enclave);
    door.call(&door.agent(person), "wf_apply", args).await.unwrap()
}

/// A browser in which `person` signs in for what is asked at `page`, and what it shows then.
pub(crate) async fn visit(door: &Door, person: &str, page: &str) -> (Browser, Page) {
    door.issuers_page.seat(Some(person));
    let mut browser = Browser::new();
    let shown = browser.open(page).await;
    (browser, shown)
}

/// Whether ben may deploy by now.
async fn is_approved(door: &Door) -> bool {
    apply(door, "ben", "price-watch").await["status"] == "deployed"
}

/// Everybody is told that nothing was changed, and nothing was.
async fn nothing_came_of_it(app: &App, page: &Page, status: u16) {
    assert_eq!(page.answer.status, status, "{}", page.text());
    assert!(page.text().contains("Nothing was changed"), "{}", page.text());
    assert!(!is_approved(app).await);
}

async fn the_owner_approves_and_the_deploy_goes_through(app: App) {
    let app = with_page(app).await;
    set_up(&app).await;
    let answer = apply(&app, "ben", "price-watch").await;
    let id = answer["approval"]["id"].as_str().unwrap();
    assert_eq!(answer["approval"]["page"], format!("{}/approve/{id}", app.url));
    let (mut browser, page) = visit(&app, "ana", &format!("{}/approve/{id}", app.url)).await;
    assert_eq!((page.answer.status, page.url.path()), (200, format!("/approve/{id}").as_str()));
    let version = answer["version"].as_str().unwrap();
    for word in ["hello", "price-watch", "ben asks", "hello connects to shop.example:443", version, "as ana"]
    {
        assert!(page.text().contains(word), "{word}: {}", page.text());
    }
    let decided = browser.press(&page, "approve").await;
    assert_eq!(decided.answer.status, 200);
    for word in ["Approved", "ben can deploy it again", "hello connects to shop.example:443", version] {
        assert!(decided.text().contains(word), "{word}: {}", decided.text());
    }
    assert!(browser.cookies.is_empty(), "the sign-in is over: {:?}", browser.cookies);
    assert!(is_approved(&app).await);
    // The channel hears of it, and the trail says who it was and how.
    let told = app.relay("notices", json!({})).await.unwrap().to_string();
    assert!(told.contains("ana has approved what hello would newly do: ben can deploy it now"), "{told}");
    let args = json!({"enclave": "price-watch", "limit": 200});
    let trail = app.call(&app.agent("ana"), "trail_tail", args).await.unwrap();
    let records = trail["records"].as_array().unwrap();
    let decisions = records.iter().filter(|record| record["action"] == "enclave.approve_reach");
    let found: Vec<(&str, &str)> = decisions
        .map(|record| (record["tool"].as_str().unwrap(), record["who"]["client"].as_str().unwrap()))
        .collect();
    assert!(
        found.contains(&("reach_approve", "page")) && found.contains(&("approval_page", "page")),
        "{trail}"
    );
}

async fn the_owner_refuses_and_nothing_is_deployed(app: App) {
    let app = with_page(app).await;
    set_up(&app).await;
    let url = asked(&app).await;
    let (mut browser, page) = visit(&app, "ana", &url).await;
    let decided = browser.press(&page, "refuse").await;
    assert!(decided.text().contains("Refused hello stays as it is"), "{}", decided.text());
    assert_ne!(asked(&app).await, url, "it is asked anew");
    assert!(app.backend.world().tentacles.is_empty());
}

async fn an_enclave_without_a_channel_is_approved_for(app: App) {
    let app = with_page(app).await;
    app.call(&app.agent("cy"), "enclave_provision", json!({"name": "payroll"})).await.unwrap();
    let url = asked_for(&app, "cy", "payroll").await;
    let (mut browser, page) = visit(&app, "cy", &url).await;
    assert!(page.text().contains("cy (you) asks"), "{}", page.text());
    browser.press(&page, "approve").await;
    assert_eq!(apply(&app, "cy", "payroll").await["status"], "deployed");
}

async fn who_is_not_the_owner_is_told_so_and_learns_nothing(app: App) {
    let app = with_page(app).await;
    set_up(&app).await;
    let url = asked(&app).await;
    let (_, owners) = visit(&app, "ana", &url).await;
    // A member who asked, a guest of the channel, and somebody from elsewhere hear the same.
    for person in ["ben", "gil", "cy"] {
        let (mut browser, page) = visit(&app, person, &url).await;
        assert_eq!(page.answer.status, 403);
        let said = format!("You are signed in as {person}. Only the enclave's owner can answer this");
        assert!(page.text().contains(&said), "{}", page.text());
        for word in ["hello", "price-watch", "shop.example", "sha256", "ana"] {
            assert!(!page.answer.body.contains(word), "{word}: {}", page.answer.body);
        }
        assert!(browser.cookies.is_empty(), "the sign-in is over");
        let forged = browser.submit(&owners.url, Some(&app.url), &owners.form("approve")).await;
        nothing_came_of_it(&app, &forged, 403).await;
    }
    let args = json!({"enclave": "price-watch", "limit": 200});
    let trail = app.call(&app.agent("ana"), "trail_tail", args).await.unwrap();
    let denied = |record: &&Value| record["tool"] == "approval_page" && record["allowed"] == false;
    assert_eq!(trail["records"].as_array().unwrap().iter().filter(denied).count(), 3, "{trail}");
}

async fn a_form_is_good_once(app: App) {
    let app = with_page(app).await;
    set_up(&app).await;
    let (mut browser, page) = visit(&app, "ana", &asked(&app).await).await;
    let kept = browser.clone();
    browser.press(&page, "refuse").await;
    // With the cookie that the browser was told to forget, and without.
    let replayed = kept.clone().press(&page, "approve").await;
    assert_eq!(replayed.answer.status, 409, "{}", replayed.text());
    assert!(replayed.text().contains("it was decided already"), "{}", replayed.text());
    let without = browser.press(&page, "approve").await;
    nothing_came_of_it(&app, &without, 403).await;
}

async fn a_form_of_another_page_decides_nothing(app: App) {
    let app = with_page(app).await;
    set_up(&app).await;
    let url = asked(&app).await;
    let (mut browser, page) = visit(&app, "ana", &url).await;
    let (_, others) = visit(&app, "ana", &url).await;
    let form = page.form("approve");
    let button = |decision: &str| ("decision".to_owned(), decision.to_owned());
    // The token is missing, of another sign-in by the same person, or none.
    let of_nothing = [("form_token".to_owned(), String::new()), button("approve")];
    for foreign in [&[button("approve")][..], &others.form("approve"), &of_nothing] {
        let refused = browser.clone().submit(&page.url, Some(&app.url), foreign).await;
        nothing_came_of_it(&app, &refused, 403).await;
    }
    // The form is right, and comes from elsewhere, or nobody knows from where.
    for origin in [Some("https://evil.example"), Some("null"), None] {
        let refused = browser.clone().submit(&page.url, origin, &form).await;
        nothing_came_of_it(&app, &refused, 403).await;
    }
    // Neither yes nor no.
    let odd = [form[0].clone(), button("perhaps")];
    let refused = browser.clone().submit(&page.url, Some(&app.url), &odd).await;
    nothing_came_of_it(&app, &refused, 403).await;
    // A sign-in is for one approval.
    app.call(&app.agent("ana"), "enclave_provision", json!({"name": "payroll"})).await.unwrap();
    let payroll = asked_for(&app, "ana", "payroll").await;
    let id = |url: &str| url.rsplit('/').next().unwrap().replace('-', "");
    let (name, ticket) = browser.cookies.first_key_value().unwrap();
    let mut moved = Browser::new();
    moved.cookies.insert(name.replace(&id(&url), &id(&payroll)), ticket.clone());
    let elsewhere = moved.submit(&payroll.parse().unwrap(), Some(&app.url), &form).await;
    assert_eq!(elsewhere.answer.status, 403, "{}", elsewhere.text());
    assert_eq!(apply(&app, "ana", "payroll").await["status"], "needs_approval");
    // The page itself still decides.
    browser.press(&page, "approve").await;
    assert!(is_approved(&app).await);
}

async fn an_approval_that_waits_no_more_is_told_as_the_tool_tells_it(app: App) {
    let app = with_page(app).await;
    let channel = set_up(&app).await;
    let url = asked(&app).await;
    let (mut browser, page) = visit(&app, "ana", &url).await;
    let void = async |page: &Page| {
        assert_eq!(page.answer.status, 409, "{}", page.text());
        let said = "Nothing waits for this approval any more: it was decided already, another version runs by now, or a day has passed.";
        assert!(page.text().contains(said), "{}", page.text());
    };
    void(&visit(&app, "ana", &format!("{}/approve/01890a5d-ac96-774b-bcce-b302099a8057", app.url)).await.1)
        .await;
    app.database.execute("UPDATE approval SET expires_at = 1").await;
    void(&browser.press(&page, "approve").await).await;
    void(&visit(&app, "ana", &url).await.1).await;
    // It was decided in the channel meanwhile.
    let url = asked(&app).await;
    let (mut browser, page) = visit(&app, "ana", &url).await;
    let id = url.rsplit('/').next().unwrap();
    channel.click("ana", "reach_approve", json!({"approval": id, "approve": true})).await.unwrap();
    void(&browser.press(&page, "refuse").await).await;
    assert!(is_approved(&app).await, "what was said first holds");
    void(&visit(&app, "ana", &url).await.1).await;
}

async fn another_replica_goes_on_with_a_sign_in(app: App) {
    let app = with_page(app).await;
    set_up(&app).await;
    let replica = app.replica().await;
    let (mut browser, page) = visit(&app, "ana", &asked(&app).await).await;
    // Behind a balancer both have one address; here the cookie's name and the address tell them apart.
    let port = |url: &str| url.rsplit(':').next().unwrap().to_owned();
    let renamed = |name: String| name.replace(&port(&app.url), &port(&replica.url));
    browser.cookies = browser.cookies.into_iter().map(|(name, value)| (renamed(name), value)).collect();
    let shown = browser.open(&page.url.as_str().replace(&app.url, &replica.url)).await;
    let decided = browser.press(&shown, "approve").await;
    assert!(decided.text().contains("Approved"), "{}", decided.text());
    assert!(is_approved(&app).await);
    replica.stop().await;
}

async fn an_owner_who_may_not_any_more_hears_why(app: App) {
    let app = with_page(app).await;
    let channel = set_up(&app).await;
    let url = asked(&app).await;
    let (mut browser, page) = visit(&app, "ana", &url).await;
    channel.say("ana", "enclave_freeze", json!({})).await.unwrap();
    let refused = browser.press(&page, "approve").await;
    assert_eq!(refused.answer.status, 403, "{}", refused.text());
    assert!(refused.text().contains("frozen"), "{}", refused.text());
    let (_, shown) = visit(&app, "ana", &url).await;
    assert!(shown.answer.status == 403 && shown.text().contains("frozen"), "{}", shown.text());
    channel.say("ana", "enclave_unfreeze", json!({})).await.unwrap();
    assert!(!is_approved(&app).await);
    let (mut browser, page) = visit(&app, "ana", &url).await;
    browser.press(&page, "approve").await;
    assert!(is_approved(&app).await);
}

#[tokio::test]
async fn a_sign_in_ends_where_it_was_begun() {
    let app = started().await;
    set_up(&app).await;
    let url = asked(&app).await;
    app.issuers_page.seat(Some("ana"));
    let mut browser = Browser::new();
    let to_issuer = browser.step(&url).await.leads_to().unwrap();
    let back = browser.step(to_issuer.as_str()).await.leads_to().unwrap();
    // Another browser, another state, none, and that of another sign-in in this browser.
    nothing_came_of_it(&app, &Browser::new().open(back.as_str()).await, 400).await;
    let with = |name: &str, value: Option<&str>| {
        let mut other = back.clone();
        let pairs = back.query_pairs().into_owned().filter(|(key, _)| key != name);
        let value = value.map(|value| (name.to_owned(), value.to_owned()));
        other.query_pairs_mut().clear().extend_pairs(pairs.chain(value));
        other
    };
    let state_of = |url: &Url| {
        let found = url.query_pairs().into_owned().find(|(name, _)| name == "state");
        found.unwrap().1
    };
    let state = state_of(&back);
    let mut differs = state.clone();
    differs.replace_range(state.len() - 1.., if state.ends_with('0') { "1" } else { "0" });
    let foreign = state_of(&browser.clone().step(&url).await.leads_to().unwrap());
    for state in [None, Some(""), Some(differs.as_str()), Some(foreign.as_str())] {
        let page = browser.clone().open(with("state", state).as_str()).await;
        nothing_came_of_it(&app, &page, 400).await;
    }
    assert_eq!(app.issuers_page.codes(), 1, "the code was shown to nobody");
    let of_another_issuer = with("iss", Some("https://evil.example"));
    nothing_came_of_it(&app, &browser.clone().open(of_another_issuer.as_str()).await, 403).await;
    assert_eq!(app.issuers_page.codes(), 1, "the code was shown to nobody");
    // The right one still goes through, and a second time the code is worth nothing.
    let kept = browser.clone();
    assert_eq!(browser.open(back.as_str()).await.answer.status, 200);
    nothing_came_of_it(&app, &kept.clone().open(back.as_str()).await, 403).await;
}

#[tokio::test]
async fn a_sign_in_is_a_fresh_one_and_by_this_issuer_for_this_page() {
    let app = started().await;
    set_up(&app).await;
    let url = asked(&app).await;
    let now = Timestamp::now().as_second();
    for (lie, said) in [
        (json!({"auth_time": now - 120}), "Sign in anew"),
        (json!({"auth_time": null}), "Sign in anew"),
        (json!({"auth_time": now + 3600}), "Sign in anew"),
        (json!({"iat": now - 120}), "Sign in anew"),
        (json!({"nonce": "of another sign-in"}), "could not be signed in"),
        (json!({"nonce": null}), "could not be signed in"),
        (json!({"aud": "agents"}), "could not be signed in"),
        (json!({"aud": ["page", "agents"]}), "could not be signed in"),
        (json!({"iss": "https://evil.example"}), "could not be signed in"),
        (json!({"exp": now - 60}), "could not be signed in"),
        (json!({"sub": ""}), "could not be signed in"),
        (json!({"sub": "ana\n"}), "could not be signed in"),
    ] {
        app.issuers_page.lie(lie.clone());
        let (_, page) = visit(&app, "ana", &url).await;
        assert!(page.text().contains(said), "{lie}: {}", page.text());
        nothing_came_of_it(&app, &page, 403).await;
    }
    app.issuers_page.lie(Value::Null);
    app.issuers_page.forge(true);
    nothing_came_of_it(&app, &visit(&app, "ana", &url).await.1, 403).await;
    app.issuers_page.forge(false);
    app.issuers_page.seat(None);
    nothing_came_of_it(&app, &Browser::new().open(&url).await, 400).await;
    assert_eq!(visit(&app, "ana", &url).await.1.answer.status, 200);
}

#[tokio::test]
async fn nobody_writes_a_ticket_of_their_own() {
    let app = started().await;
    set_up(&app).await;
    let url = asked(&app).await;
    let (_, owners) = visit(&app, "ana", &url).await;
    // What cy holds after signing in, before it is looked at.
    app.issuers_page.seat(Some("cy"));
    let mut browser = Browser::new();
    let to_issuer = browser.step(&url).await.leads_to().unwrap();
    let back = browser.step(to_issuer.as_str()).await.leads_to().unwrap();
    assert_eq!(browser.step(back.as_str()).await.answer.status, 303);
    let (name, ticket) = browser.cookies.pop_first().unwrap();
    let (content, seal) = ticket.split_once('.').unwrap();
    let content: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(content).unwrap()).unwrap();
    assert_eq!(content["person"]["subject"], "cy");
    let mut ana = content.clone();
    ana["person"]["subject"] = json!("ana");
    let ana = URL_SAFE_NO_PAD.encode(ana.to_string());
    let own = TestKey::new("own");
    let own = URL_SAFE_NO_PAD.encode(own.jws(&own.header(), &ana));
    for forged in [format!("{ana}.{seal}"), format!("{ana}."), format!("{ana}.{own}"), ana] {
        browser.cookies.insert(name.clone(), forged);
        assert_eq!(browser.clone().step(&url).await.answer.status, 303, "it is as if there were none");
        let page = browser.submit(&owners.url, Some(&app.url), &owners.form("approve")).await;
        nothing_came_of_it(&app, &page, 403).await;
    }
}

#[tokio::test]
async fn a_sign_in_is_over_after_five_minutes() {
    let late = Arc::new(AtomicI64::new(0));
    let clock = Arc::clone(&late);
    let now = Arc::new(move || Timestamp::now() + SignedDuration::from_secs(clock.load(Ordering::SeqCst)));
    let pace = Pace { triggers: TriggerPace { now, ..TriggerPace::default() }, ..Pace::default() };
    let app = with_page(App::paced(pace).await).await;
    set_up(&app).await;
    let (browser, page) = visit(&app, "ana", &asked(&app).await).await;
    late.store(290, Ordering::SeqCst);
    assert_eq!(browser.clone().step(page.url.as_str()).await.answer.status, 200);
    late.store(301, Ordering::SeqCst);
    nothing_came_of_it(&app, &browser.clone().press(&page, "approve").await, 403).await;
    let again = browser.clone().step(page.url.as_str()).await;
    assert!(again.leads_to().unwrap().as_str().starts_with(&app.issuers_page.url), "{again:?}");
}

#[tokio::test]
async fn an_issuer_that_is_down_lets_nobody_in() {
    let app = started().await;
    set_up(&app).await;
    let url = asked(&app).await;
    app.issuer.served.down.store(true, Ordering::SeqCst);
    let (mut browser, page) = visit(&app, "ana", &url).await;
    assert_eq!(page.answer.status, 503, "{}", page.text());
    app.issuer.served.down.store(false, Ordering::SeqCst);
    assert_eq!(browser.open(&url).await.answer.status, 200);
}

#[tokio::test]
async fn what_others_wrote_is_shown_as_they_wrote_it_and_nothing_is_run() {
    let app = started().await;
    set_up(&app).await;
    let mut claims = app.issuer.claims("ben", "agents");
    claims["name"] = json!("<script>alert(1)</script>\"><b>ben</b>");
    let mut args = reaching(&["shop.example"]);
    args["enclave"] = json!("price-watch");
    let token = app.issuer.sign(&claims);
    let answer = app.call_with(&token, "wf_apply", args, Extras::default()).await.unwrap();
    let url = answer["approval"]["page"].as_str().unwrap();
    app.issuers_page.lie(json!({"name": "<i>ana</i>"}));
    let (mut browser, page) = visit(&app, "ana", url).await;
    assert!(page.text().contains("<script>alert(1)</script>\"><b>ben</b> asks"), "{}", page.text());
    let decided = browser.press(&page, "approve").await;
    assert!(decided.text().contains("<i>ana</i>"), "{}", decided.text());
    let (_, strangers) = visit(&app, "cy", url).await;
    for page in [page, decided, strangers] {
        for tag in ["<script", "<b>", "<i>"] {
            assert!(!page.answer.body.contains(tag), "{}", page.answer.body);
        }
        let policy = page.answer.header("content-security-policy");
        for rule in ["default-src 'none'", "form-action 'self'", "frame-ancestors 'none'", "base-uri 'none'"]
        {
            assert!(policy.contains(rule) && !policy.contains("unsafe"), "{policy}");
        }
        assert_eq!(page.answer.header("cache-control"), "no-store");
        assert_eq!(page.answer.header("x-content-type-options"), "nosniff");
        assert_eq!(page.answer.header("x-frame-options"), "DENY");
        assert!(has_its_style(&page), "{policy}");
    }
}

/// Whether the policy lets the page's own style through, and that is all it has.
fn has_its_style(page: &Page) -> bool {
    let body = &page.answer.body;
    let (_, rest) = body.split_once("<style>").unwrap();
    let (style, rest) = rest.split_once("</style>").unwrap();
    let digest = STANDARD.encode(Sha256::digest(style));
    let only = !rest.contains("<style") && !rest.contains("style=");
    only && page.answer.header("content-security-policy").contains(&format!("'sha256-{digest}'"))
}

#[tokio::test]
async fn without_a_client_there_is_no_page() {
    let app = App::start().await;
    set_up(&app).await;
    let answer = apply(&app, "ben", "price-watch").await;
    assert_eq!(answer["status"], "needs_approval");
    assert!(answer["approval"].get("page").is_none(), "{answer}");
    let id = answer["approval"]["id"].as_str().unwrap();
    for path in [format!("/approve/{id}"), "/approve/callback?code=c&state=s".to_owned()] {
        assert_eq!(app.status_of(&path).await, Some(404), "{path}");
    }
}

#[tokio::test]
async fn tokens_of_the_page_are_good_for_nothing_and_odd_addresses_lead_nowhere() {
    let app = started().await;
    set_up(&app).await;
    let answer = app.post(&app.issuer.token("ana", "page"), &json!({})).await;
    assert_eq!(answer.status, 401, "{}", answer.body);
    for path in ["/approve/nonsense", "/approve/%22%3E%3Cb%3E"] {
        assert_eq!(app.status_of(path).await, Some(404), "{path}");
    }
    for path in ["/approve/callback", "/approve/callback?code=a&code=b", "/approve/callback?state=x.y"] {
        assert_eq!(app.status_of(path).await, Some(400), "{path}");
    }
    // The page is no way around it: a token alone still decides nothing.
    let id = asked(&app).await.rsplit('/').next().unwrap().to_owned();
    let yes = json!({"approval": id, "approve": true});
    let denied = app.call(&app.agent("ana"), "reach_approve", yes).await.unwrap_err();
    assert_eq!(denied.code, FailureCode::Denied);
}
