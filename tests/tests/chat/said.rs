//! What the Kraken says, and who is to hear it.

use tests::{Person, Post, Up};

/// Ana, who has set up the channel and put `hello` to work.
pub(crate) async fn founder(up: &Up) -> Person {
    let ana = up.person("ana").await;
    let made = ana.asks_and_signs_in("set up this channel").await;
    aloud(&made, &["This channel is now the enclave price-watch.", "Ana Sousa owns it."]);
    aloud(&ana.asks("new hello").await, &["hello is written:", "Next: deploy hello"]);
    aloud(&ana.asks("deploy hello").await, &["hello is deployed.", "Next: run hello"]);
    ana
}

/// It was said for all to read, and holds these words.
pub(crate) fn aloud(post: &Post, words: &[&str]) {
    holds(post, false, words);
}

/// It was said to the one person, and holds these words.
pub(crate) fn alone(post: &Post, words: &[&str]) {
    holds(post, true, words);
}

fn holds(post: &Post, only_for_you: bool, words: &[&str]) {
    assert_eq!(post.only_for_you, only_for_you, "{post:?}");
    for word in words {
        assert!(post.text.contains(word), "`{word}` is not in: {}", post.text);
    }
}

/// The answer of `hello`.
pub(crate) fn greeted(post: &Post) {
    aloud(post, &["greeting: Hello, world!", "hello answered after"]);
}
