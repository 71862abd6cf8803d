//! Buttons and modals: what is dangerous asks again, what has options shows them, and who may do it is the server's to say.

use crate::said::{alone, aloud, founder};
use tests::{Home, Person};

#[tokio::test]
async fn what_has_options_shows_them_and_what_is_dangerous_asks_again() {
    let home = Home::default();
    let up = home.up().await;
    let ana = founder(&up).await;
    let ben = up.person("ben").await;
    ben.asks_and_signs_in("whoami").await;
    mode(&ana, &ben).await;
    size(&ana, &ben).await;
    people(&ana, &ben).await;
    removal(&ana, &ben).await;
    up.service("kraken-bot").await.kill();
    end(&ana).await;
}

async fn mode(ana: &Person, ben: &Person) {
    alone(&ben.asks("set mode").await, &["price-watch is member-edit", "Only Ana Sousa, who owns it"]);
    let thread = ana.says("@kraken set mode").await;
    alone(&ana.hears(&thread, 1).await[0], &["is member-edit: members can see", "Choose a mode"]);
    ana.presses(&thread, "Choose a mode").await;
    let modal = ana.meets_a_modal().await;
    for meaning in
        ["member-run", "members can run, the owner sees and changes, visitors see nothing", "open-run"]
    {
        assert!(modal.contains(meaning), "{modal}");
    }
    assert_eq!(ana.finds_chosen().await.as_deref(), Some("member-edit"));
    ana.submits("member-run").await;
    aloud(&ana.hears(&thread, 2).await[1], &["The mode of price-watch is member-run now"]);
    assert!(ana.meets_no_modal().await);
    // Of a tentacle as well, also by whoever may not: then it is said in the thread.
    let thread = ana.says("@kraken set mode of hello").await;
    ana.hears(&thread, 1).await;
    ana.presses(&thread, "Choose a mode").await;
    assert!(ana.meets_a_modal().await.contains("Who may do what with hello."));
    ana.submits("private").await;
    aloud(&ana.hears(&thread, 2).await[1], &["The mode of hello is private now"]);
    aloud(&ana.asks("set mode member-edit").await, &["member-edit now"]);
    aloud(&ana.asks("set mode of hello to member-edit").await, &["member-edit now"]);
}

async fn size(ana: &Person, ben: &Person) {
    alone(&ben.asks("set size").await, &["price-watch is of size medium", "Only Ana Sousa, who owns it"]);
    let thread = ana.says("@kraken set size").await;
    alone(&ana.hears(&thread, 1).await[0], &["of size medium: what most teams need", "Choose a size"]);
    ana.presses(&thread, "Choose a size").await;
    assert!(ana.meets_a_modal().await.contains("many tentacles, or such as need much"));
    assert_eq!(ana.finds_chosen().await.as_deref(), Some("medium"));
    ana.submits("large").await;
    aloud(&ana.hears(&thread, 2).await[1], &["price-watch is of size large now: many tentacles"]);
    alone(&ben.asks("set size to small").await, &["You may not"]);
    aloud(&ana.asks("set size to medium").await, &["price-watch is of size medium now"]);
}

async fn people(ana: &Person, ben: &Person) {
    let thread = ana.says("@kraken members").await;
    aloud(&ana.hears(&thread, 1).await[0], &["Members: Ben Okafor", "Add people", "Remove people"]);
    ana.presses(&thread, "Remove people").await;
    ana.meets_a_modal().await;
    ana.submits_person("Ben").await;
    aloud(&ana.hears(&thread, 2).await[1], &["@ben is no longer a member of price-watch."]);
    alone(&ben.asks("run hello").await, &["Ana Sousa removed you"]);
    // The card stands there for all; what Ben does with it is refused.
    ben.presses(&thread, "Add people").await;
    ben.meets_a_modal().await;
    ben.submits_person("Ben").await;
    alone(&ben.hears(&thread, 3).await[2], &["You may not add members"]);
    ana.presses(&thread, "Add people").await;
    ana.meets_a_modal().await;
    ana.submits_person("Ben").await;
    aloud(&ana.hears(&thread, 3).await[2], &["@ben may be in price-watch."]);
}

async fn removal(ana: &Person, ben: &Person) {
    aloud(&ana.asks("new other").await, &["other is written"]);
    aloud(&ana.asks("deploy other").await, &["other is deployed."]);
    let thread = ana.says("@kraken remove other").await;
    alone(
        &ana.hears(&thread, 1).await[0],
        &["This removes other with its logs, for good.", "Remove for good"],
    );
    assert!(ben.sees(&thread).await.is_empty());
    ana.presses(&thread, "Remove for good").await;
    aloud(&ana.hears(&thread, 2).await[1], &["other is removed."]);
    // It works once, also for what has the same name.
    aloud(&ana.asks("deploy other").await, &["other is deployed."]);
    ana.presses(&thread, "Remove for good").await;
    alone(&ana.hears(&thread, 3).await[2], &["This button is over"]);
    aloud(&ana.asks("status other").await, &["other is ready."]);
}

async fn end(ana: &Person) {
    let thread = ana.says("@kraken shut down this enclave").await;
    alone(&ana.hears(&thread, 1).await[0], &["for good", "shut down price-watch", "Shut down"]);
    ana.presses(&thread, "Shut down").await;
    assert!(ana.meets_a_modal().await.contains("Type its name"));
    ana.submits("price-wotch").await;
    assert!(ana.meets_a_modal().await.contains("That is not its name."));
    ana.submits("price-watch").await;
    aloud(&ana.hears(&thread, 2).await[1], &["The enclave price-watch is shut down with its 2 tentacles."]);
    assert!(ana.meets_no_modal().await);
    ana.presses(&thread, "Shut down").await;
    alone(&ana.hears(&thread, 3).await[2], &["This button is over"]);
}
