//! What an enclave's policies let its pods talk to: the name service, and nothing else. The pods are bare, so that it is
//! the cluster's network that holds and nothing of ours; and whatever is shut to them is open to somebody.

pub(crate) mod listeners;

use crate::cluster::kubectl;
use crate::inside::inside;
use crate::outside;
use crate::probe::{Free, PORT, Pod};
use crate::site::Site;
use listeners::{NODE, NameService, metadata};
use serde_json::json;
use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::time::timeout;

/// How long a connection may take, in seconds. What is denied is dropped and takes all of it.
const PATIENCE: u64 = 5;

/// The name that every cluster has.
const NAME: &str = "kubernetes.default.svc.cluster.local";

/// Whom a pod tries to reach, by name.
type Targets = BTreeMap<&'static str, (Ipv4Addr, u16)>;

impl Pod {
    /// To which of them it gets a connection.
    fn reaches(&self, targets: &Targets) -> Vec<String> {
        let one = |(name, (address, port)): (&&str, &(Ipv4Addr, u16))| {
            format!("(nc -w {PATIENCE} {address} {port} -e /bin/busybox true 2>/dev/null && echo {name}) &")
        };
        let script: String = targets.iter().map(one).collect();
        let mut reached: Vec<_> =
            self.sh(&format!("{script} wait")).unwrap().lines().map(str::to_owned).collect();
        reached.sort();
        reached
    }

    /// What a name service answers it.
    fn asks(&self, name: &str, server: &str) -> String {
        self.sh(&format!("timeout {PATIENCE} nslookup {name} {server} 2>&1 || true")).unwrap()
    }
}

fn address_of(service: &[&str]) -> Ipv4Addr {
    let query = ["get", "service", "-o", "jsonpath={.spec.clusterIP}"];
    kubectl(&[&query, service].concat()).unwrap().parse().unwrap()
}

fn name_services_pod() -> Ipv4Addr {
    let query = ["get", "pod", "-n", "kube-system", "-l", "k8s-app=kube-dns"];
    let address = ["-o", "jsonpath={.items[0].status.podIP}"];
    kubectl(&[&query[..], &address].concat()).unwrap().parse().unwrap()
}

#[test]
fn pods_of_an_enclave_reach_the_name_service_and_nothing_else() {
    inside(async {
        let site = Site::start("heads").await;
        let (enclave, other) = (site.enclave("matrix").await, site.enclave("other").await);
        let free = Free::make();
        let (one, sibling, stranger, open, control) = tokio::join!(
            Pod::start(&enclave, "one"),
            Pod::start(&enclave, "sibling"),
            Pod::start(&other, "stranger"),
            Pod::start(&free.name, "open"),
            Pod::start(&free.name, "control"),
        );
        let gateway = &outside::get().gateway;
        let (gateway, gateway_port) = gateway.split_once(':').unwrap();
        let mut targets = Targets::from([
            ("api", (address_of(&["kubernetes"]), 443)),
            ("api-on-the-node", (NODE, 6443)),
            ("kubelet", (NODE, 10250)),
            ("metadata", (metadata(), 80)),
            ("name-service", (address_of(&["-n", "kube-system", "kube-dns"]), 53)),
            ("name-service-other-port", (name_services_pod(), 8181)),
            ("open", (open.address, PORT)),
        ]);
        // The controls: from where nothing is forbidden, all of this is reached.
        let all: Vec<_> = targets.keys().map(|name| (*name).to_owned()).collect();
        assert_eq!(control.reaches(&targets), all);

        // What enclaves' own pods serve is shut to other pods by what is allowed to come in; the node itself gets there.
        let pods = [("sibling", &sibling), ("stranger", &stranger), ("one", &one)];
        for (name, pod) in pods {
            targets.insert(name, (pod.address, PORT));
            let connection = TcpStream::connect((pod.address, PORT));
            timeout(Duration::from_secs(PATIENCE), connection).await.unwrap().unwrap();
        }
        assert_eq!(control.reaches(&targets), all);
        targets.insert("gateway", (gateway.parse().unwrap(), gateway_port.parse().unwrap()));

        for pod in [&one, &sibling, &stranger] {
            // To itself it may talk: that is no traffic of the cluster's network.
            let others = targets.clone().into_iter().filter(|(_, (address, _))| *address != pod.address);
            assert_eq!(pod.reaches(&others.collect()), ["name-service"], "{}/{}", pod.namespace, pod.name);
        }
        names_are_asked_for_where_it_is_allowed(&one, &control).await;
        for enclave in [&enclave, &other] {
            site.deprovision("ana", enclave).await;
        }
    });
}

/// Over UDP, too, the cluster's name service is asked and no other.
async fn names_are_asked_for_where_it_is_allowed(pod: &Pod, control: &Pod) {
    let api = address_of(&["kubernetes"]).to_string();
    let elsewhere = NameService::serve().await;
    for pod in [pod, control] {
        let answer = pod.asks(NAME, "");
        assert!(answer.contains(&api), "{}: {answer}", pod.name);
    }
    let answer = control.asks("canary.example", &NODE.to_string());
    assert!(answer.contains("NXDOMAIN"), "{answer}");
    let answer = pod.asks("canary.example", &NODE.to_string());
    assert!(!answer.contains("NXDOMAIN"), "{answer}");
    let asked = elsewhere.asked();
    assert!(asked.contains(&control.address) && !asked.contains(&pod.address), "{asked:?}");
}

#[test]
fn a_policy_that_is_taken_away_is_what_held() {
    inside(async {
        let site = Site::start("heads").await;
        let (enclave, free) = (site.enclave("held").await, Free::make());
        let (pod, open) = tokio::join!(Pod::start(&enclave, "one"), Pod::start(&free.name, "open"));
        let targets = Targets::from([("open", (open.address, PORT))]);
        assert_eq!(pod.reaches(&targets), [""; 0]);
        kubectl(&["delete", "-n", &enclave, "networkpolicy", "default-deny", "allow-dns"]).unwrap();
        crate::until::until("it is reached", async || pod.reaches(&targets) == ["open"]).await;
        site.deprovision("ana", &enclave).await;
    });
}

#[test]
fn a_bare_pod_is_held_as_strictly_as_it_says() {
    inside(async {
        let site = Site::start("heads").await;
        let (enclave, free) = (site.enclave("bare").await, Free::make());
        let mut loose = crate::probe::manifest(&enclave, "loose");
        loose["spec"]["securityContext"] = json!({});
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), loose.to_string()).unwrap();
        let path = file.path().display().to_string();
        let refused = kubectl(&["apply", "-f", &path]).unwrap_err();
        assert!(refused.contains("violates PodSecurity \"restricted"), "{refused}");
        // The control: elsewhere the very same pod is taken.
        loose["metadata"]["namespace"] = free.name.clone().into();
        std::fs::write(file.path(), loose.to_string()).unwrap();
        kubectl(&["apply", "-f", &path]).unwrap();

        let (pod, control) = tokio::join!(Pod::start(&enclave, "one"), Pod::start(&free.name, "control"));
        let token = "cat /var/run/secrets/kubernetes.io/serviceaccount/token";
        assert!(control.sh(token).unwrap().starts_with("ey"));
        let none = pod.sh(token).unwrap_err();
        assert!(none.contains("No such file"), "{none}");
        let kernel = pod.sh("cat /proc/version").unwrap();
        assert_ne!(kernel, std::fs::read_to_string("/proc/version").unwrap());
        assert!(pod.sh("id -u").unwrap().starts_with("65534"));
        assert!(pod.sh("echo x > /file").is_err());
        site.deprovision("ana", &enclave).await;
    });
}
