//! Sidecars do not run on one machine yet: it says so before anybody is asked to approve one, and nothing of it stays.

use crate::caller::ENCLAVE;
use crate::server::{Server, Walls};
use serde_json::{Value, json};

async fn a_sidecar_is_refused_before_anybody_is_asked(walls: Walls) {
    let server = Server::start(walls).await;
    server.provision(ENCLAVE).await;
    let files = files();
    for tool in ["wf_apply", "reach_observe"] {
        let args = json!({"enclave": ENCLAVE, "name": "pages", "files": files});
        let refused = server.call(tool, args).await.unwrap_err();
        let told = "sidecars do not run on one machine yet: they need the Kubernetes backend";
        assert!(refused.message.contains(told), "{tool}: {refused:?}");
    }
    let list = server.call("wf_list", json!({"enclave": ENCLAVE})).await.unwrap();
    assert!(!list.to_string().contains("pages"), "{list}");
}

fn files() -> Value {
    let image = format!("r.example/render@sha256:{}", "0".repeat(64));
    let workflow = format!(
        "name: pages\nversion: '1.0'\ntriggers: [{{type: manual}}]\nnodes:\n  draw: {{path: nodes/draw.ts, description: Draws}}\n\
         sidecars: [{{name: render, image: '{image}', port: 9000}}]\n"
    );
    json!({"workflow.yaml": workflow, "nodes/draw.ts": "export default () => 1;"})
}

#[tokio::test]
async fn a_sidecar_is_refused_before_anybody_is_asked_under_bwrap() {
    a_sidecar_is_refused_before_anybody_is_asked(Walls::Bwrap).await;
}

#[tokio::test]
async fn a_sidecar_is_refused_before_anybody_is_asked_under_runsc() {
    a_sidecar_is_refused_before_anybody_is_asked(Walls::Runsc).await;
}
