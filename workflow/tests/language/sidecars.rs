//! What a sidecar is for the nodes that use it, for those that do not, and for the owner who approves it.

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

const SMALL: &str = "\
name: hello
version: 1.0
triggers: [{type: manual}]
nodes:
  hello:
    path: nodes/hello.ts
    description: H
";

/// An image by its digest.
const IMAGE: &str = "image: 'a@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef'";

fn and(more: &str) -> String {
    format!("{SMALL}{more}")
}

/// The small workflow with a sidecar `a`.
fn with_sidecar(more: &str) -> String {
    and(&format!("sidecars: [{{name: a, {IMAGE}, {more}}}]\n"))
}

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

#[test]
fn each_rule_has_its_sentence() {
    let cases = [
        (with_sidecar("port: 8080"), "8:12: sidecar[0]: port 8080 is already used by the engine"),
        (with_sidecar("port: 3128"), "8:12: sidecar[0]: port 3128 is already used by the engine"),
        (and("sidecars: [{name: a, image: a}]\n"), "8:12: sidecar[0]: port is required"),
        (
            and("sidecars: [{name: a, image: 'nginx:1.27', port: 9000}]\n"),
            "8:29: sidecar[0]: image \"nginx:1.27\" is not named by its digest, so that nobody could approve what will run: \
             write name@sha256:…; `crane digest nginx:1.27` or",
        ),
        (and("sidecars: [{name: engine, image: a}]\n"), "and not be `engine`, got: \"engine\""),
        (with_sidecar("port: 9000, env: {a-b: c}"), "env: \"a-b\" is no name of a variable"),
        (with_sidecar("port: 9000, healthPath: health"), "healthPath must be a path such as /health"),
        (with_sidecar("port: 9000, healthPath: /health, protocol: grpc"), "of a sidecar that speaks http"),
        (
            with_sidecar("port: 9000, resources: {limits: {memory: 2Gi}}"),
            "sidecar[0]: memory must be from 16 to 1024 MiB, such as 256Mi, got: \"2Gi\"",
        ),
        (
            with_sidecar("port: 9000, resources: {limits: {cpu: 5}}"),
            "cpu must be from 10 to 1000 thousandths of a processor, such as 250m, got: \"5\"",
        ),
        (
            with_sidecar("port: 9000, resources: {limits: {memory: 64Mi}, requests: {memory: 128Mi}}"),
            "requests.memory is more than limits.memory",
        ),
        (
            with_sidecar("port: 9000, resources: {limits: {memory: 1Gi}}")
                .replace("}]\n", "}, {name: b, IMAGE, port: 9001}]\n")
                .replace("IMAGE", IMAGE),
            "8:1: the sidecars may use 1280 MiB together: at most 1024 MiB of memory",
        ),
        (
            with_sidecar("port: 9000")
                .replace("}]\n", "}, {name: b, IMAGE, port: 9000}]\n")
                .replace("IMAGE", IMAGE),
            "sidecar[1]: port 9000 is already used by sidecar \"a\"",
        ),
        (
            with_sidecar("port: 9000")
                + "contract: {version: '1', dependencies: {a: {protocol: https, host: a.example}}}\n",
            "\"a\" is a dependency's name already, and `uses` could not tell them apart",
        ),
    ];
    for (text, told) in cases {
        let problems = Workflow::parse(text.as_bytes()).unwrap_err().to_string();
        assert!(problems.contains(told), "{text}\n{problems}\nlacks: {told}");
    }
}
