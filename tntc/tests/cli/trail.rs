//! The trail: exported, verified, and every change of it found.

use crate::issuer::{key_of, private_key, public_keys};
use crate::program::{Program, Ran, arg};
use crate::stub::{OPERATOR, Stub};
use jiff::Timestamp;
use serde_json::{Value, json};
use wire::canonical;
use wire::trail::{GENESIS, Head, sign_head};

/// A chain of records as a server writes them.
fn chain(writer: &str, length: u64) -> Vec<Value> {
    let mut prev = GENESIS.to_owned();
    let record = |seq| {
        let record = json!({
            "v": 1, "writer": writer, "seq": seq, "prev": prev, "at": format!("2026-01-02T03:04:{seq:02}Z"),
            "id": "0190a0b0-0000-7000-8000-000000000000", "kind": "decision",
            "who": {"kind": "person", "subject": "s-ana"}, "tool": "enclave_info", "action": "enclave.info",
            "enclave": "price-watch", "allowed": true, "reason": "mode", "arguments_sha256": "",
        });
        prev = canonical::sha256(&record).unwrap();
        record
    };
    (1..=length).map(record).collect()
}

fn head(record: &Value, key: &jsonwebtoken::EncodingKey) -> String {
    let head = Head {
        writer: record["writer"].as_str().unwrap().to_owned(),
        seq: record["seq"].as_u64().unwrap(),
        hash: canonical::sha256(record).unwrap(),
        at: Timestamp::now(),
    };
    sign_head(&head, key, "k1").unwrap()
}

/// Files of a trail, and the program that looks at them.
struct Files {
    program: Program,
    records: Vec<Value>,
    heads: Vec<String>,
}

impl Files {
    /// Two writers, of nine and of four records, signed up to the seventh and the last.
    fn new() -> Self {
        let (one, other) = (chain("one", 9), chain("other", 4));
        let heads = vec![head(&one[6], &private_key()), head(&other[3], &private_key())];
        Self { program: Program::new(None), records: [one, other].concat(), heads }
    }

    async fn verify(&self) -> Ran {
        let lines = |lines: Vec<String>| lines.join("\n") + "\n";
        let records =
            self.program.write("records.jsonl", &lines(self.records.iter().map(Value::to_string).collect()));
        let heads = self.program.write("heads", &lines(self.heads.clone()));
        let keys = self.program.write("keys.json", &public_keys().to_string());
        let flags = ["--records", arg(&records), "--heads", arg(&heads), "--keys", arg(&keys), "-o", "json"];
        self.program.run(&[&["trail", "verify"], &flags[..]].concat()).await
    }

    /// The one fault, which must be found.
    async fn fault(&self) -> String {
        let ran = self.verify().await;
        assert_eq!(ran.code, 1, "{ran:?}");
        assert_eq!(ran.json()["holds"], false);
        assert!(ran.err.contains("the trail does not hold"), "{}", ran.err);
        ran.json()["faults"]
            .as_array()
            .unwrap()
            .iter()
            .map(|fault| fault.as_str().unwrap())
            .collect::<Vec<_>>()
            .join("\n")
    }
}

#[tokio::test]
async fn an_untouched_trail_holds_and_says_what_is_not_signed_yet() {
    let ran = Files::new().verify().await;
    assert_eq!(ran.code, 0, "{ran:?}");
    assert_eq!(
        ran.json(),
        json!({
            "holds": true, "faults": [],
            "writers": {
                "one": {"records": 9, "covered": 7, "uncovered": 2},
                "other": {"records": 4, "covered": 4, "uncovered": 0},
            },
        })
    );
}

#[tokio::test]
async fn every_change_is_found_at_its_place() {
    type Change = (&'static str, fn(&mut Files), &'static str);
    let changes: [Change; 10] = [
        ("a value changed", |it| it.records[2]["allowed"] = json!(false), "writer one, record 4"),
        ("a field added", |it| it.records[2]["note"] = json!("x"), "writer one, record 4"),
        ("removed", |it| drop(it.records.remove(2)), "writer one, record 4"),
        ("swapped", |it| it.records.swap(2, 3), "writer one, record 4"),
        (
            "the end cut off",
            |it| it.records.truncate(12),
            "writer other, record 4: it was signed for and is not there",
        ),
        ("a whole writer gone", |it| it.records.truncate(9), "writer other, record 4"),
        (
            "the signed record changed",
            |it| it.records[12]["allowed"] = json!(false),
            "is not the record that was signed",
        ),
        ("the heads gone", |it| it.heads.clear(), "no signed head holds"),
        (
            "a head of somebody else",
            |it| it.heads[0] = head(&it.records[6], &key_of(&[7; 32])),
            "heads:1: its signature",
        ),
        ("a head that is none", |it| it.heads[1] = "nonsense".to_owned(), "heads:2: it is not a signed head"),
    ];
    for (what, change, place) in changes {
        let mut files = Files::new();
        change(&mut files);
        let fault = files.fault().await;
        assert!(fault.contains(place), "{what}: {fault}");
    }
}

#[tokio::test]
async fn a_trail_written_anew_is_found_by_its_head() {
    let mut files = Files::new();
    let mut forged = chain("one", 9);
    forged[2]["allowed"] = json!(false);
    for place in 3..9 {
        forged[place]["prev"] = canonical::sha256(&forged[place - 1]).unwrap().into();
    }
    files.records.splice(0..9, forged);
    assert_eq!(files.fault().await, "writer one, record 7: it is not the record that was signed for");
}

#[tokio::test]
async fn a_line_that_two_readers_read_differently_is_found() {
    let files = Files::new();
    files.verify().await;
    let path = files.program.home.path().join("records.jsonl");
    let text = std::fs::read_to_string(&path).unwrap().replacen(
        r#""allowed":true"#,
        r#""allowed":false,"allowed":true"#,
        1,
    );
    std::fs::write(&path, text).unwrap();
    let home = files.program.home.path();
    let (heads, keys) = (home.join("heads"), home.join("keys.json"));
    let flags = ["--records", arg(&path), "--heads", arg(&heads), "--keys", arg(&keys)];
    let ran = files.program.run(&[&["trail", "verify"], &flags[..]].concat()).await;
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(
        ran.out.contains("records.jsonl:1: it is no record: the key `allowed` stands twice"),
        "{}",
        ran.out
    );
}

#[tokio::test]
async fn keys_that_are_none_are_refused() {
    let files = Files::new();
    files.verify().await;
    let home = files.program.home.path();
    let (records, heads) = (home.join("records.jsonl"), home.join("heads"));
    for text in ["", "{}", r#"{"keys":[]}"#, r#"{"keys":[{"kty":"oct","k":"c2VjcmV0","kid":"k1"}]}"#] {
        let keys = files.program.write("keys.json", text);
        let flags = ["--records", arg(&records), "--heads", arg(&heads), "--keys", arg(&keys)];
        let ran = files.program.run(&[&["trail", "verify"], &flags[..]].concat()).await;
        assert_eq!(ran.code, 1, "{text}: {ran:?}");
        assert!(ran.err.contains("not a JWK set"), "{text}: {}", ran.err);
    }
}

/// A server that gives the trail in two pages.
async fn server() -> (Stub, Program, String) {
    let stub = Stub::start().await;
    let program = stub.program();
    let token = program.write("token", OPERATOR);
    let records = chain("one", 5);
    // The chain goes on between the pages; what the first head signs for is in them, and the last is not signed yet.
    let heads = [head(&records[3], &private_key())];
    let page = |records: &[Value], next: Option<&str>| match next {
        Some(next) => json!({"records": records, "heads": heads, "next_cursor": next}),
        None => json!({"records": records, "heads": ["a later head that is not looked at"]}),
    };
    stub.answers("trail_tail", page(&records[..2], Some("one:2")));
    stub.answers("trail_tail", page(&records[2..], None));
    (stub, program, token.to_str().unwrap().to_owned())
}

#[tokio::test]
async fn the_servers_trail_is_verified() {
    let (stub, program, token) = server().await;
    let verified = program.ok(&["trail", "verify", "--break-glass", &token]).await;
    assert!(verified.out.contains("The trail holds"), "{}", verified.out);
    assert!(stub.calls().iter().all(|call| call.arguments["export"] == true));
    assert_eq!(stub.calls()[1].arguments["cursor"], "one:2");
}

#[tokio::test]
async fn keys_that_were_kept_are_believed_rather_than_the_server() {
    let (_stub, program, token) = server().await;
    let mut kept = public_keys();
    kept["keys"][0]["x"] = "A6EHv_POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbg".into();
    let keys = program.write("kept.json", &kept.to_string());
    let ran = program.run(&["trail", "verify", "--keys", arg(&keys), "--break-glass", &token]).await;
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(ran.out.contains("head 1: its signature does not hold"), "{}", ran.out);
}

#[tokio::test]
async fn what_is_exported_is_verified_without_the_server() {
    let (_stub, program, token) = server().await;
    let exported =
        program.ok(&["trail", "export", "out", "--break-glass", &token, "-o", "json"]).await.json();
    assert_eq!((&exported["record_count"], &exported["head_count"]), (&json!(5), &json!(1)));
    let offline = ["--records", "out/records.jsonl", "--heads", "out/heads", "--keys", "out/keys.json"];
    let mut command = program.command(&[&["trail", "verify", "-o", "json"], &offline[..]].concat());
    command.env_remove("TENTACULAR_SERVER");
    let verified = crate::program::finish(command).await;
    assert_eq!(verified.code, 0, "{verified:?}");
    assert_eq!(verified.json()["writers"]["one"], json!({"records": 5, "covered": 4, "uncovered": 1}));
    let again = program.run(&["trail", "export", "out", "--break-glass", &token]).await;
    assert_eq!(again.code, 1);
    assert!(again.err.contains("is there already") && again.err.contains("--force"), "{}", again.err);
}

#[tokio::test]
async fn the_newest_records_are_a_table() {
    let stub = Stub::start().await;
    let program = stub.signed_in().await;
    let mut records = chain("one", 1);
    records.push(json!({"v": 9, "kind": "of tomorrow"}));
    stub.answers("trail_tail", json!({"records": records}));
    let tail = program.ok(&["trail", "tail", "-e", "price-watch", "-n", "5"]).await.out;
    assert!(
        tail.contains("person s-ana") && tail.contains("enclave.info") && tail.contains("allowed"),
        "{tail}"
    );
    assert!(tail.contains("a record that this release does not know"), "{tail}");
    assert_eq!(stub.calls()[0].arguments, json!({"enclave": "price-watch", "limit": 5}));
}
