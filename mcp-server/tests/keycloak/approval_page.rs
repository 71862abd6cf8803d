//! The server's own page: people sign in for it with a browser, each time anew.

use crate::browser::Browser;
use crate::door::Door;
use serde_json::{Value, json};
use uuid::Uuid;

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

/// Opens the page in a new browser, where Keycloak asks for the password.
async fn sign_in(page: &str, person: &str) -> Browser {
    let mut browser = Browser::open(page).await;
    assert_eq!(browser.page(), "login-login", "{}", browser.html());
    browser.submit(&[("username", person), ("password", person)]).await;
    browser
}

async fn call(door: &Door, token: &str, tool: &str, args: Value) -> Value {
    let answer = door.post(token, tool, args).await;
    assert_eq!((answer.status, &answer.result()["isError"]), (200, &json!(false)), "{}", answer.body);
    answer.result()["structuredContent"].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_owner_signs_in_for_each_approval_and_nobody_else_sees_it() {
    let door = Door::open().await;
    let enclave = format!("page-{}", Uuid::now_v7().simple());
    let agent = door.realm.tokens("agents", "ana").await.access;
    call(&door, &agent, "enclave_provision", json!({"name": enclave})).await;
    let fetch = "export default async (ctx) => (await ctx.fetch('news', '/')).status;\n";
    let files = json!({"workflow.yaml": WORKFLOW, "nodes/fetch.ts": fetch});
    let deploy = json!({"enclave": enclave, "name": "news", "files": files});
    let asked = call(&door, &agent, "wf_apply", deploy.clone()).await;
    let page = asked["approval"]["page"].as_str().unwrap();

    let ben = sign_in(page, "ben").await;
    assert!(ben.html().contains("and that is not you") && !ben.html().contains(&enclave), "{}", ben.html());

    let mut ana = sign_in(page, "ana").await;
    for word in ["Ana Abreu", &enclave, "fetch connects to news.example:443"] {
        assert!(ana.html().contains(word), "{word}: {}", ana.html());
    }
    ana.submit(&[("decision", "refuse")]).await;
    assert!(ana.html().contains("Refused"), "{}", ana.html());

    // The session that she has at Keycloak is not enough for the next one.
    let again = call(&door, &agent, "wf_apply", deploy).await;
    assert_ne!(again["approval"]["id"], asked["approval"]["id"]);
    ana.visit(again["approval"]["page"].as_str().unwrap()).await;
    assert_eq!(ana.page(), "login-login", "{}", ana.html());
    ana.submit(&[("username", "ana"), ("password", "ana")]).await;
    ana.submit(&[("decision", "approve")]).await;
    assert!(ana.html().contains("Approved"), "{}", ana.html());
}
