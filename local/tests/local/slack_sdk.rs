//! Slack's own Python SDK and its framework Bolt, unmodified, as bots.

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
async fn bolt_works_unmodified_by_socket_mode() {
    let app = App::start().await;
    works(&app, "slack_bolt_app.py", &[]).await;
}

#[tokio::test]
async fn bolt_works_unmodified_by_requests() {
    // A port that is free now, for the server of Bolt's own.
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let url = format!("http://127.0.0.1:{port}/slack/events").parse().unwrap();
    let app = App::start_with(|config| config.request_url = Some(url)).await;
    works(&app, "slack_bolt_app.py", &[("PORT", &port.to_string())]).await;
}

/// A script of this folder, which ends with `all well`.
async fn works(app: &App, script: &str, more: &[(&str, &str)]) {
    let python = std::env::var("TENTACULAR_TEST_PYTHON").unwrap_or_else(|_| {
        panic!("TENTACULAR_TEST_PYTHON names no Python with slack_sdk: run the tests by `cargo xtask test`, which sets it up")
    });
    let run = Command::new(python)
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
