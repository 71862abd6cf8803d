//! One thing that a tentacle needs.

use crate::fields::{Fields, Text};
use crate::modules::{ModuleRule, Registry, is_exact, is_package};
use crate::name::shown;
use crate::problem::{Part, Position, Report, Rule};
use crate::secret_name::SecretName;
use crate::yaml::Entry;
use ipnet::IpNet;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::net::IpAddr;

/// One entry of `contract.dependencies`.
#[derive(Debug, Clone)]
pub struct Dependency {
    /// Where its name stands in the file.
    pub at: Position,
    /// How one talks to it.
    pub protocol: Protocol,
    /// Where it is.
    pub target: Target,
    /// How one proves who one is.
    pub auth: Option<Auth>,
}

/// How one talks to a dependency, with what each protocol needs to be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Protocol {
    /// HTTP over TLS.
    Https,
    /// HTTP in clear.
    Http,
    /// PostgreSQL.
    Postgresql {
        /// The database; the platform knows it for its own.
        database: Option<String>,
        /// The user; the platform knows it for its own.
        user: Option<String>,
    },
    /// NATS.
    Nats {
        /// The subject; the platform knows it for its own.
        subject: Option<String>,
    },
    /// A blob store.
    Blob {
        /// The container; the platform knows it for its own.
        container: Option<String>,
    },
    /// An S3 server.
    S3,
    /// A module of the JSR registry.
    Jsr,
    /// A module of the npm registry.
    Npm,
    /// Another protocol over TCP, of which the platform knows only its port.
    Other(String),
}

/// Where a dependency is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// The platform's own service (`tentacular-postgres`, …): it knows where.
    Platform,
    /// A host by its name or address.
    Host {
        /// The host.
        host: String,
        /// The port: the one given, or the protocol's own.
        port: u16,
    },
    /// Whatever the code chooses within a range (`type: dynamic-target`).
    Range {
        /// The range.
        range: IpNet,
        /// The ports; never empty.
        ports: Vec<Port>,
    },
    /// A module, which is fetched when the tentacle is deployed and not when it runs.
    Module {
        /// The package.
        package: String,
        /// The version, if it is pinned.
        version: Option<String>,
    },
}

/// How the code proves who it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Auth {
    /// The kind, such as `api-token`.
    pub kind: String,
    /// With which secret.
    pub secret: SecretName,
}

/// A port with its transport.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Port {
    /// The number.
    pub number: u16,
    /// The transport.
    pub transport: Transport,
}

/// What carries a port.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Transport {
    /// TCP.
    Tcp,
    /// UDP.
    Udp,
}

impl fmt::Display for Port {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let transport = match self.transport {
            Transport::Tcp => "TCP",
            Transport::Udp => "UDP",
        };
        write!(f, "{}/{transport}", self.number)
    }
}

impl Protocol {
    /// The contract's word for it.
    #[must_use]
    pub fn word(&self) -> &str {
        match self {
            Self::Https => "https",
            Self::Http => "http",
            Self::Postgresql { .. } => "postgresql",
            Self::Nats { .. } => "nats",
            Self::Blob { .. } => "blob",
            Self::S3 => "s3",
            Self::Jsr => "jsr",
            Self::Npm => "npm",
            Self::Other(word) => word,
        }
    }

    /// The port that is meant when none is given.
    #[must_use]
    pub const fn default_port(&self) -> Option<u16> {
        match self {
            Self::Https => Some(443),
            Self::Http => Some(80),
            Self::Postgresql { .. } => Some(5432),
            Self::Nats { .. } => Some(4222),
            Self::Blob { .. } | Self::S3 | Self::Jsr | Self::Npm | Self::Other(_) => None,
        }
    }
}

/// What begins like this is the platform's own service; the author names it and the platform supplies the rest.
const PLATFORM: &str = "tentacular-";
const DYNAMIC: &str = "dynamic-target";
const KEYS: &[&str] = &[
    "protocol",
    "host",
    "port",
    "type",
    "cidr",
    "dynPorts",
    "version",
    "database",
    "user",
    "subject",
    "container",
    "auth",
];

impl Dependency {
    pub(crate) fn read(entry: &Entry, part: Part, report: &Report) -> Option<Self> {
        let fields = Fields::of(&entry.value, part, KEYS, report)?;
        let auth = read_auth(&fields);
        let word = fields.required_text("protocol")?;
        let platform = entry.key.starts_with(PLATFORM);
        let protocol = read_protocol(word.text, &fields, platform);
        let target = if platform {
            Some(Target::Platform)
        } else if let Some(kind) = fields.text("type") {
            read_dynamic(kind, &fields)
        } else {
            read_target(word.text, &protocol, &fields)
        };
        Some(Self { at: entry.at, protocol, target: target?, auth })
    }
}

fn read_protocol(word: &str, fields: &Fields<'_>, platform: bool) -> Protocol {
    let needed = |key: &'static str, what: &'static str| {
        if fields.value(key).is_none() && !platform {
            fields.add(fields.at, Rule::ProtocolRequires { protocol: shown(word), what });
        }
        fields.line(key).map(|text| text.text.to_owned())
    };
    match word {
        "https" => Protocol::Https,
        "http" => Protocol::Http,
        "postgresql" => {
            Protocol::Postgresql { database: needed("database", "database"), user: needed("user", "user") }
        }
        "nats" => Protocol::Nats { subject: needed("subject", "subject") },
        "blob" => Protocol::Blob { container: needed("container", "container") },
        "s3" => Protocol::S3,
        "jsr" => Protocol::Jsr,
        "npm" => Protocol::Npm,
        other => Protocol::Other(shown(other)),
    }
}

fn read_target(word: &str, protocol: &Protocol, fields: &Fields<'_>) -> Option<Target> {
    for key in ["cidr", "dynPorts"] {
        if let (Some(_), Some(at)) = (fields.value(key), fields.key_at(key)) {
            let kind = format!("{} without type {DYNAMIC}", shown(word));
            fields.add(at, Rule::DependencyIgnores { key, kind });
        }
    }
    let Some(host) = fields.line("host") else {
        if fields.value("host").is_none() {
            fields.add(fields.at, Rule::ProtocolRequires { protocol: shown(word), what: "host" });
        }
        return None;
    };
    match protocol {
        Protocol::Jsr => return Some(read_module(Registry::Jsr, host, fields)),
        Protocol::Npm => return Some(read_module(Registry::Npm, host, fields)),
        _ => {}
    }
    let given = fields.number("port", 1, u16::MAX.into()).and_then(|(_, port)| u16::try_from(port).ok());
    let port = if fields.value("port").is_none() { protocol.default_port() } else { given };
    if fields.value("port").is_none() && port.is_none() {
        fields.add(fields.at, Rule::ProtocolRequires { protocol: shown(word), what: "port" });
    }
    if !is_host(host.text) {
        fields.add(host.at, Rule::Host(shown(host.text)));
        return None;
    }
    if is_inside(host.text) {
        fields.add(host.at, Rule::InsideHost(shown(host.text)));
        return None;
    }
    Some(Target::Host { host: host.text.to_ascii_lowercase(), port: port? })
}

/// A package with its one version.
fn read_module(registry: Registry, host: Text<'_>, fields: &Fields<'_>) -> Target {
    if !is_package(registry, host.text) {
        let such = match registry {
            Registry::Jsr => "@std/csv",
            Registry::Npm => "left-pad",
        };
        let rule = ModuleRule::PackageName { registry: registry.word(), such, got: shown(host.text) };
        fields.add(host.at, rule.into());
    }
    let version = fields.line("version");
    if !version.is_some_and(|text| is_exact(text.text)) {
        let at = version.map_or(fields.at, |text| text.at);
        fields.add(at, ModuleRule::Version(version.map(|text| shown(text.text))).into());
    }
    Target::Module { package: host.text.to_owned(), version: version.map(|text| text.text.to_owned()) }
}

fn read_dynamic(kind: Text<'_>, fields: &Fields<'_>) -> Option<Target> {
    if kind.text != DYNAMIC {
        let nearest = crate::nearest::nearest(kind.text, [DYNAMIC]);
        let rule = Rule::Word { what: "type", got: shown(kind.text), known: DYNAMIC, nearest };
        fields.add(kind.at, rule);
        return None;
    }
    let requires = |what| Rule::ProtocolRequires { protocol: DYNAMIC.to_owned(), what };
    if fields.is_empty("dynPorts") {
        fields.add(fields.at, requires("dynPorts"));
    }
    if fields.value("cidr").is_none() {
        fields.add(fields.at, requires("cidr"));
    }
    let ports = fields.texts("dynPorts").into_iter().filter_map(|text| Port::read(text, fields)).collect();
    Some(Target::Range { range: read_range(fields.text("cidr")?, fields)?, ports })
}

/// An address range such as `203.0.113.0/24`, reported when it is none, or all there is.
pub(super) fn read_range(text: Text<'_>, fields: &Fields<'_>) -> Option<IpNet> {
    let range: IpNet =
        text.text.parse().map_err(|_| fields.add(text.at, Rule::Cidr(shown(text.text)))).ok()?;
    if range.prefix_len() == 0 {
        fields.add(text.at, Rule::Everything(shown(text.text)));
        return None;
    }
    Some(range)
}

impl Port {
    /// `443/TCP` or `443`, reported when it is neither.
    pub(super) fn read(text: Text<'_>, fields: &Fields<'_>) -> Option<Self> {
        let (digits, transport) = text.text.split_once('/').unwrap_or((text.text, "TCP"));
        let transport = match transport {
            "TCP" => Some(Transport::Tcp),
            "UDP" => Some(Transport::Udp),
            _ => None,
        };
        let number = digits.parse::<u16>().ok().filter(|number| *number > 0);
        let port = number.zip(transport).map(|(number, transport)| Self { number, transport });
        if port.is_none() {
            fields.add(text.at, Rule::PortSpec(shown(text.text)));
        }
        port
    }
}

/// Why a text is not the host of a dependency; nothing where it is one.
pub(crate) fn no_host(text: &str) -> Option<&'static str> {
    if !is_host(text) {
        return Some("it is no host's name");
    }
    is_inside(text).then_some("it is a name within this machine or platform, and no contract opens those")
}

/// Whether a name means something on this machine or within a cluster, where other enclaves live too.
fn is_inside(host: &str) -> bool {
    let host = host.to_ascii_lowercase();
    ["localhost", "local", "internal", "svc", "localdomain"]
        .iter()
        .any(|inside| host == *inside || host.strip_suffix(inside).is_some_and(|rest| rest.ends_with('.')))
}

/// Whether a text is an address or a host name (RFC 1123), without anything around it.
fn is_host(text: &str) -> bool {
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    // a name whose last label is a number would be read as an address by some clients and not by others
    let number = |label: &str| label.bytes().all(|byte| byte.is_ascii_digit());
    text.parse::<IpAddr>().is_ok()
        || (text.len() <= 253 && text.split('.').all(label) && !text.rsplit('.').next().is_some_and(number))
}

fn read_auth(fields: &Fields<'_>) -> Option<Auth> {
    let yaml = fields.value("auth")?;
    let auth = Fields::of(yaml, fields.part.clone(), &["type", "secret"], fields.report)?;
    if auth.value("type").is_none() {
        auth.add(auth.at, Rule::AuthType);
    }
    if auth.value("secret").is_none() {
        auth.add(auth.at, Rule::AuthSecret);
    }
    let (kind, secret) = (auth.line("type"), auth.line("secret")?);
    match secret.text.parse() {
        Ok(secret) => {
            // the word of earlier releases
            let kind = kind?.text.replace("bearer-token", "api-token");
            Some(Auth { kind, secret })
        }
        Err(_) => {
            auth.add(secret.at, Rule::SecretName(shown(secret.text)));
            None
        }
    }
}
