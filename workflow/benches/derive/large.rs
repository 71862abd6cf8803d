//! A workflow as large as any, for what is measured and for the tests, which see that it is one.

use std::fmt::Write as _;

/// How many nodes it has.
pub(crate) const NODES: usize = 50;

/// How many nodes work side by side.
const STAGE: usize = 5;
/// How many hosts with a secret each there are.
const SHOPS: usize = 20;

/// A workflow of many nodes in stages of five, that is run by the clock and by calls, and whose nodes use hosts with secrets, a
/// range and a sidecar.
pub(crate) fn large() -> String {
    let mut text = "\
name: big
version: 1.0
description: Watches the prices of many shops
triggers:
  - {type: manual}
  - {type: cron, name: mornings, schedule: 0 8 * * MON-FRI, timezone: Europe/Berlin, jitter: 30s}
  - {type: cron, name: nights, schedule: '@daily', overlap: skip, catchUp: true}
  - {type: webhook, name: pushes, provider: github, event: push}
  - {type: webhook, name: orders, path: /orders, secret: orders.signature}
nodes:
"
    .to_owned();
    // A String takes everything.
    for node in 0..NODES {
        let _ = write!(
            text,
            "  node-{node}:\n    path: nodes/node-{node}.ts\n    description: Does step {node} of many\n    uses: [shop-{}, \
             shop-{}, {}]\n",
            node % SHOPS,
            (node + 7) % SHOPS,
            match node % 4 {
                0 => "wide",
                1 => "store",
                2 => "pages",
                _ => "events",
            }
        );
    }
    text.push_str("edges:\n");
    for node in STAGE..NODES {
        for before in [node - STAGE, node - STAGE + (node + 1) % STAGE - node % STAGE] {
            let _ = writeln!(text, "  - {{from: node-{before}, to: node-{node}}}");
        }
    }
    text.push_str("config: {timeout: 2m, retries: 3, limit: 4.5, words: [one, two, three]}\ncontract:\n  version: '1'\n  dependencies:\n");
    for shop in 0..SHOPS {
        let _ = writeln!(
            text,
            "    shop-{shop}: {{protocol: https, host: shop-{shop}.example, auth: {{type: api-token, secret: shop-{shop}.key}}}}"
        );
    }
    text.push_str(
        "    wide: {protocol: https, type: dynamic-target, cidr: 203.0.113.0/24, dynPorts: [443/TCP, 8443/TCP]}
    store: {protocol: postgresql, host: db.example, database: prices, user: watcher, auth: {type: password, secret: store.password}}
    events: {protocol: nats, host: events.example, subject: prices}
  networkPolicy:
    additionalEgress: [{toCIDR: 198.51.100.0/24, ports: [9000/TCP], reason: measurements}]
sidecars:
  - name: pages
    image: registry.example/pages@sha256:0000000000000000000000000000000000000000000000000000000000000000
    port: 9000
    resources: {limits: {memory: 128Mi}}
",
    );
    text
}
