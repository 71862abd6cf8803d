//! What hostile code goes for.

use crate::conformance::walls::calls;
use crate::machines::MACHINES;
use crate::matrix::listeners::metadata;
use crate::place::kubeconfig;
use crate::probe::{Free, PORT, Pod};
use serde_json::{Value, json};
use std::path::PathBuf;
use tempfile::TempDir;

/// Folders of the pod, none of which it may change.
pub(crate) const FOLDERS: [&str; 9] =
    ["/", "/engine", "/usr/bin", "/code", "/supply", "/lib/x86_64-linux-gnu", "/etc", "/proc", "/sys"];

/// Whatever there is to go for, and where.
pub(crate) struct Targets {
    node: PathBuf,
    folder: TempDir,
    sibling: Pod,
    open: Pod,
    _free: Free,
}

impl Targets {
    pub(crate) async fn make(enclave: &str) -> Self {
        let free = Free::make();
        let (sibling, open) = tokio::join!(Pod::start(enclave, "sibling"), Pod::start(&free.name, "open"));
        let node = kubeconfig().parent().unwrap().to_path_buf();
        Self { node, folder: tempfile::tempdir().unwrap(), sibling, open, _free: free }
    }

    /// The attempts.
    pub(super) fn attempts(&self) -> Vec<Value> {
        let write = FOLDERS.map(|path| json!({"attempt": "write", "path": path}));
        [self.connections(), self.files(), write.to_vec(), calls("/")].concat()
    }

    /// The same as the node can do it, in a folder of its own.
    pub(super) fn controls(&self) -> Vec<Value> {
        let own = self.folder.path().display().to_string();
        let write = FOLDERS.map(|_| json!({"attempt": "write", "path": own}));
        [self.connections(), self.files(), write.to_vec(), calls(&own)].concat()
    }

    /// Connections that can be made from the node.
    pub(crate) fn connections(&self) -> Vec<Value> {
        let connect =
            |hostname: &str, port: u16| json!({"attempt": "connect", "hostname": hostname, "port": port});
        vec![
            connect("127.0.0.1", 2379),
            connect("0.0.0.0", 2379),
            connect("127.0.0.1", 10248),
            connect("10.88.0.1", 6443),
            connect("10.88.0.1", 10250),
            connect("::ffff:10.88.0.1", 6443),
            connect("::ffff:127.0.0.1", 2379),
            connect("::ffff:10.88.0.1", 10250),
            connect("::ffff:10.96.0.1", 443),
            connect("10.244.0.1", 10250),
            connect("10.96.0.1", 443),
            connect(&metadata().to_string(), 80),
            connect(&format!("::ffff:{}", metadata()), 80),
            connect(&self.sibling.address.to_string(), PORT),
            connect(&self.open.address.to_string(), PORT),
            json!({"attempt": "socket", "path": "/run/containerd/containerd.sock"}),
        ]
    }

    fn files(&self) -> Vec<Value> {
        let own = |name: &str| self.node.join(name).display().to_string();
        let read = |path: String| json!({"attempt": "read", "path": path});
        let list = |path: String| json!({"attempt": "list", "path": path});
        let mut all = vec![
            read(own("admin.kubeconfig")),
            read(own("kubelet.kubeconfig")),
            read(own("pki/signing.key")),
            read(own("pki/tokens.csv")),
            read("/etc/passwd".to_owned()),
            read("/etc/shadow".to_owned()),
            read("/etc/group".to_owned()),
            read("/proc/kallsyms".to_owned()),
            list(own("kubelet/pods")),
            list(own("etcd/member")),
            list("/root".to_owned()),
            list("/home".to_owned()),
            list("/var/log/pods".to_owned()),
            list("/run/containerd".to_owned()),
            list("/sys/fs/cgroup/unified".to_owned()),
        ];
        all.extend(MACHINES.map(|path| json!({"attempt": "open", "path": path})));
        let programs = ["kubelet", "containerd", "etcd", "kube-apiserver", "network-policy"];
        all.extend(programs.map(|name| json!({"attempt": "process", "name": name})));
        all
    }
}
