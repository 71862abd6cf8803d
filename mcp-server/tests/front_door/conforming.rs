//! The simulator in the conformance suite: nothing of it is listed as enforced, and no property is found to hold, because no
//! code is run that could breach one.

use crate::app::App;
use crate::conformance::{ATTEMPTS, Outcome, Site, Surroundings, Tried, conforms, misfits, name_service};
use crate::team::{price_watch, set_up};
use serde_json::{Value, json};
use std::net::Ipv4Addr;
use wire::enforcement::{Property, PropertyLine};

const WORKFLOW: &str = "name: hostile\nversion: '1.0'\ntriggers: [{type: manual}]\nnodes:\n  node: {path: nodes/node.ts, description: N}\n";

struct Simulated {
    app: App,
    around: Surroundings,
}

impl Simulated {
    async fn start() -> Self {
        let app = App::simulating().await;
        set_up(&app).await;
        let around = Surroundings {
            connections: Vec::new(),
            name_service: name_service(Ipv4Addr::LOCALHOST).await,
            declared: ("db.example", 5432, "db"),
            undeclared: Vec::new(),
            folders: Vec::new(),
            files: Vec::new(),
            credentials: Vec::new(),
            processes: Vec::new(),
            log: None,
            most_log: 0,
        };
        let site = Self { app, around };
        site.deploy("hostile", ATTEMPTS).await;
        site
    }
}

impl Site for Simulated {
    async fn told(&self) -> Vec<PropertyLine> {
        let profile = self.app.operate("cluster_profile", json!({})).await.unwrap();
        serde_json::from_value(profile["properties"].clone()).unwrap()
    }

    async fn within(&self, attempt: &Value) -> Tried {
        match self.run("hostile", attempt.clone(), 10).await {
            Ok(told) if told.to_string().contains("no code was run") => Tried::NoCode,
            Ok(got) => Tried::Got(got),
            Err(why) => Tried::Stopped(why),
        }
    }

    async fn outside(&self, attempt: &Value) -> Tried {
        panic!("{attempt} is tried outside of nothing")
    }

    fn surroundings(&self) -> &Surroundings {
        &self.around
    }

    async fn deploy(&self, name: &str, code: &str) {
        let files = json!({"workflow.yaml": WORKFLOW.replace("hostile", name), "nodes/node.ts": code});
        let args = json!({"name": name, "files": files});
        let deployed = price_watch(&self.app).say("ana", "wf_apply", args).await.unwrap();
        assert_eq!(deployed["status"], "deployed", "{deployed}");
    }

    fn busybox(&self) -> String {
        panic!("no code is run, and no sidecar")
    }

    async fn approved(&self, name: &str, _: &Value) {
        panic!("{name} is not deployed where no code is run")
    }

    async fn run(&self, name: &str, input: Value, seconds: u32) -> Result<Value, String> {
        let args = json!({"name": name, "input": input, "timeout_seconds": seconds});
        let ran =
            price_watch(&self.app).say("ana", "wf_run", args).await.map_err(|failure| failure.text())?;
        Ok(ran["output"]["outputs"].clone())
    }

    async fn in_flight(&self, _: &str) -> u64 {
        0
    }

    fn used(&self) -> u64 {
        0
    }

    fn log_bytes(&self) -> u64 {
        0
    }

    async fn share(&self) -> Outcome {
        Outcome::NoCode
    }
}

#[tokio::test]
async fn everything_is_as_it_is_listed() {
    let site = Simulated::start().await;
    conforms(&site).await;
    // What would be listed as enforced would not be believed.
    let mut told = site.told().await;
    told[0].held = "enforced".to_owned();
    let all: Vec<_> = Property::ALL.iter().map(|property| (*property, Outcome::NoCode)).collect();
    assert_eq!(misfits(&told, &all).len(), 1, "{told:?}");
}
