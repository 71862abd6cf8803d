//! What is promised when something breaks is true.

use crate::app::App;
use crate::team::{hello, set_up};
use serde_json::json;
use wire::FailureCode;

#[tokio::test]
async fn only_of_what_goes_on_by_itself_it_is_said_that_it_does() {
    let app = App::start().await;
    let channel = set_up(&app).await;
    let by_itself = "finished by itself";
    app.backend.fail_at("before quota");
    let making = app.call(&app.agent("cy"), "enclave_provision", json!({"name": "new"})).await.unwrap_err();
    assert!(making.text().contains(by_itself), "{}", making.text());

    channel.say("ana", "wf_apply", hello("hello", "hi")).await.unwrap();
    app.backend.fail_at("before run");
    let running = channel.say("ana", "wf_run", json!({"name": "hello"})).await.unwrap_err();
    assert_eq!(running.code, FailureCode::Unavailable);
    let told = running.text();
    assert!(!told.contains("finish") && told.contains("look at its logs"), "{told}");

    app.backend.fail_at("before deploy");
    let deploying = channel.say("ana", "wf_apply", hello("hello", "anew")).await.unwrap_err();
    assert!(!deploying.text().contains("finish"), "{}", deploying.text());
}
