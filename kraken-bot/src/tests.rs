//! Every message that the Kraken can send, rendered by what sends it, in one file that people review: `messages.snap`. A text of
//! the source that stands in none of them fails, so that no message can be added without being seen there.

#[path = "../../mcp-server/tests/shared/git.rs"]
pub(crate) mod git;
mod others;
mod prose;
mod samples;
mod server;
pub(crate) mod world;

use crate::slack::blocks::Message;
use crate::slack::view::Modal;
use crate::{agent, commands};
use prose::Prose;
use serde_json::Value;
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;

pub(crate) use samples::*;

/// A message, and when it is sent.
pub(crate) struct Shown {
    title: String,
    lines: Vec<String>,
}

/// A message as it is reviewed: its paragraphs, the small print, what stands on its buttons.
pub(crate) fn message(title: impl Into<String>, message: &Message) -> Shown {
    let (title, plain) = (title.into(), message.plain());
    let mut lines = Vec::new();
    for block in message.blocks(None) {
        let texts: Vec<String> = match block["type"].as_str().unwrap() {
            "section" => vec![block["text"]["text"].as_str().unwrap().to_owned()],
            "context" => vec![format!("(small) {}", block["elements"][0]["text"].as_str().unwrap())],
            "actions" => vec![buttons(&block["elements"], &plain)],
            other => panic!("{title}: {other}"),
        };
        // Whoever hears a message instead of seeing it hears all of it.
        for text in texts.iter().filter(|text| !text.starts_with('[')) {
            assert!(
                plain.contains(text.trim_start_matches("(small) ")),
                "{title}: {text} is not in: {plain}"
            );
        }
        lines.extend(texts);
    }
    Shown { title, lines }
}

/// What stands on buttons; where one leads to, the plain text says.
fn buttons(elements: &Value, plain: &str) -> String {
    let button = |button: &Value| {
        let label = button["text"]["text"].as_str().unwrap();
        let url = button["url"].as_str();
        assert!(plain.contains(url.unwrap_or(label)), "{label} is not in: {plain}");
        let said = url.and_then(|url| plain.lines().find(|line| line.contains(url)));
        said.map_or_else(|| format!("[{label}]"), |said| format!("[{label}] in the plain text: {said}"))
    };
    elements.as_array().unwrap().iter().map(button).collect::<Vec<_>>().join(" ")
}

/// A form as it is reviewed.
pub(crate) fn modal(title: impl Into<String>, modal: &Modal) -> Shown {
    let view = modal.view();
    let text = |value: &Value| value["text"].as_str().unwrap().to_owned();
    let mut lines = vec![format!("Form: {}", text(&view["title"]))];
    for block in view["blocks"].as_array().unwrap() {
        match block["type"].as_str().unwrap() {
            "section" => lines.push(text(&block["text"])),
            _ => {
                let element = &block["element"];
                let more =
                    element.get("placeholder").map(|it| format!(" ({})", text(it))).unwrap_or_default();
                lines.push(format!("{}:{more}", text(&block["label"])));
                for option in element["options"].as_array().into_iter().flatten() {
                    lines.push(format!("( ) {}: {}", text(&option["text"]), text(&option["description"])));
                }
            }
        }
    }
    lines.push(format!("[{}] [{}]", text(&view["submit"]), text(&view["close"])));
    Shown { title: title.into(), lines }
}

/// Words alone.
pub(crate) fn words(title: impl Into<String>, words: impl Into<String>) -> Shown {
    message(title, &Message::new(words))
}

fn all() -> Vec<Shown> {
    let mut all = others::all();
    all.extend(commands::tests::all());
    all.extend(agent::tests::all());
    all
}

/// The whole file.
fn rendered(all: &[Shown]) -> String {
    let mut text = "Every message that the Kraken can send, made by `cargo test -p kraken-bot --all-features reviewed`. Names in it are examples. The plain\n\
        text of a message, for notifications and screen readers, is the same without the brackets.\n"
        .to_owned();
    for shown in all {
        let lines = shown.lines.join("\n").replace('\n', "\n    ");
        write!(text, "\n{}\n    {lines}\n", shown.title).unwrap();
    }
    text
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Compares with the file; with `TENTACULAR_BLESS` set, writes it.
fn holds(file: &str, text: &str) {
    let path = root().join(file);
    if std::env::var_os("TENTACULAR_BLESS").is_some() {
        std::fs::write(&path, text).unwrap();
    }
    let reviewed = std::fs::read_to_string(&path).unwrap_or_default();
    let differs = text.lines().zip(reviewed.lines()).find(|(now, then)| now != then);
    assert!(
        reviewed == text,
        "{file} says something else: {differs:?}. Read what is new, then write it with TENTACULAR_BLESS=1"
    );
}

#[test]
fn every_message_is_as_it_was_reviewed() {
    holds("messages.snap", &rendered(&all()));
}

#[test]
fn each_situation_is_there_once() {
    let mut titles = BTreeSet::new();
    for shown in all() {
        assert!(titles.insert(shown.title.clone()), "{} is there twice", shown.title);
    }
}

/// What nobody is told as it stands there, and why.
const NOT_TOLD: [(&str, &str); 14] = [
    // Filled in before it is told.
    ("src/commands/set_mode.rs", "set mode MODE"),
    ("src/commands/set_tentacle_mode.rs", "set mode of {tentacle} to MODE"),
    // What a form stands for, which is a command.
    ("src/slack/view.rs", "set secret {typed} as filled in"),
    // The form of a time.
    ("src/commands/failed.rs", "%Y-%m-%d %H:%M"),
    ("src/commands/history.rs", "%Y-%m-%d %H:%M UTC"),
    ("src/commands/versions.rs", "%Y-%m-%d %H:%M UTC"),
    // The words of a commit, which its answer quotes.
    ("src/state/sides.rs", "{tentacle}: a first version"),
    ("src/state/sides.rs", "{tentacle}: as it is on disk"),
    ("src/commands/roll_back.rs", "{tentacle}: back to version {to}"),
    ("src/state/sides.rs", "{tentacle}: {what} {first} and one more file"),
    // For the log, and the inbox.
    ("src/away.rs", "the issuer"),
    ("src/talk.rs", "news of the channel wait"),
    // For the model, which is told why a card was not shown.
    ("src/agent/proposal.rs", "this command cannot be offered"),
    ("src/agent/proposal.rs", "there is no such mode"),
];

/// Files whose texts nobody reads in Slack: what operators see when the Kraken starts, or in its log.
const NOT_SAID: [&str; 21] = [
    // What a model is told, and what its servers are sent.
    "src/agent/memory.rs",
    "src/agent/model.rs",
    "src/agent/model/chat_completions.rs",
    "src/agent/model/messages.rs",
    "src/agent/offered.rs",
    "src/agent/piece.rs",
    "src/agent/proposal/read.rs",
    "src/agent/results.rs",
    "src/agent/words.rs",
    // What can be typed: it is told as what was meant.
    "src/command/near.rs",
    "src/config.rs",
    "src/config/model.rs",
    "src/config/state.rs",
    "src/lib.rs",
    "src/inbox.rs",
    "src/inbox/receiving.rs",
    "src/issuer.rs",
    "src/slack.rs",
    "src/slack/http.rs",
    "src/slack/say.rs",
    "src/slack/signature.rs",
];

#[test]
fn no_text_of_the_source_is_missing() {
    let said = flat(&all().iter().map(|shown| shown.lines.join("\n")).collect::<Vec<_>>().join("\n"));
    let mut missing = BTreeSet::new();
    for file in prose::files(&root().join("src")) {
        let mut texts = prose::of(root(), &file, false);
        texts.retain(|text| !NOT_TOLD.contains(&(text.file.as_str(), text.text.as_str())));
        if texts.first().is_some_and(|text| NOT_SAID.contains(&text.file.as_str())) {
            let source = std::fs::read_to_string(&file).unwrap();
            assert!(
                !source.contains("Message::new("),
                "{}: what is said there is not looked at",
                file.display()
            );
            continue;
        }
        missing.extend(
            texts.into_iter().filter(|text| !text.pieces().iter().all(|piece| said.contains(&flat(piece)))),
        );
    }
    assert!(missing.is_empty(), "no message that is reviewed says these: {missing:#?}");
}

#[test]
fn a_text_that_no_message_says_would_be_found() {
    let here = root().join("src/misunderstood.rs");
    let texts = prose::of(root(), &here, false);
    let is = |text: &str| texts.iter().any(|it: &Prose| it.text == text);
    assert!(is("Yes, I'm here. Say `help` to see what I can do."));
    assert!(texts.iter().flat_map(Prose::pieces).any(|piece| piece == "I don't know that one. Did you mean"));
    let logged = prose::of(root(), &root().join("src/talk.rs"), false);
    assert!(!logged.iter().any(|it| it.text == "a message can never be answered"));
}

/// Small letters and single spaces: sentences begin with a capital letter wherever they stand.
fn flat(text: &str) -> String {
    text.to_lowercase().split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Words of clusters, programs and errors: nobody who talks with the Kraken has to know them.
const NEVER: [&str; 29] = [
    "namespace",
    "namespaces",
    "pod",
    "pods",
    "sha",
    "sha256",
    "configmap",
    "networkpolicy",
    "kubernetes",
    "kubectl",
    "cluster",
    "node pool",
    "container",
    "replica",
    "replicas",
    "serviceaccount",
    "rbac",
    "yaml",
    "json",
    "http",
    "https",
    "null",
    "undefined",
    "panicked",
    "stack",
    "traceback",
    "exception",
    "rpc",
    "sql",
];

/// What would give away an error or a value as a program writes it.
const NEVER_PARTS: [&str; 12] =
    ["error:", "Error(", "Some(", "Ok(", "Err(", "None", "{\"", "\"}", "::", "[]", "0x", "status code"];

/// What stands there all the same, and why.
const REVIEWED: [(&str, &str); 12] = [
    // The operator finds it in the log by that.
    ("refused: unavailable", "4bf92f35"),
    ("refused: internal", "4bf92f35"),
    // An input is typed so.
    ("help, in a channel", "{\""),
    ("help, in a channel", "\"}"),
    ("help, in a channel, where there is a model", "{\""),
    ("help, in a channel, where there is a model", "\"}"),
    ("a model proposes: run hello {\"name\": \"Ana\"}", "{\""),
    ("a model proposes: run hello {\"name\": \"Ana\"}", "\"}"),
    // Files of a tentacle are called so.
    ("new", "json"),
    ("new", "yaml"),
    ("refused: invalid", "yaml"),
    // What is reached is told with its port.
    ("compare", "443"),
];

#[test]
fn no_message_has_a_word_of_a_cluster_or_a_raw_error() {
    for shown in all() {
        for line in &shown.lines {
            for word in found(line) {
                let reviewed = REVIEWED.contains(&(shown.title.as_str(), word.as_str()));
                assert!(reviewed, "{}: `{word}` in: {line}", shown.title);
            }
        }
    }
}

/// What must not be in a line; links are addresses, not words.
fn found(line: &str) -> Vec<String> {
    let line: Vec<&str> = line.split_whitespace().filter(|word| !word.contains("://")).collect();
    let line = line.join(" ");
    let lower = line.to_lowercase();
    let words: Vec<&str> = lower.split(|letter: char| !letter.is_alphanumeric()).collect();
    // A number of three digits is a port where it is called one.
    let is_code = |pair: &&[&str]| pair[0] != "port" && matches!(pair[1].parse(), Ok(400_u16..600));
    let codes = words.windows(2).filter(is_code).map(|pair| pair[1].to_owned());
    let never = NEVER.iter().filter(|never| words.contains(*never));
    let parts = NEVER_PARTS.iter().filter(|part| line.contains(**part));
    let digests = words.iter().filter(|word| is_digest(word)).map(|word| (*word).to_owned());
    never.chain(parts).map(|it| (*it).to_owned()).chain(codes).chain(digests).collect()
}

/// Whether a word is a digest, or the beginning of one.
fn is_digest(word: &str) -> bool {
    let is = |kind: fn(&char) -> bool| word.chars().any(|letter| kind(&letter));
    word.len() >= 7
        && word.chars().all(|letter| letter.is_ascii_hexdigit())
        && is(char::is_ascii_digit)
        && is(char::is_ascii_alphabetic)
}
