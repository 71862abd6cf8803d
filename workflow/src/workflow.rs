//! `workflow.yaml` as a whole: the types, and reading them from text.

use crate::bundle::Bundle;
use crate::contract::Contract;
use crate::fields::{Fields, Text, one_line};
use crate::graph::{self, Edge};
use crate::modules::{self, Modules};
use crate::name::{TentacleName, shown};
use crate::node::{self, Node};
use crate::part_name::PartName;
use crate::problem::{Part, Position, Problems, Report, Rule};
use crate::release;
use crate::sidecar::{self, Sidecar};
use crate::trigger::{self, Trigger};
use crate::yaml::{self, Value, Yaml};
use serde_json::{Map, Value as Json};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::time::Duration;

/// What an author declares about a tentacle.
///
/// A value of this type is well-formed: names fit, references meet, limits hold. Whether this release can run it is
/// another question: [`supported_now`](Self::supported_now).
#[derive(Debug, Clone)]
pub struct Workflow {
    /// The tentacle's name.
    pub name: TentacleName,
    /// The author's version.
    pub version: Version,
    /// What it is for, in the author's words.
    pub description: Option<String>,
    /// Words to find it by.
    pub metadata: Metadata,
    /// What makes it run; never empty.
    pub triggers: Vec<Trigger>,
    /// Its code, by the node's name; never empty.
    pub nodes: BTreeMap<PartName, Node>,
    /// Which node feeds which.
    pub edges: Vec<Edge>,
    /// How it runs.
    pub config: Config,
    /// What it needs of the world.
    pub contract: Contract,
    /// Containers beside it.
    pub sidecars: Vec<Sidecar>,
    /// The namespace that the author's own tools deploy to. The platform does not read it: the enclave is where the
    /// request came from.
    pub namespace: Option<String>,
    /// What its code imports from registries. Known where its files are: [`Self::of`].
    pub modules: Modules,
}

/// The author's version: two numbers, such as `1.0`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version {
    /// The first number.
    pub major: u32,
    /// The second number.
    pub minor: u32,
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}

/// Words to find a tentacle by.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Metadata {
    /// The team or group it belongs to.
    pub group: Option<String>,
    /// The environment it is meant for.
    pub environment: Option<String>,
    /// Free words.
    pub tags: Vec<String>,
}

/// How a tentacle runs.
#[derive(Debug, Clone, PartialEq)]
pub struct Config {
    /// Where it stands in the file.
    pub at: Position,
    /// How long one node may work; 30 seconds when not said.
    pub timeout: Duration,
    /// How often a failed node is tried again.
    pub retries: u8,
    /// The author's own settings, which nodes read as `ctx.config`.
    pub values: Map<String, Json>,
}

impl Config {
    /// How long a node may work when the author does not say.
    pub const TIMEOUT: Duration = Duration::from_secs(30);
    /// The longest that a node may work.
    pub const LONGEST: Duration = Duration::from_secs(600);
    /// The most tries after the first.
    pub const MOST_RETRIES: u8 = 10;
}

impl Default for Config {
    fn default() -> Self {
        Self { at: Position::START, timeout: Self::TIMEOUT, retries: 0, values: Map::new() }
    }
}

const TOP: &[&str] = &[
    "name",
    "version",
    "description",
    "metadata",
    "triggers",
    "nodes",
    "edges",
    "config",
    "contract",
    "sidecars",
    "deployment",
];

impl Workflow {
    /// The file's name within a tentacle's folder.
    pub const FILE: &str = "workflow.yaml";
    /// The most bytes of the file that are read: 1 MiB.
    pub const MOST_BYTES: usize = yaml::MOST_BYTES;

    /// Reads `workflow.yaml` alone. Whether the files that it names exist is not known then: [`Self::of`].
    ///
    /// # Errors
    /// Everything that is wrong with it, each with its position.
    pub fn parse(bytes: &[u8]) -> Result<Self, Problems> {
        Self::parse_with(bytes, None)
    }

    /// Reads the `workflow.yaml` of a tentacle's files.
    ///
    /// # Errors
    /// As [`Self::parse`], each node whose file is missing, and each import that is not pinned. Where something is wrong,
    /// what this release cannot run is told with it.
    pub fn of(bundle: &Bundle) -> Result<Self, Problems> {
        Self::parse_with(bundle.workflow(), Some(bundle))
    }

    fn parse_with(bytes: &[u8], bundle: Option<&Bundle>) -> Result<Self, Problems> {
        let report = Report::default();
        let workflow = yaml::read(bytes, &report).and_then(|yaml| Self::of_yaml(&yaml, bundle, &report));
        report.finish(workflow)
    }

    /// Reads what was parsed already.
    pub(crate) fn of_yaml(yaml: &Yaml, bundle: Option<&Bundle>, report: &Report) -> Option<Self> {
        let files = bundle.map(|bundle| bundle.iter().map(|(path, _)| path.as_str()).collect());
        let (mut workflow, not_yet) = read(yaml, files.as_ref(), report)?;
        if let (Some(workflow), Some(bundle)) = (&mut workflow, bundle) {
            workflow.modules = modules::read(workflow, bundle, report);
        }
        report.and_not_yet(not_yet);
        workflow
    }
}

/// The workflow, if it has a name and a version, and what of it cannot be run yet.
fn read(yaml: &Yaml, files: Option<&BTreeSet<&str>>, report: &Report) -> Option<(Option<Workflow>, Report)> {
    let fields = Fields::of(yaml, Part::Top, TOP, report)?;
    let name = read_name(&fields);
    let version = read_version(&fields);
    let description = fields.text("description").map(|text| text.text.to_owned());
    let metadata = read_metadata(&fields);
    let triggers = trigger::read_all(&fields);
    let contract = Contract::read(&fields);
    let sidecars = sidecar::read_all(&fields, &contract);
    let beside = sidecars.iter().map(|sidecar| sidecar.name.as_str());
    let names = contract.names.iter().map(String::as_str).chain(beside).collect();
    let nodes = node::read_all(&fields, &names, files);
    let edges = graph::read_all(&fields, &nodes);
    let config = read_config(&fields);
    let namespace = read_namespace(&fields);
    let not_yet = release::not_yet(&triggers, &contract);
    let workflow = name.zip(version).map(|(name, version)| Workflow {
        name,
        version,
        description,
        metadata,
        triggers,
        nodes,
        edges,
        config,
        contract,
        sidecars,
        namespace,
        modules: Modules::default(),
    });
    Some((workflow, not_yet))
}

fn read_name(fields: &Fields<'_>) -> Option<TentacleName> {
    let Text { at, text } = fields.required_text("name")?;
    text.parse().map_err(|why| fields.add(at, Rule::TentacleName { got: shown(text), why })).ok()
}

fn read_version(fields: &Fields<'_>) -> Option<Version> {
    let Text { at, text } = fields.required_text("version")?;
    let number = |digits: &str| {
        let plain = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
        plain.then(|| digits.parse::<u32>().ok()).flatten()
    };
    let version = text
        .split_once('.')
        .and_then(|(major, minor)| Some(Version { major: number(major)?, minor: number(minor)? }));
    if version.is_none() {
        fields.add(at, Rule::Version(shown(text)));
    }
    version
}

fn section<'a>(fields: &Fields<'a>, key: &'static str, known: &'static [&'static str]) -> Option<Fields<'a>> {
    Fields::of(fields.value(key)?, Part::Section(key), known, fields.report)
}

fn read_metadata(fields: &Fields<'_>) -> Metadata {
    let Some(fields) = section(fields, "metadata", &["group", "environment", "tags"]) else {
        return Metadata::default();
    };
    let line = |key| fields.line(key).map(|text| text.text.to_owned());
    let tags = fields.texts("tags").into_iter();
    Metadata {
        group: line("group"),
        environment: line("environment"),
        tags: tags
            .filter(|text| one_line(*text, "tags", &fields.part, fields.report))
            .map(|text| text.text.to_owned())
            .collect(),
    }
}

fn read_namespace(fields: &Fields<'_>) -> Option<String> {
    let fields = section(fields, "deployment", &["namespace"])?;
    fields.line("namespace").map(|text| text.text.to_owned())
}

fn read_config(fields: &Fields<'_>) -> Config {
    let mut config = Config::default();
    let Some(yaml) = fields.value("config") else { return config };
    // the author's own keys are welcome here, so none is unknown
    let part = Part::Section("config");
    let Some(entries) = crate::fields::entries(yaml, &part, "config", fields.report) else { return config };
    config.at = yaml.at;
    let own = Fields::open(yaml.at, part, entries, fields.report);
    if let Some(timeout) = own.duration("timeout", Config::LONGEST) {
        config.timeout = timeout;
    }
    if let Some((_, retries)) = own.number("retries", 0, Config::MOST_RETRIES.into()) {
        config.retries = u8::try_from(retries).unwrap_or(Config::MOST_RETRIES);
    }
    config.values = entries
        .iter()
        .filter(|entry| !matches!(entry.key.as_str(), "timeout" | "retries"))
        .map(|entry| (entry.key.clone(), json(&entry.value)))
        .collect();
    config
}

/// A value as JSON, by YAML's core schema. As deep as the tree, which is bounded.
pub(crate) fn json(yaml: &Yaml) -> Json {
    match &yaml.value {
        Value::Broken => Json::Null,
        Value::List(items) => Json::Array(items.iter().map(json).collect()),
        Value::Map(entries) => {
            Json::Object(entries.iter().map(|entry| (entry.key.clone(), json(&entry.value))).collect())
        }
        Value::Text { text, plain: false } => Json::String(text.clone()),
        Value::Text { .. } if yaml.is_null() => Json::Null,
        Value::Text { text, plain: true } => match text.as_str() {
            "true" | "True" | "TRUE" => Json::Bool(true),
            "false" | "False" | "FALSE" => Json::Bool(false),
            // JSON's numbers are nearly those of the core schema; 007 and 0x1f stay texts, as nobody counts so here
            other => match serde_json::from_str::<serde_json::Number>(other) {
                Ok(number) => Json::Number(number),
                Err(_) => Json::String(other.to_owned()),
            },
        },
    }
}
