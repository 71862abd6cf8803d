//! What a sidecar is for the nodes that use it, for those that do not, and for the owner who approves it.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking, in its helpers too")]

use workflow::{Facts, Reach, RunTokenHash, Sandbox, Workflow, derive};

const RENDER: &str = "\
name: pages
version: 1.0
triggers: [{type: manual}]
nodes:
  draw: {path: draw.ts, description: D, uses: [render]}
  send: {path: send.ts, description: S, uses: [shop, db]}
contract:
  version: '1'
  dependencies:
    shop: {protocol: https, host: shop.example}
    db: {protocol: postgresql, host: db.example, database: d, user: u}
sidecars:
  - name: render
    image: r.example/render@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
    command: [render, --port, '9000']
    port: 9000
";

fn sandbox(text: &str) -> Sandbox {
    let version = format!("sha256:{}", "0".repeat(64)).parse().unwrap();
    let facts = Facts { enclave: "price-watch".parse().unwrap(), version };
    derive(&Workflow::parse(text.as_bytes()).unwrap(), &facts).unwrap()
}

fn reach(text: &str) -> Reach {
    sandbox(text).reach
}

#[test]
fn only_the_node_that_names_it_has_it() {
    let plan = serde_json::to_value(sandbox(RENDER).plan(&RunTokenHash::of("t"))).unwrap();
    let of = |node: usize, key: &str| plan["nodes"][node][key].to_string();
    assert_eq!(
        [of(0, "net"), of(0, "shares"), of(0, "dependencies")],
        ["[\"127.0.0.1:9000\"]", "true", "[\"render\"]"]
    );
    assert!(!of(1, "net").contains("9000") && of(1, "shares") == "false", "{plan}");
    assert_eq!(
        plan["dependencies"]["render"],
        serde_json::json!({"protocol": "http", "host": "127.0.0.1", "port": 9000})
    );
    assert_eq!(plan["shared"], "/shared");
    // the gateway carries nothing for it
    assert!(sandbox(RENDER).egress.iter().all(|egress| egress.to_string().contains(".example")));
}

#[test]
fn the_only_node_may_use_all_sidecars_too() {
    let one = RENDER.replace("  draw: {path: draw.ts, description: D, uses: [render]}\n", "");
    assert!(!reach(&one).to_string().contains("talks to"));
    let all = one.replace(", uses: [shop, db]", "");
    assert!(reach(&all).to_string().contains("send talks to the sidecar render and shares files with it"));
}

#[test]
fn the_owner_is_told_what_runs_who_uses_it_and_what_it_can_connect_to() {
    let told = reach(RENDER).to_string();
    let beside: Vec<&str> = told.lines().filter(|line| line.contains("render")).collect();
    assert_eq!(
        beside,
        [
            "render runs beside it: r.example/render@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef as \
             render --port 9000",
            "draw talks to the sidecar render and shares files with it",
            "the sidecar render can connect to db.example:5432, as all that runs in the sandbox can",
        ]
    );
}

#[test]
fn whatever_changes_what_it_does_is_new_reach() {
    let changes = [
        ("'9000']\n", "'9000', --all]\n"),
        ("    command: [", "    args: ["),
        ("    port: 9000", "    env: {MODE: all}\n    port: 9000"),
        ("456789abcdef\n", "456789abcde0\n"),
        ("uses: [shop, db]", "uses: [shop, db, render]"),
    ];
    for (from, to) in changes {
        let other = RENDER.replace(from, to);
        assert_ne!(other, RENDER, "{from}");
        assert!(!reach(&other).beyond(&reach(RENDER)).is_empty(), "{to}");
    }
    let same = RENDER.replace("    port: 9000", "    resources: {limits: {memory: 64Mi}}\n    port: 9000");
    assert!(reach(&same).beyond(&reach(RENDER)).is_empty());
}

#[test]
fn a_version_that_is_observed_has_no_sidecar_that_was_not_approved() {
    let sandbox = sandbox(RENDER);
    let none = sandbox.within(&Reach::default());
    assert!(none.sidecars.is_empty() && none.nodes.iter().all(|node| node.sidecars.is_empty()));
    let all = sandbox.within(&sandbox.reach);
    assert_eq!((all.sidecars.len(), all.nodes.first().unwrap().sidecars.len()), (1, 1));
}
