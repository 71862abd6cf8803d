//! Whatever an operator changes, the channel hears of it, with who it was and why.

use crate::app::{App, OPERATOR};
use crate::team::{hello, set_up};
use serde_json::{Value, json};

/// How a tool is called by an operator who changes something with it, in #price-watch.
async fn change(app: &App, tool: &str) -> Value {
    let name = "price-watch";
    match tool {
        "enclave_freeze" => json!({"name": name}),
        "enclave_unfreeze" => {
            app.operate("enclave_freeze", json!({"name": name})).await.unwrap();
            json!({"name": name})
        }
        "enclave_sync" => json!({"name": name, "remove_members": ["ben"]}),
        "enclave_offer" => json!({"name": name, "to": "UBEN"}),
        "enclave_deprovision" => json!({"name": name, "confirm": name}),
        "wf_remove" => json!({"enclave": name, "name": "hello", "confirm": "hello"}),
        "wf_restart" => json!({"enclave": name, "name": "hello"}),
        "enclave_provision" => {
            let founder = json!({"team": "T1", "user": "UBEN"});
            json!({"name": "old-team", "channel_id": "C5", "channel_name": "#old-team", "founder": founder})
        }
        "account_bind" => {
            app.call(&app.agent("dora"), "whoami", json!({})).await.unwrap();
            app.report("C1", &[("ana", "full"), ("ben", "full"), ("dora", "full")]).await;
            let account = json!({"team": "T1", "user": "UDORA"});
            json!({"account": account, "issuer": app.issuer.url, "subject": "dora"})
        }
        "account_unlink" => json!({"account": {"team": "T1", "user": "UBEN"}}),
        _ => panic!("{tool}: what does an operator change with it, and who hears of that?"),
    }
}

/// What #price-watch waits to be told of emergency access.
async fn heard(app: &App) -> Vec<String> {
    let waiting = app.relay("notices", json!({})).await.unwrap();
    let told = waiting["notices"].as_array().unwrap().iter();
    told.filter(|notice| notice["channel"] == "C1" && notice["user"].is_null())
        .map(|notice| notice["text"].as_str().unwrap().to_owned())
        .filter(|text| text.contains("used emergency access"))
        .collect()
}

#[tokio::test]
async fn each_change_of_an_operator_s_is_told_with_who_it_was_and_why() {
    let tools = App::start().await.tools(OPERATOR).await;
    let changing = tools.iter().filter(|tool| tool["annotations"]["readOnlyHint"] == false);
    let changing: Vec<&str> = changing.map(|tool| tool["name"].as_str().unwrap()).collect();
    assert!(changing.len() > 8, "{changing:?}");
    // Restoring takes a state repo, and is tried where there is one.
    for tool in changing.into_iter().filter(|tool| *tool != "state_restore") {
        let app = App::start().await;
        set_up(&app).await.say("ben", "wf_apply", hello("hello", "hi")).await.unwrap();
        let args = change(&app, tool).await;
        let before = heard(&app).await.len();
        app.operate(tool, args).await.unwrap_or_else(|refused| panic!("{tool}: {refused:?}"));
        let told = heard(&app).await.split_off(before);
        let [text] = told.as_slice() else { panic!("{tool}: {told:?}") };
        assert!(text.starts_with("An operator (olga) used emergency access and "), "{tool}: {text}");
        assert!(text.ends_with(". Reason: the owner is on holiday"), "{tool}: {text}");
    }
}

#[tokio::test]
async fn who_somebody_is_concerns_the_enclaves_where_they_count_and_no_others() {
    let app = App::start().await;
    let channel = set_up(&app).await;
    channel.say("ben", "wf_apply", hello("hello", "hi")).await.unwrap();
    app.sign_in("cy").await.unwrap();
    app.channel("C2", "other", "UCY").say("cy", "enclave_provision", json!({})).await.unwrap();
    app.report("C2", &[("cy", "full")]).await;
    app.operate("account_unlink", json!({"account": {"team": "T1", "user": "UBEN"}})).await.unwrap();
    assert_eq!(
        heard(&app).await,
        [
            "An operator (olga) used emergency access and ended the binding of the Slack account of ben to the identity ben. \
             Reason: the owner is on holiday"
        ]
    );
    // What is so already is no change, and an owner who has left the channel owns it still.
    let ana = json!({"account": {"team": "T1", "user": "UANA"}, "issuer": app.issuer.url, "subject": "ana"});
    app.operate("account_bind", ana.clone()).await.unwrap();
    assert_eq!(heard(&app).await.len(), 1);
    app.report("C1", &[("ben", "full")]).await;
    app.operate("account_unlink", json!({"account": ana["account"]})).await.unwrap();
    app.operate("account_bind", ana).await.unwrap();
    let told = heard(&app).await;
    assert_eq!(told.len(), 3, "{told:?}");
    assert!(told[2].contains("bound the Slack account of UANA to the identity ana"), "{told:?}");
    let waiting = app.relay("notices", json!({})).await.unwrap();
    let elsewhere = waiting["notices"].as_array().unwrap().iter().any(|notice| notice["channel"] == "C2");
    assert!(!elsewhere, "{waiting}");
}
