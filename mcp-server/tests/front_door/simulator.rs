//! The simulator: everything is decided and recorded as elsewhere, no code is run, and every answer says so.

use crate::app::App;
use crate::approvals::reaching;
use crate::clockwork::runs;
use crate::team::{hello, price_watch, set_up};
use serde_json::{Value, json};
use wire::FailureCode;

const NOT_RUN: &str = "simulated: no code was run";

/// What would fail or answer something else where it was run.
fn loud() -> Value {
    let mut args = hello("hello", "hi");
    let files = args["files"].as_object_mut().unwrap();
    let code = files.iter_mut().find(|(path, _)| path.ends_with(".ts")).unwrap().1;
    *code = json!("throw new Error('it was run');\nexport default () => 'it was run';\n");
    args
}

/// An answer that would come of code says that there was none.
fn says(answer: &Value) {
    let told = answer.to_string();
    assert!(told.contains(NOT_RUN) && !told.contains("it was run"), "{told}");
}

async fn asked(app: &App, tool: &str) -> Value {
    let args = json!({"enclave": "price-watch", "name": "hello"});
    app.call(&app.agent("ana"), tool, args).await.unwrap()
}

/// What a deploy and a run at it say, and everything that tells of them.
async fn a_run_is_simulated(app: &App) {
    let before = runs(app, "hello").await.len();
    let ran = price_watch(app).say("ben", "wf_run", json!({"name": "hello"})).await.unwrap();
    says(&ran);
    assert_eq!(ran["output"]["outputs"], json!({"simulator": NOT_RUN}));
    let status = asked(app, "wf_status").await;
    says(&status);
    assert_eq!((&status["ready"], &status["last_run"]["by"]), (&json!(true), &json!("ben")), "{status}");
    let gaps = json!(["everything: it is a simulator, which runs no code"]);
    assert_eq!(status["not_enforced"], gaps);
    for tool in ["wf_logs", "wf_health", "wf_history"] {
        says(&asked(app, tool).await);
    }
    let runs = runs(app, "hello").await;
    assert_eq!((runs.len(), &runs[before]["by"]), (before + 1, &json!("ben")));
    says(&runs[before]);
}

#[tokio::test]
async fn everything_is_decided_and_every_answer_says_that_no_code_was_run() {
    let mut app = App::simulating().await;
    {
        let channel = set_up(&app).await;
        let made = channel.say("ana", "enclave_info", json!({})).await.unwrap();
        assert_eq!((&made["backend"], &made["status"]), (&json!("simulator"), &json!("active")));
        // The decisions are those of any backend.
        app.sign_in("gil").await.unwrap();
        let denied = channel.say("gil", "wf_apply", loud()).await.unwrap_err();
        assert_eq!(denied.code, FailureCode::Denied, "{denied:?}");
        let asks = channel.say("ben", "wf_apply", reaching(&["shop.example"])).await.unwrap();
        assert_eq!(asks["status"], "needs_approval", "{asks}");
        let never = asked_to_run(&app).await.unwrap_err();
        assert_eq!(never.code, FailureCode::NotFound, "{never:?}");

        let deployed = channel.say("ben", "wf_apply", loud()).await.unwrap();
        assert_eq!(
            (&deployed["status"], &deployed["created"]),
            (&json!("deployed"), &json!(1)),
            "{deployed}"
        );
        says(&deployed);
        a_run_is_simulated(&app).await;
        channel.say("ben", "wf_restart", json!({"name": "hello"})).await.unwrap();
        assert!(asked(&app, "wf_logs").await.to_string().contains("asked to begin anew"));
    }

    // A server that dies goes on with what the store knows.
    app.kill().await;
    app.run().await;
    a_run_is_simulated(&app).await;
    let channel = price_watch(&app);
    let again = channel.say("ben", "wf_apply", loud()).await.unwrap();
    assert_eq!(again["status"], "unchanged", "{again}");
    let newer = channel.say("ben", "wf_apply", hello("hello", "newer")).await.unwrap();
    assert_eq!((&newer["status"], &newer["updated"]), (&json!("deployed"), &json!(1)), "{newer}");
    channel.say("ana", "enclave_freeze", json!({})).await.unwrap();
    channel.say("ben", "wf_apply", loud()).await.unwrap_err();
    let gone = json!({"confirm": "price-watch"});
    assert_eq!(channel.click("ana", "enclave_deprovision", gone).await.unwrap()["deleted"], true);
    // Another one of that name has nothing of it.
    channel.say("ana", "enclave_provision", json!({})).await.unwrap();
    assert_eq!(asked_to_run(&app).await.unwrap_err().code, FailureCode::NotFound);
}

async fn asked_to_run(app: &App) -> Result<Value, wire::Failure> {
    let args = json!({"enclave": "price-watch", "name": "hello"});
    app.call(&app.agent("ana"), "wf_run", args).await
}

/// A tentacle with a sidecar of this image, which its one node uses.
fn beside(image: &str) -> Value {
    let mut args = hello("hello", "hi");
    let workflow = args["files"]["workflow.yaml"].as_str().unwrap();
    let sidecar = format!("{workflow}sidecars: [{{name: render, image: '{image}', port: 9000}}]\n");
    args["files"]["workflow.yaml"] = sidecar.into();
    args
}

#[tokio::test]
async fn a_sidecar_is_approved_as_elsewhere_and_is_one_that_the_operator_lets_run() {
    let mut app = App::simulating().await;
    let pinned = |name: &str| format!("{name}@sha256:{}", "0".repeat(64));
    let (own, other) = (pinned("r.example/team/render"), pinned("r.example/teams/render"));
    {
        let channel = set_up(&app).await;
        let asked = channel.say("ben", "wf_apply", beside(&other)).await.unwrap();
        let reach = json!([
            format!("render runs beside it: {other}"),
            "hello talks to the sidecar render and shares files with it",
        ]);
        assert_eq!((&asked["status"], &asked["new_reach"]), (&json!("needs_approval"), &reach), "{asked}");
        let refused = channel.say("ben", "wf_apply", beside("r.example/team/render:1")).await.unwrap_err();
        assert!(refused.message.contains("`crane digest r.example/team/render:1`"), "{refused:?}");
    }
    app.kill().await;
    app.flags.push("--sidecar-images=r.example/team,r.example/other");
    app.run().await;
    let channel = price_watch(&app);
    let refused = channel.say("ben", "wf_apply", beside(&other)).await.unwrap_err();
    let told = format!("the image `{other}` is not among those that the operator lets run here as sidecars");
    assert!(refused.message.contains(&told), "{refused:?}");
    let asked = channel.say("ben", "wf_apply", beside(&own)).await.unwrap();
    assert_eq!(asked["status"], "needs_approval", "{asked}");
}

/// Needs no registry, and the owner's approval as anywhere.
#[tokio::test]
async fn what_imports_modules_is_decided_and_nothing_is_fetched() {
    let app = App::simulating().await;
    let channel = set_up(&app).await;
    let mut args = hello("hello", "hi");
    let yaml = args["files"]["workflow.yaml"].as_str().unwrap().to_owned();
    let contract = "contract:\n  version: '1'\n  dependencies:\n    csv: {protocol: jsr, host: '@std/csv', version: 1.0.0}\n";
    args["files"]["workflow.yaml"] = format!("{yaml}{contract}").into();
    args["files"]["nodes/hello.ts"] = "import \"jsr:@std/csv@1.0.0\";\nexport default () => 1;\n".into();
    let lock = json!({
        "version": "5", "specifiers": {"jsr:@std/csv@1.0.0": "1.0.0"},
        "jsr": {"@std/csv@1.0.0": {"integrity": "0".repeat(64)}},
    });
    args["files"]["deno.lock"] = lock.to_string().into();
    let asked = channel.say("ana", "wf_apply", args.clone()).await.unwrap();
    assert_eq!(asked["status"], "needs_approval", "{asked}");
    let approve = json!({"approval": asked["approval"]["id"], "approve": true});
    channel.click("ana", "reach_approve", approve).await.unwrap();
    let deployed = channel.say("ana", "wf_apply", args).await.unwrap();
    assert!(deployed["applied"].to_string().contains("simulated: no module was fetched"), "{deployed}");
}

#[tokio::test]
async fn nothing_that_is_simulated_looks_safe() {
    let app = App::simulating().await;
    let channel = set_up(&app).await;
    channel.say("ana", "wf_apply", loud()).await.unwrap();
    for tool in ["audit_netpol", "audit_psa", "audit_rbac", "audit_resources"] {
        let told = app.call(&app.agent("ana"), tool, json!({"enclave": "price-watch"})).await.unwrap();
        assert_eq!(told["compliant"], false, "{tool}: {told}");
        assert!(told["unseen"].to_string().contains("simulates"), "{tool}: {told}");
    }
    let profile = app.operate("cluster_profile", json!({})).await.unwrap();
    assert_eq!((&profile["walls"], &profile["gvisor"]), (&json!("simulator"), &json!(false)));
    let properties = profile["properties"].as_array().unwrap();
    assert!(!properties.is_empty() && properties.iter().all(|line| line["held"] == "gap"), "{properties:?}");
    let missing = app.operate("enclave_preflight", json!({})).await.unwrap();
    assert_eq!(missing["allPass"], false, "{missing}");
    let health = app.operate("health_cluster_summary", json!({})).await.unwrap();
    assert_eq!(health["status"], "red", "{health}");
}
