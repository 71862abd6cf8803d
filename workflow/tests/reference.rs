//! `docs/contract.md` has every key that is read, and no other: what is read is asked of the parser itself, which names all
//! keys that it knows when it meets one that it doesn't.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking, in its helpers too")]

use std::collections::BTreeSet;
use workflow::{Problems, Rule, Workflow};

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
sidecars: [{name: s, image: i, port: 9000, unknown: 1, resources: {unknown: 1, limits: {unknown: 1}}}]
";

fn read() -> BTreeSet<String> {
    let problems: Problems = Workflow::parse(FILE.as_bytes()).unwrap_err();
    let known = problems.as_slice().iter().filter_map(|problem| match &problem.rule {
        Rule::UnknownKey { known, .. } => Some(*known),
        _ => None,
    });
    let known: Vec<&[&str]> = known.collect();
    assert!(known.len() >= 12, "{} parts told what they know: {problems}", known.len());
    known.concat().into_iter().map(str::to_owned).collect()
}

/// The words in code style of the first column of each table, and of cells that name parts of a value.
fn documented() -> BTreeSet<String> {
    let page = include_str!("../../docs/contract.md");
    let words =
        page.lines().filter(|line| line.starts_with('|')).flat_map(|line| line.split('`').skip(1).step_by(2));
    words.map(str::to_owned).collect()
}

#[test]
fn the_page_has_every_key_that_is_read() {
    let (read, documented) = (read(), documented());
    let missing: Vec<_> = read.difference(&documented).collect();
    assert!(missing.is_empty(), "docs/contract.md lacks {missing:?}");
}

#[test]
fn the_page_has_no_key_that_is_not_read() {
    let read = read();
    let page = include_str!("../../docs/contract.md");
    let first = page.lines().filter_map(|line| line.strip_prefix("| `"));
    let rows = first.filter_map(|row| row.split('|').next());
    for row in rows {
        for key in row.split('`').filter(|word| !word.trim().is_empty() && *word != ", ") {
            let key = key.trim();
            let is_section = ["metadata"].contains(&key);
            assert!(is_section || read.contains(key), "`{key}` is on the page and not read");
        }
    }
}

#[test]
fn every_scaffold_is_a_tentacle_that_this_release_runs() {
    use workflow::Bundle;
    use workflow::scaffold::Scaffold;
    for scaffold in Scaffold::ALL {
        let files = scaffold.files(&"a-name".parse().unwrap());
        let bundle =
            Bundle::new(files.into_iter().map(|file| (file.path.to_owned(), file.text.into_bytes())));
        let workflow = Workflow::of(&bundle.unwrap()).unwrap();
        workflow.supported_now().unwrap();
        assert_eq!(workflow.name.as_str(), "a-name", "{}", scaffold.name());
    }
}
