//! The files of heads: a crash, another signing key and a cut trail leave a server that starts, goes on, and hides nothing.

use super::evidence::Evidence;
use crate::app::App;
use crate::issuer::TestKey;
use serde_json::{Value, json};
use std::path::PathBuf;

/// A server that somebody has used, and that has stopped.
async fn used() -> App {
    let mut app = App::start().await;
    app.call(&app.agent("cy"), "enclave_provision", json!({"name": "payroll"})).await.unwrap();
    app.stop().await;
    app
}

/// Starts it, changes something, and looks at the trail.
async fn goes_on(app: &mut App) -> Evidence {
    app.run().await;
    for tool in ["enclave_freeze", "enclave_unfreeze"] {
        app.call(&app.agent("cy"), tool, json!({"name": "payroll"})).await.unwrap();
    }
    let evidence = Evidence::of(app).await;
    app.stop().await;
    evidence
}

/// The files of heads, the oldest writer first.
fn files(app: &App) -> Vec<PathBuf> {
    let found = std::fs::read_dir(app.file(app.heads)).unwrap();
    let mut files: Vec<PathBuf> = found.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

#[tokio::test]
async fn a_head_that_was_cut_short_does_not_spoil_the_next() {
    let mut app = used().await;
    for rest in [&b"eyJ0eXAiOiJ0ZW50"[..], b"\xff\x00\xfe"] {
        let [file] = &files(&app)[..] else { panic!("one writer: {:?}", files(&app)) };
        let mut written = std::fs::read(file).unwrap();
        written.extend_from_slice(rest);
        std::fs::write(file, &written).unwrap();
        let found = goes_on(&mut app).await.check();
        assert!(found.faults.is_empty() && found.writers.len() == 1, "{found:?}");
        let lines = std::fs::read_to_string(file).unwrap();
        assert!(lines.ends_with('\n') && lines.lines().all(|line| line.split('.').count() == 3), "{lines}");
    }
}

#[tokio::test]
async fn with_another_signing_key_it_begins_another_chain_once() {
    let mut app = used().await;
    let before = goes_on(&mut app).await;
    std::fs::write(app.file("signing.pem"), TestKey::new("unused").pem).unwrap();
    for _ in 0..2 {
        let mut after = goes_on(&mut app).await;
        assert_eq!(files(&app).len(), 2);
        assert_eq!(after.check().kinds(), ["signature"], "the new key alone says nothing of the old chain");
        let (Value::Array(keys), Value::Array(old)) = (&mut after.keys["keys"], &before.keys["keys"]) else {
            panic!("no sets of keys")
        };
        keys.extend(old.clone());
        let found = after.check();
        assert!(found.faults.is_empty() && found.writers.len() == 2, "{found:?}");
    }
}

#[tokio::test]
async fn beside_a_chain_whose_end_is_missing_it_writes_one_other() {
    let mut app = used().await;
    app.database.execute("DELETE FROM trail WHERE seq = (SELECT max(seq) FROM trail)").await;
    for _ in 0..2 {
        let found = goes_on(&mut app).await.check();
        assert_eq!((found.kinds(), found.writers.len()), (vec!["cutoff"], 2), "{found:?}");
        assert_eq!(files(&app).len(), 2);
    }
}
