//! Names that no enclave may have, because a cluster gives them a meaning of its own.

/// Every namespace whose name begins like this belongs to Kubernetes, to a distribution, or to this product.
const PREFIXES: [&str; 6] = ["kube-", "tentacular-", "openshift-", "istio-", "cattle-", "knative-"];

/// `istio-system`, `gatekeeper-system`, `calico-system`, …: by custom the home of a cluster's own parts.
const SUFFIX: &str = "-system";

/// Namespaces that other software selects by name alone. Whoever took one would receive what is meant for it.
const WORDS: [&str; 19] = [
    "argocd",
    "cert-manager",
    "default",
    "external-secrets",
    "flux",
    "ingress-nginx",
    "keycloak",
    "kube",
    "kubernetes",
    "linkerd",
    "linkerd-viz",
    "logging",
    "monitoring",
    "observability",
    "openshift",
    "spire",
    "spire-server",
    "tentacular",
    "vault",
];

/// Whether `name` is kept for the cluster itself.
pub(crate) fn is_reserved(name: &str) -> bool {
    PREFIXES.into_iter().any(|prefix| name.starts_with(prefix))
        || name.ends_with(SUFFIX)
        || WORDS.contains(&name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_belongs_to_the_cluster_is_reserved() {
        let names = [
            "default",
            "kube-system",
            "kube-public",
            "kube-node-lease",
            "tentacular-system",
            "tentacular-support",
            "tentacular-exoskeleton",
            "tentacular-observability",
            "tentacular-anything",
            "istio-system",
            "istio-ingress",
            "cert-manager",
            "monitoring",
            "metallb-system",
        ];
        for name in names {
            assert!(is_reserved(name), "{name}");
        }
    }

    #[test]
    fn what_only_looks_like_it_is_free() {
        for name in ["price-watch", "tentacle", "kubes", "system", "my-monitoring", "default-team"] {
            assert!(!is_reserved(name), "{name}");
        }
    }
}
