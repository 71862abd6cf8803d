//! What this release cannot run is refused in words that say what it waits for.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking, in its helpers too")]

use workflow::Workflow;

fn with(more: &str) -> Result<(), Vec<String>> {
    let text = format!(
        "name: hello\nversion: 1.0\nnodes:\n  a: {{path: a.ts, description: A}}\n  b: {{path: b.ts, description: B}}\n{more}"
    );
    let workflow = Workflow::parse(text.as_bytes()).unwrap();
    workflow.supported_now().map_err(|problems| problems.to_string().lines().map(str::to_owned).collect())
}

#[test]
fn nodes_side_by_side_run_now() {
    assert_eq!(
        with("triggers: [{type: manual}, {type: manual, name: again}]\nconfig: {timeout: 1m, retries: 0}\n"),
        Ok(())
    );
    assert_eq!(with("triggers: [{type: manual}]\ncontract: {version: '1', dependencies: {}}\n"), Ok(()));
}

#[test]
fn the_rest_is_named_with_its_place_and_its_reason() {
    let refused = with(
        "\
triggers:
  - {type: cron, schedule: '* * * * *'}
  - {type: webhook, path: /x}
  - {type: queue, subject: x}
edges: [{from: a, to: b}]
config: {retries: 1}
contract:
  version: '1'
  dependencies:
    shop: {protocol: https, host: shop.example}
  networkPolicy: {additionalEgress: [{toCIDR: 192.0.2.0/24}]}
sidecars: [{name: s, image: i}]
",
    );
    assert_eq!(
        refused.unwrap_err(),
        [
            "workflow.yaml:7:5: trigger[0]: cron triggers are not supported yet: they come with the scheduler",
            "workflow.yaml:8:5: trigger[1]: webhook triggers are not supported yet: they come with the server's \
             webhook route",
            "workflow.yaml:9:5: trigger[2]: queue triggers are not supported yet: they need the message queue",
            "workflow.yaml:10:9: edge[0]: edges are not supported yet: they come with stages; until then nodes run \
             side by side, each with the input of the run",
            "workflow.yaml:11:9: config: retries are not supported yet: a failed node stays failed until the \
             tentacle is run again",
            "workflow.yaml:15:5: dependency \"shop\": dependencies are not supported yet: they come with the egress \
             gateway",
            "workflow.yaml:16:38: additionalEgress[0]: additional egress rules are not supported yet: they come with \
             the egress gateway",
            "workflow.yaml:17:12: sidecar[0]: sidecars are not supported yet: they come with the next release of the \
             backends",
        ]
    );
}
