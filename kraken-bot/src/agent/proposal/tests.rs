use super::*;
use crate::tests::{Shown, message};
use serde_json::{Value, json};

fn words(tool: &str, arguments: Value) -> Result<Vec<String>, String> {
    let all = of_call(tool, arguments.as_object().unwrap())?;
    Ok(all.into_iter().map(|proposal| proposal.words).collect())
}

#[test]
fn a_refused_call_becomes_the_command_that_does_the_same() {
    let cases = [
        ("wf_remove", json!({"name": "hello", "confirm": "hello"}), vec!["remove hello for good"]),
        ("wf_set_mode", json!({"name": "hello", "mode": "private"}), vec!["set mode of hello to private"]),
        ("wf_transfer", json!({"name": "hello", "to": "UBEN"}), vec!["give hello to <@UBEN>"]),
        ("enclave_freeze", json!({}), vec!["freeze"]),
        ("wf_run", json!({"name": "hello", "input": {"a": "b c"}}), vec![r#"run hello {"a":"b c"}"#]),
        ("wf_run", json!({"name": "hello", "input": null}), vec!["run hello"]),
        ("enclave_deprovision", json!({"confirm": "price-watch"}), vec!["shut down this enclave"]),
        (
            "enclave_sync",
            json!({"add_members": ["UGIL"], "remove_members": ["<@UBEN>"], "new_mode": "rwxr-x---"}),
            vec!["add <@UGIL>", "set mode rwxr-x---", "remove <@UBEN>"],
        ),
        (
            "enclave_sync",
            json!({"new_enrollment": "open", "new_owner": null}),
            vec!["new members are welcome"],
        ),
    ];
    for (tool, arguments, meant) in cases {
        let mut got = words(tool, arguments.clone()).unwrap();
        let mut meant: Vec<String> = meant.into_iter().map(str::to_owned).collect();
        got.sort();
        meant.sort();
        assert_eq!(got, meant, "{tool} {arguments}");
    }
}

#[test]
fn what_is_odd_becomes_no_card() {
    let odd = [
        ("wf_remove", json!({})),
        ("wf_remove", json!({"name": "hello for good <@UBEN>"})),
        ("wf_set_mode", json!({"name": "hello", "mode": "everything"})),
        ("wf_set_mode", json!({"name": "hello to private\nset mode of tea", "mode": "private"})),
        ("wf_transfer", json!({"name": "hello", "to": "ben"})),
        ("enclave_sync", json!({"add_members": ["ana", "<!channel>"]})),
        ("enclave_sync", json!({"new_quota_preset": "large"})),
        ("enclave_sync", json!({})),
        ("account_unlink", json!({})),
        // What a command would do with it is something else.
        ("wf_run", json!({"name": "hello", "input": {"a": "b  c"}})),
        ("wf_run", json!({"name": "hello", "input": "plain"})),
        ("wf_run", json!({"name": "hello", "input": {"a": "x\u{202e}y"}})),
        ("wf_run", json!({"name": "hello", "timeout_seconds": 1})),
        ("secret_set", json!({"name": "k", "value": "v"})),
    ];
    for (tool, arguments) in odd {
        assert!(words(tool, arguments.clone()).is_err(), "{tool} {arguments}");
    }
}

#[test]
fn only_what_is_documented_and_harms_nobodys_account_is_offered() {
    let offered = |words: &str| of_words(json!({"command": words}).as_object().unwrap());
    for fine in
        ["deploy hello", "new tea from price-monitor", "transfer to <@UBEN>", "run hello {\"a\": \"<b>\"}"]
    {
        assert_eq!(offered(fine).unwrap()[0].words, fine);
    }
    assert!(offered("run hello <!here>").unwrap()[0].told.ends_with("the input &lt;!here&gt;"));
    for not in ["logout", "login", "unlink", "help", "sing a song", "deploy", "run hello `x`", ""] {
        assert!(offered(not).is_err(), "{not}");
    }
}

#[test]
fn a_card_says_what_a_mode_means() {
    let all = of_call("enclave_sync", json!({"new_mode": "private"}).as_object().unwrap()).unwrap();
    let told = &all[0].told;
    assert!(told.starts_with("Set the mode of this enclave to `private`: "), "{told}");
}

/// A command of each kind that can be proposed.
const COMMANDS: [&str; 24] = [
    "set up this channel",
    "set up this channel as prices",
    "add <@UBEN> <@UGIL>",
    "remove <@UBEN>",
    "set mode private",
    "set mode of hello to member-run",
    "give hello to <@UBEN>",
    "new hello",
    "new tea from price-monitor",
    "deploy hello",
    "run hello",
    "run hello {\"name\": \"Ana\"}",
    "remove hello",
    "freeze",
    "unfreeze",
    "shut down this enclave",
    "transfer to <@UBEN>",
    "new members are welcome",
    "new members need approval",
    "changes need review",
    "changes need no review",
    "ask to join",
    "sync",
    "remove hello for good",
];

/// The cards of this module, for the file in which all messages are reviewed.
pub(crate) fn all() -> Vec<Shown> {
    let proposal = |words: &str| Proposal::new(words).unwrap();
    let mut all: Vec<Shown> = COMMANDS
        .iter()
        .map(|words| message(format!("a model proposes: {words}"), &card(&proposal(words), "UANA", "id")))
        .collect();
    let freeze = proposal("freeze");
    all.extend([
        message("a proposal, clicked", &settled(&freeze, "UANA", true)),
        message("a proposal, left", &settled(&freeze, "UANA", false)),
        crate::tests::words("a proposal: left, for who left it", LEFT),
        crate::tests::words("a proposal: clicked by somebody else", not_yours("UANA")),
    ]);
    all
}
