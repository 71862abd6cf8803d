//! The schema, the page `docs/contract.md` and the parser know the same keys. What is read is asked of the parser itself, which
//! names all keys that it knows when it meets one that it doesn't.

use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use workflow::scaffold::Scaffold;
use workflow::{Bundle, Part, Problems, Rule, Workflow, schema};

/// A file with a key that nobody knows in each of its parts.
const FILE: &str = "\
name: a
version: '1.0'
unknown: 1
metadata: {unknown: 1}
deployment: {unknown: 1}
triggers: [{type: manual, unknown: 1}]
nodes:
  a: {path: a.ts, description: A, unknown: 1}
  b: {path: b.ts, description: B}
edges: [{from: a, to: b, unknown: 1}]
contract:
  version: '1'
  unknown: 1
  dependencies:
    shop: {protocol: https, host: shop.example, unknown: 1, auth: {type: api-token, secret: a.b, unknown: 1}}
  networkPolicy:
    unknown: 1
    additionalEgress: [{toCIDR: 198.51.100.0/24, ports: [443/TCP], reason: r, unknown: 1}]
sidecars: [{name: s, image: 'i@sha256:0000000000000000000000000000000000000000000000000000000000000000', port: 9000, unknown: 1, resources: {unknown: 1, limits: {unknown: 1}}}]
";

type Keys = BTreeMap<String, BTreeSet<String>>;

/// The part's name in the schema. Two parts are told as the parts of others that they lie in.
fn name(part: &Part, known: &[&str]) -> String {
    let name = match part {
        Part::Top => "file",
        Part::Section(section) => section,
        Part::Trigger(_) => "trigger",
        Part::Node(_) => "node",
        Part::Edge(_) => "edge",
        Part::Dependency(_) if known.contains(&"protocol") => "dependency",
        Part::Dependency(_) => "auth",
        Part::Egress(_) => "additionalEgress",
        Part::Sidecar(_) if known.contains(&"image") => "sidecar",
        Part::Sidecar(_) if known.contains(&"limits") => "resources",
        Part::Sidecar(_) => "amounts",
    };
    name.to_owned()
}

/// What the parser reads.
fn read() -> Keys {
    let problems: Problems = Workflow::parse(FILE.as_bytes()).unwrap_err();
    let known = problems.as_slice().iter().filter_map(|problem| match &problem.rule {
        Rule::UnknownKey { known, .. } => {
            Some((name(&problem.part, known), known.iter().map(|&key| key.to_owned()).collect()))
        }
        _ => None,
    });
    known.collect()
}

/// What the schema has.
fn schema() -> Value {
    serde_json::from_str(schema::SCHEMA).unwrap()
}

fn valid(yaml: &str) -> Result<(), String> {
    let file: Value = serde_saphyr::from_str(yaml).unwrap();
    let validator = jsonschema::validator_for(&schema()).unwrap();
    validator.validate(&file).map_err(|error| error.to_string())
}

#[test]
fn the_schema_has_the_keys_that_are_read_and_no_other() {
    let schema = schema();
    let parts = schema["$defs"].as_object().unwrap().iter().filter(|(name, _)| *name != "config");
    let keys = |part: &Value| part["properties"].as_object().unwrap().keys().cloned().collect();
    let known: Keys = parts.map(|(name, part)| (name.clone(), keys(part))).collect();
    assert_eq!(known, read());
}

#[test]
fn the_page_has_the_tables_of_the_schema() {
    let page = include_str!("../../../docs/contract.md");
    for (part, table) in schema::tables().unwrap() {
        assert!(page.contains(&table), "docs/contract.md is to have this table of {part}:\n\n{table}");
    }
}

#[test]
fn what_nobody_knows_is_valid_nowhere() {
    assert!(valid(FILE).is_err());
    let good = FILE.replace(", unknown: 1", "").replace("unknown: 1, ", "").replace("{unknown: 1}", "{}");
    let good: String =
        good.lines().filter(|line| line.trim() != "unknown: 1").map(|line| format!("{line}\n")).collect();
    valid(&good).unwrap();
    Workflow::parse(good.as_bytes()).unwrap_or_else(|problems| panic!("{problems}"));
    for (from, to) in [
        ("version: '1.0'", "version: one"),
        ("type: manual", "type: sometimes"),
        ("path: a.ts, ", ""),
        ("protocol: https, ", ""),
        ("port: 9000", "port: 80"),
    ] {
        assert!(good.contains(from));
        let bad = good.replacen(from, to, 1);
        assert!(valid(&bad).is_err() && Workflow::parse(bad.as_bytes()).is_err(), "{to} is taken");
    }
}

#[test]
fn every_scaffold_is_a_tentacle_that_this_release_runs() {
    for scaffold in Scaffold::ALL {
        let files = scaffold.files(&"a-name".parse().unwrap());
        let yaml = files.iter().find(|file| file.path == Workflow::FILE).unwrap().text.clone();
        valid(&yaml).unwrap_or_else(|error| panic!("{}: {error}", scaffold.name()));
        let schema = files.iter().find(|file| file.path == "params.schema.json").unwrap();
        let schema: Value = serde_json::from_str(&schema.text).unwrap();
        let validator = jsonschema::validator_for(&schema).unwrap();
        let settings = serde_saphyr::from_str::<Value>(&yaml).unwrap()["config"].take();
        assert!(validator.is_valid(&settings), "{settings}\n{schema}");
        assert!(!validator.is_valid(&serde_json::json!({"timeout": 10})), "it takes anything: {schema}");
        for setting in settings.as_object().unwrap().keys() {
            assert!(schema["properties"][setting]["description"].is_string(), "{setting} in {schema}");
        }
        let bundle =
            Bundle::new(files.into_iter().map(|file| (file.path.to_owned(), file.text.into_bytes())));
        let workflow = Workflow::of(&bundle.unwrap()).unwrap();
        workflow.supported_now().unwrap();
        assert_eq!(workflow.name.as_str(), "a-name", "{}", scaffold.name());
    }
}
