//! The pod that fetches the modules of a version: behind the same walls as a tentacle, with nothing of it but what is to be
//! fetched, and with a pass to the registries alone.

use super::named::Named;
use super::pod::{CONTAINER, resources};
use super::policy;
use super::spec::{ClusterSpec, PORT, Purpose};
use super::supply::PASS;
use super::walls::{self, DENO, ENGINE, SUPPLY, read_only};
use crate::annotation::STANDING;
use crate::render::{RenderError, json};
use k8s_openapi::ByteString;
use k8s_openapi::api::core::v1::{
    Container, EmptyDirVolumeSource, KeyToPath, Pod, PodSpec, Secret, SecretVolumeSource, Volume, VolumeMount,
};
use k8s_openapi::api::networking::v1::NetworkPolicy;
use k8s_openapi::apimachinery::pkg::api::resource::Quantity;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use serde_json::Value;
use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddrV4};
use std::time::Duration;
use workflow::{ContentHash, Fetching, Gateway, Limits, Listen, Modules, RunTokenHash, TentacleRef};

/// Where the pod sees what it is to fetch, and where it puts it.
const WANTED: &str = "/wanted";
const CACHE: &str = "/cache";

/// The files that say what to fetch, as `engine/fetch.ts` reads them.
const ENTRY: &str = "entry.ts";
const REGISTRIES: &str = "registries.json";

/// MiB of memory for what is fetched, and what Deno writes down besides.
const CACHE_MIB: u32 = 64;

/// How long it may take until it can be asked, in seconds.
const READY_WITHIN: i32 = 120;

/// What is to be fetched, and for whom.
#[derive(Debug)]
pub struct FetchSpec<'a> {
    /// Whose they are.
    pub tentacle: &'a TentacleRef,
    /// The version that needs them.
    pub version: &'a ContentHash,
    /// They.
    pub modules: &'a Modules,
    /// The addresses of the registries, as JSON.
    pub registries: &'a str,
    /// What the cluster gives.
    pub cluster: &'a ClusterSpec,
    /// Where the gateway is.
    pub gateway: SocketAddrV4,
    /// What the gateway is shown: for the registries, and for nothing else.
    pub pass: &'a str,
    /// Whoever has the token of this digest may ask for what was fetched.
    pub token: RunTokenHash,
    /// A word that tells this pod from one that was there before.
    pub standing: &'a str,
}

impl FetchSpec<'_> {
    /// The name of each of its objects.
    #[must_use]
    pub fn name(&self) -> String {
        self.named().name()
    }

    fn named(&self) -> Named<'_> {
        Named::new(self.tentacle, self.version, Purpose::Fetch)
    }
}

/// Every object, in the order in which they are applied.
///
/// # Errors
/// [`RenderError`].
pub fn render_fetch(spec: &FetchSpec<'_>, lasts: Duration) -> Result<Vec<Value>, RenderError> {
    Ok(vec![json(&fetch_policy(spec))?, json(&fetch_supply(spec))?, json(&fetch_pod(spec, lasts)?)?])
}

/// The policy of the pod: the server comes in, and it reaches the gateway.
#[must_use]
pub fn fetch_policy(spec: &FetchSpec<'_>) -> NetworkPolicy {
    policy::of(&spec.named(), spec.cluster, Some(spec.gateway.port()))
}

/// What it is given: what is to be fetched, and its pass.
#[must_use]
pub fn fetch_supply(spec: &FetchSpec<'_>) -> Secret {
    let (entry, lock) = (spec.modules.entry(), spec.modules.lock());
    let files =
        [(ENTRY, entry.as_str()), (Modules::LOCK, lock), (REGISTRIES, spec.registries), (PASS, spec.pass)];
    let data = files.into_iter().map(|(key, text)| (key.to_owned(), ByteString(text.into())));
    Secret {
        metadata: spec.named().meta(),
        data: Some(data.collect()),
        type_: Some("Opaque".to_owned()),
        ..Secret::default()
    }
}

/// The pod. It is started once, and the cluster ends it after `lasts`, whatever becomes of the server.
///
/// # Errors
/// When a path does not fit into its command line, which none here does.
pub fn fetch_pod(spec: &FetchSpec<'_>, lasts: Duration) -> Result<Pod, RenderError> {
    let annotations = BTreeMap::from([(STANDING.to_owned(), spec.standing.to_owned())]);
    Ok(Pod {
        metadata: ObjectMeta { annotations: Some(annotations), ..spec.named().meta() },
        spec: Some(PodSpec {
            containers: vec![container(spec)?],
            volumes: Some(volumes(spec)),
            restart_policy: Some("Never".to_owned()),
            active_deadline_seconds: i64::try_from(lasts.as_secs()).ok(),
            termination_grace_period_seconds: Some(1),
            ..walls::pod(spec.cluster)
        }),
        ..Pod::default()
    })
}

fn container(spec: &FetchSpec<'_>) -> Result<Container, RenderError> {
    let fetching = Fetching {
        deno: DENO,
        engine: ENGINE,
        wanted: WANTED,
        cache: CACHE,
        listen: &Listen::Tcp(SocketAddrV4::new(Ipv4Addr::UNSPECIFIED, PORT)),
        gateway: &Gateway::Tcp(spec.gateway),
        pass: &format!("{SUPPLY}/{PASS}"),
        token: spec.token,
    };
    let writable =
        VolumeMount { name: "cache".to_owned(), mount_path: CACHE.to_owned(), ..VolumeMount::default() };
    Ok(Container {
        resources: Some(resources(&Limits::default(), CACHE_MIB)),
        volume_mounts: Some(vec![read_only("wanted", WANTED), read_only("supply", SUPPLY), writable]),
        ..walls::serving(spec.cluster, CONTAINER, fetching.command()?, READY_WITHIN)
    })
}

fn volumes(spec: &FetchSpec<'_>) -> Vec<Volume> {
    let of = |name: &str, keys: &[&str]| {
        let item =
            |key: &&str| KeyToPath { key: (*key).to_owned(), path: (*key).to_owned(), mode: Some(0o444) };
        Volume {
            name: name.to_owned(),
            secret: Some(SecretVolumeSource {
                secret_name: Some(spec.name()),
                items: Some(keys.iter().map(item).collect()),
                default_mode: Some(0o444),
                optional: Some(false),
            }),
            ..Volume::default()
        }
    };
    let cache = EmptyDirVolumeSource {
        medium: Some("Memory".to_owned()),
        size_limit: Some(Quantity(format!("{CACHE_MIB}Mi"))),
    };
    vec![
        of("wanted", &[ENTRY, Modules::LOCK, REGISTRIES]),
        of("supply", &[PASS]),
        Volume { name: "cache".to_owned(), empty_dir: Some(cache), ..Volume::default() },
    ]
}
