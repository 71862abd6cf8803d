//! What the server says, as it stands in the server's source, with what is filled in left open: the Kraken tells it as it comes,
//! in the frames of `messages.snap`. It is listed from the source itself, so none can be missing.

use super::prose::{self, Prose};
use super::{found, holds, root};
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;

/// Where texts are made that a refusal, an answer or a notice is made of.
const TOLD: [&str; 5] = [
    "mcp-server/src",
    "policy/src",
    "workflow/src",
    "wire/src/enforcement.rs",
    "wire/src/enforcement/list.rs",
];

/// What nobody hears in chat: what operators read when the server starts, in its log and its trail, on its own pages, or
/// over HTTP; what becomes one sentence for all (the store, the backends, but for what makes refusals); tools that only
/// operators and clients of people's own call; the old client's manifests.
const NOT_TOLD: [&str; 33] = [
    "mcp-server/src/assertions.rs",
    "mcp-server/src/carrier",
    "mcp-server/src/config",
    "mcp-server/src/hooks",
    "mcp-server/src/http",
    "mcp-server/src/identity",
    "mcp-server/src/lib.rs",
    "mcp-server/src/metrics",
    "mcp-server/src/observation",
    "mcp-server/src/page",
    "mcp-server/src/rollout/turn.rs",
    "mcp-server/src/serve",
    "mcp-server/src/server",
    "mcp-server/src/simulated",
    "mcp-server/src/store.rs",
    "mcp-server/src/store/advisory_lock.rs",
    "mcp-server/src/store/history.rs",
    "mcp-server/src/store/row.rs",
    "mcp-server/src/store/trigger.rs",
    "mcp-server/src/store/tx",
    "mcp-server/src/telemetry",
    "mcp-server/src/tools/audit",
    "mcp-server/src/tools/cluster_profile.rs",
    "mcp-server/src/tools/enclave_preflight.rs",
    "mcp-server/src/tools/health_",
    "mcp-server/src/tools/reach_observe.rs",
    "mcp-server/src/tools/secret_",
    "mcp-server/src/tools/trail",
    "mcp-server/src/tools/wf_compare.rs",
    "mcp-server/src/tools/wf_describe.rs",
    "mcp-server/src/tools/wf_events.rs",
    "mcp-server/src/trail",
    "workflow/src/scaffold",
];

/// The refusals of a backend that are told with its own words.
const OF_BACKENDS: [&str; 7] = [
    "BackendError::DoesNotStart",
    "BackendError::FailsItsFixtures",
    "BackendError::NoRoom",
    "BackendError::NoSandbox",
    "BackendError::NotTaken",
    "BackendError::NotYet",
    "ModulesError::",
];

/// Words that stand there all the same, and why.
const REVIEWED: [(&str, &str); 15] = [
    // Told as one sentence: the place where enclaves live cannot be reached.
    ("mcp-server/src/backend/kubernetes/objects.rs", "namespace"),
    ("mcp-server/src/backend/kubernetes/objects.rs", "cluster"),
    // A step, for the log.
    ("mcp-server/src/backend/kubernetes/tentacles/rollout.rs", "pod"),
    // What an operator reads when the server starts.
    ("mcp-server/src/supply.rs", "{\""),
    // What the author of a tentacle wrote, in the words of that file.
    ("mcp-server/src/rollout/source.rs", "yaml"),
    ("workflow/src/", "yaml"),
    ("workflow/src/", "json"),
    ("workflow/src/", "http"),
    ("workflow/src/", "https"),
    ("workflow/src/", "443"),
    ("workflow/src/", "sha256"),
    ("workflow/src/", "error:"),
    ("workflow/src/", "{\""),
    // What enforces a layer, for operators: what is not enforced is told in words.
    ("wire/src/enforcement.rs", "namespaces"),
    ("wire/src/enforcement/list.rs", "pod"),
];

/// Whether a file makes what is told in chat.
fn is_told(name: &str, path: &Path) -> bool {
    let source = || std::fs::read_to_string(path).unwrap();
    let is_backend = name.starts_with("mcp-server/src/backend/");
    match NOT_TOLD.iter().any(|not| name.starts_with(not)) {
        true => false,
        false => !is_backend || OF_BACKENDS.iter().any(|refusal| source().contains(refusal)),
    }
}

fn all() -> Vec<Prose> {
    let root = root().parent().unwrap();
    let mut texts = Vec::new();
    for folder in TOLD {
        let place = root.join(folder);
        let files = if place.is_dir() { prose::files(&place) } else { vec![place] };
        for file in files {
            let name = file.strip_prefix(root).unwrap().to_str().unwrap();
            if is_told(name, &file) {
                texts.extend(prose::of(root, &file, true));
            }
        }
    }
    texts
}

#[test]
fn all_that_the_server_says_is_as_it_was_reviewed() {
    let mut text = "What the server can say in chat, as it stands in its source: what is filled in stands in braces. Refusals begin with a\n\
        capital letter and end with a full stop when they are told. Made by `cargo test -p kraken-bot --all-features reviewed`.\n"
        .to_owned();
    let (mut file, mut once) = (String::new(), BTreeSet::new());
    for said in all() {
        if file != said.file {
            (file, once) = (said.file.clone(), BTreeSet::new());
            write!(text, "\n{file}\n").unwrap();
        }
        if once.insert(said.text.clone()) {
            writeln!(text, "    {}", said.text.trim().replace('\n', "\n    ")).unwrap();
        }
    }
    holds("server.snap", &text);
}

#[test]
fn no_word_of_a_cluster_is_in_what_the_server_says() {
    let reviewed =
        |file: &str, word: &str| REVIEWED.iter().any(|(of, it)| file.starts_with(of) && *it == word);
    let mut odd = Vec::new();
    for said in all() {
        for word in found(&said.text) {
            if !reviewed(&said.file, &word) {
                odd.push(format!("{}: `{word}` in: {}", said.file, said.text));
            }
        }
    }
    assert!(odd.is_empty(), "{}", odd.join("\n"));
}
