//! What can be done to an enclave with `kubectl`, and how each is found.

use super::workload::workload;
use serde_json::{Value, json};

/// One fault.
pub(super) struct Fault {
    /// The rule under which it is found.
    pub(super) rule: &'static str,
    /// What the sentence names.
    pub(super) words: Vec<&'static str>,
    /// The command that puts it there.
    pub(super) seed: String,
}

fn fault(rule: &'static str, words: &[&'static str], seed: impl Into<String>) -> Fault {
    Fault { rule, words: words.to_vec(), seed: seed.into() }
}

fn policy(spec: Value) -> String {
    let policy = json!({
        "apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy",
        "metadata": {"name": "seeded", "namespace": "NS"}, "spec": spec,
    });
    format!("echo '{policy}' | kubectl apply -f -")
}

fn ingress(from: Value) -> String {
    policy(json!({"podSelector": {}, "policyTypes": ["Ingress"], "ingress": [{"from": from}]}))
}

fn egress(to: Value) -> String {
    policy(json!({"podSelector": {}, "policyTypes": ["Egress"], "egress": [{"to": to}]}))
}

/// Pods of the server's namespace.
fn of_the_server(name: &str) -> Value {
    let label = |key: &str, value: &str| json!({"matchLabels": {key: value}});
    json!({
        "namespaceSelector": label("kubernetes.io/metadata.name", "tentacular-system"),
        "podSelector": label("app.kubernetes.io/name", name),
    })
}

fn service(spec: Value) -> String {
    let service = json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "seeded", "namespace": "NS"}, "spec": spec});
    format!("echo '{service}' | kubectl apply -f -")
}

/// A kind of service of which the enclave may have none: whoever makes one has lifted the quota first.
fn unlimited_service(of: &str, spec: Value) -> String {
    let lifted = json!({"spec": {"hard": {of: "5"}}});
    let lift = format!("kubectl -n NS patch quota tentacular-quota --type merge -p '{lifted}'");
    // The API server goes by what the quota's controller has seen of it, which takes longer the busier the machine is.
    let patience = "tries=$((tries + 1)); [ $tries -lt 1500 ] || exit 1; sleep 0.1";
    format!("{lift} && until {}; do {patience}; done", service(spec))
}

pub(super) fn network() -> Vec<Fault> {
    let port = json!([{"port": 80}]);
    let all = policy(
        json!({"podSelector": {}, "policyTypes": ["Ingress", "Egress"], "ingress": [{}], "egress": [{}]}),
    );
    let only_in = json!({"spec": {"policyTypes": ["Ingress"]}});
    let more_dns = json!([{"op": "add", "path": "/spec/egress/-", "value": {"to": [{"ipBlock": {"cidr": "10.0.0.0/8"}}]}}]);
    vec![
        fault(
            "default-deny-missing",
            &["`default-deny` is gone"],
            "kubectl -n NS delete networkpolicy default-deny",
        ),
        fault(
            "default-deny-changed",
            &["does not deny everything"],
            format!("kubectl -n NS patch networkpolicy default-deny --type merge -p '{only_in}'"),
        ),
        fault("allow-dns-missing", &["cannot ask for names"], "kubectl -n NS delete networkpolicy allow-dns"),
        fault(
            "allow-dns-changed",
            &["something else"],
            format!("kubectl -n NS patch networkpolicy allow-dns --type json -p '{more_dns}'"),
        ),
        fault("ingress-from-everywhere", &["`seeded`", "lets everybody in"], all.clone()),
        fault("egress-to-everywhere", &["`seeded`", "everywhere"], all),
        fault(
            "egress-to-everywhere",
            &["0.0.0.0/0", "169.254.169.254"],
            egress(json!([{"ipBlock": {"cidr": "0.0.0.0/0"}}])),
        ),
        fault("egress-to-everywhere", &["::/0"], egress(json!([{"ipBlock": {"cidr": "::/0"}}]))),
        fault("egress-to-addresses", &["10.0.0.0/8"], egress(json!([{"ipBlock": {"cidr": "10.0.0.0/8"}}]))),
        fault("egress-to-namespaces", &["every namespace"], egress(json!([{"namespaceSelector": {}}]))),
        fault(
            "egress-to-namespaces",
            &["`kube-system`"],
            egress(
                json!([{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "kube-system"}}}]),
            ),
        ),
        fault(
            "ingress-from-everywhere",
            &["0.0.0.0/0"],
            ingress(json!([{"ipBlock": {"cidr": "0.0.0.0/0"}}])),
        ),
        fault("ingress-from-namespaces", &["every namespace"], ingress(json!([{"namespaceSelector": {}}]))),
        fault("more-ports", &["other ports"], ingress(json!([of_the_server("tentacular-mcp")]))),
        fault("more-ports", &["more than one port"], egress(json!([of_the_server("tentacular-egress")]))),
        fault(
            "egress-to-namespaces",
            &["tentacular-system"],
            egress(json!([of_the_server("tentacular-mcp")])),
        ),
        fault("within-the-enclave", &["kept apart"], ingress(json!([{"podSelector": {}}]))),
        fault(
            "selects-nothing",
            &["selects no pod"],
            policy(json!({"podSelector": {"matchLabels": {"app": "nobody"}}, "policyTypes": ["Ingress"]})),
        ),
        fault(
            "foreign-policy",
            &["none of Tentacular's"],
            policy(json!({"podSelector": {}, "policyTypes": ["Ingress"]})),
        ),
        fault(
            "service-node-port",
            &["every node"],
            unlimited_service("services.nodeports", json!({"type": "NodePort", "ports": port})),
        ),
        fault(
            "service-load-balancer",
            &["load balancer"],
            unlimited_service(
                "services.loadbalancers",
                json!({"type": "LoadBalancer", "allocateLoadBalancerNodePorts": false, "ports": port}),
            ),
        ),
        fault(
            "service-external-name",
            &["`metadata.example`"],
            service(json!({"type": "ExternalName", "externalName": "metadata.example"})),
        ),
        fault(
            "service-external-address",
            &["192.0.2.7"],
            service(json!({"externalIPs": ["192.0.2.7"], "ports": port})),
        ),
        fault(
            "ingress-object",
            &["from outside"],
            "kubectl -n NS create ingress seeded --rule=shop.example/=seeded:80",
        ),
    ]
}

pub(super) fn pods() -> Vec<Fault> {
    let label = |rest: &str| format!("kubectl label namespace NS {rest} --overwrite");
    let enforce = "pod-security.kubernetes.io/enforce";
    let security = |change: Value| workload(json!({}), json!({"securityContext": change}));
    let token = json!({"volumes": [{"name": "token", "projected": {"sources": [{"serviceAccountToken": {"path": "t"}}]}}]});
    vec![
        fault("pod-security-missing", &["no Pod Security level"], label(&format!("{enforce}-"))),
        fault("pod-security-weakened", &["`privileged`"], label(&format!("{enforce}=privileged"))),
        fault("pod-security-weakened", &["`baseline`"], label(&format!("{enforce}=baseline"))),
        fault("pod-security-pinned", &["v1.22"], label(&format!("{enforce}-version=v1.22"))),
        fault(
            "privileged",
            &["`engine`", "root on the node"],
            security(json!({"privileged": true, "allowPrivilegeEscalation": null})),
        ),
        fault("privilege-escalation", &["more rights"], security(json!({"allowPrivilegeEscalation": null}))),
        fault("root-user", &["runs as root"], security(json!({"runAsUser": 0}))),
        fault(
            "root-user",
            &["may run as root"],
            workload(json!({"securityContext": {"runAsNonRoot": null, "runAsUser": null}}), json!({})),
        ),
        fault(
            "seccomp",
            &["no system call filter"],
            workload(json!({"securityContext": {"seccompProfile": null}}), json!({})),
        ),
        fault(
            "seccomp",
            &["no system call filter"],
            security(json!({"seccompProfile": {"type": "Unconfined"}})),
        ),
        fault(
            "added-capabilities",
            &["NET_ADMIN"],
            security(json!({"capabilities": {"add": ["NET_ADMIN"]}})),
        ),
        fault("kept-capabilities", &["keeps"], security(json!({"capabilities": null}))),
        fault("writable-root", &["its own programs"], security(json!({"readOnlyRootFilesystem": false}))),
        fault(
            "host-path",
            &["`/etc`"],
            workload(json!({"volumes": [{"name": "etc", "hostPath": {"path": "/etc"}}]}), json!({})),
        ),
        fault("host-network", &["no policy holds"], workload(json!({"hostNetwork": true}), json!({}))),
        fault("host-processes", &["node's processes"], workload(json!({"hostPID": true}), json!({}))),
        fault("host-ipc", &["shares memory"], workload(json!({"hostIPC": true}), json!({}))),
        fault(
            "host-port",
            &["port 80 "],
            workload(json!({}), json!({"ports": [{"containerPort": 80, "hostPort": 80}]})),
        ),
        fault(
            "account-token",
            &["token", "API server"],
            workload(json!({"automountServiceAccountToken": true}), json!({})),
        ),
        fault("account-token", &["mounts a token"], workload(token, json!({}))),
        fault("other-account", &["`robot`"], workload(json!({"serviceAccountName": "robot"}), json!({}))),
        fault("no-runtime-class", &["no sandbox"], workload(json!({"runtimeClassName": null}), json!({}))),
        fault(
            "other-runtime-class",
            &["`runc`", "`gvisor`"],
            workload(json!({"runtimeClassName": "runc"}), json!({})),
        ),
        fault("image-not-pinned", &["digest"], workload(json!({}), json!({"image": "engine:latest"}))),
        fault(
            "foreign-volume",
            &["from outside of the cluster"],
            workload(
                json!({"volumes": [{"name": "v", "nfs": {"server": "nfs.example", "path": "/"}}]}),
                json!({}),
            ),
        ),
        fault(
            "foreign-workload",
            &["no tentacle"],
            "kubectl -n NS create cronjob seeded --image=x --schedule='* * * * *' -- true",
        ),
        // a pod on its own, in a namespace that lets it in
        fault(
            "host-network",
            &["the pod `seeded`"],
            format!(
                "kubectl label namespace NS {enforce}=privileged --overwrite && kubectl -n NS run seeded --image=x \
                 --overrides='{{\"spec\":{{\"hostNetwork\":true}}}}'"
            ),
        ),
    ]
}

pub(super) fn rights() -> Vec<Fault> {
    let binding =
        |role: &str| format!("kubectl -n NS create rolebinding seeded --clusterrole={role} --user=mallory");
    let role = |rest: &str| format!("kubectl -n NS create role seeded {rest}");
    let everybody = json!({"subjects": [{"kind": "Group", "name": "system:authenticated", "apiGroup": "rbac.authorization.k8s.io"}]});
    vec![
        fault("foreign-role-binding", &["`mallory`", "`view`"], binding("view")),
        fault("bound-to-cluster-admin", &["`mallory`", "`cluster-admin`"], binding("cluster-admin")),
        fault("bound-to-powerful-role", &["`edit`"], binding("edit")),
        fault("reads-secrets", &["secrets of every tentacle"], role("--verb=get --resource=secrets")),
        fault("wildcard-verbs", &["everything with pods"], role("--verb='*' --resource=pods")),
        fault(
            "wildcard-resources",
            &["may get everything"],
            "echo '{\"apiVersion\":\"rbac.authorization.k8s.io/v1\",\"kind\":\"Role\",\"metadata\":{\"name\":\"seeded\",\
             \"namespace\":\"NS\"},\"rules\":[{\"apiGroups\":[\"\"],\"resources\":[\"*\"],\"verbs\":[\"get\"]}]}' | kubectl apply -f -",
        ),
        fault("enters-pods", &["`pods/exec`"], role("--verb=create --resource=pods/exec")),
        fault("widens-rights", &["`impersonate`"], role("--verb=impersonate --resource=serviceaccounts")),
        fault("makes-tokens", &["tokens"], role("--verb=create --resource=serviceaccounts/token")),
        fault(
            "foreign-role",
            &["nothing in an enclave needs a role"],
            role("--verb=get --resource=configmaps"),
        ),
        fault(
            "bound-to-cluster-admin",
            &["the whole cluster", "`NS/default`"],
            "kubectl create clusterrolebinding seeded-NS --clusterrole=cluster-admin --serviceaccount=NS:default",
        ),
        fault(
            "bound-in-the-cluster",
            &["the group `system:serviceaccounts:NS`"],
            "kubectl create clusterrolebinding seeded-NS --clusterrole=view --group=system:serviceaccounts:NS",
        ),
        fault(
            "account-gives-token",
            &["puts its token"],
            "kubectl -n NS patch serviceaccount default -p '{\"automountServiceAccountToken\":true}'",
        ),
        fault("foreign-account", &["`robot`"], "kubectl -n NS create serviceaccount robot"),
        fault("server-rights-missing", &["no rights"], "kubectl -n NS delete rolebinding tentacular-server"),
        fault(
            "server-rights-changed",
            &["`system:authenticated`"],
            format!("kubectl -n NS patch rolebinding tentacular-server --type merge -p '{everybody}'"),
        ),
    ]
}

pub(super) fn shares() -> Vec<Fault> {
    let quota = |hard: Value| {
        let change = json!({"spec": {"hard": hard}});
        format!("kubectl -n NS patch quota tentacular-quota --type merge -p '{change}'")
    };
    let larger = json!([{"op": "replace", "path": "/spec/limits/0/max/memory", "value": "64Gi"}]);
    vec![
        fault("quota-missing", &["the quota is gone"], "kubectl -n NS delete quota tentacular-quota"),
        fault(
            "quota-raised",
            &["limits.memory is 64Gi and not 8Gi"],
            quota(json!({"limits.memory": "64Gi"})),
        ),
        fault("quota-raised", &["pods is not limited"], quota(json!({"pods": null}))),
        fault("quota-lowered", &["less than a medium"], quota(json!({"pods": "1"}))),
        fault(
            "limits-missing",
            &["the limit range is gone"],
            "kubectl -n NS delete limitrange tentacular-limits",
        ),
        fault(
            "limits-raised",
            &["memory is 64Gi and not 2Gi"],
            format!("kubectl -n NS patch limitrange tentacular-limits --type json -p '{larger}'"),
        ),
        fault(
            "container-without-limits",
            &["`engine`", "memory and cpu"],
            workload(json!({}), json!({"resources": null})),
        ),
        fault(
            "container-without-limits",
            &["no limit of memory"],
            workload(json!({}), json!({"resources": {"limits": {"memory": null}}})),
        ),
    ]
}
