//! Slack's own clients for Python and Node and the frameworks Bolt, unmodified, as bots.

use std::net::TcpListener;
use std::process::Stdio;
use std::time::Duration;

use secrecy::ExposeSecret;
use tokio::process::Command;

use crate::app::App;

/// Longer than the script's own patience.
const PATIENCE: Duration = Duration::from_secs(90);

#[tokio::test]
async fn the_python_sdk_works_unmodified() {
    let app = App::start().await;
    works(&app, "slack_sdk_bot.py", &[]).await;
}

#[tokio::test]
async fn the_clients_for_node_work_unmodified() {
    let app = App::start().await;
    works(&app, "slack_npm_bot.cjs", &[]).await;
}

#[tokio::test]
async fn bolt_works_unmodified_by_socket_mode() {
    for script in BOLT {
        let app = App::start().await;
        works(&app, script, &[]).await;
    }
}

#[tokio::test]
async fn bolt_works_unmodified_by_requests() {
    for script in BOLT {
        // A port that is free now, for the server of Bolt's own.
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let url = format!("http://127.0.0.1:{port}/slack/events").parse().unwrap();
        let app = App::start_with(|config| config.request_url = Some(url)).await;
        works(&app, script, &[("PORT", &port.to_string())]).await;
    }
}

/// Bolt's apps, for Python and for Node.
const BOLT: [&str; 2] = ["slack_bolt_app.py", "slack_bolt_app.cjs"];

/// What `xtask` has set up.
fn set_up(variable: &str) -> String {
    std::env::var(variable).unwrap_or_else(|_| {
        panic!("{variable} is not set: run the tests by `cargo xtask test`, which installs Slack's clients")
    })
}

/// A script of this folder, which ends with `all well`.
async fn works(app: &App, script: &str, more: &[(&str, &str)]) {
    let node = script.ends_with(".cjs");
    let mut program = Command::new(if node { "node".to_owned() } else { set_up("TENTACULAR_TEST_PYTHON") });
    if node {
        program.env("NODE_PATH", set_up("TENTACULAR_TEST_NODE_MODULES"));
    }
    let run = program
        .arg(format!("{}/tests/{script}", env!("CARGO_MANIFEST_DIR")))
        .env("BASE", &app.base)
        .env("SECRET", &app.secret)
        .env("BOT_TOKEN", app.bot_token())
        .env("APP_TOKEN", app.credentials.app_token.expose_secret())
        .env("SIGNING_SECRET", app.credentials.signing_secret.expose_secret())
        .envs(more.iter().copied())
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output();
    let output = tokio::time::timeout(PATIENCE, run).await.expect("the script ends").unwrap();
    let told = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{told}\n{}", String::from_utf8_lossy(&output.stderr));
    assert!(told.contains("all well"), "{told}");
}
