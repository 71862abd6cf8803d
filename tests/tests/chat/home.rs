//! The Home tab: who somebody is there, what they have, and signing in and out.

use crate::said::{alone, founder};
use tests::Home;

#[tokio::test]
async fn home_shows_what_somebody_has_and_lets_them_in_and_out() {
    let home = Home::default();
    let up = home.up().await;
    let ben = up.person("ben").await;
    ben.finds_at_home(&["You are not signed in.", "Sign in"]).await;
    ben.presses_at_home("Sign in").await;
    let card = ben.finds_at_home(&["Sign in to go on.", "asked for a code, it is"]).await;
    ben.signs_in(&card).await;
    ben.finds_shown_at_home(&["You have none yet.", "@kraken set up this channel", "Nothing waits for you."])
        .await;

    let ana = founder(&up).await;
    ana.finds_at_home(&[
        "price-watch in #price-watch is active: its tentacle is ready; you own it.",
        "Last deploy: hello,",
        "by Ana Sousa.",
    ])
    .await;
    ben.presses_at_home("Look again").await;
    ben.finds_shown_at_home(&[
        "price-watch in #price-watch is active",
        "you are its member, Ana Sousa owns it",
    ])
    .await;

    // With the server away it says so, and with it back it is as before.
    let server = up.service("mcp-server").await;
    server.kill();
    up.service("kraken-bot").await.kill();
    up.answers().await;
    ben.finds_at_home(&["price-watch in #price-watch is active"]).await;

    ben.presses_at_home("Sign out").await;
    ben.finds_shown_at_home(&["You are not signed in."]).await;
    let thread = ben.says("@kraken whoami").await;
    alone(&ben.hears(&thread, 1).await[0], &["Sign in to go on."]);
}
