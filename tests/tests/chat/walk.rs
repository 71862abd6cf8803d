//! The newcomer's walk, as one story: from a channel to an enclave, a tentacle, its people, a freeze, and the end of it.

use crate::said::{alone, aloud, founder, greeted};
use crate::stranger;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use tests::{Home, Person, Up};

#[tokio::test]
async fn newcomer() {
    let home = Home::default();
    let mut up = home.up().await;
    let nothing_yet = below(&up.folder().join("machine"));
    card_is_for_one(&up).await;
    let ana = founder(&up).await;
    first_tentacle(&ana).await;
    let ben = up.person("ben").await;
    another_member(&ana, &ben).await;
    given_away(&ana, &ben).await;
    private(&ana, &ben).await;
    guest(&up, &ana).await;
    stranger::reaches_nothing(&up).await;
    frozen(&ana, &ben).await;
    end(&ana).await;
    assert_eq!(below(&up.folder().join("machine")), nothing_yet);
    let left = up.operator(&["enclave", "list", "-o", "json"]).await;
    assert_eq!((left.code, left.out.contains("price-watch")), (Some(0), false), "{left:?}");
    assert!(left.out.contains("enclaves"), "{left:?}");
    assert_eq!(up.interrupt().await, Some(0));
}

/// Everything below a folder.
fn below(folder: &Path) -> BTreeSet<PathBuf> {
    let mut found = BTreeSet::new();
    for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
        if entry.file_type().unwrap().is_dir() {
            found.extend(below(&entry.path()));
        }
        found.insert(entry.path());
    }
    found
}

/// Whoever has not signed in gets a card that nobody else sees.
async fn card_is_for_one(up: &Up) {
    let (ben, ana) = (up.person("ben").await, up.person("ana").await);
    let thread = ben.says("@kraken whoami").await;
    let card = ben.hears(&thread, 1).await.remove(0);
    alone(
        &card,
        &["Sign in to go on.", "asked for a code, it is", "holds for 10 minutes", "goes on by itself"],
    );
    assert!(ana.sees(&thread).await.is_empty(), "the card is for ben alone");
    assert!(ben.channel().await.contains(&card), "nobody would see it in a thread without a reply");
    ben.signs_in(&card).await;
    let answer = ben.hears(&thread, 2).await.remove(1);
    alone(&answer, &["You are signed in as Ben Okafor", "This channel has no enclave yet."]);
    let refused = ben.asks("set up this channel").await;
    alone(&refused, &["You may not", "only the person who made the channel can"]);
    // In a thread with a reply it stands there.
    ben.replies(&thread, "@kraken help").await;
    let help = ben.hears(&thread, 3).await.remove(2);
    alone(&help, &["What you can say to me"]);
    assert!(!ben.channel().await.contains(&help), "{help:?}");
}

async fn first_tentacle(ana: &Person) {
    greeted(&ana.asks("run hello").await);
    aloud(&ana.asks("run hello {\"name\": \"Ana\"}").await, &["greeting: Hello, Ana!"]);
    aloud(
        &ana.asks("status").await,
        &["price-watch is active. Ana Sousa owns it.", "hello is ready, deployed"],
    );
    let of_hello = ana.asks("status hello").await;
    aloud(
        &of_hello,
        &[
            "hello is ready.",
            "Its last run succeeded",
            "asked for by Ana Sousa",
            "in git: \"hello: a first version\"",
        ],
    );
    aloud(&ana.asks("logs hello").await, &["hello printed:", "greeting world", "greeting Ana"]);
    let members = ana.asks("members").await;
    aloud(&members, &["Owner: Ana Sousa", "Members: Ben Okafor", "Visitors: Gil Moreau"]);
    let me = ana.asks("whoami").await;
    alone(&me, &["Ana Sousa (ana@example.com)", "You are the owner of price-watch."]);
    alone(&ana.asks("help").await, &["set up this channel", "deploy hello", "why @ben deploy hello"]);
    alone(&ana.asks("sing a song").await, &["I don't know that one.", "help"]);
}

async fn another_member(ana: &Person, ben: &Person) {
    greeted(&ben.asks("run hello").await);
    aloud(&ana.asks("remove @ben").await, &["@ben is no longer a member of price-watch."]);
    let refused = ben.asks("run hello").await;
    alone(
        &refused,
        &["You may not run hello", "Ana Sousa removed you", "The owner, Ana Sousa, can add you back."],
    );
    assert!(ben.channel().await.iter().any(|post| post.author == "Ana Sousa"), "he is still in the channel");
    alone(&ben.asks("add @ben").await, &["You may not add members", "only the owner", "Ask Ana Sousa."]);
    aloud(&ana.asks("add @ben").await, &["@ben may be in price-watch."]);
    greeted(&ben.asks("run hello").await);
}

/// A tentacle has a mode and an owner of its own.
async fn given_away(ana: &Person, ben: &Person) {
    aloud(&ana.asks("set mode of hello to private").await, &["The mode of hello is private now"]);
    alone(&ben.asks("run hello").await, &["You may not run hello"]);
    alone(&ben.asks("give hello to @ben").await, &["You may not"]);
    alone(
        &ana.asks("give hello to @gil").await,
        &["cannot own a tentacle here", "Only a member of the enclave"],
    );
    aloud(&ana.asks("give hello to @ben").await, &["hello is @ben's now. Before, it was Ana Sousa's."]);
    greeted(&ben.asks("run hello").await);
    aloud(&ben.asks("set mode of hello to member edit").await, &["The mode of hello is member-edit now"]);
    aloud(&ben.asks("give hello to @ana").await, &["hello is @ana's now"]);
    aloud(
        &ben.asks("history hello").await,
        &["hello, its last runs:", "succeeded after", "by Ana Sousa", "by Ben Okafor"],
    );
}

async fn private(ana: &Person, ben: &Person) {
    let told = ana.asks("set mode private").await;
    aloud(
        &told,
        &["The mode of price-watch is private now", "only the owner can see, change or run anything"],
    );
    let refused = ben.asks("run hello").await;
    alone(
        &refused,
        &["You may not run hello", "members cannot run in price-watch", "Ana Sousa, can set a wider mode"],
    );
    let why = ana.asks("why ben run hello").await;
    let layers = [
        "No. Ben Okafor may not run hello",
        "1. Ben Okafor is a member of price-watch.",
        "2. The enclave: mode rwx------ (private) does not let members run.",
        "3. The tentacle: mode rwxrwx--- (member-edit) lets members run.",
        "The owner, Ana Sousa, can set a wider mode.",
    ];
    aloud(&why, &layers);
    greeted(&ana.asks("run hello").await);
    aloud(&ana.asks("set mode member-edit").await, &["member-edit now"]);
    aloud(&ana.asks("why @ben run hello").await, &["Yes. Ben Okafor may run hello"]);
}

async fn guest(up: &Up, ana: &Person) {
    let gil = up.person("gil").await;
    let refused = gil.asks_and_signs_in("run hello").await;
    alone(&refused, &["You may not run hello", "guests stay visitors"]);
    alone(&gil.asks("whoami").await, &["You are a visitor of price-watch", "guests stay visitors"]);
    aloud(&ana.asks("members").await, &["Visitors: Gil Moreau (a guest of the workspace)"]);
    aloud(&ana.asks("add @gil").await, &["@gil"]);
    alone(&gil.asks("run hello").await, &["You may not run hello", "guests stay visitors"]);
}

async fn frozen(ana: &Person, ben: &Person) {
    aloud(&ana.asks("freeze").await, &["price-watch is frozen: nothing is deployed, removed or granted."]);
    for words in [
        "deploy hello",
        "remove hello",
        "remove hello for good",
        "add @ben",
        "new other",
        "set mode open-run",
    ] {
        let refused = ana.asks(words).await;
        alone(&refused, &["You may not", "price-watch is frozen by its owner", "can lift the freeze"]);
    }
    aloud(&ana.asks("status").await, &["price-watch is frozen by its owner.", "hello is ready"]);
    aloud(&ana.asks("logs hello").await, &["greeting world"]);
    greeted(&ana.asks("run hello").await);
    greeted(&ben.asks("run hello").await);
    aloud(&ana.asks("remove @ben").await, &["@ben is no longer a member"]);
    alone(&ben.asks("run hello").await, &["Ana Sousa removed you"]);
    alone(&ben.asks("unfreeze").await, &["You may not unfreeze", "only the owner"]);
    aloud(&ana.asks("unfreeze").await, &["price-watch is in use again."]);
    aloud(&ana.asks("deploy hello").await, &["hello runs exactly this already"]);
}

async fn end(ana: &Person) {
    let asked = ana.asks("shut down this enclave").await;
    alone(&asked, &["for good", "To go on, type its name:", "shut down price-watch."]);
    alone(&ana.asks("shut down price-wotch").await, &["That is not its name."]);
    greeted(&ana.asks("run hello").await);
    let gone = ana.asks("shut down price-watch").await;
    aloud(&gone, &["The enclave price-watch is shut down with its tentacle.", "Nothing of it is left."]);
    alone(&ana.asks("status").await, &["This channel has no enclave yet."]);
    alone(&ana.asks("run hello").await, &["This channel has no enclave yet."]);
}
