//! The server's account can touch nothing but what it made: tried with its own token.

use crate::cluster::{kubectl, kubectl_with};
use crate::site::{Site, unique};
use crate::until::until;
use serde_json::json;
use std::path::Path;

#[tokio::test(flavor = "multi_thread")]
async fn the_servers_token_opens_nothing_outside_of_enclaves() {
    let site = Site::start("heads").await;
    let (enclave, foreign) = (unique("ours"), unique("theirs"));
    site.call("ana", "enclave_provision", json!({"name": enclave})).await.unwrap();
    kubectl(&["create", "namespace", &foreign]).unwrap();
    let dir = tempfile::tempdir().unwrap();
    let server = dir.path().join("kubeconfig");
    site.cluster.write_kubeconfig(&site.cluster.url, &server);

    let (ours, theirs) = (format!("--namespace={enclave}"), format!("--namespace={foreign}"));
    let role = "--clusterrole=tentacular-enclave";
    let account = "--serviceaccount=tentacular-system:mcp-server";
    let tries: [&[&str]; 18] = [
        &["get", "secrets", "--namespace=kube-system"],
        &["get", "secrets", "--namespace=tentacular-system"],
        &["get", "secrets", &ours],
        &["get", "configmaps", "--namespace=kube-system"],
        &["get", "pods", &theirs],
        &["get", "networkpolicies", "--all-namespaces"],
        &["create", "quota", "x", &theirs],
        &["create", "serviceaccount", "x", "--namespace=default"],
        &["create", "rolebinding", "x", role, account, &theirs],
        &["create", "token", "mcp-server", "--namespace=tentacular-system"],
        &["create", "deployment", "x", "--image=none.example/x", &theirs],
        &["create", "role", "x", "--verb=get", "--resource=pods", &ours],
        &["delete", "rolebinding", "tentacular-server", &ours],
        &["create", "clusterrolebinding", "x", "--clusterrole=view", "--user=x"],
        &["delete", "clusterrolebinding", "cluster-admin"],
        &["annotate", "namespace", &foreign, "a=b"],
        &["delete", "namespace", &foreign],
        &["delete", "namespace", "tentacular-system"],
    ];
    for words in tries {
        let why = kubectl_with(&server, words).expect_err(&format!("was allowed: {words:?}"));
        let refused = why.contains("orbidden") || why.contains("denied request");
        assert!(refused, "{words:?}: {why}");
    }
    // the control: the token is good, and opens what was made
    kubectl_with(&server, &["get", "networkpolicies", &ours]).unwrap();
    kubectl_with(&server, &["get", "namespaces"]).unwrap();
    assert_eq!(whoami(&server), "system:serviceaccount:tentacular-system:mcp-server");
    // and what it may do there hangs on the binding that it made there
    kubectl(&["delete", "rolebinding", "tentacular-server", &ours]).unwrap();
    let refused = async || kubectl_with(&server, &["get", "networkpolicies", &ours]).is_err();
    until("the rights end with the binding", refused).await;
    site.deprovision("ana", &enclave).await;
    kubectl(&["delete", "namespace", &foreign, "--wait=false"]).unwrap();
}

fn whoami(kubeconfig: &Path) -> String {
    let words = ["auth", "whoami", "-o", "jsonpath={.status.userInfo.username}"];
    kubectl_with(kubeconfig, &words).unwrap()
}
