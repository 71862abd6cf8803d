//! Which crate may use which: the table of `ARCHITECTURE.md` as data, and the check that the workspace keeps to it.

mod graph;

pub(crate) use self::graph::{Crate, Kind, Use, crates};

/// One row: a crate and the crates of this workspace that it may use, in code, tests or build scripts.
struct Layer {
    name: &'static str,
    may_use: &'static [&'static str],
    /// What it may use besides, but only through the feature [`UP`].
    by_up: &'static [&'static str],
}

const fn layer(name: &'static str, may_use: &'static [&'static str]) -> Layer {
    Layer { name, may_use, by_up: &[] }
}

/// The feature of `tntc` that brings the services in.
const UP: &str = "up";

/// The table.
const LAYERS: [Layer; 12] = [
    layer("policy", &[]),
    layer("workflow", &["policy"]),
    layer("manifest", &["workflow"]),
    layer("wire", &["policy", "workflow"]),
    layer("state-repo", &["wire", "workflow"]),
    layer("mcp-server", &["policy", "workflow", "manifest", "wire", "state-repo"]),
    layer("kraken-bot", &["policy", "wire", "state-repo", "workflow"]),
    Layer {
        name: "tntc",
        may_use: &["wire", "workflow", "manifest", "state-repo"],
        by_up: &["local", "mcp-server", "kraken-bot", "egress"],
    },
    layer("local", &["wire"]),
    layer("egress", &["wire"]),
    layer("tests", &[]),
    layer("xtask", &[]),
];

/// The crate that must stay free of outside dependencies, and the one that it may have.
const PURE: (&str, &str) = ("policy", "thiserror");

/// The crate that must never reach a cluster, and the libraries that could.
const NO_CLUSTER: (&str, [&str; 4]) = ("kraken-bot", ["kube", "kube-client", "kube-core", "k8s-openapi"]);

/// Every way in which the workspace breaks the table.
pub(crate) fn check(crates: &[Crate]) -> Vec<String> {
    crates
        .iter()
        .flat_map(|it| edges(it).into_iter().chain(pure(it)).chain(cluster(it)).chain(folder(it)))
        .collect()
}

fn edges(it: &Crate) -> Vec<String> {
    let Some(layer) = LAYERS.iter().find(|layer| layer.name == it.name) else {
        return vec![format!("`{}` is not in the table of layers", it.name)];
    };
    let ours = it.uses.iter().filter(|edge| edge.ours);
    ours.filter_map(|edge| refusal(it, layer, edge)).collect()
}

fn refusal(it: &Crate, layer: &Layer, edge: &Use) -> Option<String> {
    let Use { name, kind, .. } = edge;
    if layer.may_use.contains(&name.as_str()) {
        return None;
    }
    let edge_text = format!("`{}` uses `{name}` ({})", it.name, kind.text());
    if !layer.by_up.contains(&name.as_str()) {
        return Some(format!("{edge_text}, which the table of layers does not have"));
    }
    if *kind != Kind::Normal || !edge.optional {
        return Some(format!(
            "{edge_text} without being asked to: it must be optional, behind the feature `{UP}`"
        ));
    }
    let others = it.features.iter().filter(|(feature, _)| feature.as_str() != UP);
    let opener = others.into_iter().find(|(_, enables)| enables.iter().any(|item| brings(item, name)));
    opener.map(|(feature, _)| format!("{edge_text} by the feature `{feature}`, and only `{UP}` may do that"))
}

/// Whether an item of a feature's list turns the optional dependency on: `dep:x`, `x`, `x/feature`, but not
/// `x?/feature`.
fn brings(item: &str, dependency: &str) -> bool {
    let item = item.strip_prefix("dep:").unwrap_or(item);
    item.split('/').next() == Some(dependency)
}

fn pure(it: &Crate) -> Vec<String> {
    let (name, allowed) = PURE;
    let outside =
        it.uses.iter().filter(|edge| !edge.ours && edge.kind != Kind::Development && edge.name != allowed);
    if it.name != name {
        return Vec::new();
    }
    outside
        .map(|edge| format!("`{name}` uses `{}`: it may use nothing from outside but `{allowed}`", edge.name))
        .collect()
}

fn cluster(it: &Crate) -> Vec<String> {
    let (name, libraries) = NO_CLUSTER;
    let found = libraries.iter().filter(|library| it.name == name && it.reaches.contains(**library));
    found
        .map(|library| format!("`{name}` reaches `{library}`: only the MCP server may talk to a cluster"))
        .collect()
}

fn folder(it: &Crate) -> Option<String> {
    (it.name != it.folder)
        .then(|| format!("`{}` lies in `{}/`: a crate is named as its folder", it.name, it.folder))
}

#[cfg(test)]
mod tests;
