//! The server is killed at every point of everything that it does outside of its store, and what it left comes to its
//! end: when the same request is made again, and also when nobody asks.

use crate::app::{App, until};
use crate::approvals::reaching;
use crate::backend::STEPS;
use crate::door::{Door, InChannel, account};
use crate::team::hello;
use mcp_server::Pace;
use serde_json::{Value, json};
use std::time::Duration;
use wire::{Failure, FailureCode};

/// Who brings it to its end.
#[derive(Clone, Copy, PartialEq)]
enum By {
    /// The same request, made again at a server that is not the one that was killed.
    Asking,
    /// The server that was killed, once it is back.
    ItsReturn,
}

/// One request of ana in her channel, which can be made again.
#[derive(Clone)]
struct Request {
    channel: String,
    tool: &'static str,
    args: Value,
    event: String,
}

impl Request {
    fn new(channel: &str, tool: &'static str, args: Value) -> Self {
        let event = format!("{channel} {tool}");
        Self { channel: channel.to_owned(), tool, args, event }
    }

    async fn make(&self, door: &Door) -> Result<Value, Failure> {
        let mut said = channel(door, &self.channel).assertion("ana", self.tool, &self.args);
        said.event.clone_from(&self.event);
        door.send("ana", self.tool, self.args.clone(), &said).await
    }

    /// Makes it, and kills the server when it has come to `point`.
    async fn die_at(&self, app: &mut App, point: &str) {
        app.backend.stop_at(point);
        let (door, request) = (app.door(), self.clone());
        let asking = tokio::spawn(async move { request.make(&door).await });
        app.backend.until_waiting(1).await;
        asking.abort();
        app.kill().await;
        app.backend.go_on();
    }

    /// Sees to it that it comes to its end.
    async fn finish(&self, app: &mut App, by: By) {
        if by == By::ItsReturn {
            app.run().await;
            return;
        }
        app.heads = "heads-of-another";
        app.run().await;
        self.make(app).await.unwrap();
        app.kill().await;
        app.heads = "heads";
        app.run().await;
    }
}

/// The channel of ana's that has this name.
fn channel<'d>(door: &'d Door, name: &str) -> InChannel<'d> {
    door.channel(&format!("C-{name}"), name, &account("ana"))
}

/// Nothing is open any more, and the trail holds.
async fn settled(app: &App) {
    until("nothing is open", async || app.database.rows().await["open_effect"].is_empty()).await;
}

fn points<'a>(effects: &'a [&'a str]) -> impl Iterator<Item = String> + 'a {
    effects.iter().flat_map(|effect| [format!("before {effect}"), format!("after {effect}")])
}

/// The last two letters are free for a number, so that every point has a channel of its own.
fn numbered(effects: &[&str], by: By) -> Vec<(String, String)> {
    let letter = if by == By::Asking { 'a' } else { 'r' };
    points(effects).enumerate().map(|(number, point)| (format!("e{letter}{number}"), point)).collect()
}

async fn app() -> App {
    let pace = Pace { reconcile_every: Duration::from_millis(20), ..Pace::default() };
    let app = App::paced(pace).await;
    app.sign_in("ana").await.unwrap();
    app
}

async fn active(app: &App, name: &str) -> bool {
    let info = channel(app, name).say("ana", "enclave_info", json!({})).await;
    info.is_ok_and(|info| info["status"] == "active")
}

async fn provisioning(by: By) {
    let mut app = app().await;
    for (name, point) in numbered(&STEPS, by) {
        let request = Request::new(&name, "enclave_provision", json!({}));
        request.die_at(&mut app, &point).await;
        request.finish(&mut app, by).await;
        until(&format!("made to the end from {point}"), async || active(&app, &name).await).await;
        assert_eq!(app.backend.world().enclaves[&name], STEPS, "{point}");
        settled(&app).await;
    }
    let rows = app.database.rows().await;
    assert_eq!(rows["enclave"].len(), 2 * STEPS.len());
}

#[tokio::test]
async fn provisioning_comes_to_its_end_when_asked_again() {
    provisioning(By::Asking).await;
}

#[tokio::test]
async fn provisioning_comes_to_its_end_by_itself() {
    provisioning(By::ItsReturn).await;
}

async fn deprovisioning(by: By) {
    let mut app = app().await;
    for (name, point) in numbered(&["deprovision"], by) {
        channel(&app, &name).say("ana", "enclave_provision", json!({})).await.unwrap();
        channel(&app, &name).say("ana", "wf_apply", hello("hello", "first")).await.unwrap();
        let request = Request::new(&name, "enclave_deprovision", json!({"confirm": name}));
        request.die_at(&mut app, &point).await;
        request.finish(&mut app, by).await;
        let gone = async || {
            let info = channel(&app, &name).say("ana", "enclave_info", json!({})).await;
            info.is_err_and(|failure| failure.code == FailureCode::NotFound)
        };
        until(&format!("removed to the end from {point}"), gone).await;
        settled(&app).await;
        let world = app.backend.world().clone();
        assert!(world.enclaves.is_empty() && world.tentacles.is_empty(), "{point}: {world:?}");
    }
    let rows = app.database.rows().await;
    assert!(rows["enclave"].is_empty() && rows["tentacle"].is_empty());
}

#[tokio::test]
async fn deprovisioning_comes_to_its_end_when_asked_again() {
    deprovisioning(By::Asking).await;
}

#[tokio::test]
async fn deprovisioning_comes_to_its_end_by_itself() {
    deprovisioning(By::ItsReturn).await;
}

/// What the store and the backend have of ana's tentacle: the same, or something is wrong.
async fn version(app: &App, name: &str) -> String {
    let status = channel(app, name).say("ana", "wf_status", json!({"name": "hello"})).await.unwrap();
    let made = app.backend.world().tentacles.get(&(name.to_owned(), "hello".to_owned())).cloned();
    let version = status["version"].as_str().unwrap().to_owned();
    if made.as_ref() == Some(&version) { version } else { format!("{version} but {made:?}") }
}

async fn deploying(by: By, first: bool) {
    let mut app = app().await;
    for (name, point) in numbered(&["deploy"], by) {
        channel(&app, &name).say("ana", "enclave_provision", json!({})).await.unwrap();
        if !first {
            channel(&app, &name).say("ana", "wf_apply", hello("hello", "old")).await.unwrap();
        }
        let wanted = channel(&app, &name).say("ana", "wf_apply", dry(hello("hello", "new"))).await.unwrap();
        let request = Request::new(&name, "wf_apply", hello("hello", "new"));
        request.die_at(&mut app, &point).await;
        request.finish(&mut app, by).await;
        let deployed = async || json!(version(&app, &name).await) == wanted["version"];
        until(&format!("deployed from {point}"), deployed).await;
        settled(&app).await;
        let listed = channel(&app, &name).say("ana", "wf_list", json!({})).await.unwrap();
        let entry = &listed["workflows"][0];
        assert_eq!(
            (&entry["owner"], &entry["deployed_by"], &entry["ready"]),
            (&json!("ana"), &json!("ana"), &json!(true))
        );
        channel(&app, &name).say("ana", "wf_run", json!({"name": "hello"})).await.unwrap();
    }
}

fn dry(mut args: Value) -> Value {
    args["dry_run"] = json!(true);
    args
}

#[tokio::test]
async fn a_first_deploy_comes_to_its_end_when_asked_again() {
    deploying(By::Asking, true).await;
}

#[tokio::test]
async fn a_first_deploy_comes_to_its_end_by_itself() {
    deploying(By::ItsReturn, true).await;
}

#[tokio::test]
async fn a_later_deploy_comes_to_its_end_when_asked_again() {
    deploying(By::Asking, false).await;
}

#[tokio::test]
async fn a_later_deploy_comes_to_its_end_by_itself() {
    deploying(By::ItsReturn, false).await;
}

/// Asks for new reach, and has it approved; the answer to the question.
async fn approved(app: &App, name: &str, args: &Value) -> Value {
    channel(app, name).say("ana", "enclave_provision", json!({})).await.unwrap();
    let asked = channel(app, name).say("ana", "wf_apply", args.clone()).await.unwrap();
    let yes = json!({"approval": asked["approval"]["id"], "approve": true});
    let mut click = channel(app, name).assertion("ana", "reach_approve", &yes);
    click.kind = wire::assertion::Kind::Click;
    app.send("ana", "reach_approve", yes, &click).await.unwrap();
    asked
}

/// A deploy with an approval that was taken when it began: asked again it is the same deploy, and needs no other.
#[tokio::test]
async fn an_approved_deploy_comes_to_its_end_when_asked_again() {
    let mut app = app().await;
    for (name, point) in numbered(&["deploy"], By::Asking) {
        let args = reaching(&["shop.example"]);
        let asked = approved(&app, &name, &args).await;
        let request = Request::new(&name, "wf_apply", args);
        request.die_at(&mut app, &point).await;
        request.finish(&mut app, By::Asking).await;
        assert_eq!(json!(version(&app, &name).await), asked["version"], "{point}");
        settled(&app).await;
    }
}

/// A stop between taking an approval and giving it back loses nothing: whoever brings the deploy to its end gives it back.
#[tokio::test]
async fn an_approval_that_a_stop_came_upon_is_given_back_by_what_fails_its_fixtures() {
    for by in [By::Asking, By::ItsReturn] {
        let mut app = app().await;
        let args = reaching(&["shop.example"]);
        approved(&app, "ef0", &args).await;
        let request = Request::new("ef0", "wf_apply", args.clone());
        request.die_at(&mut app, "before deploy").await;
        app.backend.fail_fixtures();
        if by == By::Asking {
            app.heads = "heads-of-another";
        }
        app.run().await;
        if by == By::Asking {
            let failed = request.make(&app).await.unwrap_err();
            assert!(failed.message.contains("fails its own fixtures"), "{failed:?}");
        }
        settled(&app).await;
        let mut mended = args;
        mended["files"]["README.md"] = json!("mended");
        let deployed = channel(&app, "ef0").say("ana", "wf_apply", mended).await.unwrap();
        assert_eq!(deployed["status"], "deployed", "{deployed}");
    }
}

async fn removing(by: By) {
    let mut app = app().await;
    for (name, point) in numbered(&["remove"], by) {
        channel(&app, &name).say("ana", "enclave_provision", json!({})).await.unwrap();
        channel(&app, &name).say("ana", "wf_apply", hello("hello", "first")).await.unwrap();
        let request = Request::new(&name, "wf_remove", json!({"name": "hello", "confirm": "hello"}));
        request.die_at(&mut app, &point).await;
        request.finish(&mut app, by).await;
        let listed = async || channel(&app, &name).say("ana", "wf_list", json!({})).await.unwrap();
        until(&format!("removed from {point}"), async || listed().await["workflows"] == json!([])).await;
        settled(&app).await;
        assert!(app.backend.world().tentacles.is_empty(), "{point}");
    }
}

#[tokio::test]
async fn removing_a_tentacle_comes_to_its_end_when_asked_again() {
    removing(By::Asking).await;
}

#[tokio::test]
async fn removing_a_tentacle_comes_to_its_end_by_itself() {
    removing(By::ItsReturn).await;
}

#[tokio::test]
async fn a_run_that_was_interrupted_is_never_run_again() {
    let mut app = app().await;
    channel(&app, "runs").say("ana", "enclave_provision", json!({})).await.unwrap();
    channel(&app, "runs").say("ana", "wf_apply", hello("hello", "first")).await.unwrap();
    let request = Request::new("runs", "wf_run", json!({"name": "hello"}));
    request.die_at(&mut app, "after run").await;
    app.run().await;
    for _ in 0..3 {
        let refused = request.make(&app).await.unwrap_err();
        assert_eq!(refused.code, FailureCode::Conflict);
        assert!(refused.message.contains("stopped in the middle"), "{}", refused.message);
    }
    assert_eq!(app.backend.world().runs.values().sum::<u32>(), 1);
    settled(&app).await;
}

/// It leaves nothing that could be gone on with: neither a deploy of its own, nor the end of one that came before it.
#[tokio::test]
async fn what_was_observed_is_never_gone_on_with_and_ends_no_deploy() {
    let mut app = app().await;
    for (name, point) in numbered(&["observe"], By::ItsReturn) {
        channel(&app, &name).say("ana", "enclave_provision", json!({})).await.unwrap();
        channel(&app, &name).say("ana", "wf_apply", hello("hello", "old")).await.unwrap();
        let before = version(&app, &name).await;
        Request::new(&name, "reach_observe", hello("hello", "new")).die_at(&mut app, &point).await;
        app.run().await;
        settled(&app).await;
        assert_eq!(version(&app, &name).await, before, "{point}");
    }
    let wanted = channel(&app, "er0").say("ana", "wf_apply", dry(hello("hello", "new"))).await.unwrap();
    let deploy = Request::new("er0", "wf_apply", hello("hello", "new"));
    deploy.die_at(&mut app, "before deploy").await;
    app.heads = "heads-of-another";
    app.run().await;
    channel(&app, "er0").say("ana", "reach_observe", hello("hello", "observed")).await.unwrap();
    app.kill().await;
    app.heads = "heads";
    app.run().await;
    let deployed = async || json!(version(&app, "er0").await) == wanted["version"];
    until("the deploy comes to its end", deployed).await;
    settled(&app).await;
}
