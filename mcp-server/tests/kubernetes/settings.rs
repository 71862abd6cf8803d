//! The operator closes what was open: what runs by it is told, and made anew as soon as somebody deploys it or puts it back.

use crate::kubelet::Kubelet;
use crate::site::{Site, unique};
use crate::until::until;
use serde_json::{Value, json};

/// A tentacle that reaches something.
fn files() -> Value {
    let workflow = "name: hello\nversion: '1.0'\ntriggers: [{type: manual}]\nnodes:\n  node: {path: nodes/node.ts, description: N}\n\
                    contract:\n  version: '1'\n  dependencies:\n    shop: {protocol: https, host: shop.example}\n";
    json!({"workflow.yaml": workflow, "nodes/node.ts": "export default () => 1;\n"})
}

#[tokio::test(flavor = "multi_thread")]
async fn a_range_that_is_closed_is_closed_to_what_runs_when_it_is_deployed_again() {
    let (enclave, ranges) = (unique("ranges"), tempfile::NamedTempFile::new().unwrap());
    std::fs::write(ranges.path(), json!({&enclave: ["10.1.2.0/24"]}).to_string()).unwrap();
    let flags = vec![
        format!("--engine-image=registry.example/engine@sha256:{}", "0".repeat(64)),
        "--runtime-class=none".to_owned(),
        "--gateway=127.0.0.1:8443".to_owned(),
        format!("--private-ranges-file={}", ranges.path().display()),
    ];
    let mut site = Site::start_with("heads", flags).await;
    site.call("ana", "enclave_provision", json!({"name": enclave})).await.unwrap();
    let kubelet = Kubelet::start(&site.cluster, &enclave);
    let args = json!({"enclave": enclave, "name": "hello", "files": files()});
    let deployed = async |site: &Site| {
        let answer = site.call("ana", "wf_apply", args.clone()).await.unwrap();
        answer["status"].as_str().unwrap().to_owned()
    };
    assert_eq!(deployed(&site).await, "needs_approval");
    // How an owner says so is another test's.
    site.execute("UPDATE approval SET state = 'approved'").await;
    assert_eq!(deployed(&site).await, "deployed");
    assert_eq!(deployed(&site).await, "unchanged");

    site.kill();
    std::fs::write(ranges.path(), "{}").unwrap();
    site.run("heads").await;
    let told = async || {
        let status = site.call("ana", "state_status", json!({"enclave": enclave})).await.unwrap();
        status["tentacles"][0].clone()
    };
    until("that it runs by other settings is told", async || told().await["state"] == "changed_by_hand")
        .await;
    let by_hand = told().await["by_hand"].clone();
    assert_eq!(by_hand[0]["field"], "metadata.annotations.tentacular.io/passing", "{by_hand}");
    assert_eq!(by_hand[0]["by"], "other settings of the server");
    assert_eq!(deployed(&site).await, "deployed");
    until("it is told no more", async || told().await["state"] == "not_in_git").await;
    assert_eq!(deployed(&site).await, "unchanged");
    site.deprovision("ana", &enclave).await;
    drop(kubelet);
}
