//! The rules of `workflow.yaml`, one variant each. Texts that documents and skills of earlier releases quote are kept.

use super::Position;
use crate::modules::ModuleRule;
use crate::name::NameError;

/// A rule that a file breaks.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Rule {
    // --- the text
    /// Not YAML.
    #[error("YAML parse error: {0}")]
    Yaml(String),
    /// Bigger than any workflow.
    #[error("the file has {bytes} bytes: at most {most} are read")]
    TooLarge {
        /// Its size.
        bytes: usize,
        /// What is read.
        most: usize,
    },
    /// Nothing but space and comments.
    #[error("the file is empty: it needs at least name, version, triggers and nodes")]
    Empty,
    /// Bytes that are not UTF-8.
    #[error("this is not UTF-8 text: save the file as UTF-8")]
    NotUtf8,
    /// Lists in lists in lists.
    #[error("nested too deeply: at most {0} levels are read")]
    TooDeep(usize),
    /// More values than any workflow has.
    #[error("too many values: at most {0} are read")]
    TooManyValues(usize),
    /// `&name` or `*name`.
    #[error("anchors and aliases (`&`, `*`) are not used here: write the value out")]
    Alias,
    /// `!tag`.
    #[error("tags (`!`) are not used here: write the plain value")]
    Tag,
    /// A second document after `---`.
    #[error("a second document begins here: a workflow is one document")]
    SecondDocument,
    /// A key that is a list or a map.
    #[error("a key must be a word")]
    ComplexKey,
    /// One key twice.
    #[error("key \"{key}\" is here twice: the first is at {first}")]
    DuplicateKey {
        /// The key.
        key: String,
        /// Where it was first.
        first: Position,
    },

    // --- shapes
    /// A key that nobody reads.
    #[error("unknown key \"{key}\": expected {}{}", one_of(.known), did_you_mean(.nearest.as_deref()))]
    UnknownKey {
        /// The key.
        key: String,
        /// What is read here.
        known: &'static [&'static str],
        /// The known key that looks most like it.
        nearest: Option<String>,
    },
    /// A value of another shape.
    #[error("{key} must be {expected}, got: {found}")]
    Shape {
        /// Whose value it is.
        key: String,
        /// What was expected.
        expected: &'static str,
        /// What is there.
        found: String,
    },
    /// A value that must be there.
    #[error("{0} is required")]
    Required(&'static str),
    /// An empty list or map that must not be.
    #[error("at least one {0} is required")]
    AtLeastOne(&'static str),
    /// More than there may be.
    #[error("too many {what}: {count}, at most {most}")]
    TooMany {
        /// What there is too much of.
        what: &'static str,
        /// How many.
        count: usize,
        /// How many there may be.
        most: usize,
    },

    // --- words and values
    /// The tentacle's name does not fit its rule.
    #[error("name must be kebab-case, got: \"{got}\" ({why})")]
    TentacleName {
        /// What was given.
        got: String,
        /// The rule.
        why: NameError,
    },
    /// The version is not two numbers.
    #[error("version must be semver (e.g., 1.0), got: \"{0}\" (two numbers with a dot between them)")]
    Version(String),
    /// The name of a trigger, node or dependency does not fit.
    #[error("name must match [a-z][a-z0-9_-]* and have at most 63 characters, got: \"{0}\"")]
    PartName(String),
    /// The same name twice.
    #[error("duplicate {what} name \"{name}\"")]
    DuplicateName {
        /// What has the name.
        what: &'static str,
        /// The name.
        name: String,
    },
    /// A word that is not one of a closed set.
    #[error("invalid {what} \"{got}\" (must be {known}{})", did_you_mean(.nearest.as_deref()))]
    Word {
        /// What the word stands for.
        what: &'static str,
        /// The word.
        got: String,
        /// The set, in words.
        known: &'static str,
        /// The word of the set that looks most like it.
        nearest: Option<String>,
    },
    /// What a kind of trigger needs.
    #[error("{kind} trigger requires {what}")]
    TriggerRequires {
        /// The kind.
        kind: &'static str,
        /// What it needs.
        what: &'static str,
    },
    /// A key of another kind of trigger.
    #[error("{key} has no meaning for a {kind} trigger")]
    TriggerIgnores {
        /// The kind.
        kind: &'static str,
        /// The key.
        key: &'static str,
    },
    /// A schedule that is not cron's.
    #[error(
        "schedule \"{got}\" cannot be used: {why} (five fields: minute, hour, day of month, month, day of week)"
    )]
    Schedule {
        /// What was given.
        got: String,
        /// Why not.
        why: crate::trigger::ScheduleError,
    },
    /// A time zone that there is not.
    #[error(
        "timezone \"{got}\" is not in the IANA database (such as Europe/Berlin){}",
        did_you_mean(.nearest.as_deref())
    )]
    TimeZone {
        /// What was given.
        got: String,
        /// The time zone that is called most like it.
        nearest: Option<String>,
    },
    /// A webhook's secret whose name does not fit.
    #[error("secret must be service.key, got: \"{0}\"")]
    TriggerSecret(String),
    /// A length of time that is not a number with a unit.
    #[error(
        "{key} must be a number of seconds or minutes from 1s to {most}s, such as 30s or 2m, got: \"{got}\""
    )]
    Duration {
        /// Whose value it is.
        key: &'static str,
        /// What was given.
        got: String,
        /// The most, in seconds.
        most: u64,
    },
    /// A number outside of its range.
    #[error("{key} must be a whole number from {least} to {most}, got: \"{got}\"")]
    Number {
        /// Whose value it is.
        key: &'static str,
        /// What was given.
        got: String,
        /// The least.
        least: u64,
        /// The most.
        most: u64,
    },
    /// A text with a line break where one line is meant.
    #[error("{0} must be one line")]
    OneLine(String),

    // --- files
    /// A path that leaves the folder, or that machines read differently.
    #[error("path \"{got}\" cannot be used: {why}")]
    Path {
        /// The path.
        got: String,
        /// Why not.
        why: crate::path::PathError,
    },
    /// A file that a node cannot be.
    #[error("path must name a TypeScript or JavaScript file (.ts, .js), got: \"{0}\"")]
    NotCode(String),
    /// A node without a file.
    #[error("file \"{got}\" is not among the tentacle's files{}", did_you_mean(.nearest.as_deref()))]
    NoSuchFile {
        /// The path.
        got: String,
        /// The file that looks most like it.
        nearest: Option<String>,
    },
    /// Two nodes with one file.
    #[error("file \"{path}\" is already node \"{other}\": each node has a file of its own")]
    SharedFile {
        /// The path.
        path: String,
        /// The node that had it first.
        other: String,
    },

    // --- the graph
    /// An edge's end that is not a node.
    #[error("{end} node \"{got}\" not defined{}", did_you_mean(.nearest.as_deref()))]
    NoSuchNode {
        /// `from` or `to`.
        end: &'static str,
        /// The name.
        got: String,
        /// The node that is called most like it.
        nearest: Option<String>,
    },
    /// An edge from a node to itself.
    #[error("self-loop on \"{0}\"")]
    SelfLoop(String),
    /// One edge twice.
    #[error("the edge from \"{from}\" to \"{to}\" is here twice")]
    DuplicateEdge {
        /// Its beginning.
        from: String,
        /// Its end.
        to: String,
    },
    /// Nodes that wait for each other.
    #[error("cycle detected: {}", .0.join(" -> "))]
    Cycle(Vec<String>),

    // --- the contract
    /// A contract of another version.
    #[error("version must be \"1\", got: \"{0}\"")]
    ContractVersion(String),
    /// What a protocol needs.
    #[error("{protocol} requires {what}")]
    ProtocolRequires {
        /// The protocol.
        protocol: String,
        /// What it needs.
        what: &'static str,
    },
    /// A key that does not belong to the dependency's kind.
    #[error("{key} has no meaning for {kind}")]
    DependencyIgnores {
        /// The key.
        key: &'static str,
        /// The kind of dependency.
        kind: String,
    },
    /// A host that is not a host name or an address.
    #[error(
        "invalid host \"{0}\" (must be a host name such as api.example.com, without scheme, port or path)"
    )]
    Host(String),
    /// An address range that is not one.
    #[error("invalid CIDR format \"{0}\" (must be an address and a length, such as 203.0.113.0/24)")]
    Cidr(String),
    /// A port that is not one.
    #[error("invalid port spec \"{0}\" (must be such as 443/TCP)")]
    PortSpec(String),
    /// `auth` without its kind.
    #[error("auth.type is required when auth is present")]
    AuthType,
    /// `auth` without its secret.
    #[error("auth.secret is required")]
    AuthSecret,
    /// A secret's name that does not fit.
    #[error("auth.secret must be service.key, got: \"{0}\"")]
    SecretName(String),
    /// A node uses what the contract does not declare.
    #[error("uses \"{got}\", which is neither a dependency of the contract nor a sidecar{}", did_you_mean(.nearest.as_deref()))]
    NoSuchDependency {
        /// The name.
        got: String,
        /// The dependency that is called most like it.
        nearest: Option<String>,
    },

    // --- modules
    /// What is imported from registries.
    #[error(transparent)]
    Module(#[from] ModuleRule),

    // --- sidecars
    /// A sidecar's name that is no container name.
    #[error(
        "name must be lower-case words joined by hyphens with at most 63 characters, begin with a letter, and not be \
         `engine`, got: \"{0}\""
    )]
    SidecarName(String),
    /// A sidecar that is called as a dependency is.
    #[error("\"{0}\" is a dependency's name already, and `uses` could not tell them apart")]
    SidecarNameTaken(String),
    /// An image that is not named by its digest.
    #[error(
        "image \"{0}\" is not named by its digest, so that nobody could approve what will run: write name@sha256:…; \
         `crane digest {0}` or `docker buildx imagetools inspect {0}` tells it"
    )]
    SidecarImage(String),
    /// A variable whose name is none.
    #[error("env: \"{0}\" is no name of a variable: letters, digits and _")]
    SidecarVariable(String),
    /// A path that cannot be asked whether it is well.
    #[error("healthPath must be a path such as /health, of a sidecar that speaks http, got: \"{0}\"")]
    SidecarHealth(String),
    /// An amount that is none, or too little or too much.
    #[error("{key} must be from {least} to {most} {unit}, got: \"{got}\"")]
    SidecarAmount {
        /// Of what.
        key: &'static str,
        /// What stands there.
        got: String,
        /// The least.
        least: u32,
        /// The most.
        most: u32,
        /// In what it is counted, with an example.
        unit: &'static str,
    },
    /// It is to be given more than it may use.
    #[error("requests.{0} is more than limits.{0}")]
    SidecarRequest(&'static str),
    /// More than fits.
    #[error("the sidecars may use {sum} together: at most {most}")]
    SidecarsTogether {
        /// How much they would.
        sum: String,
        /// How much they may.
        most: String,
    },
    /// A port that two want, or that the engine has.
    #[error("port {port} is already used by {by}")]
    PortTaken {
        /// The port.
        port: u16,
        /// Who has it.
        by: String,
    },

    /// A host that only means something inside.
    #[error(
        "host `{0}` is a name of the machine or of the platform, where other enclaves live too: a tentacle reaches \
             hosts of the internet"
    )]
    InsideHost(String),
    /// A range that is everything.
    #[error("`{0}` is the whole internet: name the hosts, or the smallest range that holds them")]
    Everything(String),

    // --- what this release cannot run
    /// Correct, and still refused: nothing here runs it yet.
    #[error("{what} are not supported yet: {why}")]
    NotYet {
        /// What is asked for.
        what: &'static str,
        /// What it waits for.
        why: &'static str,
    },
}

fn one_of(known: &[&str]) -> String {
    match known {
        [] => "nothing".to_owned(),
        [only] => (*only).to_owned(),
        [init @ .., last] => format!("{} or {last}", init.join(", ")),
    }
}

fn did_you_mean(nearest: Option<&str>) -> String {
    nearest.map(|word| format!(", did you mean \"{word}\"?")).unwrap_or_default()
}
