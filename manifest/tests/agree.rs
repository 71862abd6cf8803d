//! The objects of a tentacle let through what its contract says: for contracts made at random, what was rendered is read back
//! as the JSON that a cluster gets, by readers that know nothing of how it was made.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking, in its helpers too"
)]

#[expect(dead_code, reason = "the contracts are shared with a test that asks more of them")]
#[path = "../../workflow/tests/agree/contract.rs"]
mod contract;
#[path = "shared/made.rs"]
mod made;

use contract::{Contract, contracts};
use made::{DEEP, GATEWAY};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// The objects of a contract's tentacle but for those of its modules, by kind.
fn objects(contract: &Contract) -> BTreeMap<String, Value> {
    by_kind(made::objects(contract).into_iter().filter(|object| !is_of_modules(object)))
}

fn by_kind(objects: impl IntoIterator<Item = Value>) -> BTreeMap<String, Value> {
    objects.into_iter().map(|object| (object["kind"].as_str().unwrap().to_owned(), object)).collect()
}

fn is_of_modules(object: &Value) -> bool {
    object["metadata"]["name"].as_str().unwrap().contains('.')
}

/// Each peer of a rule, as `namespace name ports`.
fn peers(rules: &Value, side: &str) -> BTreeSet<String> {
    let mut peers = BTreeSet::new();
    for rule in rules.as_array().unwrap() {
        let keys: Vec<&String> = rule.as_object().unwrap().keys().collect();
        assert!(keys.iter().all(|key| [side, "ports"].contains(&key.as_str())), "{rule}");
        let ports: Vec<String> = rule["ports"]
            .as_array()
            .unwrap()
            .iter()
            .map(|port| format!("{}/{}", port["port"], port["protocol"].as_str().unwrap()))
            .collect();
        for peer in rule[side].as_array().unwrap() {
            assert_eq!(peer.as_object().unwrap().len(), 2, "both selectors: {peer}");
            let only = |selector: &Value, label: &str| {
                let labels = selector["matchLabels"].as_object().unwrap();
                assert_eq!((labels.len(), selector.as_object().unwrap().len()), (1, 1), "{selector}");
                labels[label].as_str().unwrap().to_owned()
            };
            let space = only(&peer["namespaceSelector"], "kubernetes.io/metadata.name");
            let pods = only(&peer["podSelector"], "app.kubernetes.io/name");
            peers.insert(format!("{space} {pods} {}", ports.join(",")));
        }
    }
    peers
}

/// The files of a volume that comes from an object's keys: path and content.
fn files(volume: &Value, data: &BTreeMap<String, Vec<u8>>) -> BTreeMap<String, Vec<u8>> {
    let items = volume["items"].as_array().unwrap();
    items
        .iter()
        .map(|item| {
            let key = item["key"].as_str().unwrap();
            (item["path"].as_str().unwrap().to_owned(), data[key].clone())
        })
        .collect()
}

/// What an object holds, whichever way.
fn data(object: &Value) -> BTreeMap<String, Vec<u8>> {
    let of = |field: &str| object[field].as_object().cloned().unwrap_or_default().into_iter();
    let plain = object["kind"] == "ConfigMap";
    let texts = of("data").map(|(key, value)| {
        let text = value.as_str().unwrap().to_owned();
        (key, if plain { text.into_bytes() } else { decoded(&text) })
    });
    texts.chain(of("binaryData").map(|(key, value)| (key, decoded(value.as_str().unwrap())))).collect()
}

/// Base 64 (RFC 4648), read without the library that wrote it.
fn decoded(text: &str) -> Vec<u8> {
    const ALPHABET: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let (mut bits, mut held, mut bytes) = (0_u32, 0, Vec::new());
    for letter in text.trim_end_matches('=').chars() {
        bits = bits << 6 | u32::try_from(ALPHABET.find(letter).unwrap()).unwrap();
        held += 6;
        if held >= 8 {
            held -= 8;
            bytes.push(u8::try_from(bits >> held & 0xff).unwrap());
        }
    }
    bytes
}

fn volume<'v>(pod: &'v Value, name: &str) -> Option<&'v Value> {
    pod["volumes"].as_array().unwrap().iter().find(|volume| volume["name"] == name)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn objects_let_through_what_the_contract_says(contract in contracts()) {
        let objects = objects(&contract);
        let reaches = !contract.connections().is_empty();
        let pod = &objects["Deployment"]["spec"]["template"]["spec"];

        // The network: the server comes in, and where anything is reached, the gateway is.
        let policy = &objects["NetworkPolicy"]["spec"];
        prop_assert_eq!(&policy["policyTypes"], &json!(["Ingress", "Egress"]));
        let server = BTreeSet::from(["tentacular-system tentacular-mcp 8080/TCP".to_owned()]);
        prop_assert_eq!(peers(&policy["ingress"], "from"), server);
        let gateway = "tentacular-system tentacular-egress 3128/TCP".to_owned();
        prop_assert_eq!(peers(&policy["egress"], "to"), reaches.then_some(gateway).into_iter().collect());
        let selected = policy["podSelector"]["matchLabels"].as_object().unwrap();
        let labels = &objects["Deployment"]["spec"]["template"]["metadata"]["labels"];
        prop_assert!(selected.len() == 2 && selected.iter().all(|(key, value)| labels[key] == *value));
        prop_assert_eq!(&policy["podSelector"], &objects["Deployment"]["spec"]["selector"]);

        // The engine: its own port, its own listeners, the gateway.
        let args: Vec<&str> =
            pod["containers"][0]["args"].as_array().unwrap().iter().map(|arg| arg.as_str().unwrap()).collect();
        let net = args.iter().find_map(|arg| arg.strip_prefix("--allow-net=")).unwrap();
        let outside: BTreeSet<&str> = net.split(',').filter(|at| !at.starts_with("127.0.")).collect();
        let wanted = ["0.0.0.0:8080"].into_iter().chain(reaches.then_some(GATEWAY));
        prop_assert_eq!(outside, wanted.collect::<BTreeSet<_>>());

        // Sidecars: as they are declared, with nothing of the engine's but the one folder.
        let containers = pod["containers"].as_array().unwrap();
        prop_assert_eq!(containers.len(), 1 + contract.sidecars.len());
        let (engine, beside) = containers.split_first().unwrap();
        for (number, (container, made)) in beside.iter().zip(&contract.sidecars).enumerate() {
            let port = Contract::port_of_sidecar(number);
            prop_assert_eq!(&container["ports"], &json!([{"containerPort": port, "protocol": "TCP"}]));
            prop_assert_eq!(&container["image"], &json!(format!("r.example/s{number}@sha256:{}", "1".repeat(64))));
            let mounts = json!([
                {"name": "shared", "mountPath": "/shared"}, {"name": format!("scratch-{port}"), "mountPath": "/tmp"},
            ]);
            prop_assert_eq!(&container["volumeMounts"], &mounts);
            prop_assert_eq!(&container["securityContext"], &engine["securityContext"]);
            prop_assert_eq!(&container["resources"]["limits"]["memory"], &json!(format!("{}Mi", made.memory_mib)));
            let probed = if made.health { "httpGet" } else { "tcpSocket" };
            for probe in ["startupProbe", "readinessProbe", "livenessProbe"] {
                prop_assert_eq!(&container[probe][probed]["port"], &json!(port));
            }
            let variables = if made.command { json!([{"name": "KEY", "value": "$$(HOME)"}]) } else { Value::Null };
            prop_assert_eq!(&container["env"], &variables);
        }
        let shares = !contract.beside().is_empty();
        let has = engine["volumeMounts"].as_array().unwrap().iter().any(|mount| mount["name"] == "shared");
        prop_assert_eq!(has, shares);
        for volume in pod["volumes"].as_array().unwrap().iter().filter(|volume| volume["emptyDir"].is_object()) {
            prop_assert!(volume["emptyDir"]["medium"] == "Memory" && volume["emptyDir"]["sizeLimit"].is_string());
        }

        // Secrets: a file for each that some node reads, and no other.
        let held = data(&objects["Secret"]);
        let wanted: BTreeMap<String, Vec<u8>> = contract
            .secrets()
            .into_iter()
            .map(|(_, name)| (name.clone(), format!("value of {name}").into_bytes()))
            .collect();
        let mounted = volume(pod, "secrets").map(|volume| files(&volume["secret"], &held));
        prop_assert_eq!(mounted.unwrap_or_default(), wanted.clone());
        let supply = files(&volume(pod, "supply").unwrap()["secret"], &held);
        let names: BTreeSet<&str> = supply.keys().map(String::as_str).collect();
        let expected = ["plan.json"].into_iter().chain(reaches.then_some("egress.pass"));
        prop_assert_eq!(&names, &expected.collect::<BTreeSet<_>>());
        prop_assert_eq!(held.len(), wanted.len() + names.len(), "nothing else is handed over");
        // Clocks and callers are the server's: nothing runs on the cluster for them, and what callers sign with is not there.
        prop_assert_eq!(objects.keys().collect::<Vec<_>>(), ["ConfigMap", "Deployment", "NetworkPolicy", "Secret"]);
        for secret in contract.hook_secrets().iter().filter(|secret| !wanted.contains_key(*secret)) {
            prop_assert!(!objects.iter().any(|(kind, object)| kind != "ConfigMap" && object.to_string().contains(secret.as_str())));
        }

        // Modules: the engine has a folder of them that it cannot write to, and no other program runs in its pod.
        let has_modules = made::has_modules(&contract);
        let reads = |path: &str| args.iter().any(|arg| arg.starts_with("--allow-read=") && arg.ends_with(path));
        let mounts = engine["volumeMounts"].as_array().unwrap();
        let mounted = mounts.iter().any(|mount| mount["name"] == "modules" && mount["readOnly"] == true);
        prop_assert_eq!((reads(",/modules"), mounted), (has_modules, has_modules));
        prop_assert_eq!(pod["initContainers"].as_array().map_or(0, Vec::len), usize::from(has_modules));

        // Names in the pod: hosts of the contract alone.
        let hosts: BTreeSet<String> = contract.connections().into_iter().map(|(_, place, _, _)| place).collect();
        for alias in pod["hostAliases"].as_array().into_iter().flatten() {
            prop_assert!(alias["ip"].as_str().unwrap().starts_with("127.0.1."));
            let name = alias["hostnames"][0].as_str().unwrap();
            prop_assert!(hosts.contains(name), "{}", name);
        }
        prop_assert_eq!(&pod["dnsPolicy"], &json!("None"));

        // The source comes back as it was, whatever folder it lies in.
        let code = files(&volume(pod, "code").unwrap()["configMap"], &data(&objects["ConfigMap"]));
        prop_assert_eq!(&code["workflow.yaml"], &contract.yaml().into_bytes());
        prop_assert_eq!(code[DEEP.0].as_slice(), DEEP.1.as_slice());
    }
}

#[test]
fn a_pod_has_no_power_on_the_cluster_and_little_on_its_node() {
    let contract = Contract { nodes: vec![None], ..Contract::default() };
    let objects = objects(&contract);
    let pod = &objects["Deployment"]["spec"]["template"]["spec"];
    let expected = json!({
        "automountServiceAccountToken": false,
        "enableServiceLinks": false,
        "runtimeClassName": "gvisor",
    });
    for (field, value) in expected.as_object().unwrap() {
        assert_eq!(pod[field], *value, "{field}");
    }
    for absent in ["hostNetwork", "hostPID", "hostIPC", "serviceAccountName", "nodeName", "priorityClassName"]
    {
        assert_eq!(pod[absent], Value::Null, "{absent}");
    }
    let container = &pod["containers"][0];
    let context = &container["securityContext"];
    assert_eq!(context["capabilities"], json!({"drop": ["ALL"]}));
    assert_eq!(context["seccompProfile"], json!({"type": "RuntimeDefault"}));
    for (field, value) in
        [("allowPrivilegeEscalation", false), ("readOnlyRootFilesystem", true), ("runAsNonRoot", true)]
    {
        assert_eq!(context[field], value, "{field}");
    }
    for kind in ["cpu", "memory", "ephemeral-storage"] {
        assert!(container["resources"]["limits"][kind].is_string(), "{kind}");
    }
    for kind in ["startupProbe", "readinessProbe", "livenessProbe"] {
        assert_eq!(container[kind]["httpGet"]["path"], "/health", "{kind}");
    }
    let writable = container["volumeMounts"].as_array().unwrap().iter().filter(|it| it["readOnly"] != true);
    assert_eq!(writable.count(), 0);
    assert!(container["image"].as_str().unwrap().contains("@sha256:"));
}

#[test]
fn every_object_of_a_version_has_its_name() {
    let contract = Contract { nodes: vec![None], ..Contract::default() };
    for object in objects(&contract).values() {
        assert_eq!(object["metadata"]["name"], "made-000000000000");
        assert_eq!(object["metadata"]["namespace"], "price-watch");
        assert_eq!(object["metadata"]["labels"]["app.kubernetes.io/managed-by"], "tentacular");
        assert_eq!(object["metadata"]["labels"]["tentacular.io/tentacle"], "made");
    }
}

fn with_modules() -> Contract {
    Contract { nodes: vec![None, None], ..Contract::default() }
}

#[test]
fn modules_are_unpacked_by_a_program_that_reaches_nothing_and_read_by_the_engine() {
    let objects = made::objects(&with_modules());
    let kept: Vec<&Value> = objects.iter().filter(|object| is_of_modules(object)).collect();
    let names: Vec<&str> = kept.iter().map(|object| object["metadata"]["name"].as_str().unwrap()).collect();
    let name = "made-000000000000.modules-01234567";
    assert_eq!(names, [format!("{name}-0"), format!("{name}-1")]);
    for (object, part) in kept.iter().zip([vec![1, 2], vec![3]]) {
        let (held, labels) = (data(object), &object["metadata"]["labels"]);
        assert_eq!(
            (&object["immutable"], &held["part"], &held["record"]),
            (&json!(true), &part, &b"{}".to_vec())
        );
        assert_eq!(labels["tentacular.io/tentacle"], "made");
        assert_eq!(manifest::version_of(object["metadata"]["name"].as_str().unwrap()), "made-000000000000");
    }
    let sets: Vec<Option<&str>> = names.iter().map(|name| manifest::set_of(name)).collect();
    assert_eq!(sets, [Some("01234567"), None], "a set has one first object");
    assert_eq!(manifest::set_of("made-000000000000"), None);

    let objects = by_kind(objects);
    let pod = &objects["Deployment"]["spec"]["template"]["spec"];
    let (unpacker, engine) = (&pod["initContainers"][0], &pod["containers"][0]);
    for field in ["image", "env", "securityContext", "imagePullPolicy"] {
        assert_eq!(unpacker[field], engine[field], "{field}");
    }
    let args: Vec<&str> =
        unpacker["args"].as_array().unwrap().iter().map(|arg| arg.as_str().unwrap()).collect();
    let may: Vec<&&str> = args.iter().filter(|arg| arg.starts_with("--allow")).collect();
    assert_eq!(may, [&"--allow-read=/engine,/packed", &"--allow-write=/modules"]);
    let digest = format!("sha256:{}", "2".repeat(64));
    let told = ["--packed", "/packed", "--parts", "2", "--into", "/modules", "--digest", &digest];
    assert_eq!(&args[args.len() - told.len()..], told);
    let memory = |container: &Value| container["resources"]["limits"]["memory"].clone();
    assert_eq!(
        (memory(unpacker), memory(engine)),
        (json!("389Mi"), json!("389Mi")),
        "384, and what they take"
    );
    let parts = &volume(pod, "packed").unwrap()["projected"]["sources"];
    let item = |number: usize| json!([{"key": "part", "path": format!("part-{number}"), "mode": 292}]);
    for number in 0..2 {
        let expected = json!({"name": format!("{name}-{number}"), "items": item(number), "optional": false});
        assert_eq!(parts[number]["configMap"], expected);
    }
    assert_eq!(parts.as_array().unwrap().len(), 2);
}

#[test]
fn what_fetches_modules_is_given_what_to_fetch_and_reaches_the_gateway() {
    let contract = with_modules();
    let (objects, fetching) = (objects(&contract), by_kind(made::fetching(&contract)));
    assert_eq!(fetching.keys().collect::<Vec<_>>(), ["NetworkPolicy", "Pod", "Secret"]);
    for object in fetching.values() {
        assert_eq!(object["metadata"]["name"], "made-m000000000000");
    }
    let policy = &fetching["NetworkPolicy"]["spec"];
    let gateway = BTreeSet::from(["tentacular-system tentacular-egress 3128/TCP".to_owned()]);
    assert_eq!(peers(&policy["egress"], "to"), gateway);
    assert_eq!(policy["ingress"], objects["NetworkPolicy"]["spec"]["ingress"]);
    let selected = policy["podSelector"]["matchLabels"].as_object().unwrap();
    let labels = &fetching["Pod"]["metadata"]["labels"];
    assert!(selected.len() == 2 && selected.iter().all(|(key, value)| labels[key] == *value));

    let (pod, tentacles) = (&fetching["Pod"]["spec"], &objects["Deployment"]["spec"]["template"]["spec"]);
    for field in [
        "runtimeClassName",
        "automountServiceAccountToken",
        "enableServiceLinks",
        "dnsPolicy",
        "securityContext",
    ] {
        assert_eq!(pod[field], tentacles[field], "{field}");
    }
    assert_eq!((&pod["restartPolicy"], &pod["activeDeadlineSeconds"]), (&json!("Never"), &json!(180)));
    assert_eq!(pod["containers"].as_array().unwrap().len(), 1);
    let (container, engine) = (&pod["containers"][0], &tentacles["containers"][0]);
    for field in ["image", "env", "securityContext"] {
        assert_eq!(container[field], engine[field], "{field}");
    }
    // All that it is given: no code, no plan, no secret of the tentacle's.
    let held = data(&fetching["Secret"]);
    let names: Vec<&String> = held.keys().collect();
    assert_eq!(names, ["deno.lock", "egress.pass", "entry.ts", "registries.json"]);
    assert_eq!(
        (held["egress.pass"].as_slice(), held["registries.json"].as_slice()),
        (&b"d.e.f"[..], &br#"{"npm":"https://npm.example/"}"#[..])
    );
    let mounts = container["volumeMounts"].as_array().unwrap();
    let writable: Vec<&Value> = mounts.iter().filter(|mount| mount["readOnly"] != true).collect();
    assert_eq!(writable, [&json!({"name": "cache", "mountPath": "/cache"})]);
    assert_eq!(volume(pod, "cache").unwrap()["emptyDir"], json!({"medium": "Memory", "sizeLimit": "64Mi"}));
}
