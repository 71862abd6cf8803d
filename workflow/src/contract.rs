//! What a tentacle needs of the world: the contract. Whatever is not in it cannot be reached.

use crate::fields::Fields;
use crate::name::shown;
use crate::part_name::PartName;
use crate::problem::{Part, Position, Rule};
use ipnet::IpNet;
use std::collections::{BTreeMap, BTreeSet};

pub(crate) use dependency::no_host;
pub use dependency::{Auth, Dependency, Port, Protocol, Target, Transport};

mod dependency;

/// The `contract` of a workflow. An absent one is empty: such a tentacle reaches nothing.
#[derive(Debug, Clone, Default)]
pub struct Contract {
    /// What it needs, by the name that its code uses.
    pub dependencies: BTreeMap<PartName, Dependency>,
    /// Address ranges beyond the dependencies.
    pub additional_egress: Vec<AdditionalEgress>,
    /// Every name under `dependencies`, broken ones included: what `uses` may say without a second report.
    pub(crate) names: BTreeSet<String>,
}

/// An address range that the tentacle may reach beyond its dependencies.
#[derive(Debug, Clone)]
pub struct AdditionalEgress {
    /// Where it stands in the file.
    pub at: Position,
    /// The range.
    pub to: IpNet,
    /// The ports; empty means every port.
    pub ports: Vec<Port>,
    /// Why, in the author's words.
    pub reason: Option<String>,
    /// Which one of the list it is.
    pub(crate) index: usize,
}

/// The most dependencies of one tentacle, and the most additional ranges.
const MOST: usize = 100;

impl Contract {
    pub(crate) fn read(fields: &Fields<'_>) -> Self {
        let Some(fields) = fields.value("contract").and_then(|yaml| {
            let known = &["version", "dependencies", "networkPolicy"];
            Fields::of(yaml, Part::Section("contract"), known, fields.report)
        }) else {
            return Self::default();
        };
        if let Some(version) = fields.required_text("version")
            && version.text != "1"
        {
            fields.add(version.at, Rule::ContractVersion(shown(version.text)));
        }
        let entries = fields.map("dependencies");
        if entries.len() > MOST {
            let at = fields.key_at("dependencies").unwrap_or(fields.at);
            fields.add(at, Rule::TooMany { what: "dependencies", count: entries.len(), most: MOST });
        }
        let mut dependencies = BTreeMap::new();
        for entry in entries.iter().take(MOST) {
            let part = Part::Dependency(shown(&entry.key));
            let name = PartName::read(&entry.key, entry.at, &part, fields.report);
            let dependency = Dependency::read(entry, part, fields.report);
            if let (Some(name), Some(dependency)) = (name, dependency) {
                dependencies.insert(name, dependency);
            }
        }
        let names = entries.iter().map(|entry| entry.key.clone()).collect();
        Self { dependencies, additional_egress: read_egress(&fields), names }
    }
}

fn read_egress(fields: &Fields<'_>) -> Vec<AdditionalEgress> {
    let Some(fields) = fields.value("networkPolicy").and_then(|yaml| {
        Fields::of(yaml, Part::Section("networkPolicy"), &["additionalEgress"], fields.report)
    }) else {
        return Vec::new();
    };
    let list = fields.list("additionalEgress");
    if list.len() > MOST {
        fields.add(fields.at, Rule::TooMany { what: "additionalEgress", count: list.len(), most: MOST });
    }
    let read = |(index, yaml)| {
        let known = &["toCIDR", "ports", "reason"];
        let fields = Fields::of(yaml, Part::Egress(index), known, fields.report)?;
        let ports = fields.texts("ports").into_iter().filter_map(|text| Port::read(text, &fields)).collect();
        let reason = fields.text("reason").map(|text| text.text.to_owned());
        let to = dependency::read_range(fields.required_text("toCIDR")?, &fields)?;
        Some(AdditionalEgress { at: fields.at, to, ports, reason, index })
    };
    list.iter().take(MOST).enumerate().filter_map(read).collect()
}
