//! What a contract has and an observed run did not use.

use super::Attempt;
use crate::contract::{Dependency, Target};
use crate::part_name::PartName;
use crate::workflow::Workflow;
use std::collections::BTreeSet;

impl Workflow {
    /// The dependencies that `node` may use and did not ask for, by its name or its place; `carried` are the places, as
    /// `host:port`, to which the gateway carried something of whatever node.
    #[must_use]
    pub fn unused_by(
        &self,
        node: &PartName,
        attempts: &[Attempt],
        carried: &BTreeSet<String>,
    ) -> Vec<&PartName> {
        let own: Vec<&Attempt> = attempts.iter().filter(|attempt| attempt.node == node.as_str()).collect();
        let is_unused = |name: &&PartName| {
            let dependency = self.contract.dependencies.get(*name);
            dependency.is_some_and(|dependency| !is_used(name, dependency, &own, carried))
        };
        self.may_use(node).into_iter().filter(is_unused).collect()
    }
}

fn is_used(name: &PartName, dependency: &Dependency, own: &[&Attempt], carried: &BTreeSet<String>) -> bool {
    let secret = dependency.auth.as_ref().map(|auth| auth.secret.as_str());
    let asked = own.iter().any(|attempt| match (attempt.by.as_str(), attempt.name.as_deref()) {
        ("ctx.secret", asked) => asked.is_some() && asked == secret,
        (_, asked) => {
            asked == Some(name.as_str()) || attempt.place().is_some_and(|place| place.fits(dependency))
        }
    });
    let was_carried = match &dependency.target {
        Target::Host { host, port } => carried.contains(&format!("{host}:{port}")),
        // what is asked for by an address is not told apart
        Target::Range { .. } => !carried.is_empty(),
        Target::Platform | Target::Module { .. } => true,
    };
    asked || was_carried
}
