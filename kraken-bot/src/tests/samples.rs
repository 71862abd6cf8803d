//! What the server answers, as examples: an enclave of Ana's, with Ben in it.

use serde::de::DeserializeOwned;
use serde_json::{Value, json};

/// An answer of the server's.
pub(crate) fn sample<T: DeserializeOwned>(value: Value) -> T {
    serde_json::from_value(value).unwrap()
}

/// One with these fields besides.
pub(crate) fn with<T: DeserializeOwned>(mut value: Value, more: Value) -> T {
    let Value::Object(more) = more else { panic!("{more} is no object") };
    value.as_object_mut().unwrap().extend(more);
    sample(value)
}

const AT: &str = "2026-07-01T09:30:00Z";

/// `enclave_info`.
pub(crate) fn info() -> Value {
    json!({
        "name": "prices", "status": "active", "frozen_by": [], "owner": "Ana Sousa", "owner_sub": "s", "mode": "rwxrwx---",
        "preset": "member-edit", "mode_meaning": "members can edit, visitors see nothing", "enrollment": "open",
        "your_class": "owner", "platform": "slack", "channel_id": "C1", "channel_name": "prices",
        "quota_preset": "small", "created_at": AT, "updated_at": AT, "members": ["Ben Okafor"],
        "people": [
            {"name": "Ana Sousa", "account": "UANA", "class": "owner"},
            {"name": "Ben Okafor", "account": "UBEN", "class": "member"},
            {"name": "Gil Reis", "account": "UGIL", "class": "visitor", "because": "a guest of this workspace"},
        ],
        "exo_services": [], "tentacle_count": 2, "backend": "machine", "not_enforced": [],
    })
}

/// An entry of `enclave_list`.
pub(crate) fn entry() -> Value {
    json!({
        "name": "prices", "owner": "Ana Sousa", "status": "active", "platform": "slack", "channel_name": "prices",
        "created_at": AT, "members": [], "mode": "rwxrwx---", "your_class": "owner", "channel_id": "C1",
        "tentacles": 2, "tentacles_ready": 2, "approvals_waiting": 0, "joins_waiting": 0,
    })
}

/// An entry of `wf_list`, and what `wf_status` says besides.
pub(crate) fn tentacle() -> Value {
    json!({
        "name": "hello", "enclave": "prices", "namespace": "prices", "description": "Greets whoever asks",
        "version": "sha256:1f2e3d4c", "owner": "Ana Sousa", "mode": "rwxrwx---", "deployed_by": "Ana Sousa",
        "deployed_via": "chat", "createdAt": AT, "age": "3m", "replicas": 1, "available": 1, "ready": true,
        "state": "ready", "in_flight": 0, "source": "files that Ana Sousa sent", "sandbox": "a sandbox of its own",
        "not_enforced": [], "pods": [], "events": [],
    })
}

/// `wf_apply`.
pub(crate) fn deployed() -> Value {
    json!({
        "name": "hello", "enclave": "prices", "namespace": "prices", "status": "created", "version": "sha256:1f2e3d4c5b6a",
        "applied": [], "created": 1, "updated": 0, "deleted": 0, "source": "files that Ana Sousa sent", "not_enforced": [],
        "new_reach": [], "ignored": [], "missing_secrets": [],
    })
}

/// `wf_run`.
pub(crate) fn run() -> Value {
    json!({
        "name": "hello", "enclave": "prices", "namespace": "prices", "success": true, "duration_ms": 312, "pod_name": "",
        "output": {"outputs": {"hello": {"greeting": "Hello, Ana!"}}},
    })
}

/// A run of `wf_history`.
pub(crate) fn history(outcome: &str, error: Option<&str>) -> Value {
    json!({
        "id": "r", "version": "sha256:1f2e3d4c", "by": "Ana Sousa", "started_at": AT, "due_at": AT, "duration_ms": 312,
        "outcome": outcome, "moments": if outcome == "missed" { 3 } else { 1 }, "nodes": [], "error": error,
    })
}

/// A deploy of `wf_history`: of a commit with these words, or `not in git`. Number 0 is none: it failed.
pub(crate) fn version(number: u64, summary: &str, runs: bool) -> Value {
    let author = json!({"id": "1f2e3d4c", "at": AT, "summary": summary, "author": "Ben Okafor"});
    json!({
        "id": "d", "number": Some(number).filter(|number| *number > 0), "runs": runs, "version": "sha256:1f2e3d4c", "reach": "r",
        "commit_page": Some("https://github.com/team/state/commit/1f2e3d4c").filter(|_| number > 1),
        "source": "s", "commit": Some(author).filter(|_| summary != "not in git"), "by": "Ana Sousa", "via": "kraken",
        "started_at": AT, "duration_ms": 900, "outcome": if number > 0 { "deployed" } else { "failed" },
    })
}

/// `wf_compare`.
pub(crate) fn compared() -> Value {
    json!({
        "name": "hello", "enclave": "prices", "namespace": "prices", "from": "sha256:a", "from_number": 3, "to": "sha256:b",
        "to_number": 5, "reach_added": ["hello connects to shop.example:443"], "reach_removed": ["it runs by the clock: 0 9 * * *"],
        "params": [{"name": "greeting", "from": "Hello", "to": "Moin"}, {"name": "limit", "to": 3}], "truncated": false,
        "files": [
            {"path": "nodes/hello.ts", "change": "changed", "diff": "--- a/nodes/hello.ts\n+++ b/nodes/hello.ts\n@@ -1 +1 @@\n-<one>\n+two\n"},
            {"path": "notes.md", "change": "added", "diff": ""},
        ],
    })
}

/// A notice.
pub(crate) fn notice(text: &str) -> Value {
    json!({"id": uuid::Uuid::nil(), "team": "T1", "channel": "C1", "enclave": "prices", "text": text, "at": AT})
}
