//! `xtask node-inside ORDER`: the first process in a node's namespaces. It sets up what is private there, starts the parts in their
//! order, says when all are ready, and waits for whatever ends.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use nix::errno::Errno;
use nix::sys::wait::waitpid;
use serde::{Deserialize, Serialize};

use super::config::{ADDRESS, NAME, PODS, SERVICES};

/// How long each part may take until it is ready.
const READY_WITHIN: Duration = Duration::from_secs(120);

/// How often it is looked.
const LOOK_AGAIN: Duration = Duration::from_millis(50);

/// What the kubelet would set for the whole machine: here it sees files that have its values already.
const SETTINGS: [(&str, &str); 3] =
    [("vm/overcommit_memory", "1"), ("kernel/panic", "10"), ("kernel/panic_on_oops", "1")];

/// Where everything is.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Order {
    /// The node's folder.
    pub(super) folder: PathBuf,
    /// Where its parts' logs go.
    pub(super) logs: PathBuf,
    /// Debian's packages, unpacked.
    pub(super) debian: PathBuf,
    /// The archives of its images.
    pub(super) images: Vec<PathBuf>,
}

/// Does what the file says, as the first process of new namespaces.
pub(crate) fn run(file: &Path) -> Result<ExitCode> {
    let order: Order = serde_json::from_slice(&fs::read(file)?)?;
    order.prepare()?;
    order.start_runtime()?;
    order.start_control_plane()?;
    order.start_node()?;
    fs::write(order.folder.join("ready"), "")?;
    // The first process of its namespace inherits whatever loses its parent.
    loop {
        match waitpid(None, None) {
            Ok(_) | Err(Errno::EINTR) => {}
            Err(error) => bail!("nothing is left to wait for: {error}"),
        }
    }
}

impl Order {
    fn at(&self, name: &str) -> String {
        self.folder.join(name).display().to_string()
    }

    /// Mounts and network of the node's own.
    fn prepare(&self) -> Result<()> {
        let (log, usr) = (self.at("var-log"), self.debian.join("usr"));
        let lower = format!("lowerdir={}:/usr", usr.display());
        self.does("mount", &["--make-rshared", "/"])?;
        self.does("mount", &["-t", "tmpfs", "-o", "mode=755", "tmpfs", "/run"])?;
        self.does("mount", &["--bind", &log, "/var/log"])?;
        self.does("mount", &["-t", "overlay", "overlay", "-o", &lower, "/usr"])?;
        for (setting, value) in SETTINGS {
            let file = self.at(&format!("sysctl/{}", setting.replace('/', ".")));
            fs::write(&file, format!("{value}\n"))?;
            self.does("mount", &["--bind", &file, &format!("/proc/sys/{setting}")])?;
        }
        self.does("ip", &["link", "set", "lo", "up"])?;
        self.does("ip", &["link", "add", "node0", "type", "bridge"])?;
        self.does("ip", &["address", "add", &format!("{ADDRESS}/24"), "dev", "node0"])?;
        self.does("ip", &["link", "set", "node0", "up"])?;
        self.does("ip", &["route", "add", SERVICES, "dev", "node0"])?;
        fs::write("/proc/sys/net/ipv4/ip_forward", "1")?;
        // Frames between pods of the bridge pass the filter, too, where the kernel has a switch for it.
        for switch in ["iptables", "ip6tables"] {
            let switch = PathBuf::from(format!("/proc/sys/net/bridge/bridge-nf-call-{switch}"));
            if switch.exists() {
                fs::write(switch, "1")?;
            }
        }
        Ok(())
    }

    fn start_runtime(&self) -> Result<()> {
        self.start("containerd", &["--config", &self.at("containerd.toml")])?;
        self.until("containerd", || self.works("ctr", &["version"]))?;
        for image in &self.images {
            let image = image.display().to_string();
            self.does("ctr", &["--namespace=k8s.io", "images", "import", "--platform=linux/amd64", &image])?;
        }
        Ok(())
    }

    fn start_control_plane(&self) -> Result<()> {
        let (clients, peers) = ("http://127.0.0.1:2379", "http://127.0.0.1:2380");
        self.start(
            "etcd",
            &[
                "--data-dir",
                &self.at("etcd"),
                "--listen-client-urls",
                clients,
                "--advertise-client-urls",
                clients,
                "--listen-peer-urls",
                peers,
                "--unsafe-no-fsync",
                "--log-level=warn",
            ],
        )?;
        let signing = self.at("pki/signing.key");
        self.start(
            "kube-apiserver",
            &[
                &format!("--etcd-servers={clients}"),
                "--secure-port=6443",
                "--bind-address=0.0.0.0",
                &format!("--advertise-address={ADDRESS}"),
                "--cert-dir",
                &self.at("pki"),
                &format!("--token-auth-file={}", self.at("pki/tokens.csv")),
                &format!("--kubelet-client-certificate={}", self.at("pki/client.crt")),
                &format!("--kubelet-client-key={}", self.at("pki/client.key")),
                "--kubelet-preferred-address-types=InternalIP",
                &format!("--service-account-key-file={signing}"),
                &format!("--service-account-signing-key-file={signing}"),
                "--service-account-issuer=https://kubernetes.default.svc",
                &format!("--service-cluster-ip-range={SERVICES}"),
                "--authorization-mode=Node,RBAC",
                "--allow-privileged=true",
                "--enable-admission-plugins=NodeRestriction,PodSecurity",
            ],
        )?;
        self.until("the API server", || self.kubectl(&["get", "--raw", "/readyz"]))?;
        let kubeconfig = format!("--kubeconfig={}", self.at("admin.kubeconfig"));
        self.start(
            "kube-controller-manager",
            &[
                &kubeconfig,
                &format!("--service-account-private-key-file={signing}"),
                &format!("--root-ca-file={}", self.at("pki/apiserver.crt")),
                "--use-service-account-credentials=true",
                "--leader-elect=false",
                "--bind-address=127.0.0.1",
                "--allocate-node-cidrs=true",
                &format!("--cluster-cidr={PODS}"),
                "--node-cidr-mask-size=24",
                &format!("--service-cluster-ip-range={SERVICES}"),
                "--kube-api-qps=500",
                "--kube-api-burst=1000",
                "--concurrent-namespace-syncs=20",
            ],
        )?;
        self.start("kube-scheduler", &[&kubeconfig, "--leader-elect=false", "--bind-address=127.0.0.1"])
    }

    fn start_node(&self) -> Result<()> {
        self.start(
            "kubelet",
            &[
                "--config",
                &self.at("kubelet.yaml"),
                "--kubeconfig",
                &self.at("kubelet.kubeconfig"),
                "--root-dir",
                &self.at("kubelet"),
                "--cert-dir",
                &self.at("kubelet/pki"),
                &format!("--hostname-override={NAME}"),
                &format!("--node-ip={ADDRESS}"),
            ],
        )?;
        self.start("kube-proxy", &["--config", &self.at("proxy.yaml")])?;
        self.until("the operator's objects", || self.kubectl(&["apply", "-f", &self.at("objects.yaml")]))?;
        self.start("network-policy", &["--kubeconfig", &self.at("enforcer.kubeconfig"), "--pods", PODS])?;
        let wait = |what: &str, condition: &str| {
            self.kubectl(&[
                "wait",
                "--namespace=kube-system",
                "--timeout=1s",
                &format!("--for=condition={condition}"),
                what,
            ])
        };
        self.until("the node", || wait(&format!("node/{NAME}"), "Ready"))?;
        self.until("the name service", || wait("deployment/coredns", "Available"))?;
        // Never ready without enforcement.
        self.until("the rules of network policies", || {
            self.works("nft", &["list", "table", "ip", "network_policy"])
        })
    }

    /// A program with the node's programs on its path.
    fn command(&self, program: &str, arguments: &[&str]) -> Command {
        let mut command = Command::new(program);
        command.args(arguments).current_dir(&self.folder).stdin(Stdio::null());
        let path = format!("{}:/usr/sbin:/usr/bin:/sbin:/bin", self.at("bin"));
        command.env("PATH", path).env("HOME", "/root").env("KUBECONFIG", self.at("admin.kubeconfig"));
        command
    }

    fn log(&self, name: &str) -> Result<File> {
        let path = self.logs.join(format!("node-{name}.log"));
        let file = File::options().create(true).append(true).open(&path);
        file.with_context(|| path.display().to_string())
    }

    fn does(&self, program: &str, arguments: &[&str]) -> Result<()> {
        let output = self.command(program, arguments).output().with_context(|| program.to_owned())?;
        if !output.status.success() {
            bail!("`{program} {}`: {}", arguments.join(" "), String::from_utf8_lossy(&output.stderr));
        }
        Ok(())
    }

    fn works(&self, program: &str, arguments: &[&str]) -> bool {
        self.command(program, arguments).output().is_ok_and(|output| output.status.success())
    }

    fn kubectl(&self, arguments: &[&str]) -> bool {
        self.works("kubectl", arguments)
    }

    fn start(&self, program: &str, arguments: &[&str]) -> Result<()> {
        let log = self.log(program)?;
        let mut command = self.command(program, arguments);
        let started = command.stdout(log.try_clone()?).stderr(log).spawn();
        started.map(drop).with_context(|| program.to_owned())
    }

    fn until(&self, what: &str, ready: impl Fn() -> bool) -> Result<()> {
        let deadline = Instant::now() + READY_WITHIN;
        while !ready() {
            if Instant::now() > deadline {
                bail!(
                    "{what} was not ready within {} s: see {}",
                    READY_WITHIN.as_secs(),
                    self.logs.display()
                );
            }
            thread::sleep(LOOK_AGAIN);
        }
        Ok(())
    }
}
