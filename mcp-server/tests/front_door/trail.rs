//! The trail after a real history: it holds, every decision has its outcome, and whoever changes it is found out.

mod evidence;
mod kept_heads;
mod page;
mod tampering;

use self::evidence::Evidence;
use self::tampering::{Kept, forge, tamperings};
use crate::app::App;
use crate::issuer::TestKey;
use crate::team::{hello, set_up};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use wire::trail::{Entry, Head, OutcomeResult, Record, sign_head};

/// Much of what can happen, allowed, denied, failed and by everybody.
async fn live(app: &App) {
    let channel = set_up(app).await;
    channel.say("ana", "wf_apply", hello("hello", "hi")).await.unwrap();
    channel
        .say("ben", "wf_run", json!({"name": "hello", "input": {"word": "grüß \u{1f419} \"\\\n\u{1}"}}))
        .await
        .unwrap();
    channel.say("ben", "enclave_freeze", json!({})).await.unwrap_err();
    channel.say("ben", "enclave_info", json!({})).await.unwrap();
    app.call(&app.agent("cy"), "enclave_info", json!({"name": "price-watch"})).await.unwrap_err();
    app.backend.fail_at("before deploy");
    channel.say("ana", "wf_apply", hello("hello", "fails")).await.unwrap_err();
    channel
        .say("ana", "enclave_sync", json!({"new_mode": "open-read", "remove_members": ["ben"]}))
        .await
        .unwrap();
    channel
        .say("ana", "enclave_sync", json!({"new_quota_preset": "large", "new_owner": "ben"}))
        .await
        .unwrap_err();
    app.operate("enclave_freeze", json!({"name": "price-watch"})).await.unwrap();
    app.operate("enclave_unfreeze", json!({"name": "price-watch"})).await.unwrap();
    channel.say("ana", "wf_remove", json!({"name": "hello", "confirm": "hello"})).await.unwrap();
}

fn records(evidence: &Evidence) -> Vec<Record> {
    evidence.records.iter().map(|record| serde_json::from_value(record.clone()).unwrap()).collect()
}

async fn it_holds_and_goes_on_after_a_kill(mut app: App) {
    live(&app).await;
    let first = Evidence::of(&app).await.check();
    assert_eq!(first.faults, []);
    let [(writer, count, covered)] = &first.writers[..] else { panic!("one writer: {first:?}") };
    assert!(*count > 20 && covered <= count && *covered > 20, "{first:?}");
    app.kill().await;
    app.run().await;
    app.call(&app.agent("ana"), "enclave_freeze", json!({"name": "price-watch"})).await.unwrap();
    let second = Evidence::of(&app).await.check();
    assert_eq!(second.faults, []);
    let [(same, more, _)] = &second.writers[..] else { panic!("one writer: {second:?}") };
    assert!(same == writer && more > count, "{second:?}");
}

async fn two_servers_write_two_chains(app: App) {
    live(&app).await;
    let replica = app.replica().await;
    for door in [&app as &crate::door::Door, &replica] {
        for tool in ["enclave_freeze", "enclave_unfreeze"] {
            door.call(&door.agent("ana"), tool, json!({"name": "price-watch"})).await.unwrap();
        }
    }
    replica.stop().await;
    let found = Evidence::of(&app).await.check();
    assert_eq!(found.faults, []);
    assert_eq!(found.writers.len(), 2);
    assert!(found.writers.iter().all(|(_, count, covered)| *count >= 4 && *covered >= 4), "{found:?}");
}

/// Law 9: a record before and a record after.
async fn every_change_has_its_outcome_and_every_outcome_its_decision(app: App) {
    live(&app).await;
    let mut outcomes: BTreeMap<_, Vec<OutcomeResult>> = BTreeMap::new();
    let mut decided = BTreeMap::new();
    for record in records(&Evidence::of(&app).await) {
        match record.entry {
            Entry::Decision(decision) => {
                assert!(decided.insert(record.id, *decision).is_none(), "two decisions with one id");
            }
            Entry::Outcome(outcome) => {
                let decision =
                    decided.get(&record.id).unwrap_or_else(|| panic!("an outcome before its decision"));
                assert!(decision.allowed, "{decision:?}");
                outcomes.entry(record.id).or_default().push(outcome.result);
            }
            Entry::Lost(lost) => panic!("nothing is lost here: {lost:?}"),
        }
    }
    let reads = [
        "enclave_info",
        "whoami",
        "why",
        "enclave_list",
        "wf_list",
        "wf_status",
        "wf_logs",
        "trail_tail",
        "channel_map",
    ];
    for (id, decision) in &decided {
        let ended = outcomes.get(id).map_or(0, Vec::len);
        let asked_to_change = decision.allowed && !reads.contains(&decision.tool.as_str());
        assert_eq!(ended, usize::from(asked_to_change), "{decision:?}");
    }
    let of = |tool: &str, result: OutcomeResult| {
        decided.iter().any(|(id, decision)| decision.tool == tool && outcomes.get(id) == Some(&vec![result]))
    };
    assert!(of("wf_apply", OutcomeResult::Done) && of("wf_apply", OutcomeResult::Failed));
    let denied = |tool: &str| decided.values().any(|decision| decision.tool == tool && !decision.allowed);
    assert!(denied("enclave_freeze") && denied("enclave_info"));
}

/// The trail outlives the enclave, and a name may be taken again, by anybody.
async fn whoever_takes_a_name_again_reads_nothing_of_before(app: App) {
    live(&app).await;
    let gone = json!({"name": "price-watch", "confirm": "price-watch"});
    app.call(&app.agent("ana"), "enclave_deprovision", gone).await.unwrap();
    app.call(&app.agent("ben"), "enclave_info", json!({"name": "price-watch"})).await.unwrap_err();
    let before = Evidence::of(&app).await.records.len();
    app.call(&app.agent("cy"), "enclave_provision", json!({"name": "price-watch"})).await.unwrap();
    app.call(&app.agent("cy"), "enclave_freeze", json!({"name": "price-watch"})).await.unwrap();
    app.call(&app.agent("ben"), "enclave_freeze", json!({"name": "price-watch"})).await.unwrap_err();
    let tail = app.call(&app.agent("cy"), "trail_tail", json!({"enclave": "price-watch"})).await.unwrap();
    let all = Evidence::of(&app).await.records;
    let seen = tail["records"].as_array().unwrap();
    for record in &all[..before] {
        assert!(!seen.contains(record), "{record}");
    }
    // what is theirs is there: making, freezing, and who else has tried (and perhaps already this reading itself)
    let said: Vec<String> = seen
        .iter()
        .filter(|record| record["action"] != "trail.read")
        .map(|record| format!("{} {}", record["action"], record["allowed"]))
        .collect();
    let outcome = "null null".to_owned();
    let (made, frozen) = ("\"enclave.provision\" true".to_owned(), "\"enclave.freeze\" true".to_owned());
    assert_eq!(said, [made, outcome.clone(), frozen, outcome, "\"enclave.freeze\" false".to_owned()]);
}

crate::on_both_stores! {
    whoever_takes_a_name_again_reads_nothing_of_before
    it_holds_and_goes_on_after_a_kill
    two_servers_write_two_chains
    every_change_has_its_outcome_and_every_outcome_its_decision
}

/// A stopped server with a history of two writers in a SQLite file.
async fn stopped() -> (App, Kept) {
    let mut app = App::start().await;
    live(&app).await;
    let replica = app.replica().await;
    replica.operate("enclave_freeze", json!({"name": "price-watch"})).await.unwrap();
    replica.operate("enclave_unfreeze", json!({"name": "price-watch"})).await.unwrap();
    replica.stop().await;
    app.stop().await;
    let kept = Kept::of(&app);
    (app, kept)
}

#[tokio::test]
async fn whoever_changes_it_in_the_store_is_found_out() {
    let (mut app, kept) = stopped().await;
    app.run().await;
    let untouched = Evidence::of(&app).await.check();
    assert_eq!(untouched.faults, []);
    app.kill().await;
    for tampering in tamperings() {
        kept.restore(&mut app);
        tampering.commit(&app).await;
        app.run().await;
        let found = Evidence::of(&app).await.check();
        assert_eq!(found.kinds(), tampering.shown_by, "{}: {found:?}", tampering.name);
        app.kill().await;
    }
}

#[tokio::test]
async fn whoever_forges_a_whole_chain_cannot_sign_for_it() {
    let (mut app, kept) = stopped().await;
    kept.restore(&mut app);
    forge(&app).await;
    app.run().await;
    let mut evidence = Evidence::of(&app).await;
    assert_eq!(evidence.check().kinds(), ["head"]);
    // and with heads to match, by a key of one's own
    let own = TestKey::new("own");
    let ends: BTreeMap<String, Record> =
        records(&evidence).into_iter().map(|record| (record.writer.clone(), record)).collect();
    let kid = evidence.keys["keys"][0]["kid"].as_str().unwrap().to_owned();
    let sign = |kid: &str| -> Vec<String> {
        let head = |(writer, end): (&String, &Record)| {
            let hash = end.hash().unwrap();
            sign_head(&Head { writer: writer.clone(), seq: end.seq, hash, at: end.at }, &own.private, kid)
                .unwrap()
        };
        ends.iter().map(head).collect()
    };
    for kid in [kid.as_str(), "own"] {
        evidence.heads = sign(kid);
        assert_eq!(evidence.check().kinds(), ["signature"], "{kid}");
    }
}

/// A token of the same key is no head, whatever it says.
#[tokio::test]
async fn only_a_head_is_a_head() {
    let (mut app, _) = stopped().await;
    app.run().await;
    let evidence = Evidence::of(&app).await;
    let pem = std::fs::read(app.file("signing.pem")).unwrap();
    let key = jsonwebtoken::EncodingKey::from_ed_pem(&pem).unwrap();
    let kid = evidence.keys["keys"][0]["kid"].as_str().unwrap();
    let [header, payload, signature] = evidence.heads[0].split('.').collect::<Vec<_>>()[..] else { panic!() };
    let signer = TestKey { private: key, ..TestKey::new(kid) };
    let claims = String::from_utf8(decoded(payload)).unwrap();
    let with = |header: Value| signer.jws(&header, &claims);
    let good = json!({"alg": "EdDSA", "typ": "tentacular-trail-head+jwt", "kid": kid});
    let changed = |name: &str, value: Value| {
        let mut header = good.clone();
        header[name] = value;
        with(header)
    };
    let check = |jws: String| Evidence { heads: vec![jws], ..evidence.clone() }.check().kinds().join(" ");
    assert_eq!(check(with(good.clone())), "");
    for jws in [
        changed("typ", json!("JWT")),
        changed("typ", json!("tentacular-assertion+jwt")),
        changed("kid", json!("another")),
        changed("crit", json!(["exp"])),
        changed("alg", json!("none")),
        format!("{header}.{payload}."),
        format!("{header}.{}.{signature}", encoded(&format!("{claims} "))),
        format!("{header}.{payload}"),
        "nothing".to_owned(),
    ] {
        assert_eq!(check(jws.clone()), "signature", "{jws}");
    }
}

fn decoded(part: &str) -> Vec<u8> {
    URL_SAFE_NO_PAD.decode(part).unwrap()
}

fn encoded(text: &str) -> String {
    URL_SAFE_NO_PAD.encode(text)
}
