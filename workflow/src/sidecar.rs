//! Containers that run beside a tentacle's code.

mod amount;

pub use amount::Amounts;

use crate::contract::Contract;
use crate::fields::{Fields, Text, one_line};
use crate::name::shown;
use crate::nearest::nearest;
use crate::part_name::PartName;
use crate::problem::{Part, Position, Report, Rule};
use crate::sandbox::PROXY;
use crate::yaml::Yaml;
use std::collections::{BTreeMap, BTreeSet};
use std::net::{Ipv4Addr, SocketAddrV4};

/// One entry of `sidecars`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sidecar {
    /// Where it stands in the file.
    pub at: Position,
    /// Its name: words joined by hyphens, and no dependency's.
    pub name: PartName,
    /// Its image, by digest: `name@sha256:…`.
    pub image: String,
    /// The command, if not the image's own.
    pub command: Vec<String>,
    /// The command's arguments.
    pub args: Vec<String>,
    /// Its environment.
    pub env: BTreeMap<String, String>,
    /// The port that it serves on, at all of its addresses.
    pub port: u16,
    /// How one talks to it.
    pub protocol: SidecarProtocol,
    /// The path that tells whether it is well; without one it is well when it takes connections.
    pub health_path: Option<String>,
    /// What it is given at least.
    pub requests: Amounts,
    /// What it may use at most.
    pub limits: Amounts,
}

impl Sidecar {
    /// The folder that it shares with the nodes that use it, where it finds it.
    pub const SHARED: &str = "/shared";
    /// The most that all of a tentacle's sidecars and nodes may have in that folder, in MiB.
    pub const SHARED_MIB: u32 = 64;
    /// The most that it may have in `/tmp`, which is its own, in MiB.
    pub const SCRATCH_MIB: u32 = 32;

    /// How many seconds pass between two questions whether it is well, while it serves.
    pub const ASKED_EVERY: u32 = 10;
    /// How often in a row it must not be well until it is believed to hang.
    pub const BELIEVED_AFTER: u32 = 6;

    /// Where nodes find it.
    #[must_use]
    pub const fn place(&self) -> SocketAddrV4 {
        SocketAddrV4::new(Ipv4Addr::LOCALHOST, self.port)
    }
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

impl SidecarProtocol {
    /// The word for it in `workflow.yaml`.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Grpc => "grpc",
        }
    }
}

const KEYS: &[&str] =
    &["name", "image", "command", "args", "env", "port", "protocol", "healthPath", "resources"];
const MOST: usize = 10;
/// The engine's own port within a tentacle.
const ENGINE_PORT: u16 = 8080;

/// The name of the engine's container.
const ENGINE: &str = "engine";
/// The most bytes of an image's name, its digest left out.
const IMAGE: usize = 255;

pub(crate) fn read_all(fields: &Fields<'_>, contract: &Contract) -> Vec<Sidecar> {
    let list = fields.list("sidecars");
    if list.len() > MOST {
        let at = fields.key_at("sidecars").unwrap_or(fields.at);
        fields.add(at, Rule::TooMany { what: "sidecars", count: list.len(), most: MOST });
    }
    let mut names = BTreeSet::new();
    let engine = || "the engine".to_owned();
    let mut ports = BTreeMap::from([(ENGINE_PORT, engine()), (PROXY.port(), engine())]);
    let mut sidecars = Vec::new();
    for (index, yaml) in list.iter().take(MOST).enumerate() {
        let part = Part::Sidecar(index);
        let Some(sidecar) = read(yaml, part.clone(), fields.report) else { continue };
        if !names.insert(sidecar.name.clone()) {
            let rule = Rule::DuplicateName { what: "sidecar", name: sidecar.name.to_string() };
            fields.report.add(sidecar.at, &part, rule);
        }
        if contract.names.contains(sidecar.name.as_str()) {
            fields.report.add(sidecar.at, &part, Rule::SidecarNameTaken(sidecar.name.to_string()));
        }
        let port = sidecar.port;
        if let Some(by) = ports.insert(port, format!("sidecar \"{}\"", sidecar.name)) {
            fields.report.add(sidecar.at, &part, Rule::PortTaken { port, by });
        }
        sidecars.push(sidecar);
    }
    together(fields, &sidecars);
    sidecars
}

/// All of them have a bound, too.
fn together(fields: &Fields<'_>, sidecars: &[Sidecar]) {
    let at = fields.key_at("sidecars").unwrap_or(fields.at);
    let sum = |of: fn(&Amounts) -> u32| sidecars.iter().map(|sidecar| of(&sidecar.limits)).sum::<u32>();
    let (mib, millis) = (sum(|it| it.memory_mib), sum(|it| it.cpu_millis));
    if mib > amount::MOST.memory_mib {
        let most = format!("{} MiB of memory", amount::MOST.memory_mib);
        fields.add(at, Rule::SidecarsTogether { sum: format!("{mib} MiB"), most });
    }
    if millis > amount::MOST.cpu_millis {
        let most = format!("{} thousandths of a processor", amount::MOST.cpu_millis);
        fields.add(at, Rule::SidecarsTogether { sum: millis.to_string(), most });
    }
}

fn read(yaml: &Yaml, part: Part, report: &Report) -> Option<Sidecar> {
    let fields = Fields::of(yaml, part, KEYS, report)?;
    let (name, image) = (read_name(&fields), read_image(&fields));
    let lines = |key| {
        let texts = fields.texts(key).into_iter();
        texts
            .filter(|text| one_line(*text, key, &fields.part, report))
            .map(|text| text.text.to_owned())
            .collect()
    };
    let (command, args) = (lines("command"), lines("args"));
    let env = read_env(&fields);
    let port = fields.required("port").and_then(|_| fields.number("port", 1024, u16::MAX.into()));
    let protocol = read_protocol(&fields);
    let health_path = read_health_path(&fields, protocol);
    let (requests, limits) = amount::read(&fields);
    Some(Sidecar {
        at: fields.at,
        name: name?,
        image: image?,
        command,
        args,
        env,
        port: u16::try_from(port?.1).ok()?,
        protocol,
        health_path,
        requests,
        limits,
    })
}

fn read_name(fields: &Fields<'_>) -> Option<PartName> {
    let text = fields.required_text("name")?;
    // a container's name is a DNS label, so a node's name with an underscore would not do
    let name = text.text.parse().ok().filter(|_| crate::name::is_kebab(text.text) && text.text != ENGINE);
    if name.is_none() {
        fields.add(text.at, Rule::SidecarName(shown(text.text)));
    }
    name
}

fn read_image(fields: &Fields<'_>) -> Option<String> {
    let text = fields.required_text("image")?;
    if !one_line(text, "image", &fields.part, fields.report) {
        return None;
    }
    if is_pinned(text.text) {
        return Some(text.text.to_owned());
    }
    fields.add(text.at, Rule::SidecarImage(shown(text.text)));
    None
}

/// Whether an image is named by its digest, so that what was approved is what runs.
fn is_pinned(image: &str) -> bool {
    let Some((name, digest)) = image.split_once("@sha256:") else { return false };
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | '/' | ':');
    let hex = |c: char| matches!(c, '0'..='9' | 'a'..='f');
    let begins = name.starts_with(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit());
    begins && name.len() <= IMAGE && name.chars().all(plain) && digest.len() == 64 && digest.chars().all(hex)
}

fn read_health_path(fields: &Fields<'_>, protocol: SidecarProtocol) -> Option<String> {
    let Text { at, text } = fields.line("healthPath")?;
    let fits = text.starts_with('/') && text.chars().all(|c| c.is_ascii_graphic());
    if fits && protocol == SidecarProtocol::Http {
        return Some(text.to_owned());
    }
    fields.add(at, Rule::SidecarHealth(shown(text)));
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

/// Variables, each of one line.
fn read_env(fields: &Fields<'_>) -> BTreeMap<String, String> {
    let is_name = |name: &str| {
        let begins = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
        begins && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
    };
    let read = |entry: &crate::yaml::Entry| {
        if !is_name(&entry.key) {
            fields.add(entry.at, Rule::SidecarVariable(shown(&entry.key)));
            return None;
        }
        let text = crate::fields::text(&entry.value, &entry.key, &fields.part, fields.report)?;
        one_line(text, &shown(&entry.key), &fields.part, fields.report)
            .then(|| (entry.key.clone(), text.text.to_owned()))
    };
    fields.map("env").iter().filter_map(read).collect()
}
