//! What runs under one name and is in git under another.
//!
//! A tentacle's own name is in its `workflow.yaml`, so that one that was renamed has another content. What runs is compared
//! as it would be under the other name.

use crate::gate::target::OnTentacle;
use crate::gate::unavailable;
use crate::server::Server;
use crate::state::Kept;
use std::collections::BTreeMap;
use wire::Failure;
use wire::tools::state::StateWord;
use workflow::{Bundle, TentacleName};

/// The file that has a tentacle's name.
const WORKFLOW: &str = "workflow.yaml";

/// The names that became others.
#[derive(Debug, Default)]
pub(super) struct Renamed {
    /// The new name, by the one under which it runs.
    to: BTreeMap<TentacleName, TentacleName>,
}

impl Renamed {
    /// Looks for each tentacle that is gone from git among those that are new there.
    pub(super) async fn find(
        server: &Server,
        running: &BTreeMap<TentacleName, OnTentacle>,
        kept: &BTreeMap<TentacleName, Kept>,
        hidden: impl Fn(&TentacleName) -> bool,
    ) -> Result<Self, Failure> {
        let is_new = |name: &TentacleName| !running.contains_key(name) && !hidden(name);
        let mut new: BTreeMap<&str, &TentacleName> = BTreeMap::new();
        for (name, kept) in kept.iter().filter(|(name, _)| is_new(name)) {
            new.extend(kept.as_ref().ok().map(|hash| (hash.as_str(), name)));
        }
        let mut to = BTreeMap::new();
        for (name, target) in running.iter().filter(|(name, _)| !kept.contains_key(*name)) {
            if new.is_empty() {
                break;
            }
            let files = server.store.running_source(target).await.map_err(|error| unavailable(&error))?;
            let Some(files) = files else { continue };
            let under = |other: &TentacleName| under(&files, name, other);
            let found = new.iter().find(|(hash, other)| under(other).as_deref() == Some(hash));
            if let Some((hash, other)) = found.map(|(hash, other)| (*hash, *other)) {
                to.insert(name.clone(), other.clone());
                new.remove(hash);
            }
        }
        Ok(Self { to })
    }

    /// What is said of a tentacle that has another name in git, and of its new name.
    pub(super) fn told(&self, name: &TentacleName) -> Option<(StateWord, String, String)> {
        if let Some(new) = self.to.get(name) {
            let says = format!("in git it is called `{new}`, and it still runs under its old name");
            return Some((StateWord::Renamed, says, format!("deploy `{new}`, then remove `{name}`")));
        }
        let (old, _) = self.to.iter().find(|(_, new)| *new == name)?;
        let says = format!("it still runs under its old name, `{old}`");
        Some((StateWord::Renamed, says, format!("deploy `{name}`, then remove `{old}`")))
    }
}

/// The name of this content if the tentacle were called otherwise.
fn under(files: &BTreeMap<String, String>, from: &TentacleName, to: &TentacleName) -> Option<String> {
    let files = files.iter().map(|(path, text)| {
        let text = if path == WORKFLOW { renamed(text, from, to) } else { text.clone() };
        (path.clone(), text.into_bytes())
    });
    Bundle::new(files).ok().map(|bundle| bundle.content_hash().to_string())
}

/// A workflow with another name in the line that has it.
fn renamed(text: &str, from: &TentacleName, to: &TentacleName) -> String {
    let line = |line: &str| match line.starts_with("name:") {
        true => line.replacen(from.as_str(), to.as_str(), 1),
        false => line.to_owned(),
    };
    text.split_inclusive('\n').map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_alone_is_another() {
        let (from, to) = ("hello".parse().unwrap(), "greeter".parse().unwrap());
        let text = "version: \"1\"\nname: hello\ndescription: says hello\n";
        assert_eq!(renamed(text, &from, &to), "version: \"1\"\nname: greeter\ndescription: says hello\n");
        assert_eq!(renamed("name: \"hello\"", &from, &to), "name: \"greeter\"");
    }
}
