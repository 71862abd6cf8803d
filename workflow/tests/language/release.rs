//! What this release cannot run is refused in words that say what it waits for.

use workflow::Workflow;

fn with(more: &str) -> Result<(), Vec<String>> {
    let text = format!(
        "name: hello\nversion: 1.0\nnodes:\n  a: {{path: a.ts, description: A}}\n  b: {{path: b.ts, description: B}}\n{more}"
    );
    let workflow = Workflow::parse(text.as_bytes()).unwrap();
    workflow.supported_now().map_err(|problems| problems.to_string().lines().map(str::to_owned).collect())
}

#[test]
fn stages_retries_and_dependencies_run_now() {
    let more = "\
triggers: [{type: manual}]
edges: [{from: a, to: b}]
config: {timeout: 1m, retries: 3}
contract:
  version: '1'
  dependencies:
    shop: {protocol: https, host: shop.example}
    db: {protocol: postgresql, host: db.example, database: d, user: u}
    wide: {protocol: https, type: dynamic-target, cidr: 203.0.113.0/24, dynPorts: [443/TCP]}
    csv: {protocol: jsr, host: '@std/csv', version: 1.0.0}
  networkPolicy: {additionalEgress: [{toCIDR: 192.0.2.0/24}]}
";
    assert_eq!(with(more), Ok(()));
}

#[test]
fn the_rest_is_named_with_its_place_and_its_reason() {
    let refused = with(
        "\
triggers:
  - {type: cron, schedule: '* * * * *'}
  - {type: webhook, path: /x, secret: a.b}
  - {type: queue, subject: x}
contract:
  version: '1'
  dependencies:
    bare: {protocol: https, host: 203.0.113.7}
    mail: {protocol: smtp, host: mail.example, port: 587}
    tentacular-postgres: {protocol: postgresql}
    wide: {protocol: https, type: dynamic-target, cidr: '2001:db8::/32', dynPorts: [443]}
  networkPolicy: {additionalEgress: [{toCIDR: 192.0.2.0/24, ports: [53/UDP]}, {toCIDR: '2001:db8::/32'}, {toCIDR: 203.0.0.0/15}]}
",
    );
    assert_eq!(
        refused.unwrap_err(),
        [
            "workflow.yaml:9:5: trigger[2]: queue triggers are not supported yet: they need the message queue",
            "workflow.yaml:13:5: dependency \"bare\": addresses as hosts are not supported yet: the gateway knows \
             hosts by their names: give the name",
            "workflow.yaml:14:5: dependency \"mail\": such ports with protocols of their own are not supported yet: \
             within a sandbox only https and http reach ports below 1024",
            "workflow.yaml:15:5: dependency \"tentacular-postgres\": services of the platform are not supported yet: \
             they need the exoskeleton",
            "workflow.yaml:16:5: dependency \"wide\": ranges of IPv6 addresses are not supported yet: the engine cannot \
             hold code to one: name the hosts",
            "workflow.yaml:17:38: additionalEgress[0]: UDP are not supported yet: the gateway carries TCP",
            "workflow.yaml:17:79: additionalEgress[1]: ranges of IPv6 addresses are not supported yet: the engine cannot \
             hold code to one: name the hosts",
            "workflow.yaml:17:106: additionalEgress[2]: ranges of more than 65536 addresses are not supported yet: the \
             engine cannot hold code to one: name the hosts, or a smaller range",
        ]
    );
}
