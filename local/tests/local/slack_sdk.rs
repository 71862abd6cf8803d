//! Slack's own Python SDK, unmodified, as a bot.

use std::process::Stdio;
use std::time::Duration;

use secrecy::ExposeSecret;
use tokio::process::Command;

use crate::app::App;

/// Longer than the script's own patience.
const PATIENCE: Duration = Duration::from_secs(90);

#[tokio::test]
async fn the_python_sdk_works_unmodified() {
    let python = std::env::var("TENTACULAR_TEST_PYTHON").unwrap_or_else(|_| {
        panic!("TENTACULAR_TEST_PYTHON names no Python with slack_sdk: run the tests by `cargo xtask test`, which sets it up")
    });
    let app = App::start().await;
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/slack_sdk_bot.py");
    let run = Command::new(python)
        .arg(script)
        .env("BASE", &app.base)
        .env("SECRET", &app.secret)
        .env("BOT_TOKEN", app.bot_token())
        .env("APP_TOKEN", app.credentials.app_token.expose_secret())
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output();
    let output = tokio::time::timeout(PATIENCE, run).await.expect("the script ends").unwrap();
    let told = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{told}\n{}", String::from_utf8_lossy(&output.stderr));
    assert!(told.contains("all well"), "{told}");
}
