//! The Kraken's channel assertions: what is not exactly right reaches nothing, and what is right reaches no further than
//! its channel.

mod bad;

use crate::app::{App, OPERATOR};
use crate::door::{Door, account};
use crate::rpc::{Extras, Reply};
use crate::team::{hello, set_up};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use wire::FailureCode;
use wire::assertion::{Assertion, Kind};

/// Everything that an intruder could change.
async fn everything(app: &App) -> (BTreeMap<String, Vec<String>>, crate::backend::World) {
    (app.database.holds().await, app.backend.world().clone())
}

/// #price-watch of ana, where ben is a member; #payroll of cy, and ben's own enclave without a channel.
async fn three_enclaves(app: &App) {
    set_up(app).await.say("ana", "wf_apply", hello("hello", "hi")).await.unwrap();
    app.sign_in("cy").await.unwrap();
    let payroll = app.channel("C2", "payroll", &account("cy"));
    payroll.say("cy", "enclave_provision", json!({})).await.unwrap();
    payroll.say("cy", "wf_apply", hello("hello", "hi")).await.unwrap();
    app.report("C2", &[("cy", "full")]).await;
    app.call(&app.agent("ben"), "enclave_provision", json!({"name": "bens-own"})).await.unwrap();
    let mut args = hello("hello", "hi");
    args["enclave"] = json!("bens-own");
    app.call(&app.agent("ben"), "wf_apply", args).await.unwrap();
}

#[tokio::test]
async fn every_kind_of_bad_assertion_is_refused_and_changes_nothing() {
    let app = App::start().await;
    set_up(&app).await;
    let before = everything(&app).await;
    let kinds = bad::kinds(&app);
    assert!(kinds.len() >= 45, "{}", kinds.len());
    let token = app.issuer.token("ana", "kraken");
    let mut taken = Vec::new();
    for (name, assertion) in kinds {
        let extras = Extras { assertion, ..Extras::default() };
        match app.tool(&token, bad::TOOL, &bad::args(), &extras).await {
            Reply::Refused(failure)
                if matches!(
                    failure.code,
                    FailureCode::Denied | FailureCode::SignInRequired | FailureCode::NotFound
                ) => {}
            other => taken.push((name, format!("{other:?}"))),
        }
    }
    assert_eq!(taken, []);
    assert_eq!(everything(&app).await, before);
    let good = app.tool(&token, bad::TOOL, &bad::args(), &bad::good(&app)).await;
    assert!(matches!(good, Reply::Answer(_)), "a good one is still taken: {good:?}");
}

#[tokio::test]
async fn an_assertion_is_taken_once() {
    let app = App::start().await;
    set_up(&app).await;
    let token = app.issuer.token("ana", "kraken");
    let (extras, args) = (bad::good(&app), bad::args());
    assert!(matches!(app.tool(&token, bad::TOOL, &args, &extras).await, Reply::Answer(_)));
    let replica = app.replica().await;
    for door in [&app as &Door, &replica] {
        let Reply::Refused(again) = door.tool(&token, bad::TOOL, &args, &extras).await else {
            panic!("taken twice")
        };
        assert_eq!(again.message, "the channel assertion was used before");
    }
}

#[tokio::test]
async fn only_the_kraken_sends_assertions_and_it_always_does() {
    let app = App::start().await;
    set_up(&app).await;
    let relay = app.issuer.token("service-account-kraken-relay", "kraken-relay");
    let [agents, tntc] = ["agents", "tntc"].map(|client| app.issuer.token("ana", client));
    for token in [agents.as_str(), &tntc, OPERATOR] {
        let Reply::Refused(refused) =
            app.tool(token, "enclave_info", &bad::named(), &bad::for_info(&app)).await
        else {
            panic!("taken")
        };
        assert_eq!(refused.message, "only the Kraken's calls carry a channel assertion");
    }
    let Reply::Refused(refused) = app.tool(&relay, "channel_map", &json!({}), &bad::for_info(&app)).await
    else {
        panic!("taken")
    };
    assert_eq!(refused.code, FailureCode::Denied);
    let kraken = app.issuer.token("ana", "kraken");
    let Reply::Refused(refused) = app.tool(&kraken, "enclave_info", &bad::named(), &Extras::default()).await
    else {
        panic!("taken")
    };
    assert_eq!(refused.message, "a call of the Kraken must carry a channel assertion");
}

/// Every tool with every way to name an enclave, from what the tools say of themselves.
async fn ways_to_name(app: &App, person: &str, enclave: &str) -> Vec<(String, Value)> {
    let mut ways = Vec::new();
    for tool in app.tools(&app.issuer.token(person, "kraken")).await {
        let name = tool["name"].as_str().unwrap().to_owned();
        // These are about the caller alone, wherever it is said.
        if name.starts_with("account_") {
            continue;
        }
        let tentacle = name.starts_with("wf_")
            || matches!(name.as_str(), "reach_observe" | "state_repair" | "review_ask" | "review_status");
        let secret = name.starts_with("secret_");
        let properties = tool["inputSchema"]["properties"].as_object().cloned().unwrap_or_default();
        for word in ["name", "enclave", "namespace"] {
            let names_another = (tentacle || secret) && word == "name";
            let has_it = properties.contains_key(word) || !(tentacle || secret);
            if names_another || properties.is_empty() || !has_it {
                continue;
            }
            let mut args = match (tentacle, secret) {
                (true, _) => hello("hello", "new"),
                (_, true) => json!({"name": "shop.key", "confirm": "shop.key"}),
                _ => json!({"confirm": enclave}),
            };
            args["action"] = json!("freeze");
            args["add_members"] = json!(["UGIL"]);
            (args["mode"], args["to"]) = (json!("private"), json!("UGIL"));
            (args["approval"], args["approve"]) = (json!(uuid::Uuid::now_v7()), json!(true));
            (args["value"], args["drift"]) = (json!("swordfish"), json!("repair"));
            (args["required"], args["number"]) = (json!(true), json!(12));
            (args["branch"], args["summary"]) = (json!("kraken/a/hello/1"), json!("hello: two"));
            args["email"] = json!("eve@example.com");
            (args["offer"], args["accept"]) = (json!(uuid::Uuid::now_v7()), json!(true));
            (args["request"], args["allow"]) = (json!(uuid::Uuid::now_v7()), json!(true));
            args[word] = json!(enclave);
            if name == "wf_remove" {
                args["confirm"] = json!("hello");
            }
            ways.push((name.clone(), args));
        }
    }
    assert!(ways.len() > 20, "{}", ways.len());
    ways
}

#[tokio::test]
async fn in_a_channel_no_argument_names_another_enclave() {
    let app = App::start().await;
    three_enclaves(&app).await;
    let before = everything(&app).await;
    let channel = crate::team::price_watch(&app);
    // ben may do all of it in his own enclave, and nothing in cy's; from here both are the same
    for enclave in ["bens-own", "payroll", "no-such-enclave"] {
        for (tool, args) in ways_to_name(&app, "ben", enclave).await {
            let refused = channel.say("ben", &tool, args.clone()).await;
            let refused = match refused {
                Err(refused) => refused,
                Ok(answer) => {
                    assert!(!answer.to_string().contains(enclave), "{tool} {args}: {answer}");
                    continue;
                }
            };
            let known = matches!(refused.code, FailureCode::Denied | FailureCode::Conflict);
            assert!(known, "{tool} {args}: {refused:?}");
        }
    }
    assert_eq!(everything(&app).await, before);
}

#[tokio::test]
async fn an_assertion_of_another_channel_gives_nothing_that_the_person_has_not_there() {
    let app = App::start().await;
    three_enclaves(&app).await;
    let before = everything(&app).await;
    let there = app.channel("C2", "payroll", &account("cy"));
    let its_own = app.channel("C2", "payroll", &account("ben"));
    for enclave in ["payroll", "price-watch"] {
        for (tool, args) in ways_to_name(&app, "ben", enclave).await {
            for channel in [&there, &its_own] {
                match channel.say("ben", &tool, args.clone()).await {
                    Ok(answer) => assert!(!answer.to_string().contains("payroll"), "{tool} {args}: {answer}"),
                    Err(refused) => assert!(
                        matches!(
                            refused.code,
                            FailureCode::Denied | FailureCode::NotFound | FailureCode::Conflict
                        ),
                        "{tool} {args}: {refused:?}"
                    ),
                }
            }
        }
    }
    assert_eq!(everything(&app).await, before);
}

#[tokio::test]
async fn a_model_names_no_enclave_and_widens_nothing() {
    let app = App::start().await;
    three_enclaves(&app).await;
    let before = everything(&app).await;
    let channel = crate::team::price_watch(&app);
    let by_model =
        |tool: &str, args: &Value| Assertion { kind: Kind::Agent, ..channel.assertion("ana", tool, args) };
    let widening = [
        ("enclave_sync", json!({"add_members": ["UGIL"]})),
        ("enclave_sync", json!({"remove_members": ["UBEN"]})),
        ("enclave_sync", json!({"new_mode": "open-run"})),
        ("enclave_sync", json!({"new_quota_preset": "large"})),
        ("enclave_sync", json!({"new_enrollment": "open"})),
        ("enclave_sync", json!({"new_mode": "private", "add_members": ["UGIL"]})),
        ("enclave_sync", json!({"new_status": "frozen"})),
        ("enclave_freeze", json!({})),
        ("enclave_unfreeze", json!({})),
        ("enclave_deprovision", json!({"confirm": "price-watch"})),
        ("wf_remove", json!({"name": "hello", "confirm": "hello"})),
    ];
    for (tool, args) in widening {
        let refused = app.send("ana", tool, args.clone(), &by_model(tool, &args)).await.unwrap_err();
        assert_eq!(refused.code, FailureCode::ClickRequired, "{tool} {args}");
    }
    assert_eq!(everything(&app).await, before);
    let args = json!({"name": "hello"});
    assert!(app.send("ana", "wf_run", args.clone(), &by_model("wf_run", &args)).await.is_ok());
}

#[tokio::test]
async fn a_sign_in_binds_and_does_nothing_else() {
    let app = App::start().await;
    three_enclaves(&app).await;
    let before = everything(&app).await;
    for person in ["ana", "gil"] {
        for tool in app.tools(&app.issuer.token(person, "kraken")).await {
            let name = tool["name"].as_str().unwrap();
            if name == "account_bind" {
                continue;
            }
            let mut args = if name.starts_with("wf_") {
                hello("hello", "new")
            } else {
                json!({"confirm": "price-watch"})
            };
            args["action"] = json!("freeze");
            args["new_mode"] = json!("private");
            let said = app.assertion(person, name, &args);
            let said = Assertion { kind: Kind::SignIn, ..said };
            let refused = app.send(person, name, args, &said).await;
            assert!(
                refused
                    .is_err_and(|refused| matches!(refused.code, FailureCode::Denied | FailureCode::Invalid)),
                "{name}"
            );
        }
    }
    assert_eq!(everything(&app).await, before);
}
