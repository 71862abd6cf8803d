//! The conformance suite on one machine, behind either kind of walls.

use crate::caller::ENCLAVE;
use crate::conformance::{ATTEMPTS, Outcome, Site, Surroundings, Tried, conforms, misfits, name_service};
use crate::host::{Host, Ways};
use crate::hostile::{Hostile, outside, permissive_engine};
use crate::left::{entries, groups};
use crate::server::{Server, Walls};
use crate::sidecars::{Layout, digest};
use crate::source::one_node;
use serde_json::{Value, json};
use std::fs;
use std::net::Ipv4Addr;
use std::path::PathBuf;
use wire::enforcement::Walls::Bwrap as BWRAP;
use wire::enforcement::{Enforcement, Held, Property, PropertyLine};

/// The tentacle whose code is the attempts; it may reach one host.
fn hostile(port: u16) -> Value {
    let mut files = one_node("hostile", ATTEMPTS);
    let workflow = files["workflow.yaml"].as_str().unwrap();
    let contract = format!(
        "contract:\n  version: '1'\n  dependencies:\n    db: {{protocol: postgresql, host: db.example, port: {port}, database: d, \
         user: u}}\n"
    );
    files["workflow.yaml"] = json!(format!("{workflow}{contract}"));
    files
}

/// One machine.
pub(crate) struct Machine {
    hostile: Hostile,
    around: Surroundings,
    _layout: Layout,
    image: Value,
    _hosts: [Host; 2],
    _ways: Ways,
}

impl Machine {
    pub(crate) async fn start(walls: Walls) -> Self {
        let (db, canary) = (Host::start("db").await, Host::start("canary").await);
        let ways = Ways::open("db.example canary.example");
        let (engine, layout) = (permissive_engine(), Layout::new());
        let image = layout.busybox();
        let of_images = layout.flag();
        let flags = [ways.flags().as_slice(), &[&of_images]].concat();
        let server = Server::start_with(walls, engine.path(), &flags).await;
        for enclave in [ENCLAVE, "neighbour"] {
            server.provision(enclave).await;
        }
        let files = hostile(db.port);
        let asked = server.deploy("hostile", &files).await.unwrap();
        assert_eq!(asked["status"], "needs_approval", "{asked}");
        // How an owner says so is another test's.
        server.execute("UPDATE approval SET state = 'approved'").await;
        server.deploy("hostile", &files).await.unwrap();
        let around = surroundings(&server, &db, &canary).await;
        let hostile = Hostile::of(server, engine);
        Self { hostile, around, _layout: layout, image, _hosts: [db, canary], _ways: ways }
    }

    pub(crate) fn server(&self) -> &Server {
        &self.hostile.server
    }

    /// The enclave's control groups, one in each hierarchy.
    fn groups(&self) -> Vec<PathBuf> {
        groups(&self.server().machine_dir()).iter().map(|own| own.join(ENCLAVE)).collect()
    }
}

fn connect(hostname: &str, port: u16) -> Value {
    json!({"attempt": "connect", "hostname": hostname, "port": port})
}

async fn surroundings(server: &Server, db: &Host, canary: &Host) -> Surroundings {
    let machine = server.machine_dir();
    let path = |name: &str| machine.join(name).display().to_string();
    let port = server.url.rsplit(':').next().unwrap().parse().unwrap();
    let process = server.process();
    Surroundings {
        connections: vec![
            connect("127.0.0.1", canary.port),
            connect("127.0.0.1", db.port),
            connect("::ffff:127.0.0.1", canary.port),
            connect("127.0.0.1", port),
        ],
        name_service: name_service(Ipv4Addr::LOCALHOST).await,
        declared: ("db.example", db.port, "db"),
        undeclared: vec![
            ("canary.example", canary.port),
            ("db.example", canary.port),
            ("127.0.0.1", db.port),
        ],
        folders: vec!["/", "/code", "/engine", "/bin", "/lib", "/run", "/proc"],
        files: vec![
            "/etc/passwd".to_owned(),
            "/etc/shadow".to_owned(),
            path("enclaves/neighbour/enclave.json"),
            path("../store.sqlite"),
            path("../server.log"),
            format!("/proc/{process}/root/etc/passwd"),
            format!("/proc/{process}/cmdline"),
        ],
        credentials: vec![path("../signing.pem"), path("../kraken.jwks"), format!("/proc/{process}/environ")],
        processes: vec!["mcp-server", "egress"],
        log: None,
        most_log: 2 << 20,
    }
}

impl Site for Machine {
    async fn told(&self) -> Vec<PropertyLine> {
        let profile = self.server().call("cluster_profile", json!({})).await.unwrap();
        serde_json::from_value(profile["properties"].clone()).unwrap()
    }

    async fn within(&self, attempt: &Value) -> Tried {
        match self.hostile.attempt(attempt).await {
            Ok(got) => Tried::Got(got),
            Err(why) => Tried::Stopped(why),
        }
    }

    async fn outside(&self, attempt: &Value) -> Tried {
        match outside(attempt) {
            Ok(got) => Tried::Got(got),
            Err(why) => Tried::Stopped(why),
        }
    }

    fn surroundings(&self) -> &Surroundings {
        &self.around
    }

    async fn deploy(&self, name: &str, code: &str) {
        let deployed = self.server().deploy(name, &one_node(name, code)).await.unwrap();
        assert_eq!(deployed["status"], "deployed", "{deployed}");
    }

    fn busybox(&self) -> String {
        format!("r.example/team/shell@{}", digest(&self.image))
    }

    async fn approved(&self, name: &str, files: &Value) {
        let deployed = self.server().approved(name, files).await.unwrap();
        assert_eq!(deployed["status"], "deployed", "{deployed}");
    }

    async fn run(&self, name: &str, input: Value, seconds: u32) -> Result<Value, String> {
        self.hostile.run(name, &input, seconds).await
    }

    async fn in_flight(&self, name: &str) -> u64 {
        self.server().status(name).await["in_flight"].as_u64().unwrap()
    }

    /// Of the processes that live: none of them ends while it is counted.
    fn used(&self) -> u64 {
        let sandboxes = self.groups().into_iter().next().map(|enclave| entries(&enclave)).unwrap_or_default();
        let processes =
            sandboxes.iter().filter_map(|group| fs::read_to_string(group.join("cgroup.procs")).ok());
        processes.flat_map(|all| all.lines().map(milliseconds).collect::<Vec<_>>()).sum()
    }

    fn log_bytes(&self) -> u64 {
        self.hostile.log_bytes()
    }

    /// The kernel counts what is in the enclave's groups, and the sandboxes are.
    async fn share(&self) -> Outcome {
        let caps = [
            ["memory.limit_in_bytes", "memory.max"],
            ["cpu.cfs_quota_us", "cpu.max"],
            ["pids.max", "pids.max"],
        ];
        for files in caps {
            let of =
                |group: &PathBuf| files.iter().find_map(|file| fs::read_to_string(group.join(file)).ok());
            let Some((group, cap)) =
                self.groups().into_iter().find_map(|group| of(&group).map(|cap| (group, cap)))
            else {
                return Outcome::Breached(format!("nothing counts {}", files[0]));
            };
            let number = cap.split_whitespace().next().unwrap().parse::<i64>();
            if !number.is_ok_and(|number| (1..1 << 40).contains(&number)) {
                return Outcome::Breached(format!("{} is {}", files[0], cap.trim()));
            }
            let holds = |folder: &PathBuf| {
                fs::read_to_string(folder.join("cgroup.procs")).is_ok_and(|processes| !processes.is_empty())
            };
            assert!(entries(&group).iter().any(holds), "nothing is in {}", group.display());
        }
        Outcome::Held
    }
}

/// How long a process was on a processor: user and system time, in hundredths of a second (proc(5)).
fn milliseconds(process: &str) -> u64 {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    let fields = stat.rsplit(')').next().unwrap_or_default().split_whitespace().skip(11).take(2);
    fields.filter_map(|ticks| ticks.parse::<u64>().ok()).sum::<u64>() * 10
}

#[cfg(target_arch = "x86_64")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everything_is_as_it_is_listed_under_bwrap() {
    conforms(&Machine::start(Walls::Bwrap).await).await;
}

#[cfg(target_arch = "x86_64")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everything_is_as_it_is_listed_under_runsc() {
    conforms(&Machine::start(Walls::Runsc).await).await;
}

/// The suite itself: a list that hides a gap does not conform, nor one that invents one.
#[test]
fn a_list_that_is_not_what_was_found_does_not_conform() {
    let told = Enforcement::of(BWRAP).lines();
    let found: Vec<(Property, Outcome)> = Enforcement::of(BWRAP)
        .iter()
        .map(|(property, held)| match held {
            Held::Gap(_) => (property, Outcome::Breached("it was done".to_owned())),
            Held::Enforced(_) | Held::Relies(..) => (property, Outcome::Held),
        })
        .collect();
    assert_eq!(misfits(&told, &found), [""; 0]);
    for (at, (property, outcome)) in found.iter().enumerate() {
        let mut other = found.clone();
        other[at].1 = if *outcome == Outcome::Held { Outcome::NoCode } else { Outcome::Held };
        let wrong = misfits(&told, &other);
        assert!(wrong.len() == 1 && wrong[0].starts_with(property.name()), "{wrong:?}");
    }
}
