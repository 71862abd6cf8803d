//! What a workflow is derived into, and what the engine is told.

use crate::HELLO;
use workflow::{
    Bundle, Facts, Gateway, Layout, Listen, Reach, RunTokenHash, Sandbox, Unpacking, Workflow, derive,
    scaffold,
};

fn sandbox() -> Sandbox {
    let facts = Facts {
        enclave: "price-watch".parse().unwrap(),
        version: "sha256:71ba51be10b76b9b374229afd2b9836ba20b61f3e3ab3a0076bf4601cba2d5df".parse().unwrap(),
    };
    let text = format!("{HELLO}config: {{threshold: 4.5}}\n");
    derive(&Workflow::parse(text.as_bytes()).unwrap(), &facts).unwrap()
}

/// A file that the engine's own tests start it with.
fn engine_file(name: &str) -> serde_json::Value {
    let path = format!("{}/../engine/tests/{name}", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

#[test]
fn the_engine_is_tested_with_the_plan_that_is_derived() {
    let plan = serde_json::to_value(sandbox().plan(&RunTokenHash::of("secret"))).unwrap();
    assert_eq!(plan, engine_file("plan.json"));
}

#[test]
fn the_engine_is_tested_with_the_command_line_that_is_derived() {
    let listen = Listen::Tcp("127.0.0.1:0".parse().unwrap());
    let layout = Layout::new(["/DENO", "/ENGINE", "/CODE", "/PLAN"], listen).unwrap();
    assert_eq!(serde_json::json!(sandbox().engine_command(&layout)), engine_file("command.json"));
}

const SHOP: &str = "\
name: shop
version: 1.0
triggers: [{type: manual}]
nodes:
  prices: {path: nodes/prices.ts, description: Fetches prices, uses: [shop, db, cache, wide]}
  report: {path: nodes/report.ts, description: Reports}
edges: [{from: prices, to: report}]
config: {retries: 2}
contract:
  version: '1'
  dependencies:
    shop: {protocol: https, host: shop.example, auth: {type: api-token, secret: shop.key}}
    db: {protocol: postgresql, host: db.example, database: d, user: u, auth: {type: password, secret: db.password}}
    cache: {protocol: redis, host: db.example, port: 6379}
    wide: {protocol: https, type: dynamic-target, cidr: 203.0.113.7/24, dynPorts: [443/TCP]}
";

fn shop() -> Sandbox {
    let facts = Facts { enclave: "price-watch".parse().unwrap(), version: sandbox().version };
    derive(&Workflow::parse(SHOP.as_bytes()).unwrap(), &facts).unwrap()
}

fn layout() -> Layout {
    let listen = Listen::Tcp("127.0.0.1:0".parse().unwrap());
    Layout::new(["/DENO", "/ENGINE", "/CODE", "/PLAN"], listen).unwrap()
}

#[test]
fn the_engine_is_tested_with_what_reaches_something_as_it_is_derived() {
    let plan = serde_json::to_value(shop().plan(&RunTokenHash::of("secret"))).unwrap();
    assert_eq!(plan, engine_file("reaching-plan.json"));
    let gateway = Gateway::Unix("/GATEWAY".to_owned());
    let layout = layout().with_gateway(gateway, "/PASS").unwrap().with_secrets("/SECRETS").unwrap();
    assert_eq!(serde_json::json!(shop().engine_command(&layout)), engine_file("reaching-command.json"));
    // a test has nothing of that
    assert_eq!(serde_json::json!(shop().test_command(&layout)), engine_file("test-command.json"));
}

#[test]
fn a_gateway_on_the_network_is_one_more_address() {
    let gateway = Gateway::Tcp("10.0.0.7:3128".parse().unwrap());
    let words = shop().engine_command(&layout().with_gateway(gateway, "/PASS").unwrap());
    let net = "--allow-net=127.0.0.1:0,10.0.0.7:3128,127.0.0.1:3128,127.0.1.1:5432,127.0.1.1:6379";
    assert!(words.iter().any(|word| word == net), "{words:?}");
    assert!(words.windows(2).any(|pair| pair == ["--gateway", "tcp:10.0.0.7:3128"]), "{words:?}");
    assert!(!words.iter().any(|word| word.starts_with("--allow-write") || word == "--secrets"), "{words:?}");
}

#[test]
fn a_host_has_one_address_for_all_its_ports() {
    let forwards: Vec<String> = shop()
        .forwards()
        .iter()
        .map(|forward| format!("{} {}:{}", forward.at, forward.host, forward.port))
        .collect();
    assert_eq!(forwards, ["127.0.1.1 db.example:5432", "127.0.1.1 db.example:6379"]);
    assert!(sandbox().forwards().is_empty());
}

#[test]
fn on_a_socket_it_may_use_that_and_nothing_else() {
    let listen = Listen::Unix("/run/tentacle/engine.sock".to_owned());
    let layout = Layout::new(["/bin/deno", "/engine", "/code", "/plan.json"], listen).unwrap();
    let words = sandbox().engine_command(&layout);
    let permissions: Vec<&str> =
        words.iter().map(String::as_str).filter(|word| word.starts_with("--allow")).collect();
    assert_eq!(
        permissions,
        [
            "--allow-read=/engine,/plan.json,/code/tests/fixtures,/run/tentacle/engine.sock",
            "--allow-write=/run/tentacle/engine.sock",
            "--allow-net=unix:/run/tentacle/engine.sock",
            "--allow-run=/bin/deno",
        ]
    );
    assert_eq!(words.last().unwrap(), "unix:/run/tentacle/engine.sock");
}

#[test]
fn a_path_cannot_widen_a_permission() {
    let layout = |code: &str, socket: &str| {
        Layout::new(["/deno", "/engine", code, "/plan"], Listen::Unix(socket.to_owned())).is_ok()
    };
    assert!(layout("/code", "/run/s"));
    for path in ["/code,/etc", "code", "", "/", "/a//b", "/a/../etc", "/a b", "/a%2f", "/a\n", "/ä"] {
        assert!(!layout(path, "/run/s") && !layout("/code", path), "{path:?}");
    }
}

#[test]
fn what_cannot_run_yet_has_no_sandbox() {
    let text = HELLO.replace("{type: manual}", "{type: queue, subject: q}");
    let facts = Facts { enclave: "a".parse().unwrap(), version: sandbox().version };
    assert!(derive(&Workflow::parse(text.as_bytes()).unwrap(), &facts).is_err());
    assert!(sandbox().reach.is_empty());
}

#[test]
fn a_new_tentacle_deploys_as_it_is() {
    let name = "price-monitor".parse().unwrap();
    let files = scaffold::hello(&name);
    assert!(files.iter().all(|file| !file.text.contains("my-tentacle")));
    let bundle =
        Bundle::new(files.into_iter().map(|file| (file.path.to_owned(), file.text.into_bytes()))).unwrap();
    let workflow = Workflow::of(&bundle).unwrap();
    assert_eq!(workflow.name, name);
    let facts = Facts { enclave: "a".parse().unwrap(), version: bundle.content_hash() };
    assert!(derive(&workflow, &facts).unwrap().reach.is_empty());
}

fn reach(text: &str) -> Reach {
    Reach::of(&Workflow::parse(text.as_bytes()).unwrap())
}

const REACHING: &str = "\
name: hello
version: 1.0
triggers: [{type: manual}, {type: cron, schedule: 0 9 * * *}, {type: webhook, provider: github}, {type: queue, subject: q}]
nodes:
  a: {path: a.ts, description: A, uses: [shop, lib]}
  b: {path: b.ts, description: B}
contract:
  version: '1'
  dependencies:
    shop: {protocol: https, host: shop.example, auth: {type: api-token, secret: shop.key}}
    lib: {protocol: jsr, host: '@std/csv', version: 1.0.0}
    wide: {protocol: https, type: dynamic-target, cidr: 203.0.113.7/24, dynPorts: [443/TCP]}
    tentacular-postgres: {protocol: postgresql}
  networkPolicy: {additionalEgress: [{toCIDR: 192.0.2.0/24}]}
sidecars: [{name: s, image: 'i@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef', port: 9000, args: [x, a b], env: {K: v}}]
";

#[test]
fn reach_is_what_the_nodes_may_use_and_no_more() {
    assert_eq!(
        reach(REACHING).to_string().lines().collect::<Vec<_>>(),
        [
            "a connects to shop.example:443",
            "every node connects to any address of 192.0.2.0/24 on every port with a protocol of its own",
            "a reads the secret shop.key",
            "it runs by the clock: 0 9 * * * (UTC)",
            "it is run by whoever calls its webhook webhook with GitHub's signature by github.webhook_secret",
            "it is run by messages on q",
            "s runs beside it: i@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef with the arguments x \"a b\" \
             with the variables K=v",
        ]
    );
    assert_eq!(reach(HELLO).to_string(), "it reaches nothing");
}

#[test]
fn the_only_node_may_use_all_and_one_of_several_nothing_unless_it_says_so() {
    let one = REACHING.replace("  a: {path: a.ts, description: A, uses: [shop, lib]}\n", "");
    let lines = reach(&one).to_string();
    for line in [
        "b connects to shop.example:443",
        "b connects to any address of 203.0.113.0/24 on port 443/TCP",
        "b uses tentacular-postgres",
    ] {
        assert!(lines.contains(line), "{line}\n{lines}");
    }
    assert!(!reach(&REACHING.replace(", uses: [shop, lib]", "")).to_string().contains("shop"));
}

#[test]
fn only_what_is_new_needs_an_approval() {
    let more = REACHING.replace("uses: [shop, lib]", "uses: [shop, lib, wide]");
    assert_eq!(
        reach(&more).beyond(&reach(REACHING)).to_string(),
        "a connects to any address of 203.0.113.0/24 on port 443/TCP"
    );
    assert!(reach(REACHING).beyond(&reach(&more)).is_empty());
}

/// The gateway looks at what is spoken in a range as it does with hosts, so that less to look at is more to reach.
#[test]
fn a_range_that_speaks_otherwise_is_new() {
    let speaking = |protocol: &str| {
        REACHING
            .replace("uses: [shop, lib]", "uses: [wide]")
            .replace(", {type: queue, subject: q}", "")
            .replace(
                "{protocol: https, type: dynamic-target",
                &format!("{{protocol: {protocol}, type: dynamic-target"),
            )
    };
    let range = "a connects to any address of 203.0.113.0/24 on port 443/TCP";
    for (before, after, how) in [
        ("https", "http", " without encryption"),
        ("https", "tcp", " with a protocol of its own"),
        ("http", "tcp", " with a protocol of its own"),
        ("tcp", "https", ""),
    ] {
        let (before, after) = (reach(&speaking(before)), reach(&speaking(after)));
        assert_eq!(after.beyond(&before).to_string(), format!("{range}{how}"));
    }
    // A version is held to it, too, and not only asked about.
    let facts = Facts {
        enclave: "a".parse().unwrap(),
        version: format!("sha256:{}", "0".repeat(64)).parse().unwrap(),
    };
    let sandbox = |protocol: &str| {
        let text = speaking(protocol).replace("    tentacular-postgres: {protocol: postgresql}\n", "");
        derive(&Workflow::parse(text.as_bytes()).unwrap(), &facts).unwrap()
    };
    let ranges = |sandbox: &Sandbox| sandbox.egress.iter().map(ToString::to_string).collect::<Vec<_>>();
    let (tls, raw) = (sandbox("https"), sandbox("tcp"));
    assert_eq!(ranges(&raw.within(&raw.reach)), ["192.0.2.0/24", "203.0.113.0/24:443"]);
    assert_eq!(ranges(&raw.within(&tls.reach)), ["192.0.2.0/24"]);

    // Earlier releases did not write down what is spoken: that was approved for the one that is looked at most, whose digest
    // stays what it was.
    let stored =
        r#"[{"range":{"node":"a","range":"203.0.113.0/24","port":{"number":443,"transport":"tcp"}}}]"#;
    let stored: Reach = serde_json::from_str(stored).unwrap();
    assert!(stored.beyond(&reach(&speaking("https"))).is_empty());
    assert_eq!(
        reach(&speaking("tcp")).beyond(&stored).iter().filter(|it| it.to_string().starts_with(range)).count(),
        1
    );
    assert!(!serde_json::to_string(&stored).unwrap().contains("speaks"));
}

#[test]
fn what_unpacks_modules_reads_and_writes_two_folders_and_nothing_else() {
    let unpacking = Unpacking {
        deno: "/DENO",
        engine: "/ENGINE",
        packed: "/PACKED",
        parts: 3,
        into: "/MODULES",
        digest: "sha256:0",
    };
    let command = unpacking.command().unwrap();
    let may: Vec<&String> = command.iter().filter(|word| word.starts_with("--allow")).collect();
    assert_eq!(may, ["--allow-read=/ENGINE,/PACKED", "--allow-write=/MODULES"]);
    let told = "/ENGINE/unpack_main.ts --packed /PACKED --parts 3 --into /MODULES --digest sha256:0";
    assert!(command.join(" ").ends_with(told), "{command:?}");
    assert!(Unpacking { into: "/a,/b", ..unpacking }.command().is_err());
}
