//! The objects of an enclave, looked at as the JSON that a cluster gets.

#![expect(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test fails by panicking, in its helpers too"
)]

use manifest::{EnclaveSpec, Mirror, QuotaPreset, ServerAccount, Status, annotation, render_all};
use serde_json::{Value, json};

fn spec(quota: QuotaPreset) -> EnclaveSpec {
    let mirror = Mirror {
        owner: Some("Ana <ana@example.com>".to_owned()),
        channel_id: Some("C1".to_owned()),
        mode: Some("rwxrwx---".to_owned()),
        ..Mirror::default()
    };
    EnclaveSpec {
        name: "price-watch".parse().unwrap(),
        id: "id-1".into(),
        quota,
        mirror,
        server: ServerAccount::default(),
    }
}

fn all() -> Vec<Value> {
    render_all(&spec(QuotaPreset::Small), Status::Active).unwrap()
}

fn one(kind: &str, name: &str) -> Value {
    all().into_iter().find(|object| object["kind"] == kind && object["metadata"]["name"] == name).unwrap()
}

#[test]
fn the_order_makes_rights_before_what_needs_them() {
    let names: Vec<String> = all()
        .iter()
        .map(|object| {
            format!("{} {}", object["kind"].as_str().unwrap(), object["metadata"]["name"].as_str().unwrap())
        })
        .collect();
    assert_eq!(
        names,
        [
            "Namespace price-watch",
            "RoleBinding tentacular-server",
            "NetworkPolicy default-deny",
            "NetworkPolicy allow-dns",
            "ResourceQuota tentacular-quota",
            "LimitRange tentacular-limits",
            "ServiceAccount default",
        ]
    );
}

#[test]
fn every_object_is_marked_and_lies_in_the_enclave() {
    for object in all() {
        assert!(object["apiVersion"].is_string(), "{object}");
        assert_eq!(object["metadata"]["labels"][annotation::MANAGED_BY_LABEL], annotation::MANAGED_BY);
        if object["kind"] != "Namespace" {
            assert_eq!(object["metadata"]["namespace"], "price-watch");
        }
        assert!(object.get("status").is_none(), "a status is not ours to write: {object}");
    }
}

#[test]
fn the_namespace_is_restricted_from_its_first_moment_and_mirrors_the_record() {
    let namespace = one("Namespace", "price-watch");
    for way in ["enforce", "audit", "warn"] {
        let label = format!("pod-security.kubernetes.io/{way}");
        assert_eq!(namespace["metadata"]["labels"][&label], "restricted");
        assert_eq!(namespace["metadata"]["labels"][format!("{label}-version")], "latest");
    }
    assert_eq!(
        namespace["metadata"]["annotations"],
        json!({
            "tentacular.io/enclave": "price-watch",
            "tentacular.io/enclave-id": "id-1",
            "tentacular.io/enclave-status": "active",
            "tentacular.io/enclave-quota-preset": "small",
            "tentacular.io/enclave-owner": "Ana <ana@example.com>",
            "tentacular.io/enclave-channel-id": "C1",
            "tentacular.io/mode": "rwxrwx---",
        })
    );
}

#[test]
fn nothing_but_its_status_tells_an_enclave_in_the_making() {
    let of = |status| {
        let mut objects = render_all(&spec(QuotaPreset::Small), status).unwrap();
        objects[0]["metadata"]["annotations"]
            .as_object_mut()
            .unwrap()
            .remove(annotation::ENCLAVE_STATUS)
            .unwrap_or_else(|| panic!("no status"));
        objects
    };
    for status in Status::ALL {
        assert_eq!(of(status), of(Status::Active));
    }
}

#[test]
fn everything_is_denied_but_the_name_service() {
    let deny = one("NetworkPolicy", "default-deny");
    assert_eq!(deny["spec"], json!({"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}));
    let dns = one("NetworkPolicy", "allow-dns");
    assert_eq!(
        dns["spec"],
        json!({
            "podSelector": {"matchExpressions": [{"key": "tentacular.io/tentacle", "operator": "DoesNotExist"}]},
            "policyTypes": ["Egress"],
            "egress": [{
                "ports": [{"port": 53, "protocol": "UDP"}, {"port": 53, "protocol": "TCP"}],
                "to": [{
                    "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "kube-system"}},
                    "podSelector": {"matchLabels": {"k8s-app": "kube-dns"}},
                }],
            }],
        })
    );
}

#[test]
fn the_server_has_rights_here_and_the_code_has_none() {
    let binding = one("RoleBinding", "tentacular-server");
    assert_eq!(
        binding["roleRef"],
        json!({"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "tentacular-enclave"})
    );
    assert_eq!(
        binding["subjects"],
        json!([{"kind": "ServiceAccount", "name": "mcp-server", "namespace": "tentacular-system"}])
    );
    assert_eq!(one("ServiceAccount", "default")["automountServiceAccountToken"], false);
    let powers = all().into_iter().filter(|object| {
        matches!(object["kind"].as_str(), Some("Role" | "ClusterRole" | "ClusterRoleBinding" | "Secret"))
    });
    assert_eq!(powers.count(), 0);
}

/// An amount as a number: `500m`, `2`, `256Mi`, `2Gi`.
fn amount(value: &Value) -> f64 {
    let text = value.as_str().unwrap();
    let factors = [("m", 0.001), ("Mi", 1048576.0), ("Gi", 1073741824.0)];
    let found = factors.into_iter().find_map(|(unit, factor)| Some((text.strip_suffix(unit)?, factor)));
    let (digits, factor) = found.unwrap_or((text, 1.0));
    digits.parse::<f64>().unwrap() * factor
}

#[test]
fn what_one_container_may_have_fits_what_all_may() {
    for preset in QuotaPreset::ALL {
        let objects = render_all(&spec(preset), Status::Active).unwrap();
        let (hard, limits) = (&objects[4]["spec"]["hard"], &objects[5]["spec"]["limits"][0]);
        assert_eq!(limits["type"], "Container");
        for resource in ["cpu", "memory", "ephemeral-storage"] {
            let steps = [
                amount(&limits["defaultRequest"][resource]),
                amount(&limits["default"][resource]),
                amount(&limits["max"][resource]),
                amount(&hard[format!("limits.{resource}")]),
            ];
            assert!(steps.is_sorted() && steps[0] > 0.0, "{preset} {resource}: {steps:?}");
        }
        // a container that says nothing has a limit for all that the quota counts, so that it is not refused
        for counted in hard.as_object().unwrap().keys().filter_map(|key| key.strip_prefix("limits.")) {
            assert!(limits["default"].get(counted).is_some(), "{preset} {counted}");
        }
        for closed in ["services.loadbalancers", "services.nodeports"] {
            assert_eq!(hard[closed], "0");
        }
    }
}

#[test]
fn a_tentacle_fits_the_smallest_enclave() {
    let tentacle = workflow::Limits::default();
    let objects = render_all(&spec(QuotaPreset::Small), Status::Active).unwrap();
    let max = &objects[5]["spec"]["limits"][0]["max"];
    assert!(f64::from(tentacle.memory_mib) * 1048576.0 <= amount(&max["memory"]));
    assert!(f64::from(tentacle.cpu_millis) / 1000.0 <= amount(&max["cpu"]));
}

#[test]
fn a_larger_size_has_more_of_everything() {
    let hard = |preset| {
        let objects = render_all(&spec(preset), Status::Active).unwrap();
        objects[4]["spec"]["hard"].as_object().unwrap().clone()
    };
    for pair in QuotaPreset::ALL.windows(2) {
        let (small, large) = (hard(pair[0]), hard(pair[1]));
        assert_eq!(small.len(), large.len());
        for (name, value) in &small {
            let (less, more) = (amount(value), amount(&large[name]));
            assert!(less < more || (less, more) == (0.0, 0.0), "{name}: {less} {more}");
        }
    }
    for preset in QuotaPreset::ALL {
        assert_eq!(preset.name().parse(), Ok(preset));
    }
    assert!("huge".parse::<QuotaPreset>().is_err());
}
