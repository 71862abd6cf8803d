//! The example in `docs/trail.md`: what a stranger tries first.

use super::evidence::Evidence;
use serde_json::Value;
use wire::trail::Record;

const PAGE: &str = include_str!("../../../../docs/trail.md");

/// The block of the page that begins with this word.
fn block(word: &str) -> &'static str {
    let (_, rest) = PAGE.split_once(&format!("```{word}\n")).unwrap_or_else(|| panic!("no block `{word}`"));
    rest.split("```").next().unwrap()
}

fn example() -> Evidence {
    Evidence {
        records: block("records.jsonl").lines().map(|line| serde_json::from_str(line).unwrap()).collect(),
        heads: block("heads").lines().map(str::to_owned).collect(),
        keys: serde_json::from_str(block("keys.json")).unwrap(),
    }
}

#[test]
fn the_example_holds_as_the_page_says() {
    let example = example();
    let found = example.check();
    assert_eq!(found.faults, []);
    let [(_, records, covered)] = found.writers[..] else { panic!("{found:?}") };
    assert!(PAGE.contains(&format!("{records} records, covered up to the second")) && covered == 2);
    for record in &example.records {
        let known: Record = serde_json::from_value(record.clone()).unwrap();
        assert_eq!(&serde_json::to_value(&known).unwrap(), record, "a field of the example is none of ours");
        let hash = known.hash().unwrap();
        assert!(PAGE.contains(&format!("`{hash}`")), "the page does not name {hash}");
    }
}

/// The page tells each field of a record, and the program writes no other.
#[test]
fn the_page_has_every_field() {
    let schema = serde_json::to_value(schemars::schema_for!(Record)).unwrap();
    let mut fields = Vec::new();
    names(&schema, &mut fields);
    assert!(fields.len() > 20, "{fields:?}");
    for field in fields {
        assert!(PAGE.contains(&format!("`{field}`")), "the page does not tell of `{field}`");
    }
}

fn names(schema: &Value, found: &mut Vec<String>) {
    match schema {
        Value::Object(object) => {
            if let Some(Value::Object(properties)) = object.get("properties") {
                found.extend(properties.keys().cloned());
            }
            object.values().for_each(|value| names(value, found));
        }
        Value::Array(items) => items.iter().for_each(|item| names(item, found)),
        _ => {}
    }
}

/// Each fault of the page, made in its example.
#[test]
fn each_kind_of_fault_shows_in_the_example() {
    type Fault = (&'static str, fn(&mut Evidence));
    let faults: [Fault; 7] = [
        ("version", |evidence| evidence.records[2]["v"] = 2.into()),
        ("number", |evidence| drop(evidence.records.remove(0))),
        ("chain", |evidence| evidence.records[0]["allowed"] = false.into()),
        ("head", |evidence| {
            evidence.records.truncate(2);
            evidence.records[1]["result"] = "failed".into();
        }),
        ("cutoff", |evidence| evidence.records.truncate(1)),
        ("cutoff", |evidence| evidence.records.clear()),
        ("signature", |evidence| evidence.keys["keys"][0]["kid"] = "another".into()),
    ];
    for (kind, tamper) in faults {
        let mut evidence = example();
        tamper(&mut evidence);
        assert_eq!(evidence.check().kinds(), [kind]);
        assert!(PAGE.contains(&format!("`{kind}`")));
    }
}
