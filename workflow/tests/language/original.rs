//! Bundles of the original command line, which took every key in silence: what nobody reads is left out and named, and in
//! nothing else are they read otherwise than any bundle.

use workflow::{Bundle, BundleProblems, ContentHash, Facts, Reach, Workflow, derive};

/// With a key of its own in each part.
const FULL: &str = r#"# the author's own words
name: prices
version: "1.0"
owner: ana
description: "yes: it is # no comment"
metadata: {group: shop, tags: [a, "true", b c], cost-centre: 12}
triggers:
  - {type: manual, colour: green}
  - type: cron
    note: {since: 2024, by: [ben]}
    schedule: "0 9 * * *"
nodes:
  fetch:
    runtime: deno
    path: nodes/fetch.ts
    description: >
      Fetches
      prices
    uses: [shop]
    capabilities: {net: true}
  tell: {path: nodes/tell.ts, description: "Tells\tit", uses: []}
edges: [{weight: 1, from: fetch, to: tell}]
config:
  timeout: 2m
  retries: "3"
  words: [one, "2", 2, 2.50, true, "null", null, ~, 007, -1, "- x", [[x], {}], "", 1e5]
  block: |-
    two
    lines
  no: on
  "a: b": {"": 'it''s', deep: [{x: 1, y: [2, 3]}, [4]]}
  text: "\u0085 \e \" \\ \u2028 ü 🐙"
contract:
  version: "1"
  dependencies:
    shop: {protocol: https, host: shop.example, timeout: 3s, auth: {type: api-token, secret: shop.key, since: 1}}
  networkPolicy:
    additionalEgress: [{toCIDR: 198.51.100.0/24, ports: [9000/TCP], reason: r, ticket: X-1}]
  notes: |
    of several
    lines
sidecars:
  - name: s
    image: i@sha256:0000000000000000000000000000000000000000000000000000000000000000
    port: 9000
    restart: always
    resources: {limits: {memory: 64Mi, disk: 1}}
deployment: {namespace: shop, region: eu}
"#;

/// The keys of [`FULL`] that nobody reads, by their lines.
const OWN: [(usize, &str); 13] = [
    (4, "owner"),
    (6, "cost-centre"),
    (8, "colour"),
    (10, "note"),
    (14, "runtime"),
    (22, "weight"),
    (36, "timeout"),
    (36, "since"),
    (38, "ticket"),
    (39, "notes"),
    (46, "restart"),
    (47, "disk"),
    (48, "region"),
];

fn files(yaml: &str) -> Vec<(String, Vec<u8>)> {
    let node = |name: &str| (format!("nodes/{name}.ts"), b"export default () => 1;\n".to_vec());
    vec![("workflow.yaml".to_owned(), yaml.as_bytes().to_vec()), node("fetch"), node("tell")]
}

fn lenient(yaml: &str) -> Result<(Bundle, Vec<String>), BundleProblems> {
    Bundle::of_original(files(yaml))
}

fn strict(yaml: &str) -> Result<Workflow, String> {
    let bundle = Bundle::new(files(yaml)).map_err(|problems| problems.to_string())?;
    Workflow::of(&bundle).map_err(|problems| problems.to_string())
}

/// The same file as its author had it, without the keys that nobody reads.
fn known() -> String {
    let mut known = FULL.to_owned();
    for gone in [
        "owner: ana\n",
        ", cost-centre: 12",
        ", colour: green",
        "    note: {since: 2024, by: [ben]}\n",
        "    runtime: deno\n",
        "weight: 1, ",
        ", timeout: 3s",
        ", since: 1",
        ", ticket: X-1",
        "  notes: |\n    of several\n    lines\n",
        "    restart: always\n",
        ", disk: 1",
        ", region: eu",
    ] {
        assert!(known.contains(gone), "{gone}");
        known = known.replacen(gone, "", 1);
    }
    known
}

#[test]
fn what_nobody_reads_is_left_out_and_named_and_the_rest_is_as_it_was() {
    let (bundle, lines) = lenient(FULL).unwrap();
    let named: Vec<String> = OWN
        .iter()
        .map(|(line, key)| {
            format!("workflow.yaml:{line}: nobody here knows the key \"{key}\": it is left out")
        })
        .collect();
    let told: Vec<String> = lines
        .iter()
        .map(|line| {
            let (place, says) = line.split_at(line.find("nobody").unwrap_or_else(|| panic!("{line}")));
            format!("{}: {says}", place.splitn(3, ':').take(2).collect::<Vec<_>>().join(":"))
        })
        .collect();
    assert_eq!(told, named);
    assert!(lines[6].starts_with("workflow.yaml:36:49: dependency \"shop\": nobody"), "{}", lines[6]);

    // Whoever reads what is kept is as strict as with any bundle, and finds the same tentacle.
    let kept = String::from_utf8(bundle.workflow().to_vec()).unwrap();
    for (_, key) in OWN.iter().filter(|(_, key)| *key != "timeout") {
        assert!(!kept.contains(&format!("{key}:")), "{key} in\n{kept}");
    }
    let (read, meant) = (Workflow::of(&bundle).unwrap(), strict(&known()).unwrap());
    assert_eq!(read.config.values, meant.config.values, "{kept}");
    assert_eq!((read.config.timeout, read.config.retries), (meant.config.timeout, meant.config.retries));
    assert_eq!((&read.description, &read.metadata), (&meant.description, &meant.metadata));
    assert_eq!(Reach::of(&read), Reach::of(&meant));
    let plan = |workflow: &Workflow| {
        let version: ContentHash = format!("sha256:{}", "0".repeat(64)).parse().unwrap();
        let facts = Facts { enclave: "price-watch".parse().unwrap(), version };
        let sandbox = derive(workflow, &facts).unwrap();
        serde_json::to_value(sandbox.plan(&workflow::RunTokenHash::of("t"))).unwrap()
    };
    assert_eq!(plan(&read), plan(&meant));
    let descriptions =
        |of: &Workflow| of.nodes.values().map(|node| node.description.clone()).collect::<Vec<_>>();
    assert_eq!(descriptions(&read), descriptions(&meant));
    // The same again is the same.
    assert_eq!(lenient(&kept).unwrap(), (bundle, Vec::new()));
    assert!(strict(FULL).unwrap_err().contains("workflow.yaml:4:1: unknown key \"owner\""));
}

#[test]
fn a_file_whose_keys_are_all_known_stays_as_its_author_wrote_it() {
    let (bundle, lines) = lenient(&known()).unwrap();
    assert!(lines.is_empty());
    assert_eq!(bundle.workflow(), known().as_bytes());
    assert_eq!(bundle, Bundle::new(files(&known())).unwrap());
}

/// A key that is nearly one of those that are read was meant to be that one. Passed over, each of these would give the
/// tentacle more than its author wrote.
#[test]
fn a_slip_is_no_unknown_key() {
    const LONE: &str = "\
name: prices
version: 1.0
triggers: [{type: webhook, provider: github, actions: [opened]}]
nodes:
  fetch: {path: nodes/fetch.ts, description: F, uses: []}
contract:
  version: '1'
  dependencies: {shop: {protocol: https, host: shop.example, port: 8443}}
  networkPolicy: {additionalEgress: [{toCIDR: 198.51.100.0/24, ports: [9000/TCP]}]}
sidecars:
  - {name: s, image: 'i@sha256:0000000000000000000000000000000000000000000000000000000000000000', port: 9000,
     resources: {limits: {memory: 64Mi}}}
";
    lenient(LONE).unwrap();
    for (key, slip) in [
        ("uses:", "use:"),
        ("uses:", "Uses:"),
        ("uses:", "usess:"),
        (" ports:", " port:"),
        (" ports:", " prots:"),
        ("actions:", "action:"),
        ("provider: github,", "path: x, secret: a.b, evnet: push,"),
        ("port: 8443", "prot: 8443"),
        ("limits:", "limit:"),
        ("memory:", "memroy:"),
        ("resources:", "resource:"),
    ] {
        assert!(LONE.contains(key), "{key}");
        let refused = lenient(&LONE.replacen(key, slip, 1)).unwrap_err().to_string();
        assert!(refused.contains("unknown key") && refused.contains("did you mean"), "{slip}: {refused}");
    }
}

#[test]
fn everything_else_is_refused_as_ever_where_its_author_finds_it() {
    let nobody = "nobody: {deep: [1, 2]}\n";
    for (from, to, expected) in [
        ("host: shop.example", "host: [a]", "workflow.yaml:37:"),
        ("- {type: manual, colour: green}", "- {type: manual, colour: green, colour: red}", "is here twice"),
        ("owner: ana", "owner: &a ana", "anchors and aliases"),
        ("owner: ana", "owner: !!str ana", "tags (`!`)"),
        ("toCIDR: 198.51.100.0/24", "toCIDR: 0.0.0.0/0", "the whole internet"),
        ("path: nodes/tell.ts", "path: ../tell.ts", "must not leave the tentacle's folder"),
        ("type: manual", "type: manual, schedule: x", "schedule has no meaning for a manual trigger"),
    ] {
        assert!(FULL.contains(from), "{from}");
        let refused = lenient(&format!("{nobody}{}", FULL.replacen(from, to, 1))).unwrap_err().to_string();
        assert!(refused.contains(expected) && !refused.contains("unknown key"), "{to}: {refused}");
    }
    // What cannot be run yet is no error of the file, here as elsewhere, and is told where there is one.
    let queue = FULL.replacen("{type: manual,", "{type: queue, subject: s,", 1);
    let (bundle, _) = lenient(&queue).unwrap();
    assert!(Workflow::of(&bundle).unwrap().supported_now().is_err());
    let mut more = files(&queue);
    more.push(("../x".to_owned(), Vec::new()));
    let refused = Bundle::of_original(more).unwrap_err().to_string();
    let lines: Vec<&str> = refused.lines().collect();
    assert!(
        lines.len() == 2 && lines[0].contains("../x") && lines[1].contains("queue triggers"),
        "{refused}"
    );
}
