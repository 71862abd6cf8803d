//! Emergency access: a token from a file, a reason for every change.

use crate::program::{Program, arg};
use crate::stub::{OPERATOR, Stub};
use serde_json::json;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use wire::{Failure, FailureCode};

fn with_token(stub: &Stub) -> (Program, PathBuf) {
    let program = stub.program();
    let token = program.write("glass/token", &format!("{OPERATOR}\n"));
    (program, token)
}

#[tokio::test]
async fn reads_need_no_reason_and_no_sign_in() {
    let stub = Stub::start().await;
    let (program, token) = with_token(&stub);
    stub.answers("enclave_list", json!({"enclaves": []}));
    program.ok(&["enclave", "list", "--break-glass", arg(&token)]).await;
    assert_eq!(stub.calls()[0].reason, None);
    assert!(!program.tokens().exists());
}

#[tokio::test]
async fn every_change_needs_a_reason_before_anybody_is_asked() {
    let stub = Stub::start().await;
    let (program, token) = with_token(&stub);
    program.write("hello/workflow.yaml", "not read: before the reason\n");
    let changes: [&[&str]; 13] = [
        &["enclave", "provision", "a"],
        &["enclave", "sync", "a", "--mode", "private"],
        &["enclave", "freeze", "a"],
        &["enclave", "freeze", "a", "--reason", "  "],
        &["enclave", "unfreeze", "a"],
        &["enclave", "deprovision", "a", "--yes"],
        &["enclave", "offer", "a", "UBEN"],
        &["enclave", "invite", "a", "ben@example.org"],
        &["account", "bind", "T1/UBEN", "ben", "--identity-issuer", "https://id.example"],
        &["account", "unlink", "T1/UBEN"],
        &["undeploy", "hello", "-e", "a", "--yes"],
        &["run", "hello", "-e", "a"],
        &["run", "hello", "-e", "a", "--input", "{}"],
    ];
    for change in changes {
        let ran = program.run(&[change, &["--break-glass", arg(&token)]].concat()).await;
        assert_eq!(ran.code, 2, "{change:?}: {ran:?}");
        assert!(ran.err.contains("--reason"), "{change:?}: {}", ran.err);
    }
    assert!(stub.calls().is_empty());
}

#[tokio::test]
async fn an_enclave_is_offered_and_accounts_are_bound_and_unlinked() {
    let stub = Stub::start().await;
    let (program, token) = with_token(&stub);
    let glass = ["--reason", "ana is gone", "--break-glass", arg(&token)];
    let run = async |words: &[&str]| program.ok(&[words, &glass].concat()).await.out;
    let at = "2026-11-28T12:00:00Z";
    let offer = json!({"offer": "01890a5d-ac96-774b-bcce-b302099a8057", "enclave": "a", "to": "Ben", "expires_at": at});
    stub.answers("enclave_offer", offer);
    let told = run(&["enclave", "offer", "a", "UBEN"]).await;
    assert!(told.contains("a is offered to Ben, who accepts in Slack until"), "{told}");
    let account = json!({"team": "T1", "user": "UBEN"});
    let bound = json!({"account": account, "issuer": "i", "subject": "ben", "name": "Ben", "created": true});
    stub.answers("account_bind", bound);
    let told = run(&["account", "bind", "T1/UBEN", "ben", "--identity-issuer", "i"]).await;
    assert!(told.contains("T1/UBEN is bound to Ben"), "{told}");
    stub.answers("account_unlink", json!({"accounts": [account], "passed_on": ["a"]}));
    let told = run(&["account", "unlink", "T1/UBEN"]).await;
    assert!(told.contains("T1/UBEN is bound to nobody now"), "{told}");
    assert!(told.contains("what they owned in a is its owner's now"), "{told}");
    let sent: Vec<_> = stub.calls().into_iter().map(|call| call.arguments).collect();
    assert_eq!(sent[1], json!({"account": account, "issuer": "i", "subject": "ben"}));
    assert_eq!(sent[2], json!({"account": account}));
}

#[tokio::test]
async fn the_reason_goes_with_the_change() {
    let stub = Stub::start().await;
    let (program, token) = with_token(&stub);
    stub.answers("enclave_freeze", json!({"name": "a", "status": "frozen", "frozen_by": ["operator"]}));
    let freeze = ["enclave", "freeze", "a", "--reason", "a leak", "--break-glass", arg(&token)];
    assert_eq!(program.ok(&freeze).await.out, "a is frozen by: operator\n");
    let call = &stub.calls()[0];
    assert_eq!((call.reason.as_deref(), &call.arguments), (Some("a leak"), &json!({"name": "a"})));
}

#[tokio::test]
async fn what_destroys_is_confirmed_to_the_server_by_name() {
    let stub = Stub::start().await;
    let (program, token) = with_token(&stub);
    stub.answers("enclave_deprovision", json!({"name": "a", "deleted": true, "tentacles_removed": 2}));
    let shut = ["enclave", "deprovision", "a", "--yes", "--reason", "over", "--break-glass", arg(&token)];
    assert_eq!(program.ok(&shut).await.out, "a is gone, with 2 tentacles\n");
    assert_eq!(stub.calls()[0].arguments, json!({"name": "a", "confirm": "a"}));
}

#[tokio::test]
async fn nothing_is_destroyed_where_nobody_can_be_asked() {
    let stub = Stub::start().await;
    let program = stub.signed_in().await;
    for command in [["enclave", "deprovision", "a"].as_slice(), &["undeploy", "hello", "-e", "a"]] {
        let ran = program.run(command).await;
        assert_eq!(ran.code, 2, "{command:?}: {ran:?}");
        assert!(ran.err.contains("no terminal to ask on") && ran.err.contains("--yes"), "{}", ran.err);
    }
    assert!(stub.calls().is_empty());
}

#[tokio::test]
async fn a_token_that_others_can_read_is_not_used() {
    let stub = Stub::start().await;
    let (program, token) = with_token(&stub);
    std::fs::set_permissions(&token, std::fs::Permissions::from_mode(0o640)).unwrap();
    let list = program.run(&["enclave", "list", "--break-glass", arg(&token)]).await;
    assert_eq!(list.code, 1);
    assert!(list.err.contains("chmod 600"), "{}", list.err);
    let away = token.with_extension("away");
    let missing = program.run(&["enclave", "list", "--break-glass", arg(&away)]).await;
    let told = format!("there is no break-glass token at `{}`", away.display());
    assert!(missing.err.contains(&told), "{}", missing.err);
    assert!(stub.calls().is_empty());
}

#[tokio::test]
async fn a_token_that_has_ended_does_not_send_anybody_to_sign_in() {
    let stub = Stub::start().await;
    let program = stub.program();
    let token = program.write("token", "another-token-that-nobody-knows-at-all");
    let list = program.run(&["enclave", "list", "--break-glass", arg(&token)]).await;
    assert_eq!(list.code, 3);
    assert!(list.err.contains("its time is over") && !list.err.contains("tntc login"), "{}", list.err);
}

#[tokio::test]
async fn a_denial_is_told_with_what_to_do_next() {
    let stub = Stub::start().await;
    let (program, token) = with_token(&stub);
    let denied =
        Failure::new(FailureCode::Denied, "this entry may not freeze").with_remedy("ask for the scope");
    stub.refuses("enclave_freeze", denied);
    let freeze = ["enclave", "freeze", "a", "--reason", "x", "--break-glass", arg(&token)];
    let ran = program.run(&freeze).await;
    assert_eq!(ran.code, 1);
    assert_eq!(ran.err, "error: permission denied: this entry may not freeze\n next: ask for the scope\n");
    assert_eq!(ran.out, "");
}
