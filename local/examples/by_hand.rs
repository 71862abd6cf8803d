//! Serves the stand-ins for trying them by hand: `cargo run -p local --example by_hand -- FOLDER [PORT]`.
//!
//! Prints the address of the page and what a bot needs. Ends with Ctrl-C.

use std::path::PathBuf;

use anyhow::Context;
use local::{Config, Local};
use secrecy::{ExposeSecret, SecretString};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

#[tokio::main]
#[expect(clippy::print_stdout, reason = "the example's purpose is to print this")]
async fn main() -> anyhow::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let folder = PathBuf::from(arguments.next().context("name a folder for the state")?);
    let port: u16 = arguments.next().map_or(Ok(0), |port| port.parse()).context("the port is a number")?;
    tracing_subscriber::fmt().with_env_filter("local=debug").init();

    let secret = SecretString::from(uuid::Uuid::new_v4().simple().to_string());
    let listener = TcpListener::bind(("127.0.0.1", port)).await?;
    let local = Local::open(Config::new(folder, secret.clone()), listener).await?;
    let (addresses, credentials) = (local.addresses(), local.credentials());
    println!("page         {}", addresses.page(&secret).expose_secret());
    println!("slack api    {}", addresses.slack_api());
    println!("issuer       {}", addresses.issuer());
    println!("bot token    {}", credentials.bot_token.expose_secret());
    println!("app token    {}", credentials.app_token.expose_secret());
    println!("relay secret {}", credentials.relay_secret.expose_secret());

    let shutdown = CancellationToken::new();
    let stop = shutdown.clone();
    tokio::spawn(async move {
        if tokio::signal::ctrl_c().await.is_ok() {
            stop.cancel();
        }
    });
    local.serve(shutdown).await?;
    Ok(())
}
