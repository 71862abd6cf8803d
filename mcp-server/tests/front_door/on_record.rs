//! What is on record of a tentacle: what it needs, what it says of itself, and who did what to it.

use crate::app::App;
use crate::clockwork::deploy;
use crate::door::InChannel;
use crate::state::with_repo;
use crate::team::{hello, price_watch, set_up};
use crate::told_of_all::with_metadata;
use serde_json::{Value, json};
use wire::Failure;
use wire::assertion::Kind;

/// A tentacle with a webhook, one node that uses a shop, and a dependency that none of its nodes uses.
fn needing() -> Value {
    let mut args = hello("hello", "hi");
    let workflow = "name: hello\nversion: '1.0'\ntriggers:\n  - {type: manual}\n  \
        - {type: webhook, name: orders, path: /orders, secret: shop.hook}\nnodes:\n  \
        hello: {path: nodes/hello.ts, description: Buys, uses: [shop]}\n  \
        two: {path: nodes/two.ts, description: Rests, uses: []}\ncontract:\n  version: '1'\n  dependencies:\n    \
        shop: {protocol: https, host: shop.example, auth: {type: api-token, secret: shop.key}}\n    \
        spare: {protocol: https, host: spare.example, auth: {type: api-token, secret: spare.key}}\n";
    args["files"]["workflow.yaml"] = json!(workflow);
    args["files"]["nodes/two.ts"] = json!("export default () => 2;\n");
    args
}

async fn audited(app: &App, expected: Option<Value>) -> Value {
    let mut args = json!({"enclave": "price-watch", "workflowName": "hello"});
    if let Some(secrets) = expected {
        args["expected"] = json!({"secrets": secrets, "cronJobCount": 0});
    }
    app.call(&app.agent("ana"), "audit_resources", args).await.unwrap()["secrets"].clone()
}

#[tokio::test]
async fn an_audit_misses_the_secrets_without_which_nothing_would_be_deployed() {
    let app = App::start().await;
    let channel = set_up(&app).await;
    for name in ["shop.key", "shop.hook"] {
        channel.say("ana", "secret_set", json!({"name": name, "value": "swordfish"})).await.unwrap();
    }
    assert_eq!(deploy(&app, needing()).await["missing_secrets"], json!([]));
    let none: [&str; 0] = [];
    let said = |status: &str, missing: &[&str], extra: &[&str]| json!({"status": status, "missing": missing, "extra": extra});
    // No node uses `spare`, so that nobody misses its secret.
    assert_eq!(audited(&app, None).await, said("pass", &none, &none));
    // An earlier command line counts neither webhooks nor uses.
    assert_eq!(audited(&app, Some(json!(["shop.key"]))).await, said("pass", &none, &none));
    assert_eq!(audited(&app, Some(json!([]))).await, said("fail", &none, &["shop.key"]));
    for (name, missing) in [("shop.hook", &["shop.hook"][..]), ("shop.key", &["shop.hook", "shop.key"])] {
        channel.say("ana", "secret_remove", json!({"name": name, "confirm": name})).await.unwrap();
        assert_eq!(audited(&app, None).await, said("fail", missing, &none));
    }
}

#[tokio::test]
async fn what_a_tentacle_says_of_itself_is_described() {
    let app = App::start().await;
    let channel = set_up(&app).await;
    let schema = "{\"type\": \"object\", \"properties\": {\"greeting\": {\"type\": \"string\"}}}";
    let mut args = with_metadata("hello", "group: pricing, environment: staging, tags: [tea, daily]");
    args["files"]["params.schema.json"] = json!(schema);
    channel.say("ben", "wf_apply", args.clone()).await.unwrap();
    let told = app
        .call(&app.agent("ana"), "wf_describe", json!({"enclave": "price-watch", "name": "hello"}))
        .await
        .unwrap();
    for (key, expected) in [
        ("group", json!("pricing")),
        ("team", json!("pricing")),
        ("environment", json!("staging")),
        ("tags", json!(["tea", "daily"])),
        ("params_schema", json!(schema)),
        ("prompts", json!([])),
        ("image", json!("")),
        ("enclave_members", json!(["ana", "ben"])),
    ] {
        assert_eq!(told[key], expected, "{key}: {told}");
    }
    let annotations = &told["annotations"];
    assert_eq!(
        ["owner", "deployed-by", "deployed-via", "mode"]
            .map(|key| &annotations[format!("tentacular.io/{key}")]),
        [&json!("ben"), &json!("ben"), &json!("kraken"), &json!("rwxrwx---")],
        "{annotations}"
    );
    // More than an answer has room for is left out.
    args["files"]["params.schema.json"] = json!(format!("{{\"description\": \"{}\"}}", "x".repeat(70_000)));
    channel.say("ben", "wf_apply", args).await.unwrap();
    let told = channel.say("ana", "wf_describe", json!({"name": "hello"})).await.unwrap();
    assert_eq!(told["params_schema"], "");
}

/// A call that somebody's model chose.
async fn chosen(channel: &InChannel<'_>, person: &str, tool: &str, args: Value) -> Result<Value, Failure> {
    let mut said = channel.assertion(person, tool, &args);
    said.kind = Kind::Agent;
    channel.door().send(person, tool, args, &said).await
}

/// What a cluster shows of who did what, by the annotations' last names.
async fn shown<const N: usize>(app: &App, keys: [&str; N]) -> [Value; N] {
    let args = json!({"enclave": "price-watch", "name": "hello"});
    let told = app.call(&app.agent("ana"), "wf_describe", args).await.unwrap();
    keys.map(|key| told["annotations"][format!("tentacular.io/{key}")].clone())
}

async fn who_did_what_and_through_what_is_on_the_annotations(mut app: App) {
    let repo = with_repo(&mut app).await;
    let channel = set_up(&app).await;
    let commit = repo.push("one", "main");
    let apply = |commit: &str| json!({"name": "hello", "commit": commit});
    channel.say("ana", "wf_apply", apply(&commit)).await.unwrap();
    let deployed = ["deployed-by", "deployed-via", "deployed-agent", "git-sha"];
    assert_eq!(shown(&app, deployed).await, [json!("ana"), json!("kraken"), Value::Null, json!(commit)]);
    let updated = ["updated-by", "updated-via", "updated-agent"];
    assert_eq!(shown(&app, updated).await, [(); 3].map(|()| Value::Null));
    for tool in ["wf_list", "wf_status", "wf_describe"] {
        let told = channel.say("ana", tool, json!({"name": "hello"})).await.unwrap();
        let entry = if tool == "wf_list" { &told["workflows"][0] } else { &told };
        assert_eq!(entry["commit"]["id"], json!(commit), "{tool}: {told}");
    }

    // A commit that holds the same: it is what is told from then on, though nothing was deployed.
    repo.write("notes.md", "new");
    let same = repo.commit("notes", "main");
    assert_eq!(channel.say("ana", "wf_apply", apply(&same)).await.unwrap()["status"], "unchanged");
    assert_eq!(shown(&app, ["git-sha"]).await, [json!(same)]);

    // The model that ben talks with, in his name, and ben himself with a client of his own.
    chosen(&channel, "ben", "wf_apply", apply(&repo.push("two", "main"))).await.unwrap();
    let [by, via, agent, _] = shown(&app, deployed).await;
    assert_eq!([by, via, agent], ["ben", "kraken", "kraken"]);
    let mode = json!({"enclave": "price-watch", "name": "hello", "mode": "member-read"});
    app.call(&app.agent("ana"), "wf_set_mode", mode).await.unwrap();
    assert_eq!(shown(&app, updated).await, [json!("ana"), json!("agents"), Value::Null]);
    chosen(&channel, "ana", "wf_set_mode", json!({"name": "hello", "mode": "private"})).await.unwrap();
    assert_eq!(shown(&app, updated).await, ["ana", "kraken", "kraken"].map(Value::from));
    channel.say("ana", "wf_transfer", json!({"name": "hello", "to": "UBEN"})).await.unwrap();
    assert_eq!(shown(&app, updated).await, [json!("ana"), json!("kraken"), Value::Null]);
    let [at, owner, mode] = shown(&app, ["updated-at", "owner", "mode"]).await;
    assert!(at.as_str().unwrap().parse::<jiff::Timestamp>().is_ok(), "{at}");
    assert_eq!([owner, mode], ["ben", "rwx------"]);
    // Another deploy is no change of them.
    channel.say("ben", "wf_apply", apply(&repo.push("three", "main"))).await.unwrap();
    assert_eq!(shown(&app, updated).await, [json!("ana"), json!("kraken"), Value::Null]);
    // Nor does anybody else keep what they owned when they are gone.
    app.report("C1", &[("ana", "full")]).await;
    assert_eq!(shown(&app, ["updated-by", "owner"]).await, ["the server", "ana"].map(Value::from));
}

/// A deploy that a stop interrupted is brought to its end as whoever asked for it.
async fn an_interrupted_deploy_is_shown_as_whose_it_was(mut app: App) {
    set_up(&app).await;
    app.backend.stop_at("before deploy");
    let asking = {
        let door = app.door();
        tokio::spawn(async move {
            let channel = price_watch(&door);
            let args = hello("hello", "hi");
            let mut said = channel.assertion("ana", "wf_apply", &args);
            said.kind = Kind::Agent;
            channel.door().send("ana", "wf_apply", args, &said).await
        })
    };
    app.die_in(asking).await;
    app.run().await;
    crate::app::until("it is on record", async || shown(&app, ["deployed-by"]).await == ["ana"]).await;
    let told = shown(&app, ["deployed-by", "deployed-via", "deployed-agent"]).await;
    assert_eq!(told, ["ana", "kraken", "kraken"].map(Value::from));
}

crate::on_both_stores! {
    who_did_what_and_through_what_is_on_the_annotations
    an_interrupted_deploy_is_shown_as_whose_it_was
}
