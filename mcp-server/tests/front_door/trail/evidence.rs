//! What a check of the trail rests on, got as anybody gets it, and checked twice: by our own program, and by one in
//! another language that was written from `docs/trail.md` alone.

use crate::app::OPERATOR;
use crate::door::Door;
use jsonwebtoken::DecodingKey;
use jsonwebtoken::jwk::JwkSet;
use serde_json::{Value, json};
use std::process::Command;
use wire::trail::{Report, read_head, verify};

/// Records, signed heads, and the keys that signed them.
#[derive(Debug, Clone)]
pub(crate) struct Evidence {
    pub(crate) records: Vec<Value>,
    pub(crate) heads: Vec<String>,
    pub(crate) keys: Value,
}

/// What a check found: each writer with the number of records and of those that a head covers, and what is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Findings {
    pub(crate) writers: Vec<(String, u64, u64)>,
    pub(crate) faults: Vec<(String, u64, String)>,
}

impl Findings {
    /// The kinds of what is wrong, each once.
    pub(crate) fn kinds(&self) -> Vec<&str> {
        let mut kinds: Vec<&str> = self.faults.iter().map(|(_, _, what)| what.as_str()).collect();
        kinds.sort_unstable();
        kinds.dedup();
        kinds
    }
}

impl Evidence {
    /// Exports the whole trail, in pages.
    pub(crate) async fn of(door: &Door) -> Self {
        let keys = door.http.get(format!("{}/.well-known/jwks.json", door.url)).send().await.unwrap();
        let keys: Value = serde_json::from_str(&keys.text().await.unwrap()).unwrap();
        let mut args = json!({"export": true, "limit": 20});
        let (mut records, mut heads) = (Vec::new(), None);
        loop {
            let page = door.call(OPERATOR, "trail_tail", args.clone()).await.unwrap();
            records.extend(page["records"].as_array().unwrap().iter().cloned());
            // What the first heads sign for is in the pages; later ones may sign for what came after their page.
            heads.get_or_insert_with(|| page["heads"].clone());
            let Some(cursor) = page.get("next_cursor").filter(|cursor| cursor.is_string()) else { break };
            args["cursor"] = cursor.clone();
        }
        let heads = serde_json::from_value(heads.unwrap()).unwrap();
        Self { records, heads, keys }
    }

    /// What both programs find, which must be the same.
    pub(crate) fn check(&self) -> Findings {
        let (ours, theirs) = (self.check_ourselves(), self.check_by_a_stranger());
        assert_eq!(ours, theirs, "our verifier and the stranger's disagree");
        ours
    }

    fn check_ourselves(&self) -> Findings {
        let keys: JwkSet = serde_json::from_value(self.keys.clone()).unwrap();
        let key = |kid: &str| keys.find(kid).map(|jwk| DecodingKey::from_jwk(jwk).unwrap());
        let (mut heads, mut faults) = (Vec::new(), Vec::new());
        for jws in &self.heads {
            let kid = jsonwebtoken::decode_header(jws).ok().and_then(|header| header.kid);
            let key = kid.and_then(|kid| key(&kid));
            match read_head(jws, |_| key.as_ref()) {
                Ok(head) => heads.push(head),
                Err(_) => faults.push((String::new(), 0, "signature".to_owned())),
            }
        }
        let Report { writers, faults: found } = verify(&self.records, &heads);
        let found = found
            .into_iter()
            .map(|fault| (fault.writer, fault.seq, format!("{:?}", fault.what).to_ascii_lowercase()));
        faults.extend(found);
        let writers = writers.into_iter().map(|(writer, chain)| (writer, chain.records, chain.covered));
        Findings { writers: writers.collect(), faults }
    }

    fn check_by_a_stranger(&self) -> Findings {
        let dir = tempfile::tempdir().unwrap();
        let write = |name: &str, text: String| {
            let path = dir.path().join(name);
            std::fs::write(&path, text).unwrap();
            path
        };
        let records: String = self.records.iter().map(|record| format!("{record}\n")).collect();
        let heads: String = self.heads.iter().map(|head| format!("{head}\n")).collect();
        let files = [
            write("records.jsonl", records),
            write("heads", heads),
            write("keys.json", self.keys.to_string()),
        ];
        let verifier = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/trail/verify.py");
        let ran = Command::new(python()).arg(verifier).args(files).output().unwrap();
        let told = String::from_utf8_lossy(&ran.stderr);
        assert!(told.is_empty(), "the stranger's verifier failed: {told}");
        let found: Value = serde_json::from_slice(&ran.stdout).unwrap();
        assert_eq!(ran.status.success(), found["holds"] == true);
        let number = |value: &Value| value.as_u64().unwrap();
        let writers = found["writers"].as_object().unwrap().iter();
        let writers = writers
            .map(|(writer, chain)| (writer.clone(), number(&chain["records"]), number(&chain["covered"])));
        let faults = serde_json::from_value(found["faults"].clone()).unwrap();
        Findings { writers: writers.collect(), faults }
    }
}

fn python() -> String {
    let variable = "TENTACULAR_TEST_PYTHON";
    std::env::var(variable).unwrap_or_else(|_| {
        panic!("`{variable}` names no Python with `cryptography`: run `cargo xtask test`")
    })
}
