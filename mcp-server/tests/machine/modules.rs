//! Modules of registries: fetched when a version is deployed, held to its lock, and there when it runs, whatever has become of
//! the registry.

use crate::caller::ENCLAVE;
use crate::host::{Host, Ways};
use crate::left::entries;
use crate::registry::{
    CODE, FILE, PACKAGE, Page, Registry, TARBALL, TWICE, expected, files, integrity, tarball,
};
use crate::server::{Server, Walls, engine};
use serde_json::{Value, json};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use wire::Failure;

const NAMES: &str = "npm.example jsr.example canary.example elsewhere.example";

fn flags(registry: &Registry, ways: &Ways) -> Vec<String> {
    ways.flags().into_iter().map(str::to_owned).chain(registry.flags()).collect()
}

async fn server(walls: Walls, flags: &[String]) -> Server {
    let flags: Vec<&str> = flags.iter().map(String::as_str).collect();
    let server = Server::start_with(walls, &engine(), &flags).await;
    server.provision(ENCLAVE).await;
    server
}

/// Deploys it, with the owner's approval where that is asked for; how an owner says so is another test's.
async fn approved(server: &Server, files: &Value) -> Result<Value, Failure> {
    let answer = server.deploy("user", files).await?;
    if answer["status"] != "needs_approval" {
        return Ok(answer);
    }
    server.execute("UPDATE approval SET state = 'approved'").await;
    server.deploy("user", files).await
}

/// The one folder of modules that there is.
fn folder(server: &Server) -> PathBuf {
    let modules = server.machine_dir().join("enclaves").join(ENCLAVE).join("tentacles/user/modules");
    let folders: Vec<PathBuf> = entries(&modules).into_iter().filter(|path| path.is_dir()).collect();
    assert_eq!(folders.len(), 1, "{folders:?}");
    folders[0].clone()
}

async fn they_are_fetched_once_and_run_without_a_registry(walls: Walls) {
    let (mut registry, canary) = (Registry::start().await, Host::start("canary").await);
    let ways = Ways::open(NAMES);
    let mut server = server(walls, &flags(&registry, &ways)).await;
    let (files, lock) = (files(&registry.lock()), registry.lock());

    let asked = server.deploy("user", &files).await.unwrap();
    assert_eq!((&asked["status"], registry.asked()), (&json!("needs_approval"), Vec::new()), "{asked}");
    let reach: Vec<String> = ["jsr:@std/twice@0.3.0", "npm:inner@1.0.1", "npm:left@1.2.3"]
        .map(|name| {
            let (registry, name) = name.split_once(':').unwrap();
            let digest = lock[registry][name]["integrity"].as_str().unwrap();
            format!("code from a registry is part of it: {registry}:{name} ({}…)", &digest[..23])
        })
        .to_vec();
    assert_eq!(asked["new_reach"], json!(reach));
    let observed = json!({"enclave": ENCLAVE, "name": "user", "files": files});
    let refused = server.call("reach_observe", observed.clone()).await.unwrap_err();
    assert!(refused.message.contains("has not approved"), "{refused:?}");
    assert_eq!(registry.asked(), Vec::<String>::new(), "nothing is fetched that nobody has approved");

    server.execute("UPDATE approval SET state = 'approved'").await;
    let before = server.left().folders;
    let deployed = server.deploy("user", &files).await.unwrap();
    assert_eq!(deployed["status"], "deployed", "{deployed}");
    let fetched = registry.asked();
    assert!([TARBALL, FILE].iter().all(|path| fetched.iter().any(|asked| asked == path)), "{fetched:?}");
    assert_eq!(server.left().folders.len(), before.len() + 1, "there is but its engine's sandbox");

    registry.stop().await;
    let expected = expected();
    let input = json!({"port": canary.port});
    let ran = server.run_tentacle("user", input.clone()).await.unwrap();
    assert_eq!(ran["output"]["outputs"]["use"], expected, "{ran} {}", server.logs("user").await);
    // Another start of the engine, by another process of the server.
    server.kill();
    server.run().await;
    let ran = server.run_tentacle("user", input.clone()).await.unwrap();
    assert_eq!(ran["output"]["outputs"]["use"], expected, "{ran}");
    assert_eq!(server.deploy("user", &files).await.unwrap()["status"], "unchanged");
    // Other code with the same modules needs no registry, and neither approval.
    let mut other = files.clone();
    other["nodes/use.ts"] = json!(CODE.replace("Hello", "Hallo"));
    assert_eq!(server.deploy("user", &other).await.unwrap()["status"], "deployed");
    let ran = server.run_tentacle("user", input.clone()).await.unwrap();
    assert_eq!(ran["output"]["outputs"]["use"]["greeting"], "Hallo", "{ran}");
    let seen = server
        .call(
            "reach_observe",
            json!({"input": input, "timeout_seconds": 60, "files": other, "name": "user",
        "enclave": ENCLAVE}),
        )
        .await
        .unwrap();
    assert_eq!(seen["stopped"], json!({}), "{seen:#}");
    assert_eq!(canary.got(), "");

    // What was altered on disk is not run.
    folder_is_left_alone(&server).await;
    let altered = folder(&server).join("cache/npm");
    let file = find(&altered, "data.txt");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
    fs::write(&file, "another").unwrap();
    server.call("wf_restart", json!({"enclave": ENCLAVE, "name": "user"})).await.unwrap();
    let refused = server.run_tentacle("user", input).await.unwrap_err();
    assert!(refused.message.contains("not what was fetched"), "{refused:?}");
    server.call("wf_remove", json!({"enclave": ENCLAVE, "name": "user", "confirm": "user"})).await.unwrap();
}

/// The modules of the version before have gone.
async fn folder_is_left_alone(server: &Server) {
    let modules = server.machine_dir().join("enclaves").join(ENCLAVE).join("tentacles/user/modules");
    crate::server::until("one folder and its record are there", async || entries(&modules).len() == 2).await;
}

fn find(folder: &std::path::Path, name: &str) -> PathBuf {
    let mut left = vec![folder.to_owned()];
    while let Some(path) = left.pop() {
        if path.file_name().is_some_and(|file| file == name) {
            return path;
        }
        left.extend(entries(&path));
    }
    panic!("{name} is not in {}", folder.display());
}

#[tokio::test]
async fn they_are_fetched_once_and_run_without_a_registry_under_bwrap() {
    they_are_fetched_once_and_run_without_a_registry(Walls::Bwrap).await;
}

#[tokio::test]
async fn they_are_fetched_once_and_run_without_a_registry_under_runsc() {
    they_are_fetched_once_and_run_without_a_registry(Walls::Runsc).await;
}

/// A version whose modules cannot be had changes nothing, and says why in a sentence.
async fn what_cannot_be_had_is_refused_and_the_version_before_serves(walls: Walls) {
    let mut registry = Registry::start().await;
    let ways = Ways::open(NAMES);
    let mut flags = flags(&registry, &ways);
    flags.push("--module-seconds=45".to_owned());
    let server = server(walls, &flags).await;
    let plain = crate::source::one_node("user", "export default () => \"as before\";\n");
    server.deploy("user", &plain).await.unwrap();
    let files = files(&registry.lock());
    let refused = async |files: &Value, code: &str, why: &str| {
        let failure = approved(&server, files).await.unwrap_err();
        let told = serde_json::to_value(&failure).unwrap();
        assert!(told["code"] == code && failure.message.contains(why), "{why}: {failure:?}");
        assert!(!failure.message.contains('\n'), "{failure:?}");
        let ran = server.run_tentacle("user", json!({})).await.unwrap();
        assert_eq!(ran["output"]["outputs"]["node"], "as before", "{ran}");
    };

    // A registry that has other content now, and tells of it as if it had never been different.
    let right = registry.page(TARBALL);
    registry.publish(
        "left",
        "1.2.3",
        tarball(&[("package.json", PACKAGE), ("index.js", "module.exports = {};")]),
    );
    let altered = "is not what deno.lock pins";
    refused(&files, "unavailable", &format!("left@1.2.3 {altered}")).await;
    registry.put(TARBALL, right.clone());
    registry.publish_twice("export const twice = () => 7;\n");
    refused(&files, "unavailable", &format!("@std/twice@0.3.0 {altered}")).await;
    registry.publish_twice(TWICE);

    let canary = Host::start("canary").await;
    let elsewhere = format!("http://elsewhere.example:{}/left.tgz", canary.port);
    registry.put(TARBALL, Page::Elsewhere(elsewhere));
    refused(&files, "unavailable", &format!("elsewhere.example:{}", canary.port)).await;
    assert_eq!(canary.got(), "");

    let zeros = "0".repeat(40 << 20);
    let large = tarball(&[("package.json", PACKAGE), ("zeros", &zeros)]);
    let mut lock = registry.lock();
    lock["npm"]["left@1.2.3"]["integrity"] = json!(integrity(&large));
    registry.put(TARBALL, Page::Content(large));
    refused(&crate::registry::files(&lock), "invalid", "more than 32 MiB").await;
    registry.put(TARBALL, right);

    registry.put(FILE, Page::Never);
    refused(&files, "timed_out", "after 45 s").await;
    registry.stop().await;
    refused(&files, "unavailable", "could not be fetched: ").await;

    // A registry on a private address is reached where the operator has opened that to the enclave.
    server.provision("another").await;
    let asked = json!({"enclave": "another", "name": "user", "files": files});
    assert_eq!(server.call("wf_apply", asked.clone()).await.unwrap()["status"], "needs_approval");
    server.execute("UPDATE approval SET state = 'approved'").await;
    let failure = server.call("wf_apply", asked).await.unwrap_err();
    assert!(failure.message.contains("operator"), "{failure:?}");
}

#[tokio::test]
async fn what_cannot_be_had_is_refused_and_the_version_before_serves_under_bwrap() {
    what_cannot_be_had_is_refused_and_the_version_before_serves(Walls::Bwrap).await;
}

#[tokio::test]
async fn what_cannot_be_had_is_refused_and_the_version_before_serves_under_runsc() {
    what_cannot_be_had_is_refused_and_the_version_before_serves(Walls::Runsc).await;
}

/// Before anybody is asked to approve anything.
#[tokio::test]
async fn what_is_not_pinned_or_has_no_registry_is_refused_at_once() {
    let registry = Registry::start().await;
    let server =
        server(Walls::Bwrap, &[format!("--module-registry-npm=http://npm.example:{}", registry.port)]).await;
    let mut files = files(&registry.lock());
    let refused = server.deploy("user", &files).await.unwrap_err();
    assert!(refused.remedy.as_ref().is_some_and(|it| it.contains("--module-registry-jsr")), "{refused:?}");
    files["nodes/use.ts"] = json!(CODE.replace("left@1.2.3", "left@^1.0.0"));
    let refused = server.deploy("user", &files).await.unwrap_err();
    let told = "nodes/use.ts:2:18: \"npm:left@^1.0.0\" does not say which version: write \"npm:left@1.2.3\"";
    assert_eq!(refused.message, told);
    assert_eq!(registry.asked(), Vec::<String>::new());
}
