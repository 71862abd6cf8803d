//! The workspace's crates as the layering check sees them, from `cargo metadata`.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use cargo_metadata::{DependencyKind, Metadata, Node, Package, PackageId};

/// A crate of this workspace.
#[derive(Debug, Default)]
pub(crate) struct Crate {
    /// Its name.
    pub(crate) name: String,
    /// The name of its folder.
    pub(crate) folder: String,
    /// What it uses itself.
    pub(crate) uses: Vec<Use>,
    /// Its features, with what each turns on.
    pub(crate) features: BTreeMap<String, Vec<String>>,
    /// Everything that it uses, itself or through others.
    pub(crate) reaches: BTreeSet<String>,
}

/// A dependency.
#[derive(Debug)]
pub(crate) struct Use {
    /// The name of what is used.
    pub(crate) name: String,
    /// For what.
    pub(crate) kind: Kind,
    /// Whether a feature has to turn it on.
    pub(crate) optional: bool,
    /// Whether it is a crate of this workspace.
    pub(crate) ours: bool,
}

/// What a dependency is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// The crate itself.
    Normal,
    /// Its tests and benchmarks.
    Development,
    /// Its build script.
    Build,
}

impl Kind {
    pub(crate) const fn text(self) -> &'static str {
        match self {
            Self::Normal => "in its code",
            Self::Development => "in its tests",
            Self::Build => "in its build script",
        }
    }

    fn from(kind: DependencyKind) -> Self {
        match kind {
            DependencyKind::Development => Self::Development,
            DependencyKind::Build => Self::Build,
            DependencyKind::Normal | DependencyKind::Unknown => Self::Normal,
        }
    }
}

/// The crates of the workspace.
pub(crate) fn crates(metadata: &Metadata) -> Vec<Crate> {
    let members = metadata.workspace_packages();
    let names: BTreeSet<&str> = members.iter().map(|package| package.name.as_str()).collect();
    members.iter().map(|package| crate_of(package, &names, metadata)).collect()
}

fn crate_of(package: &Package, ours: &BTreeSet<&str>, metadata: &Metadata) -> Crate {
    let uses = package.dependencies.iter().map(|edge| Use {
        name: edge.name.clone(),
        kind: Kind::from(edge.kind),
        optional: edge.optional,
        ours: edge.path.is_some() && ours.contains(edge.name.as_str()),
    });
    Crate {
        name: package.name.to_string(),
        folder: package
            .manifest_path
            .parent()
            .and_then(|folder| folder.file_name())
            .unwrap_or_default()
            .to_owned(),
        uses: uses.collect(),
        features: package.features.clone(),
        reaches: reaches(&package.id, metadata),
    }
}

/// The names of all packages below one. Of what lies deeper only code and build scripts count: the tests of a
/// dependency are not built.
fn reaches(from: &PackageId, metadata: &Metadata) -> BTreeSet<String> {
    let nodes = metadata.resolve.iter().flat_map(|resolve| &resolve.nodes);
    let nodes: HashMap<&PackageId, &Node> = nodes.map(|node| (&node.id, node)).collect();
    let mut found: BTreeSet<&PackageId> = BTreeSet::new();
    let mut next = vec![from];
    while let Some(id) = next.pop() {
        let edges = nodes.get(id).into_iter().flat_map(|node| &node.deps);
        let counts = |kind| id == from || kind != DependencyKind::Development;
        let edges = edges.filter(|edge| edge.dep_kinds.iter().any(|info| counts(info.kind)));
        next.extend(edges.map(|edge| &edge.pkg).filter(|id| found.insert(id)));
    }
    let packages = metadata.packages.iter().filter(|package| found.contains(&package.id));
    packages.map(|package| package.name.to_string()).collect()
}
