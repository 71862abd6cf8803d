//! New reach without Slack: an MCP client asks, and the owner decides on the server's own page.

use crate::commits::{clone, push};
use serde_json::{Value, json};
use tests::{Home, Mcp, Up};

const WORKFLOW: &str = "\
name: news
version: \"1.0\"
triggers: [{type: manual}]
nodes:
  fetch: {path: nodes/fetch.ts, description: Fetches what is new, uses: [news]}
edges: []
contract:
  version: '1'
  dependencies:
    news: {protocol: https, host: news.example}
";

const FETCH: &str = "export default async (ctx) => (await ctx.fetch('news', '/')).status;\n";

async fn deploy(agent: &Mcp, commit: &str) -> Value {
    agent.call("wf_apply", &json!({"enclave": "payroll", "name": "news", "commit": commit})).await.unwrap()
}

/// Somebody's client asks for new reach in an enclave of theirs without a channel; answers the commit, and what is to be approved.
pub(crate) async fn asked(up: &Up, home: &Home, agent: &Mcp) -> (String, Value) {
    agent.call("enclave_provision", &json!({"name": "payroll"})).await.unwrap();
    let clone = clone(up, home);
    push(&clone, "enclaves/payroll/news/workflow.yaml", WORKFLOW);
    let commit = push(&clone, "enclaves/payroll/news/nodes/fetch.ts", FETCH);
    let asked = deploy(agent, &commit).await;
    assert_eq!(asked["status"], "needs_approval", "{asked}");
    (commit, asked)
}

#[tokio::test]
async fn new_reach_of_an_enclave_without_a_channel_is_approved_on_the_page() {
    let home = Home::default();
    let mut up = home.up().await;
    let agent = up.mcp("ana").await;
    let (commit, asked) = asked(&up, &home, &agent).await;
    let address = asked["approval"]["page"].as_str().unwrap();

    // The session that Ben has at the issuer is his, and a sign-in for this page shows him nothing.
    let ben = up.person("ben").await;
    let shown = ben.opens(address).await;
    assert_eq!(shown.status, 403, "{}", shown.text);
    assert!(
        shown.text.contains("You are signed in as Ben Okafor") && !shown.text.contains("news"),
        "{}",
        shown.text
    );

    let ana = up.person("ana").await;
    let shown = ana.opens(address).await;
    assert_eq!(shown.status, 200, "{}", shown.text);
    for word in
        ["Ana Sousa", "payroll", "fetch connects to news.example:443", asked["version"].as_str().unwrap()]
    {
        assert!(shown.text.contains(word), "{word}: {}", shown.text);
    }
    let decided = ana.decides(&shown, "approve").await;
    assert!(decided.text.contains("Approved"), "{}", decided.text);
    assert_eq!(deploy(&agent, &commit).await["status"], "deployed");
    assert_eq!(up.interrupt().await, Some(0));
}
