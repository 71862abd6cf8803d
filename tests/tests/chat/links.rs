//! A link to sign in with that somebody else follows.

use crate::said::{alone, aloud};
use tests::{Home, until};

#[tokio::test]
async fn a_link_of_anothers_binds_nothing_and_both_are_told() {
    let home = Home::default();
    let up = home.up().await;
    let (ana, ben) = (up.person("ana").await, up.person("ben").await);
    let asked = ana.says("@kraken set up this channel").await;
    let card = ana.hears(&asked, 1).await.remove(0);
    // Ben was never here before, so that nothing but his address says whose he is.
    ben.signs_in(&card).await;
    alone(&ana.hears(&asked, 2).await[1], &["is not the one of this Slack account", "ask me again"]);
    let told = until("Ben is told", async || ben.in_private().await.pop()).await;
    assert!(told.text.contains("for the Slack account of Ana Sousa, and was refused"), "{told:?}");
    // Each of them signs in for themselves as if nothing had been.
    aloud(&ana.asks_and_signs_in("set up this channel").await, &["Ana Sousa owns it."]);
    alone(&ben.asks_and_signs_in("whoami").await, &["You are signed in as Ben Okafor"]);
}
