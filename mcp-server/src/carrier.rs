//! Manifests of earlier clients, as a carrier of the source and of nothing else: the code's ConfigMap is read, everything
//! beside it is named as ignored, and what would be dangerous on a cluster is refused by name. Whoever sends it is told,
//! although nothing of it would ever be applied.

mod danger;

use serde_json::Value;
use std::collections::BTreeMap;
use wire::{Failure, FailureCode};
use workflow::{EnclaveName, TentacleName};

/// The kinds that earlier clients sent.
const KINDS: [&str; 5] = ["ConfigMap", "Secret", "NetworkPolicy", "Service", "Deployment"];

/// The most manifests of one tentacle.
const MOST: usize = 50;

/// What was carried.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Carried {
    /// The source, by path.
    pub(crate) files: BTreeMap<String, String>,
    /// What was not read, and why, for people.
    pub(crate) ignored: Vec<String>,
}

/// Whose manifests they are to be.
#[derive(Debug, Clone, Copy)]
struct Own<'a> {
    enclave: &'a EnclaveName,
    tentacle: &'a TentacleName,
}

/// Reads the source out of manifests.
///
/// # Errors
/// Names everything that is dangerous, or that there is no source.
pub(crate) fn read(
    enclave: &EnclaveName,
    tentacle: &TentacleName,
    manifests: &[Value],
) -> Result<Carried, Failure> {
    let own = Own { enclave, tentacle };
    if manifests.len() > MOST {
        let what = format!("there are {} manifests, and a tentacle has {MOST} at most", manifests.len());
        return Err(Failure::new(FailureCode::Invalid, what));
    }
    let dangers: Vec<String> = manifests.iter().flat_map(|manifest| danger::of(manifest, own)).collect();
    if !dangers.is_empty() {
        return Err(Failure::new(FailureCode::Invalid, dangers.join("\n"))
            .with_remedy("send the tentacle's source; the server derives every manifest by itself"));
    }
    let code = format!("{tentacle}-code");
    let mut carried = Carried { files: BTreeMap::new(), ignored: Vec::new() };
    for manifest in manifests {
        let (kind, name) = (text(manifest, "/kind"), text(manifest, "/metadata/name"));
        match (kind, manifest.pointer("/data").and_then(Value::as_object)) {
            ("ConfigMap", Some(data)) if name == code => {
                let files =
                    data.iter().filter_map(|(key, value)| Some((path(key), value.as_str()?.to_owned())));
                carried.files.extend(files);
            }
            _ => carried.ignored.push(format!("{kind} {}: {}", workflow_shown(name), why(kind))),
        }
    }
    if carried.files.is_empty() {
        let what = format!("the manifests have no source: there is no ConfigMap `{code}`");
        return Err(Failure::new(FailureCode::Invalid, what).with_remedy("send the source as `files`"));
    }
    Ok(carried)
}

/// The path that a key stood for: a slash was written as two underlines.
fn path(key: &str) -> String {
    key.replacen("__", "/", 1)
}

fn why(kind: &str) -> &'static str {
    match kind {
        "Secret" => "secrets are set by the enclave's owner (`tntc secret set`)",
        "ConfigMap" => "only the source is read",
        _ => "the server derives it from the contract",
    }
}

fn text<'v>(value: &'v Value, pointer: &str) -> &'v str {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

/// A text of the client's, bounded and on one line.
fn workflow_shown(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(64).collect()
}
