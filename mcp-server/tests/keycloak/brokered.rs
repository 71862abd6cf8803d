//! People sign in to the realm with their Slack account, through the provider that `deploy/keycloak/realm.json` has as an
//! example. The local workspace stands in for Slack; Keycloak is the real one.

use crate::browser::Browser;
use crate::device_flow::{Device, said_by};
use crate::door::Door;
use crate::workspace::Workspace;
use serde_json::{Value, json};

/// Signs in through the provider of this name, which is Slack, as the account with this full name; answers where Keycloak is then.
pub(crate) async fn through(alias: &str, device: &Device<'_>, slack: &Workspace, full_name: &str) -> Browser {
    let mut browser = device.browser().await;
    browser.visit(&slack.door()).await;
    browser.visit(device.page()).await;
    assert_eq!(browser.page(), "login-login");
    browser.follow(&format!("#social-{alias}")).await;
    let choice = browser.button(full_name);
    browser.submit(&[("person", &choice)]).await;
    browser
}

#[tokio::test(flavor = "multi_thread")]
async fn with_slack_as_a_provider_the_account_that_signed_in_is_the_one_that_is_bound() {
    let door = Door::open().await;
    let slack = Workspace::start(&door.realm.endpoint_of("slack")).await;
    let (id, secret) = slack.client();
    door.realm.let_in_through("slack", &slack.base, (&id, &secret)).await;

    // Somebody whom the realm has never seen is made there, with what Slack says.
    slack.newcomer("dia").await;
    let dias = slack.account("dia").await;
    let device = Device::start(&door.realm, "kraken").await;
    let mut browser = through("slack", &device, &slack, "dia Newcomer").await;
    let tokens = device.agreed(&mut browser).await;
    let said = said_by(&tokens.access);
    assert_eq!((&said["slack_team_id"], &said["slack_user_id"]), (&json!(dias.0), &json!(dias.1)), "{said}");
    // Which account it was decides, and not an address: Slack has another one for it here.
    let subject = said["sub"].as_str().unwrap();
    let bound = door.bind(&tokens.access, subject, (&dias.0, &dias.1)).await;
    assert_eq!((&bound["created"], &bound["subject"]), (&json!(true), &json!(subject)), "{bound}");
    // Another account than that is not bound, whatever it is called.
    let gils = slack.account("gil").await;
    let refused = door.bind(&tokens.access, subject, (&gils.0, &gils.1)).await;
    assert_eq!(refused["created"], Value::Null, "{refused}");

    // The second time nothing is asked but whether the Kraken may.
    let device = Device::start(&door.realm, "kraken").await;
    let mut browser = through("slack", &device, &slack, "dia Newcomer").await;
    assert_eq!(said_by(&device.agreed(&mut browser).await.access)["sub"], said["sub"]);

    // Whoever has an account of the realm already, by the same address, proves that it is theirs.
    let device = Device::start(&door.realm, "kraken").await;
    let mut browser = through("slack", &device, &slack, "Cy Tanaka").await;
    assert_eq!(browser.page(), "login-login-idp-link-confirm", "{}", browser.html());
    browser.submit(&[("submitAction", "linkAccount")]).await;
    assert_eq!(browser.page(), "login-login", "{}", browser.html());
    browser.submit(&[("username", "cy"), ("password", "not hers")]).await;
    assert_eq!(browser.page(), "login-login", "it asks again");
    assert_eq!(device.poll().await.1["error"], "authorization_pending");
    browser.submit(&[("username", "cy"), ("password", "cy")]).await;
    let linked = said_by(&device.agreed(&mut browser).await.access);
    let cys = slack.account("cy").await;
    assert_eq!((&linked["slack_user_id"], &linked["preferred_username"]), (&json!(cys.1), &json!("cy")));
    let by_password = said_by(&door.realm.tokens("agents", "cy").await.access);
    assert_eq!(by_password["sub"], linked["sub"]);
}
