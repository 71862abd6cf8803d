//! Containers that run beside a tentacle's code.

use crate::fields::{Fields, one_line};
use crate::name::shown;
use crate::nearest::nearest;
use crate::part_name::PartName;
use crate::problem::{Part, Position, Report, Rule};
use crate::yaml::Yaml;
use std::collections::{BTreeMap, BTreeSet};

/// One entry of `sidecars`.
#[derive(Debug, Clone)]
pub struct Sidecar {
    /// Where it stands in the file.
    pub at: Position,
    /// Its name: words joined by hyphens.
    pub name: String,
    /// Its image.
    pub image: String,
    /// The command, if not the image's own.
    pub command: Vec<String>,
    /// The command's arguments.
    pub args: Vec<String>,
    /// Its environment.
    pub env: BTreeMap<String, String>,
    /// The port that it serves on.
    pub port: Option<u16>,
    /// How one talks to it.
    pub protocol: SidecarProtocol,
    /// The path that tells whether it is well.
    pub health_path: Option<String>,
    /// What it asks for and may have at most, by the resource's name.
    pub requests: BTreeMap<String, String>,
    /// What it may have at most, by the resource's name.
    pub limits: BTreeMap<String, String>,
}

/// How the tentacle talks to a sidecar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SidecarProtocol {
    /// HTTP.
    #[default]
    Http,
    /// gRPC.
    Grpc,
}

const KEYS: &[&str] =
    &["name", "image", "command", "args", "env", "port", "protocol", "healthPath", "resources"];
const MOST: usize = 10;
/// The engine's own port within a tentacle.
const ENGINE_PORT: u16 = 8080;

pub(crate) fn read_all(fields: &Fields<'_>) -> Vec<Sidecar> {
    let list = fields.list("sidecars");
    if list.len() > MOST {
        let at = fields.key_at("sidecars").unwrap_or(fields.at);
        fields.add(at, Rule::TooMany { what: "sidecars", count: list.len(), most: MOST });
    }
    let mut names = BTreeSet::new();
    let mut ports = BTreeMap::from([(ENGINE_PORT, "the engine".to_owned())]);
    let mut sidecars = Vec::new();
    for (index, yaml) in list.iter().take(MOST).enumerate() {
        let part = Part::Sidecar(index);
        let Some(sidecar) = read(yaml, part.clone(), fields.report) else { continue };
        if !names.insert(sidecar.name.clone()) {
            let rule = Rule::DuplicateName { what: "sidecar", name: sidecar.name.clone() };
            fields.report.add(sidecar.at, &part, rule);
        }
        if let Some(port) = sidecar.port
            && let Some(by) = ports.insert(port, format!("sidecar \"{}\"", sidecar.name))
        {
            fields.report.add(sidecar.at, &part, Rule::PortTaken { port, by });
        }
        sidecars.push(sidecar);
    }
    sidecars
}

fn read(yaml: &Yaml, part: Part, report: &Report) -> Option<Sidecar> {
    let fields = Fields::of(yaml, part, KEYS, report)?;
    let name = read_name(&fields);
    let image = fields.required_text("image").filter(|text| one_line(*text, "image", &fields.part, report));
    let lines = |key| {
        let texts = fields.texts(key).into_iter();
        texts
            .filter(|text| one_line(*text, key, &fields.part, report))
            .map(|text| text.text.to_owned())
            .collect()
    };
    let (command, args) = (lines("command"), lines("args"));
    let env = read_words(&fields, "env");
    let port = fields.number("port", 1024, u16::MAX.into()).and_then(|(_, port)| u16::try_from(port).ok());
    let protocol = read_protocol(&fields);
    let health_path = fields.line("healthPath").map(|text| text.text.to_owned());
    let resources = fields
        .value("resources")
        .and_then(|yaml| Fields::of(yaml, fields.part.clone(), &["requests", "limits"], report));
    let resource = |key| resources.as_ref().map(|fields| read_words(fields, key)).unwrap_or_default();
    let (requests, limits) = (resource("requests"), resource("limits"));
    Some(Sidecar {
        at: fields.at,
        name: name?,
        image: image?.text.to_owned(),
        command,
        args,
        env,
        port,
        protocol,
        health_path,
        requests,
        limits,
    })
}

fn read_name(fields: &Fields<'_>) -> Option<String> {
    let text = fields.required_text("name")?;
    // a container's name is a DNS label, so a node's name with an underscore would not do
    if text.text.len() <= PartName::MAX && crate::name::is_kebab(text.text) {
        return Some(text.text.to_owned());
    }
    fields.add(text.at, Rule::SidecarName(shown(text.text)));
    None
}

fn read_protocol(fields: &Fields<'_>) -> SidecarProtocol {
    let Some(text) = fields.text("protocol") else { return SidecarProtocol::default() };
    match text.text {
        "http" => SidecarProtocol::Http,
        "grpc" => SidecarProtocol::Grpc,
        other => {
            let nearest = nearest(other, ["http", "grpc"]);
            let rule = Rule::Word { what: "protocol", got: shown(other), known: "http or grpc", nearest };
            fields.add(text.at, rule);
            SidecarProtocol::default()
        }
    }
}

/// A map of one-line texts.
fn read_words(fields: &Fields<'_>, key: &'static str) -> BTreeMap<String, String> {
    let read = |entry: &crate::yaml::Entry| {
        let text = crate::fields::text(&entry.value, &entry.key, &fields.part, fields.report)?;
        one_line(text, &shown(&entry.key), &fields.part, fields.report)
            .then(|| (entry.key.clone(), text.text.to_owned()))
    };
    fields.map(key).iter().filter_map(read).collect()
}
