use super::*;

fn a_crate(name: &str, uses: Vec<Use>) -> Crate {
    Crate { name: name.to_owned(), folder: name.to_owned(), uses, ..Crate::default() }
}

fn ours(name: &str, kind: Kind) -> Use {
    Use { name: name.to_owned(), kind, optional: false, ours: true }
}

fn outside(name: &str, kind: Kind) -> Use {
    Use { ours: false, ..ours(name, kind) }
}

fn tntc(optional: bool, features: &[(&str, &[&str])]) -> Crate {
    let features = features
        .iter()
        .map(|(name, enables)| ((*name).to_owned(), enables.iter().map(|item| (*item).to_owned()).collect()));
    let edge = Use { optional, ..ours("local", Kind::Normal) };
    Crate { features: features.collect(), ..a_crate("tntc", vec![edge]) }
}

#[test]
fn every_edge_of_the_table_passes_and_every_other_fails_whatever_it_is_for() {
    for layer in &LAYERS {
        for other in &LAYERS {
            for kind in [Kind::Normal, Kind::Development, Kind::Build] {
                let problems = check(&[a_crate(layer.name, vec![ours(other.name, kind)])]);
                let allowed = layer.may_use.contains(&other.name);
                assert_eq!(problems.is_empty(), allowed, "{} uses {}: {problems:?}", layer.name, other.name);
            }
        }
    }
}

#[test]
fn the_arrow_never_points_back() {
    for (place, layer) in LAYERS.iter().enumerate() {
        let above: Vec<_> = LAYERS[..place].iter().map(|layer| layer.name).collect();
        assert!(layer.may_use.iter().all(|used| above.contains(used)), "{}", layer.name);
        assert!(LAYERS.iter().all(|layer| !layer.may_use.contains(&"tntc")));
    }
}

#[test]
fn a_crate_that_the_table_lacks_fails() {
    assert_eq!(check(&[a_crate("helpers", vec![])]), ["`helpers` is not in the table of layers"]);
}

#[test]
fn tntc_gets_the_services_only_by_the_feature_up() {
    assert_eq!(check(&[tntc(true, &[("up", &["dep:local"]), ("default", &["up"])])]), [] as [&str; 0]);
    assert_eq!(check(&[tntc(true, &[("up", &["dep:local"]), ("x", &["local?/y"])])]), [] as [&str; 0]);
    for enables in ["dep:local", "local", "local/page"] {
        let problems = check(&[tntc(true, &[("up", &["dep:local"]), ("extra", &[enables])])]);
        assert!(problems[0].contains("by the feature `extra`"), "{enables}: {problems:?}");
    }
    assert!(check(&[tntc(false, &[("up", &[])])])[0].contains("must be optional"));
    assert!(
        check(&[a_crate("tntc", vec![ours("local", Kind::Development)])])[0].contains("must be optional")
    );
}

#[test]
fn policy_uses_nothing_from_outside_but_for_its_tests() {
    let uses = |name, kind| check(&[a_crate("policy", vec![outside(name, kind)])]);
    assert!(uses("thiserror", Kind::Normal).is_empty());
    assert!(uses("proptest", Kind::Development).is_empty());
    assert_eq!(uses("serde", Kind::Normal).len(), 1);
    assert_eq!(uses("cc", Kind::Build).len(), 1);
    assert!(check(&[a_crate("wire", vec![outside("serde", Kind::Normal)])]).is_empty());
}

#[test]
fn the_bot_never_reaches_a_cluster() {
    let reaches = |name: &str, library: &str| {
        check(&[Crate { reaches: [library.to_owned()].into(), ..a_crate(name, vec![]) }])
    };
    assert_eq!(reaches("kraken-bot", "kube-client").len(), 1);
    assert_eq!(reaches("kraken-bot", "k8s-openapi").len(), 1);
    assert!(reaches("kraken-bot", "slack-morphism").is_empty());
    assert!(reaches("mcp-server", "kube").is_empty());
}

#[test]
fn a_crate_is_named_as_its_folder() {
    let moved = Crate { folder: "server".to_owned(), ..a_crate("mcp-server", vec![]) };
    assert_eq!(check(&[moved]).len(), 1);
}

#[test]
fn cargo_is_understood() {
    let mut cargo = cargo_metadata::MetadataCommand::new();
    cargo.manifest_path(concat!(env!("CARGO_MANIFEST_DIR"), "/../Cargo.toml"));
    let crates = crates(&cargo.exec().unwrap());
    let policy = crates.iter().find(|it| it.name == "policy").unwrap();
    assert!(
        policy
            .uses
            .iter()
            .any(|edge| edge.name == "proptest" && edge.kind == Kind::Development && !edge.ours)
    );
    assert!(policy.reaches.contains("syn"), "through thiserror's macros");
    assert_eq!(policy.folder, "policy");
}

/// The page names fewer crates than the table as long as some have no work yet; of those it names it says the same.
#[test]
fn the_architecture_page_says_the_same() {
    let page = include_str!("../../../ARCHITECTURE.md");
    let named: Vec<_> =
        page.lines().filter_map(row).filter(|(name, _)| LAYERS.iter().any(|it| it.name == *name)).collect();
    assert!(named.len() >= 8, "the table of the page is not found");
    for (place, (name, text)) in named.iter().enumerate() {
        let layer = LAYERS.iter().find(|layer| layer.name == *name).unwrap();
        let expected = layer
            .may_use
            .iter()
            .chain(layer.by_up)
            .filter(|used| named.iter().any(|(name, _)| name == *used));
        let mut expected: Vec<&str> = expected.copied().collect();
        let mut said: Vec<&str> = match *text {
            "–" => vec![],
            "all above" => named[..place].iter().map(|(name, _)| *name).collect(),
            list => {
                list.split([',', ';', ':']).map(str::trim).filter(|word| *word != "behind `up`").collect()
            }
        };
        expected.sort_unstable();
        said.sort_unstable();
        assert_eq!(said, expected, "{name}");
    }
}

/// A row of the page's table: the crate and what it may depend on.
fn row(line: &str) -> Option<(&str, &str)> {
    let mut cells = line.strip_prefix("| `")?.strip_suffix(" |")?.split(" | ");
    let name = cells.next()?.strip_suffix("/`")?;
    Some((name, cells.last()?))
}
