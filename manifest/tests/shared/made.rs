//! The objects of the tentacle of a contract that was made at random, and of what fetches its modules.

use crate::contract::{Contract, sandbox};
use manifest::{
    Behind, ClusterSpec, FetchSpec, PackedModules, Purpose, ServerAccount, TentacleSpec, render_fetch,
    render_tentacle,
};
use serde_json::Value;
use std::collections::BTreeMap;
use std::time::Duration;
use workflow::{Bundle, Modules, RunTokenHash, SecretName};

/// Where its pods reach the gateway.
pub(crate) const GATEWAY: &str = "10.96.0.9:3128";

/// A file that is no text, deep in the tentacle's folder.
pub(crate) const DEEP: (&str, [u8; 4]) = ("a/b/c/d.bin", [0, 159, 146, 150]);

/// Its objects, each secret with a value that names it.
pub(crate) fn objects(contract: &Contract) -> Vec<Value> {
    let sandbox = sandbox(contract);
    let yaml = ("workflow.yaml".to_owned(), contract.yaml().into_bytes());
    let bundle = Bundle::new([yaml, (DEEP.0.to_owned(), DEEP.1.to_vec())]).unwrap();
    let secrets: BTreeMap<SecretName, String> =
        sandbox.secrets.iter().map(|name| (name.clone(), format!("value of {name}"))).collect();
    let reaches = !sandbox.egress.is_empty();
    let cluster = cluster(reaches);
    let modules = has_modules(contract).then(packed);
    let spec = TentacleSpec {
        sandbox: &sandbox,
        bundle: &bundle,
        cluster: &cluster,
        token: RunTokenHash::of("t"),
        pass: reaches.then_some("a.b.c"),
        secrets: &secrets,
        modules: modules.as_ref(),
        standing: "s",
        passing: "p",
        purpose: Purpose::Serve,
    };
    render_tentacle(&spec).unwrap()
}

/// Whether its tentacle has modules: those of every other do.
pub(crate) fn has_modules(contract: &Contract) -> bool {
    contract.nodes.len().is_multiple_of(2)
}

fn cluster(reaches: bool) -> ClusterSpec {
    ClusterSpec {
        image: format!("registry.example/engine@sha256:{}", "0".repeat(64)),
        behind: Behind::RuntimeClass("gvisor".to_owned()),
        gateway: reaches.then(|| GATEWAY.parse().unwrap()),
        server: ServerAccount::default(),
    }
}

/// Modules in two parts.
pub(crate) fn packed() -> PackedModules {
    PackedModules {
        set: "01234567".to_owned(),
        parts: vec![vec![1, 2], vec![3]],
        digest: format!("sha256:{}", "2".repeat(64)),
        room_mib: 5,
        record: "{}".to_owned(),
    }
}

/// The objects of what fetches modules for it.
pub(crate) fn fetching(contract: &Contract) -> Vec<Value> {
    let sandbox = sandbox(contract);
    let spec = FetchSpec {
        tentacle: &sandbox.tentacle,
        version: &sandbox.version,
        modules: &Modules::default(),
        registries: r#"{"npm":"https://npm.example/"}"#,
        cluster: &cluster(true),
        gateway: GATEWAY.parse().unwrap(),
        pass: "d.e.f",
        token: RunTokenHash::of("t"),
        standing: "s",
    };
    render_fetch(&spec, Duration::from_secs(180)).unwrap()
}
