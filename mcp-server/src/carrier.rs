//! Manifests of earlier clients, as a carrier of the source and of nothing else: the code's ConfigMap is read, and of the
//! metadata's what was a file of the author's. Everything beside it is named as ignored, and what would be dangerous on a
//! cluster is refused by name. Whoever sends it is told, although nothing of it would ever be applied.

mod danger;

use serde_json::{Map, Value};
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
    let (code, metadata) = (format!("{tentacle}-code"), format!("{tentacle}-metadata"));
    let mut carried = Carried { files: BTreeMap::new(), ignored: Vec::new() };
    let mut has_source = false;
    for manifest in manifests {
        let (kind, name) = (text(manifest, "/kind"), text(manifest, "/metadata/name"));
        match (kind, manifest.pointer("/data").and_then(Value::as_object)) {
            ("ConfigMap", Some(data)) if name == code => {
                let files =
                    data.iter().filter_map(|(key, value)| Some((path(key), value.as_str()?.to_owned())));
                has_source |= !data.is_empty();
                carried.files.extend(files);
            }
            ("ConfigMap", Some(data)) if name == metadata => carried.metadata(name, data),
            _ => carried.ignored.push(format!("{kind} {}: {}", workflow_shown(name), why(kind))),
        }
    }
    if !has_source {
        let what = format!("the manifests have no source: there is no ConfigMap `{code}`");
        return Err(Failure::new(FailureCode::Invalid, what).with_remedy("send the source as `files`"));
    }
    Ok(carried)
}

impl Carried {
    /// Takes the author's files out of the metadata. The code's own come first, whichever manifest comes first.
    fn metadata(&mut self, name: &str, data: &Map<String, Value>) {
        let mut all = true;
        for (key, value) in data {
            let file = match (key.as_str(), value.as_str()) {
                ("readme", Some(text)) => Some(("README.md", text)),
                ("params_schema", Some(text)) => Some((params(text), text)),
                _ => None,
            };
            all &= file.is_some();
            if let Some((path, text)) = file {
                self.files.entry(path.to_owned()).or_insert_with(|| text.to_owned());
            }
        }
        if !all {
            let what = "of the metadata only the readme and the params schema are read";
            self.ignored.push(format!("ConfigMap {}: {what}", workflow_shown(name)));
        }
    }
}

/// The file of the params schema. The original's is YAML, of which JSON is a part.
fn params(text: &str) -> &'static str {
    match serde_json::from_str::<Value>(text) {
        Ok(_) => "params.schema.json",
        Err(_) => "params.schema.yaml",
    }
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
