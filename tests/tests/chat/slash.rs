//! `/kraken` takes the same words as a mention, by Socket Mode and by signed requests.

use crate::said::{alone, aloud, founder};
use tests::{Home, Up};

#[tokio::test]
async fn a_slash_command_is_answered_as_a_mention_is() {
    let home = Home::default();
    answered(&home.up().await).await;
}

#[tokio::test]
async fn a_slash_command_is_answered_over_http_too() {
    let home = Home::default();
    answered(&home.up_with(&["--slack-http"]).await).await;
}

#[tokio::test]
async fn a_shortcut_asks_for_the_words_and_is_answered_where_it_was_used() {
    let home = Home::default();
    let up = home.up().await;
    let ana = founder(&up).await;
    // On a message: in its thread, with its words where they are a command.
    let thread = ana.says("run hello").await;
    ana.uses_shortcut_on(&thread).await;
    ana.meets_a_modal().await;
    ana.submits("status hello").await;
    aloud(&ana.hears(&thread, 1).await[0], &["hello is ready."]);
    // Anywhere: in a channel of one's choice.
    ana.asks_by_shortcut("members").await;
    tests::until("it is answered in the channel", async || {
        ana.channel().await.iter().any(|post| post.text.contains("Owner: Ana Sousa")).then_some(())
    })
    .await;
    assert!(ana.meets_no_modal().await);
}

async fn answered(up: &Up) {
    let ana = founder(up).await;
    let status = ana.commands("/kraken status").await;
    aloud(&status, &["price-watch is active.", "@ana asked: /kraken status"]);
    alone(&ana.commands("/kraken whoami").await, &["You are the owner of price-watch."]);
    alone(&ana.commands("/kraken").await, &["Yes, I'm here."]);
    alone(&ana.commands("/kraken stats hello").await, &["Did you mean status hello?"]);
    // Forms stand under them as well.
    alone(&ana.commands("/kraken set mode").await, &["Choose a mode"]);
    ana.presses_in_channel("Choose a mode").await;
    ana.meets_a_modal().await;
    ana.submits("open-read").await;
    tests::until("the mode is another", async || {
        ana.channel()
            .await
            .iter()
            .any(|post| post.text.contains("The mode of price-watch is open-read now"))
            .then_some(())
    })
    .await;
    // Who has not signed in does so first; what was asked goes on by itself.
    let ben = up.person("ben").await;
    let card = ben.commands("/kraken run hello").await;
    alone(&card, &["Sign in to go on."]);
    ben.signs_in(&card).await;
    tests::until("it went on", async || {
        ben.channel()
            .await
            .iter()
            .any(|post| post.text.contains("@ben asked: /kraken run hello"))
            .then_some(())
    })
    .await;
    assert!(ana.channel().await.iter().any(|post| post.text.contains("Hello, world!")));
}
