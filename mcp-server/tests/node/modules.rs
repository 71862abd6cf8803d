//! Modules of registries on a cluster: fetched by a pod of their own when a version is deployed, kept in objects of the version,
//! and there when it runs, whatever has become of the registry.

use crate::cluster::kubectl;
use crate::hostile::{all, in_pod, outside, within};
use crate::inside::inside;
use crate::life::{files as plain, left, says};
use crate::outside::{self as host, NODE};
use crate::registry::{CODE, FILE, PACKAGE, Page, Registry, TARBALL, expected, files, integrity, tarball};
use crate::site::Site;
use crate::until::until;
use axum::http::Method;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use wire::Failure;

/// Deploys it, with the owner's approval where that is asked for; how an owner says so is another test's.
async fn approved(site: &Site, enclave: &str, files: &Value) -> Result<Value, Failure> {
    let answer = site.deploy(enclave, "user", files).await?;
    if answer["status"] != "needs_approval" {
        return Ok(answer);
    }
    site.execute("UPDATE approval SET state = 'approved' WHERE state = 'waiting'").await;
    site.deploy(enclave, "user", files).await
}

/// The objects of one kind of a tentacle, by their names.
fn objects(enclave: &str, kind: &str) -> Vec<String> {
    let told = left(enclave);
    told.lines().filter_map(|line| line.strip_prefix(&format!("{kind}/"))).map(str::to_owned).collect()
}

/// The objects of modules.
fn kept(enclave: &str) -> Vec<String> {
    let mut kept = objects(enclave, "configmap");
    kept.retain(|name| name.contains(".modules-"));
    kept.sort();
    kept
}

/// Whether there are the objects of one version with its modules, and nothing else.
fn is_alone(enclave: &str) -> bool {
    let counts = ["deployment.apps", "configmap", "secret", "networkpolicy.networking.k8s.io", "pod"]
        .map(|kind| objects(enclave, kind).len());
    counts == [1, 3, 1, 1, 1]
}

#[test]
fn they_are_fetched_once_and_run_without_a_registry() {
    inside(async {
        let mut registry = Registry::start_at("0.0.0.0").await;
        let (site, there) = (Site::start_with("heads", registry.flags().to_vec()).await, host::get());
        let enclave = &there.modules[0];
        site.call("ana", "enclave_provision", json!({"name": enclave})).await.unwrap();
        let files = files(&registry.lock());
        let asked = site.deploy(enclave, "user", &files).await.unwrap();
        assert_eq!((&asked["status"], registry.asked()), (&json!("needs_approval"), Vec::new()), "{asked}");
        let deployed = approved(&site, enclave, &files).await.unwrap();
        assert_eq!(deployed["status"], "deployed", "{deployed}");
        let fetched = registry.asked();
        assert!([TARBALL, FILE].iter().all(|path| fetched.iter().any(|asked| asked == path)), "{fetched:?}");
        let names = objects(enclave, "networkpolicy.networking.k8s.io");
        assert_eq!(names.len(), 1, "nothing is left of what fetched: {}", left(enclave));
        let kept = kept(enclave);
        assert!(kept.len() == 2 && kept.iter().all(|name| name.starts_with(&names[0])), "{kept:?}");

        registry.stop().await;
        let input = json!({"port": 8003});
        let ran = site.run_it(enclave, "user", input.clone()).await.unwrap();
        assert_eq!(ran["output"]["outputs"]["use"], expected(), "{ran}");
        for tool in ["audit_netpol", "audit_psa", "audit_rbac", "audit_resources"] {
            let audit = site.call("ana", tool, json!({"enclave": enclave})).await.unwrap();
            assert_eq!(audit["findings"], json!([]), "{tool}: {audit}");
        }
        // With every permission of Deno, too, they can only be read.
        let tries = ["read", "write"].map(|attempt| {
            let path = if attempt == "read" { "/modules/deno.lock" } else { "/modules" };
            json!({"attempt": attempt, "path": path})
        });
        let tried = all(within(enclave, "user", &json!(tries))).unwrap();
        assert!(tried[0] == "done" && tried[1].contains("Read-only file system"), "{tried:?}");

        // The same files again, other code with the same lock, and what is only observed need no registry.
        assert_eq!(site.deploy(enclave, "user", &files).await.unwrap()["status"], "unchanged");
        let mut other = files.clone();
        other["nodes/use.ts"] = json!(CODE.replace("Hello", "Hallo"));
        assert_eq!(site.deploy(enclave, "user", &other).await.unwrap()["status"], "deployed");
        let ran = site.run_it(enclave, "user", input.clone()).await.unwrap();
        assert_eq!(ran["output"]["outputs"]["use"]["greeting"], "Hallo", "{ran}");
        let observed = json!({"input": input, "timeout_seconds": 60, "files": other, "name": "user", "enclave": enclave});
        let seen = site.call("ana", "reach_observe", observed).await.unwrap();
        assert_eq!(seen["stopped"], json!({}), "{seen:#}");
        until("one version is left", async || is_alone(enclave)).await;

        let confirmed = json!({"enclave": enclave, "name": "user", "confirm": "user"});
        let removed = site.call("ana", "wf_remove", confirmed).await.unwrap();
        assert!(removed.to_string().contains("modules `user-"), "{removed}");
        assert_eq!(left(enclave), "");
        site.deprovision("ana", enclave).await;
    });
}

/// Somebody with rights of their own on the cluster puts something else in their place.
async fn what_was_altered_is_not_run(site: &Site, enclave: &str, files: &Value, registry: &Registry) {
    let deployment = &objects(enclave, "deployment.apps")[0];
    let scale = |count: &str| {
        kubectl(&["scale", "-n", enclave, &format!("deployment/{deployment}"), count]).unwrap();
    };
    // While a node has a pod of it, it does not read again what cannot change.
    scale("--replicas=0");
    until("its pod is gone", async || objects(enclave, "pod").is_empty()).await;
    let name = &kept(enclave)[0];
    let object = kubectl(&["get", "configmap", "-n", enclave, name, "-o", "json"]).unwrap();
    let mut object: Value = serde_json::from_str(&object).unwrap();
    object["metadata"] = json!({"name": name, "namespace": enclave, "labels": object["metadata"]["labels"]});
    // Even where what is written down beside it fits.
    let (part, other) = (Vec::from("other"), part_of(enclave, &kept(enclave)[1]));
    object["binaryData"]["part"] = json!(STANDARD.encode(&part));
    let mut record: Value = serde_json::from_str(object["data"]["record"].as_str().unwrap()).unwrap();
    let digest = Sha256::digest([part, other].concat());
    record["packed"] = json!(digest.iter().map(|byte| format!("{byte:02x}")).collect::<String>());
    object["data"]["record"] = json!(record.to_string());
    kubectl(&["delete", "configmap", "-n", enclave, name]).unwrap();
    host::apply(&[object]);
    scale("--replicas=1");
    let refused = site.run_it(enclave, "user", json!({"port": 8003})).await.unwrap_err();
    assert!(refused.message.contains("its modules are not what was fetched"), "{refused:?}");
    // What it says to do helps: they are fetched again.
    registry.asked();
    site.deploy(enclave, "user", files).await.unwrap();
    assert!(registry.asked().iter().any(|path| path == TARBALL));
    let ran = site.run_it(enclave, "user", json!({"port": 8003})).await.unwrap();
    assert_eq!(ran["output"]["outputs"]["use"], expected(), "{ran}");

    // That they are gone is told, and they are put back.
    let told = async || {
        let status = site.call("ana", "state_status", json!({"enclave": enclave})).await.unwrap();
        status["tentacles"][0].clone()
    };
    let lost = kept(enclave)[0].clone();
    kubectl(&["delete", "configmap", "-n", enclave, &lost]).unwrap();
    until("what is gone is told", async || told().await["state"] == "missing").await;
    assert_eq!(told().await["by_hand"], json!([{"object": format!("ConfigMap {lost}")}]));
    let user = json!({"enclave": enclave, "name": "user"});
    let back = site.call("ana", "state_repair", user).await.unwrap();
    let name = &objects(enclave, "deployment.apps")[0];
    assert_eq!(back["put_back"], json!([format!("modules {name}"), format!("Deployment {name}")]));
    until("it is told no more", async || told().await["state"] == "not_in_git").await;
    let ran = site.run_it(enclave, "user", json!({"port": 8003})).await.unwrap();
    assert_eq!(ran["output"]["outputs"]["use"], expected(), "{ran}");
}

/// The part that an object holds.
fn part_of(enclave: &str, name: &str) -> Vec<u8> {
    let part = ["get", "configmap", "-n", enclave, name, "-o", "jsonpath={.binaryData.part}"];
    STANDARD.decode(kubectl(&part).unwrap()).unwrap()
}

/// Whom a pod may try to reach, past the gateway: each of them answers the node.
fn others(registry: &Registry) -> Vec<Value> {
    let there = host::get();
    let api = kubectl(&["get", "service", "kubernetes", "-o", "jsonpath={.spec.clusterIP}"]).unwrap();
    let names = ["get", "service", "-n", "kube-system", "kube-dns", "-o", "jsonpath={.spec.clusterIP}"];
    let names = kubectl(&names).unwrap();
    let host = there.host.to_string();
    let all = [
        (host.as_str(), 8001),
        (&host, 8003),
        (NODE, registry.port),
        (NODE, 10250),
        ("10.88.0.1", 6443),
        (&api, 443),
        (&names, 53),
        ("127.0.0.1", 10248),
    ];
    all.map(|(hostname, port)| json!({"attempt": "connect", "hostname": hostname, "port": port})).to_vec()
}

/// The pod that fetches, once it does.
async fn fetching(enclave: &str, registry: &Registry) -> String {
    let pod = || objects(enclave, "pod").into_iter().find(|name| name.starts_with("user-m"));
    until("a pod fetches", async || pod().is_some() && registry.asked().iter().any(|path| path == FILE))
        .await;
    pod().unwrap()
}

#[test]
fn what_cannot_be_had_is_refused_and_the_version_before_serves() {
    inside(async {
        let mut registry = Registry::start_at("0.0.0.0").await;
        let mut flags = registry.flags().to_vec();
        flags.push("--module-seconds=60".to_owned());
        let (mut site, there) = (Site::start_with("heads", flags).await, host::get());
        let enclave = &there.modules[1];
        site.call("ana", "enclave_provision", json!({"name": enclave})).await.unwrap();
        site.deploy(enclave, "user", &plain("user", &says("as before"))).await.unwrap();
        let before = left(enclave);
        let files = files(&registry.lock());
        let refused = async |site: &Site, files: &Value, code: &str, why: &str| {
            let failure = approved(site, enclave, files).await.unwrap_err();
            let told = serde_json::to_value(&failure).unwrap();
            assert!(told["code"] == code && failure.message.contains(why), "{why}: {failure:?}");
            assert!(!failure.message.contains('\n'), "{failure:?}");
            let ran = site.run_it(enclave, "user", json!({})).await.unwrap();
            assert_eq!(ran["output"]["outputs"]["work"], "as before", "{ran}");
            assert_eq!(left(enclave), before);
        };

        // A registry that has other content now, and tells of it as if it had never been different.
        let right = registry.page(TARBALL);
        let other = tarball(&[("package.json", PACKAGE), ("index.js", "module.exports = {};")]);
        registry.publish("left", "1.2.3", other);
        refused(&site, &files, "unavailable", "left@1.2.3 is not what deno.lock pins").await;
        // One that sends on to somebody else.
        registry.put(TARBALL, Page::Elsewhere("http://canary.example:8003/left.tgz".to_owned()));
        refused(&site, &files, "unavailable", "canary.example:8003").await;
        assert!(!there.got().await.contains("/left.tgz"), "the canary was reached");
        // One that has too much.
        let zeros = "0".repeat(40 << 20);
        let large = tarball(&[("package.json", PACKAGE), ("zeros", &zeros)]);
        let mut lock = registry.lock();
        lock["npm"]["left@1.2.3"]["integrity"] = json!(integrity(&large));
        registry.put(TARBALL, Page::Content(large));
        refused(&site, &crate::registry::files(&lock), "invalid", "more than 32 MiB").await;
        registry.put(TARBALL, right);

        // One that never answers. Meanwhile the pod reaches nothing past the gateway, with every permission of Deno.
        let answers = registry.page(FILE);
        registry.put(FILE, Page::Never);
        registry.asked();
        let _both = tokio::join!(refused(&site, &files, "timed_out", "after 60 s"), async {
            let pod = fetching(enclave, &registry).await;
            let others = json!(others(&registry));
            let (got, controls) = (all(in_pod(enclave, &pod, &others)), all(outside(&others)));
            let (got, controls) = (got.unwrap(), controls.unwrap());
            assert!(got.iter().all(|got| got != "done"), "{got:?}");
            assert!(controls.iter().all(|got| got == "done"), "{controls:?}");
        });

        // A server that is killed meanwhile: the same request to the next one goes on, and nothing is left of the first.
        {
            let killed = approved(&site, enclave, &files);
            tokio::select! {
                it = killed => panic!("it ended: {it:?}"),
                _ = fetching(enclave, &registry) => {}
            }
        }
        site.kill();
        registry.put(FILE, answers);
        site.run("heads").await;
        approved(&site, enclave, &files).await.unwrap();
        let ran = site.run_it(enclave, "user", json!({"port": 8003})).await.unwrap();
        assert_eq!(ran["output"]["outputs"]["use"], expected(), "{ran}");
        until("one version is left", async || is_alone(enclave)).await;

        what_was_altered_is_not_run(&site, enclave, &files, &registry).await;

        registry.stop().await;
        let confirmed = json!({"enclave": enclave, "name": "user", "confirm": "user"});
        site.call("ana", "wf_remove", confirmed).await.unwrap();
        assert_eq!(left(enclave), "");
        site.deprovision("ana", enclave).await;
    });
}

/// A server that is killed after a write finds what is there of a deploy: the same request goes on with it, and fetches again
/// only what is not kept yet.
#[test]
fn a_server_that_is_killed_between_fetching_and_serving_goes_on() {
    inside(async {
        let mut registry = Registry::start_at("0.0.0.0").await;
        let (mut site, there) = (Site::start_with("heads", registry.flags().to_vec()).await, host::get());
        let enclave = &there.modules[2];
        site.call("ana", "enclave_provision", json!({"name": enclave})).await.unwrap();
        let files = files(&registry.lock());
        let steps = [
            ("the pod that fetches", Method::PATCH, "/pods/user-m", true),
            ("its end", Method::DELETE, "/networkpolicies/user-m", true),
            ("a part of the modules", Method::PATCH, ".modules-", true),
            ("the deployment", Method::PATCH, "/deployments/", false),
        ];
        for (step, method, part, again) in steps {
            let asked = site.deploy(enclave, "user", &files).await.unwrap();
            assert_eq!(asked["status"], "needs_approval", "{step}: {asked}");
            site.execute("UPDATE approval SET state = 'approved' WHERE state = 'waiting'").await;
            site.proxy.cut_within(&method, part);
            tokio::select! {
                it = site.deploy(enclave, "user", &files) => panic!("{step}: the deploy ended: {it:?}"),
                () = site.proxy.until_cut() => {}
            }
            site.kill();
            site.proxy.mend();
            registry.asked();
            site.run("heads").await;
            approved(&site, enclave, &files).await.unwrap();
            let fetched = registry.asked().iter().any(|path| path == TARBALL);
            assert_eq!(fetched, again, "{step}");
            let ran = site.run_it(enclave, "user", json!({"port": 8003})).await.unwrap();
            assert_eq!(ran["output"]["outputs"]["use"], expected(), "{step}: {ran}");
            until(step, async || is_alone(enclave)).await;
            let confirmed = json!({"enclave": enclave, "name": "user", "confirm": "user"});
            site.call("ana", "wf_remove", confirmed).await.unwrap();
            assert_eq!(left(enclave), "", "{step}");
        }
        registry.stop().await;
        site.deprovision("ana", enclave).await;
    });
}
