//! Using too much: it is stopped, and whoever is beside it goes on.

use super::{in_the_pod, on_the_node};
use crate::inside::inside;
use crate::life::{files, says};
use crate::limits::refused_processes;
use crate::probe::Pod;
use crate::site::Site;
use crate::until::until;
use serde_json::json;
use std::process::Command;

#[test]
fn a_balloon_is_stopped_and_neighbours_go_on() {
    inside(async {
        let site = Site::start("heads").await;
        let (enclave, other) = (site.enclave("balloon").await, site.enclave("beside").await);
        for enclave in [&enclave, &other] {
            site.deploy(enclave, "hello", &files("hello", &says("well"))).await.unwrap();
        }
        let balloon = [json!({"attempt": "memory", "mebibytes": 640})];
        assert_eq!(on_the_node(&balloon), ["done"]);
        let stopped = in_the_pod(&enclave, &balloon);
        assert!(stopped.is_err(), "{stopped:?}");
        let ran = site.run_it(&other, "hello", json!({})).await.unwrap();
        assert_eq!(ran["success"], true, "{ran}");
        until("it runs again", async || {
            site.run_it(&enclave, "hello", json!({})).await.is_ok_and(|ran| ran["success"] == true)
        })
        .await;
        for enclave in [&enclave, &other] {
            site.deprovision("ana", enclave).await;
        }
    });
}

#[test]
fn processes_without_end_are_stopped_and_neighbours_go_on() {
    inside(async {
        let site = Site::start("heads").await;
        let enclave = site.enclave("bomb").await;
        let (pod, beside) = tokio::join!(Pod::start(&enclave, "one"), Pod::start(&enclave, "beside"));
        let many = "for it in $(seq 400); do sleep 60 & done; jobs | wc -l; kill $(jobs -p)";
        let control = Command::new("bash").args(["-c", many]).output().unwrap();
        assert_eq!(String::from_utf8_lossy(&control.stdout).trim(), "400");
        let got = pod.sh(many);
        assert!(got.as_ref().map_or(true, |count| count.trim() != "400"), "{got:?}");
        // It was the number of its processes, and not something else.
        assert!(refused_processes(&pod.uid) > 0);
        assert_eq!(beside.sh("echo well").unwrap().trim(), "well");
        site.deprovision("ana", &enclave).await;
    });
}
