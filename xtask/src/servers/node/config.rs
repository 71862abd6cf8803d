//! What the parts of a node read when they start.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result};
use serde_json::{Value, json};

use super::parts::Parts;
use crate::process;
use crate::secret;

/// The node's address in its own network, and its name in the cluster.
pub(super) const ADDRESS: &str = "10.88.0.1";
pub(super) const NAME: &str = "tentacular-node";

/// Where pods and services are.
pub(super) const PODS: &str = "10.244.0.0/24";
pub(super) const SERVICES: &str = "10.96.0.0/16";
const DNS: &str = "10.96.0.10";

/// Users of the cluster: the file of how each reaches it, its name, its group.
const USERS: [(&str, &str, &str); 4] = [
    ("admin", "admin", "system:masters"),
    ("kubelet", "system:node:tentacular-node", "system:nodes"),
    ("proxy", "system:kube-proxy", "system:authenticated"),
    ("enforcer", "network-policy", "system:authenticated"),
];

/// Writes it all into the node's folder.
pub(super) fn write(folder: &Path, parts: &Parts, cgroups: &str) -> Result<()> {
    for name in ["pki", "kubelet", "containerd", "etcd", "sysctl", "var-log", "cni"] {
        fs::create_dir_all(folder.join(name))?;
    }
    users(folder)?;
    let log = folder.join("certificates.log");
    let (pki, part) = (folder.join("pki"), |name: &str| folder.join("bin").join(name));
    let client = ["kubelet-client", "system:masters"];
    process::run_quietly(Command::new(part("client-certificate")).arg(&pki).args(client), &log)?;
    process::run_quietly(Command::new(part("signing-key")).arg(pki.join("signing.key")), &log)?;
    json_file(&folder.join("kubelet.yaml"), &kubelet(folder, cgroups))?;
    json_file(&folder.join("proxy.yaml"), &proxy(folder))?;
    json_file(&folder.join("cni/10-bridge.conflist"), &network(folder))?;
    fs::write(folder.join("resolv.conf"), format!("nameserver {DNS}\n"))?;
    fs::write(folder.join("runsc.toml"), runsc(folder))?;
    fs::write(folder.join("containerd.toml"), containerd(folder, parts)?)?;
    let dns = fs::read_to_string(folder.join("images/coredns.name"))?;
    let objects = include_str!("objects.yaml").replace("COREDNS", &dns).replace("DNS_ADDRESS", DNS);
    Ok(fs::write(folder.join("objects.yaml"), objects)?)
}

/// A token for each user, and how it reaches the API server.
fn users(folder: &Path) -> Result<()> {
    let mut tokens = String::new();
    for (file, user, group) in USERS {
        let token = secret::random()?;
        tokens += &format!("{token},{user},{user},\"{group}\"\n");
        let kubeconfig = json!({
            "apiVersion": "v1", "kind": "Config", "current-context": "node",
            "clusters": [{"name": "node", "cluster": {
                "server": format!("https://{ADDRESS}:6443"),
                "certificate-authority": folder.join("pki/apiserver.crt"),
            }}],
            "users": [{"name": user, "user": {"token": token}}],
            "contexts": [{"name": "node", "context": {"cluster": "node", "user": user}}],
        });
        private(&folder.join(format!("{file}.kubeconfig")), &format!("{kubeconfig:#}\n"))?;
    }
    private(&folder.join("pki/tokens.csv"), &tokens)
}

fn private(file: &Path, text: &str) -> Result<()> {
    fs::write(file, text)?;
    Ok(fs::set_permissions(file, fs::Permissions::from_mode(0o600))?)
}

fn json_file(file: &Path, value: &Value) -> Result<()> {
    fs::write(file, format!("{value:#}\n")).with_context(|| file.display().to_string())
}

fn kubelet(folder: &Path, cgroups: &str) -> Value {
    json!({
        "apiVersion": "kubelet.config.k8s.io/v1beta1", "kind": "KubeletConfiguration",
        "containerRuntimeEndpoint": "unix:///run/containerd/containerd.sock",
        "failCgroupV1": false, "cgroupDriver": "cgroupfs", "cgroupRoot": format!("/{cgroups}"),
        "authentication": {
            "anonymous": {"enabled": false}, "webhook": {"enabled": true},
            "x509": {"clientCAFile": folder.join("pki/ca.crt")},
        },
        "authorization": {"mode": "Webhook"},
        "clusterDomain": "cluster.local", "clusterDNS": [DNS], "resolvConf": folder.join("resolv.conf"),
        "failSwapOn": false, "readOnlyPort": 0, "port": 10250, "podPidsLimit": 256,
        "imageGCHighThresholdPercent": 100,
        "evictionHard": {
            "memory.available": "100Mi", "nodefs.available": "1%", "nodefs.inodesFree": "1%",
            "imagefs.available": "1%", "imagefs.inodesFree": "1%",
        },
        "podLogsDir": "/var/log/pods", "volumePluginDir": folder.join("kubelet/plugins"),
        "nodeStatusUpdateFrequency": "2s", "syncFrequency": "10s",
    })
}

fn proxy(folder: &Path) -> Value {
    let none = "0s";
    json!({
        "apiVersion": "kubeproxy.config.k8s.io/v1alpha1", "kind": "KubeProxyConfiguration",
        "clientConnection": {"kubeconfig": folder.join("proxy.kubeconfig")},
        "hostnameOverride": NAME, "mode": "nftables", "clusterCIDR": PODS,
        // the machine's own tables stay as they are
        "conntrack": {"maxPerCore": 0, "min": 0, "tcpEstablishedTimeout": none, "tcpCloseWaitTimeout": none},
    })
}

fn network(folder: &Path) -> Value {
    json!({"cniVersion": "1.0.0", "name": "pods", "plugins": [{
        "type": "bridge", "bridge": "cni0", "isGateway": true, "hairpinMode": true,
        "ipam": {
            "type": "host-local", "dataDir": folder.join("cni/addresses"),
            "ranges": [[{"subnet": PODS}]], "routes": [{"dst": "0.0.0.0/0"}],
        },
    }]})
}

fn runsc(folder: &Path) -> String {
    let program = folder.join("bin/runsc");
    format!(
        "binary_name = \"{}\"\nroot = \"/run/containerd/runsc\"\n[runsc_config]\n  platform = \"systrap\"\n",
        program.display()
    )
}

fn containerd(folder: &Path, parts: &Parts) -> Result<String> {
    let pause = fs::read_to_string(folder.join("images/pause.name"))?;
    let text = include_str!("containerd.toml").replace("PAUSE", &pause);
    let places = [("FOLDER", folder.display()), ("DEBIAN", parts.debian.display())];
    Ok(places.into_iter().fold(text, |text, (word, place)| text.replace(word, &place.to_string())))
}
