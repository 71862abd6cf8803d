//! One call each: what is sent, and how the answer is written.

use crate::program::arg;
use crate::stub::Stub;
use serde_json::{Value, json};
use workflow::scaffold;

/// A new tentacle in the program's home.
fn hello(program: &crate::program::Program) -> std::path::PathBuf {
    for file in scaffold::hello(&"hello".parse().unwrap()) {
        program.write(&format!("hello/{}", file.path), &file.text);
    }
    program.home.path().join("hello")
}

fn run_answer(success: bool, output: Value) -> Value {
    json!({
        "name": "hello", "enclave": "a", "namespace": "a", "success": success, "output": output, "duration_ms": 420,
        "pod_name": "hello-1",
    })
}

#[tokio::test]
async fn a_deploy_sends_the_source_and_nothing_hidden() {
    let stub = Stub::start().await;
    let program = stub.signed_in().await;
    let dir = hello(&program);
    program.write("hello/.env", "PASSWORD=1");
    stub.answers(
        "wf_apply",
        json!({
            "name": "hello", "enclave": "a", "namespace": "a", "status": "deployed", "version": "sha256:00",
            "applied": ["code"], "created": 1, "updated": 0, "deleted": 0, "source": "not in git",
            "not_enforced": ["cpu"],
        }),
    );
    let deploy = program.ok(&["deploy", arg(&dir), "-e", "a"]).await;
    assert!(
        deploy.out.starts_with("a/hello is deployed\n") && deploy.out.contains("not in git"),
        "{}",
        deploy.out
    );
    let arguments = stub.calls().remove(0).arguments;
    assert_eq!((&arguments["enclave"], &arguments["name"]), (&json!("a"), &json!("hello")));
    let files = arguments["files"].as_object().unwrap();
    assert!(
        files.contains_key("workflow.yaml") && !files.keys().any(|path| path.contains(".env")),
        "{files:?}"
    );
}

#[tokio::test]
async fn what_is_observed_sends_the_source_and_shows_the_lines_as_they_are_written() {
    let stub = Stub::start().await;
    let program = stub.signed_in().await;
    let dir = hello(&program);
    let attempt = json!({"node": "hello", "by": "fetch", "host": "canary.example", "port": 443, "protocol": "https",
        "verdict": "lacking", "dependency": "canary"});
    let proposal = ["contract:", "  dependencies:", "    canary: {protocol: https, host: canary.example}"];
    stub.answers(
        "reach_observe",
        json!({
            "name": "hello", "enclave": "a", "namespace": "a", "version": "sha256:00", "told": "Nothing was opened.",
            "attempts": [attempt], "proposal": proposal, "without_host": [], "unused": [], "stopped": {}, "refused": [],
            "new_reach": [], "missing_secrets": [], "duration_ms": 7, "not_enforced": [],
        }),
    );
    let observe = ["reach", "observe", arg(&dir), "-e", "a", "--input", r#"{"n":1}"#];
    let observed = program.ok(&observe).await;
    assert!(observed.out.contains(&proposal.join("\n")), "{}", observed.out);
    assert!(observed.out.contains("Nothing was opened.") && observed.out.contains("the contract lacks it"));
    let arguments = stub.calls().remove(0).arguments;
    assert_eq!((&arguments["name"], &arguments["input"]), (&json!("hello"), &json!({"n": 1})));
    assert!(
        arguments["files"]["workflow.yaml"].is_string() && arguments["timeout_seconds"] == 60,
        "{arguments}"
    );
}

#[tokio::test]
async fn a_deploy_that_waits_for_an_approval_says_so_and_fails() {
    let stub = Stub::start().await;
    let program = stub.signed_in().await;
    let dir = hello(&program);
    let reach = "hello connects to shop.example:443";
    stub.answers(
        "wf_apply",
        json!({
            "name": "hello", "enclave": "a", "namespace": "a", "status": "needs_approval", "version": "sha256:00",
            "approval": {"id": "01890a5d-ac96-774b-bcce-b302099a8057", "changes": [reach], "owner": "Ana",
                         "page": "https://server.example/approve/01890a5d-ac96-774b-bcce-b302099a8057", "expires_at": "2026-11-27T00:00:00Z"},
            "new_reach": [reach], "missing_secrets": ["shop.key"],
            "applied": [], "created": 0, "updated": 0, "deleted": 0, "source": "not in git", "not_enforced": [],
        }),
    );
    let deploy = program.run(&["deploy", arg(&dir), "-e", "a"]).await;
    assert_eq!(deploy.code, 1, "{}", deploy.out);
    for word in ["nothing was changed", reach, "shop.key"] {
        assert!(deploy.out.contains(word), "{}", deploy.out);
    }
    let place =
        "waits for the approval of Ana: https://server.example/approve/01890a5d-ac96-774b-bcce-b302099a8057";
    assert!(deploy.err.contains(place), "{}", deploy.err);
}

#[tokio::test]
async fn a_secrets_value_comes_from_a_file_and_is_never_shown() {
    let stub = Stub::start().await;
    let program = stub.signed_in().await;
    program.write("key", "sword fish\n");
    let file = program.home.path().join("key");
    stub.answers("secret_set", json!({"enclave": "a", "name": "shop.key", "status": "set"}));
    let set = program.ok(&["secret", "set", "shop.key", "-e", "a", "--from-file", arg(&file)]).await;
    assert!(set.out.contains("the secret shop.key is set") && !set.out.contains("sword"), "{}", set.out);
    assert_eq!(stub.calls()[0].arguments, json!({"enclave": "a", "name": "shop.key", "value": "sword fish"}));
    let odd = program.run(&["secret", "set", "nonsense", "-e", "a"]).await;
    assert!(odd.code == 2 && odd.err.contains("service.key"), "{}", odd.err);
    let entry = json!({"name": "shop.key", "set_by": "Ana", "set_at": "2026-11-27T00:00:00Z"});
    stub.answers("secret_list", json!({"enclave": "a", "secrets": [entry]}));
    let list = program.ok(&["secret", "list", "-e", "a"]).await;
    assert!(list.out.contains("shop.key") && list.out.contains("Ana"), "{}", list.out);
}

#[tokio::test]
async fn a_tentacle_that_is_wrong_is_not_sent() {
    let stub = Stub::start().await;
    let program = stub.signed_in().await;
    let dir = hello(&program);
    let text = std::fs::read_to_string(dir.join("workflow.yaml")).unwrap();
    program.write("hello/workflow.yaml", &(text + "\nbogus: 1\n"));
    let deploy = program.run(&["deploy", arg(&dir), "-e", "a"]).await;
    assert_eq!(deploy.code, 1);
    assert!(deploy.err.contains("workflow.yaml:") && deploy.err.contains("bogus"), "{}", deploy.err);
    assert!(stub.calls().is_empty());
}

#[tokio::test]
async fn a_run_gives_its_output_to_the_next_program() {
    let stub = Stub::start().await;
    let program = stub.signed_in().await;
    stub.answers("wf_run", run_answer(true, json!({"outputs": {"hello": {"hi": "ana"}}, "errors": {}})));
    let run =
        program.ok(&["run", "hello", "-e", "a", "--input", r#"{"who":"ana"}"#, "--timeout", "30"]).await;
    assert_eq!(run.json(), json!({"hi": "ana"}));
    assert_eq!(run.err, "hello ran in 0.4 s\n");
    let sent = json!({"enclave": "a", "name": "hello", "input": {"who": "ana"}, "timeout_seconds": 30});
    assert_eq!(stub.calls()[0].arguments, sent);
}

#[tokio::test]
async fn a_run_that_takes_long_is_told_beside_its_output() {
    let stub = Stub::start().await;
    let program = stub.signed_in().await;
    stub.answers("wf_run", run_answer(true, json!({"outputs": {"hello": 1}, "errors": {}})));
    stub.tells("wf_run", &["first finished after 0.300 s", "\u{1b}second began"]);
    let run = program.ok(&["run", "hello", "-e", "a"]).await;
    assert_eq!(run.json(), json!(1));
    assert_eq!(run.err, "first finished after 0.300 s\n\u{fffd}second began\nhello ran in 0.4 s\n");
}

#[tokio::test]
async fn a_log_is_followed_line_by_line() {
    let stub = Stub::start().await;
    let program = stub.signed_in().await;
    stub.answers(
        "wf_logs",
        json!({
            "name": "hello", "enclave": "a", "namespace": "a", "pod": "hello-1", "container": "engine",
            "lines": ["two"], "truncated": true,
        }),
    );
    stub.tells("wf_logs", &["one", "\u{1b}two"]);
    let logs = program.ok(&["logs", "hello", "-e", "a", "-f"]).await;
    assert_eq!(logs.out, "one\n\u{fffd}two\n");
    let sent = json!({"enclave": "a", "name": "hello", "tail_lines": 100, "follow_seconds": 600});
    assert_eq!(stub.calls()[0].arguments, sent);
}

#[tokio::test]
async fn a_run_that_fails_says_where_in_every_format() {
    let stub = Stub::start().await;
    let program = stub.signed_in().await;
    stub.answers("wf_run", run_answer(false, json!({"outputs": {}, "errors": {"hello": "no such city"}})));
    for format in ["table", "json", "yaml"] {
        let run = program.run(&["run", "hello", "-e", "a", "-o", format]).await;
        assert_eq!(run.code, 1, "{format}: {run:?}");
        assert_eq!(run.err, "error: hello failed after 0.4 s; hello: no such city\n");
    }
}

#[tokio::test]
async fn what_a_tentacle_printed_does_not_steer_the_terminal() {
    let stub = Stub::start().await;
    let program = stub.signed_in().await;
    stub.answers(
        "wf_logs",
        json!({
            "name": "hello", "enclave": "a", "namespace": "a", "pod": "hello-1", "container": "engine",
            "lines": ["one", "\u{1b}]0;owned\u{7}two\u{202e}"], "truncated": true,
        }),
    );
    let logs = program.ok(&["logs", "hello", "-e", "a", "--tail", "2"]).await;
    assert_eq!(logs.out, "one\n\u{fffd}]0;owned\u{fffd}two\u{fffd}\n");
    assert_eq!(logs.err, "these are the last 2 lines; `--tail` shows more\n");
}

#[tokio::test]
async fn json_and_yaml_are_the_whole_answer() {
    let stub = Stub::start().await;
    let program = stub.signed_in().await;
    let answer = json!({
        "action": "tentacle.run", "allowed": false, "verdict": "no: ben may not", "steps": ["on: x", "2026-01-01"],
        "remedy": "ask ana",
    });
    stub.answers("why", answer.clone());
    let why = ["why", "run", "hello", "-e", "a", "--person", "ben"];
    assert_eq!(program.ok(&[&why[..], &["-o", "json"]].concat()).await.json(), answer);
    let yaml = program.ok(&[&why[..], &["-o", "yaml"]].concat()).await.out;
    assert_eq!(serde_saphyr::from_str::<Value>(&yaml).unwrap(), answer);
    let table = program.ok(&why).await.out;
    assert_eq!(table, "no: ben may not\n  - on: x\n  - 2026-01-01\n  next: ask ana\n");
    let sent = json!({"person": "ben", "action": "run", "tentacle": "hello", "enclave": "a"});
    assert!(stub.calls().iter().all(|call| call.arguments == sent));
}

#[tokio::test]
async fn colour_is_for_terminals_alone() {
    let stub = Stub::start().await;
    let program = stub.signed_in().await;
    stub.answers("why", json!({"action": "a", "allowed": true, "verdict": "yes", "steps": []}));
    let why = ["why", "run", "-e", "a"];
    assert!(!program.ok(&why).await.out.contains('\u{1b}'));
    let mut forced = program.command(&why);
    forced.env("CLICOLOR_FORCE", "1");
    assert!(crate::program::finish(forced).await.out.contains('\u{1b}'));
    let mut plain = program.command(&why);
    plain.env("NO_COLOR", "1");
    assert!(!crate::program::finish(plain).await.out.contains('\u{1b}'));
}

#[tokio::test]
async fn what_changes_an_enclave_is_sent_as_it_was_said() {
    let stub = Stub::start().await;
    let program = stub.signed_in().await;
    let info = json!({
        "name": "a", "status": "active", "frozen_by": [], "owner": "Ana", "owner_sub": "s", "mode": "rwx------",
        "preset": "private", "mode_meaning": "m", "enrollment": "open", "your_class": "owner", "platform": "",
        "channel_id": "", "channel_name": "", "quota_preset": "small", "created_at": "2026-01-02T03:04:05Z",
        "updated_at": "2026-01-02T03:04:05Z", "members": ["Ana"], "people": [{"name": "Ana", "class": "owner"}],
        "exo_services": [], "tentacle_count": 0, "backend": "machine", "not_enforced": [],
    });
    stub.answers("enclave_sync", json!({"name": "a", "updated": ["mode"], "transfers": [], "enclave": info}));
    let sync =
        ["enclave", "sync", "a", "--mode", "private", "--add-members", "U1,U2", "--remove-members", "U3"];
    let synced = program.ok(&sync).await.out;
    assert!(synced.starts_with("a changed: mode\n"), "{synced}");
    assert_eq!(
        stub.calls()[0].arguments,
        json!({"name": "a", "add_members": ["U1", "U2"], "remove_members": ["U3"], "new_mode": "private"})
    );
}

#[tokio::test]
async fn a_history_says_when_by_whom_and_how_it_ended() {
    let stub = Stub::start().await;
    let program = stub.signed_in().await;
    let run = |outcome: &str, moments: u64, error: Value| {
        json!({
            "id": "1", "version": "sha256:0123456789abcdef", "trigger": "cron", "by": "trigger cron",
            "due_at": "2026-03-02T10:05:00Z", "started_at": "2026-03-02T10:05:01Z", "duration_ms": 1200,
            "outcome": outcome, "moments": moments, "nodes": [], "error": error,
        })
    };
    let runs =
        [run("failed", 1, json!("tell: \u{1b}[31mno")), run("missed", 3, json!("the server was away"))];
    let answer = json!({"name": "hello", "enclave": "a", "namespace": "a", "runs": runs, "deploys": []});
    stub.answers("wf_history", answer);
    let history = program.ok(&["history", "hello", "-e", "a"]).await;
    let lines: Vec<&str> = history.out.lines().collect();
    assert!(
        lines[1].starts_with("2026-03-02T10:05:01Z  failed") && lines[1].contains("1.2 s"),
        "{}",
        history.out
    );
    assert!(lines[2].contains("missed, 3 times") && lines[2].contains("trigger cron"), "{}", history.out);
    assert!(!history.out.contains('\u{1b}'), "{}", history.out);
    assert_eq!(
        stub.calls()[0].arguments,
        json!({"enclave": "a", "name": "hello", "of": "runs", "limit": 20})
    );
}

#[tokio::test]
async fn a_comparison_shows_first_what_is_newly_reached() {
    let stub = Stub::start().await;
    let program = stub.signed_in().await;
    let answer = json!({
        "name": "hello", "enclave": "a", "namespace": "a", "from": "sha256:aaaa", "to": "sha256:bbbb",
        "files": [{"path": "a.ts", "change": "changed", "diff": "--- a/a.ts\n+++ b/a.ts\n"}],
        "reach_added": ["it runs by the clock: 0 9 * * * (UTC)"], "reach_removed": [],
        "params": [{"name": "greeting", "from": "Hello", "to": "Moin"}], "truncated": false,
    });
    stub.answers("wf_compare", answer);
    let told = program.ok(&["compare", "hello", "-e", "a"]).await;
    assert_eq!(
        told.out,
        "from aaaa to bbbb\nnewly: it runs by the clock: 0 9 * * * (UTC)\nconfig greeting: \"Hello\" becomes \"Moin\"\n\
         --- a/a.ts\n+++ b/a.ts\n"
    );
}

#[tokio::test]
async fn people_are_invited_ask_and_are_let_in() {
    let stub = Stub::start().await;
    let program = stub.signed_in().await;
    let run = async |words: &[&str]| program.ok(words).await.out;
    let (ben, at) = ("ben@example.org", "2026-11-28T12:00:00Z");
    stub.answers("enclave_invite", json!({"enclave": "a", "email": ben, "expires_at": at}));
    stub.answers("enclave_invite", json!({"enclave": "a", "email": ben}));
    let told = run(&["enclave", "invite", "a", ben]).await;
    assert!(told.contains("ben@example.org is invited to a until"), "{told}");
    assert!(told.contains("`tntc enclave join a`"), "{told}");
    let told = run(&["enclave", "invite", "a", ben, "--withdraw"]).await;
    assert!(told.contains("is not invited to a any more"), "{told}");
    stub.answers("join_ask", json!({"enclave": "a", "owner": "Ana", "asked_before": false}));
    let told = run(&["enclave", "join", "a"]).await;
    assert!(told.contains("Ana is asked to let you into a"), "{told}");
    stub.answers("join_decide", json!({"enclave": "a", "person": "Ben", "allowed": true}));
    stub.answers("join_decide", json!({"enclave": "a", "person": "Ben", "allowed": false}));
    let request = "01890a5d-ac96-774b-bcce-b302099a8057";
    let told = run(&["enclave", "let-in", "a", request]).await;
    assert!(told.contains("Ben is let into a"), "{told}");
    let told = run(&["enclave", "let-in", "a", request, "--no"]).await;
    assert!(told.contains("Ben is not let into a"), "{told}");
    let sent: Vec<_> = stub.calls().into_iter().map(|call| call.arguments).collect();
    assert_eq!(sent[1], json!({"name": "a", "email": ben, "withdraw": true}));
    assert_eq!(sent[4], json!({"name": "a", "request": request, "allow": false}));
}
