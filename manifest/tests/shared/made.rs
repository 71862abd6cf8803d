//! The objects of the tentacle of a contract that was made at random.

use crate::contract::{Contract, sandbox};
use manifest::{Behind, ClusterSpec, Purpose, ServerAccount, TentacleSpec, render_tentacle};
use serde_json::Value;
use std::collections::BTreeMap;
use workflow::{Bundle, RunTokenHash, SecretName};

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
    let cluster = ClusterSpec {
        image: format!("registry.example/engine@sha256:{}", "0".repeat(64)),
        behind: Behind::RuntimeClass("gvisor".to_owned()),
        gateway: reaches.then(|| GATEWAY.parse().unwrap()),
        server: ServerAccount::default(),
    };
    let spec = TentacleSpec {
        sandbox: &sandbox,
        bundle: &bundle,
        cluster: &cluster,
        token: RunTokenHash::of("t"),
        pass: reaches.then_some("a.b.c"),
        secrets: &secrets,
        standing: "s",
        purpose: Purpose::Serve,
    };
    render_tentacle(&spec).unwrap()
}
