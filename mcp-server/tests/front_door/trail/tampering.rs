//! Whoever can write to the store tries to make the trail say something else.

use crate::app::App;
use crate::database::Database;
use serde_json::Value;
use std::path::{Path, PathBuf};

/// What somebody does to the trail, and what shows it.
pub(super) struct Tampering {
    pub(super) name: &'static str,
    statements: Vec<String>,
    pub(super) shown_by: &'static [&'static str],
}

/// A number in the middle of the first writer's chain, and the next.
const HERE: &str = "writer = (SELECT min(writer) FROM trail) AND seq = 9";
const NEXT: &str = "writer = (SELECT min(writer) FROM trail) AND seq = 10";
const LAST: &str =
    "(writer, seq) = (SELECT writer, max(seq) FROM trail WHERE writer = (SELECT min(writer) FROM trail))";
const LATER: &str = "writer = (SELECT min(writer) FROM trail) AND seq > 9";
const OF_THE_FIRST: &str = "writer = (SELECT min(writer) FROM trail)";

/// One or more statements on the file, and what shows them.
pub(super) fn tamperings() -> Vec<Tampering> {
    let all = |name: &'static str, statements: &[String], shown_by: &'static [&'static str]| Tampering {
        name,
        statements: statements.to_vec(),
        shown_by,
    };
    let one = |name, statement: String, shown_by| all(name, &[statement], shown_by);
    let set = |to: &str, at: &str| format!("UPDATE trail SET record = {to} WHERE {at}");
    let swap = |record: &str| {
        [
            "CREATE TEMP TABLE two AS SELECT seq, record FROM trail WHERE FALSE".to_owned(),
            format!("INSERT INTO two SELECT seq, record FROM trail WHERE {HERE} OR {NEXT}"),
            format!("UPDATE trail SET record = {record} WHERE {HERE} OR {NEXT}"),
        ]
    };
    let renumber = |by: i64| {
        format!("UPDATE trail SET seq = seq + {by}, record = json_set(record, '$.seq', seq + {by})")
    };
    vec![
        one(
            "a denial becomes an allow",
            set("json_set(record, '$.allowed', json('true'))", FIRST_DENIAL),
            &["chain"],
        ),
        one("another person", set("replace(record, 'ana', 'ben')", HERE), &["chain"]),
        one("another time", set("json_set(record, '$.at', '2020-01-01T00:00:00Z')", HERE), &["chain"]),
        one("a field more", set("json_set(record, '$.note', 'all is well')", HERE), &["chain"]),
        one("a field less", set("json_remove(record, '$.kind')", HERE), &["chain"]),
        one("another version", set("json_set(record, '$.v', 2)", HERE), &["chain", "version"]),
        one("no JSON", set("'nothing to see here'", HERE), &["number", "version"]),
        one("the last record is changed", set("json_set(record, '$.note', 1)", LAST), &["head"]),
        one("no JSON at the end", set("'nothing to see here'", LAST), &["cutoff", "number", "version"]),
        one(
            "the first is removed",
            format!("DELETE FROM trail WHERE {OF_THE_FIRST} AND seq = 1"),
            &["number"],
        ),
        one("one is removed", format!("DELETE FROM trail WHERE {HERE}"), &["number"]),
        all(
            "one is removed, and the rest renumbered",
            &[
                format!("DELETE FROM trail WHERE {HERE}"),
                format!("{} WHERE {LATER}", renumber(1_000_000)),
                format!("{} WHERE seq > 1000000", renumber(-1_000_001)),
            ],
            &["chain", "cutoff"],
        ),
        all("two are swapped", &swap("(SELECT two.record FROM two WHERE two.seq <> trail.seq)"), &["number"]),
        all(
            "two are swapped and renumbered",
            &swap("(SELECT json_set(two.record, '$.seq', trail.seq) FROM two WHERE two.seq <> trail.seq)"),
            &["chain"],
        ),
        one(
            "one is put among another writer's",
            format!("UPDATE trail SET writer = 'z' WHERE {HERE}"),
            &["number"],
        ),
        one(
            "one is put at the end",
            format!(
                "INSERT INTO trail (writer, seq, enclave, at, record) SELECT writer, seq + 1, enclave, at, json_set(record, '$.seq', seq + 1) FROM trail WHERE {LAST}"
            ),
            &["chain"],
        ),
        one("the last is removed", format!("DELETE FROM trail WHERE {LAST}"), &["cutoff"]),
        one("the end is cut off", format!("DELETE FROM trail WHERE {LATER}"), &["cutoff"]),
        one("one writer's chain is removed", format!("DELETE FROM trail WHERE {OF_THE_FIRST}"), &["cutoff"]),
        one("all of it is removed", "DELETE FROM trail".to_owned(), &["cutoff"]),
    ]
}

const FIRST_DENIAL: &str =
    "(writer, seq) = (SELECT writer, min(seq) FROM trail WHERE record LIKE '%\"allowed\":false%')";

/// A stopped server's folder, to begin from again and again.
pub(super) struct Kept {
    /// By their paths in the folder.
    files: Vec<(PathBuf, Vec<u8>)>,
}

impl Kept {
    pub(super) fn of(app: &App) -> Self {
        let mut files = Vec::new();
        read(app.dir.path(), &mut files);
        let inside = |path: PathBuf| path.strip_prefix(app.dir.path()).unwrap().to_owned();
        Self { files: files.into_iter().map(|(path, bytes)| (inside(path), bytes)).collect() }
    }

    /// Gives the server a new folder: what a killed one has open may still change the old one.
    pub(super) fn restore(&self, app: &mut App) {
        app.dir = tempfile::tempdir().unwrap();
        app.database = Database::sqlite(&app.dir);
        for (path, bytes) in &self.files {
            let path = app.dir.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, bytes).unwrap();
        }
    }
}

fn read(dir: &Path, files: &mut Vec<(PathBuf, Vec<u8>)>) {
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            read(&path, files);
        } else {
            files.push((path.clone(), std::fs::read(&path).unwrap()));
        }
    }
}

impl Tampering {
    pub(super) async fn commit(&self, app: &App) {
        app.database.execute(&self.statements.join("; ")).await;
    }
}

/// Whoever knows the format forges a whole chain, with one record changed and every hash made anew.
pub(super) async fn forge(app: &App) {
    let pool = app.database.pool().await;
    let rows: Vec<(String, i64, String)> =
        sqlx::query_as("SELECT writer, seq, record FROM trail ORDER BY writer, seq")
            .fetch_all(&pool)
            .await
            .unwrap();
    let mut prev = wire::trail::GENESIS.to_owned();
    for (writer, seq, record) in &rows {
        let mut record: Value = serde_json::from_str(record).unwrap();
        if *seq == 1 {
            wire::trail::GENESIS.clone_into(&mut prev);
        }
        if *seq == 9 {
            record["at"] = "2020-01-01T00:00:00Z".into();
        }
        record["prev"] = prev.into();
        prev = wire::canonical::sha256(&record).unwrap();
        let canonical = String::from_utf8(wire::canonical::to_json(&record).unwrap()).unwrap();
        sqlx::query("UPDATE trail SET record = $1 WHERE writer = $2 AND seq = $3")
            .bind(canonical)
            .bind(writer)
            .bind(seq)
            .execute(&pool)
            .await
            .unwrap();
    }
    pool.close().await;
}
