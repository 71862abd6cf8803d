//! Where tokens and secrets must not stand: in logs, in what is kept, in what is said, in command lines and environments.

use crate::on_page;
use crate::said::{alone, founder, greeted};
use reqwest::Method;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use tests::{Home, Up};

/// How the middle part of a signed token begins: `{"`, in base 64, after a dot.
const TOKEN: &[u8] = b".eyJ";

/// A secret of the enclave's.
const SECRET: &[u8] = b"canary-swordfish-4711";

/// How Slack's tokens begin.
const SLACK: [&[u8]; 2] = [b"xoxb-", b"xapp-"];

/// Every file below a folder.
pub(crate) fn files(folder: &Path) -> Vec<PathBuf> {
    let (mut files, mut folders) = (Vec::new(), vec![folder.to_owned()]);
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            match entry.file_type() {
                Ok(kind) if kind.is_dir() => folders.push(entry.path()),
                Ok(kind) if kind.is_file() => files.push(entry.path()),
                _ => {}
            }
        }
    }
    files
}

pub(crate) fn holds(text: &[u8], word: &[u8]) -> bool {
    text.windows(word.len()).any(|part| part == word)
}

/// Whether a signed token stands in a text.
pub(crate) fn holds_token(text: &[u8]) -> bool {
    let is_letter = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_".contains(byte);
    text.windows(40).any(|part| part.starts_with(TOKEN) && part[1..].iter().all(is_letter))
}

/// What the issuer has given out since the beginning: device codes, codes and refresh tokens, of each at least one.
async fn given_out(up: &Up) -> Vec<String> {
    let given = up.control(Method::GET, "issued", None).await;
    let of = |kind: &str| -> Vec<String> {
        let all: Vec<String> = given[kind].as_array().unwrap().iter().map(text).collect();
        assert!(!all.is_empty() && all.iter().all(|one| one.len() >= 40), "{kind}: {given}");
        all
    };
    ["device_codes", "codes", "refresh_tokens"].map(of).concat()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

#[tokio::test]
async fn no_token_and_no_secret_stands_where_it_can_be_read() {
    let home = Home::default();
    let up = home.up().await;
    up.control(Method::POST, "issued", None).await;
    // Tokens that live for so short a time are renewed whenever they are used.
    up.control(Method::POST, "lifetimes", Some(json!({"access_token": 20}))).await;
    let ana = founder(&up).await;
    let ben = up.person("ben").await;
    greeted(&ben.asks_and_signs_in("run hello").await);
    let mine = up.mcp("ana").await;
    let secret = json!({"name": "shop.key", "value": "canary-swordfish-4711", "enclave": "price-watch"});
    mine.call("secret_set", &secret).await.unwrap();
    // She signs in for the server's own page, to which the browser brings a code.
    let (_, asked) = on_page::asked(&up, &home, &mine).await;
    let page = ana.opens(&text(&asked["approval"]["page"])).await;
    assert!(page.text.contains("news.example:443"), "{}", page.text);
    // What goes wrong is logged with the most words.
    alone(&ben.asks("set mode private").await, &["You may not"]);
    ana.asks_in_private("enclaves").await;
    let at_home = ana.finds_at_home(&["price-watch"]).await;
    // Ben's own token, so that the test knows one when it sees one.
    let token = up.token("ben").await;
    assert!(holds_token(token.as_bytes()), "{token}");
    let kraken = up.service("kraken-bot").await;
    let given_out = given_out(&up).await;
    let gives_away = |text: &[u8]| {
        let text = String::from_utf8_lossy(text);
        given_out.iter().any(|secret| text.contains(secret.as_str()))
    };
    let mut looked = 0;
    for file in files(up.folder()) {
        let text = std::fs::read(&file).unwrap_or_default();
        let name = file.display();
        assert!(!gives_away(&text), "a code or a refresh token stands in {name}");
        // The signed heads of the trail and of records are evidence for everybody, and let nobody in.
        let is_evidence = file.extension().is_some_and(|kind| kind == "heads" || kind == "records");
        assert!(is_evidence || !holds_token(&text), "a token stands in {name}");
        assert!(!holds(&text, SECRET), "a secret stands in {name}");
        let is_log = file.extension().is_some_and(|kind| kind == "log");
        assert!(
            !(is_log && SLACK.iter().any(|token| holds(&text, token))),
            "a token of Slack's stands in {name}"
        );
        looked += 1;
    }
    assert!(looked > 20, "only {looked} files were there");
    for process in up.processes() {
        let shown = process.shown();
        let word = SLACK.into_iter().chain([SECRET]).any(|word| holds(&shown, word));
        assert!(!word && !holds_token(&shown) && !gives_away(&shown), "{}", process.told());
    }
    assert!(!kraken.shown().is_empty());
    let said = [ana.channel().await, ben.channel().await, ana.in_private().await, vec![at_home]].concat();
    for post in said {
        let is_clean = !post.text.contains("eyJ") && !post.text.contains("canary");
        assert!(is_clean && !gives_away(post.text.as_bytes()), "{post:?}");
    }
}
