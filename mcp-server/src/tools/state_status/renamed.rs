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

/// How often content is hashed at most for one answer, whatever is in git: it can be as large as a tentacle may be. What is not found
/// by then is told as one that is gone and one that is new, which is as true.
const MOST_TRIES: usize = 100;

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
        let mut search = Search { new: BTreeMap::new(), tries: MOST_TRIES };
        for (name, kept) in kept.iter().filter(|(name, _)| is_new(name)) {
            search.new.extend(kept.as_ref().ok().map(|hash| (hash.as_str(), name)));
        }
        let mut to = BTreeMap::new();
        for (name, target) in running.iter().filter(|(name, _)| !kept.contains_key(*name)) {
            if search.is_over() {
                break;
            }
            let files = server.store.running_source(target).await.map_err(|error| unavailable(&error))?;
            let other = files.and_then(|files| search.new_name(&files, name));
            to.extend(other.map(|other| (name.clone(), other.clone())));
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

/// A search among what is new in git.
struct Search<'k> {
    /// The names, by that of the content.
    new: BTreeMap<&'k str, &'k TentacleName>,
    /// How often content may still be hashed.
    tries: usize,
}

impl<'k> Search<'k> {
    /// Whether nothing more can be found.
    fn is_over(&self) -> bool {
        self.new.is_empty() || self.tries == 0
    }

    /// What a tentacle of these files is called now, where it is found. Nothing else is called so then.
    fn new_name(
        &mut self,
        files: &BTreeMap<String, String>,
        from: &TentacleName,
    ) -> Option<&'k TentacleName> {
        let tried = self.new.iter().take(self.tries);
        let (mut count, mut found) = (0, None);
        for (hash, other) in tried {
            count += 1;
            if under(files, from, other).as_deref() == Some(hash) {
                found = Some(*hash);
                break;
            }
        }
        self.tries = self.tries.saturating_sub(count);
        self.new.remove(found?)
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

    #[test]
    fn content_is_hashed_so_often_and_no_more() {
        let name = |name: &str| name.parse::<TentacleName>().unwrap();
        let (from, to) = (name("hello"), name("greeter"));
        let files = [(WORKFLOW.to_owned(), "name: hello\n".to_owned())].into();
        let hash = under(&files, &from, &to).unwrap();
        // All of them come before it.
        let others: Vec<String> = (0..MOST_TRIES).map(|at| format!("  {at:05}")).collect();
        let search = |others: &'_ [String]| {
            let new = others.iter().map(|hash| (hash.as_str(), &from)).chain([(hash.as_str(), &to)]);
            let mut search = Search { new: new.collect(), tries: MOST_TRIES };
            let found = search.new_name(&files, &from).cloned();
            let again = search.new_name(&files, &from).cloned();
            (found, again, search.tries)
        };
        assert_eq!(search(&[]), (Some(to.clone()), None, MOST_TRIES - 1));
        assert_eq!(search(&others[1..]), (Some(to.clone()), None, 0));
        assert_eq!(search(&others), (None, None, 0));
    }
}
