//! What code asks its context for by a name in quotes that it will not be given: a slip that would show first in a run.

use super::imports;
use super::lexer::{self, Asked, Kind};
use crate::bundle::Bundle;
use crate::nearest::nearest;
use crate::problem::Position;
use crate::workflow::Workflow;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// Something that code asks for, and none of the nodes that it belongs to has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unmet {
    /// The file.
    pub file: String,
    /// Where in it.
    pub at: Position,
    kind: Kind,
    name: String,
    /// What is in the contract and was probably meant.
    meant: Option<String>,
}

impl fmt::Display for Unmet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { kind, name, meant, .. } = self;
        match kind {
            Kind::Secret => write!(
                f,
                "the code reads the secret `{name}`, and no dependency that its node uses has it (auth.secret)"
            )?,
            Kind::Dependency => {
                write!(
                    f,
                    "the code asks for `{name}`, which its node does not use: no dependency and no sidecar of it"
                )?;
            }
        }
        match meant {
            Some(meant) => write!(f, "; is `{meant}` meant?"),
            None => Ok(()),
        }
    }
}

/// All that is asked for in vain, file by file; where several nodes lead to a file, by all of them. It is no proof of a mistake:
/// names can be put together, and the context can have another name.
#[must_use]
pub fn unmet(workflow: &Workflow, bundle: &Bundle) -> Vec<Unmet> {
    let mut asked: BTreeMap<(String, Position), Option<Unmet>> = BTreeMap::new();
    for (name, node) in &workflow.nodes {
        let uses = workflow.may_use(name);
        let secrets: BTreeSet<&str> = uses
            .iter()
            .filter_map(|used| workflow.contract.dependencies.get(*used)?.auth.as_ref())
            .map(|auth| auth.secret.as_str())
            .collect();
        let uses: BTreeSet<&str> = uses.iter().map(|used| used.as_str()).collect();
        for (file, text) in imports::files(bundle, std::iter::once(&node.path)) {
            for Asked { kind, name, at } in lexer::asked(text) {
                let known = match kind {
                    Kind::Secret => &secrets,
                    Kind::Dependency => &uses,
                };
                let met = known.contains(name.as_str());
                let meant = nearest(&name, known.iter().copied());
                let unmet = (!met).then(|| Unmet { file: file.clone(), at, kind, name, meant });
                let others = asked.entry((file.clone(), at)).or_insert_with(|| unmet.clone());
                if met {
                    *others = None;
                }
            }
        }
    }
    asked.into_values().flatten().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(workflow: &str, files: &[(&str, &str)]) -> Vec<String> {
        let all = [files, &[("workflow.yaml", workflow)]].concat();
        let files = all.iter().map(|(path, text)| ((*path).to_owned(), text.as_bytes().to_vec()));
        let bundle = Bundle::new(files).unwrap();
        let unmet = unmet(&Workflow::of(&bundle).unwrap(), &bundle);
        unmet.iter().map(|it| format!("{}:{}: {it}", it.file, it.at)).collect()
    }

    const WORKFLOW: &str = "name: hello\nversion: '1.0'\ntriggers: [{type: manual}]\nnodes:\n  \
        a: {path: nodes/a.ts, description: A, uses: [shop]}\n  b: {path: nodes/b.ts, description: B}\n\
        contract:\n  version: '1'\n  dependencies:\n    \
        shop: {protocol: https, host: shop.example, auth: {type: bearer-token, secret: shop.key}}\n";

    #[test]
    fn a_slip_in_a_name_is_told_by_its_place_with_what_was_meant() {
        let code = "export default async (ctx) => [\n  ctx.secret(\"shop.kye\"), ctx.secret('shop.key'),\n  \
                    await ctx.fetch(`shpo`, \"/\"), ctx.dependency(\"shop\"), ctx.secret(`shop.${1}`),\n];\n";
        let other = "export default (ctx) => ctx.dependency(\"shop\").host;\n";
        assert_eq!(
            told(WORKFLOW, &[("nodes/a.ts", code), ("nodes/b.ts", other)]),
            [
                "nodes/a.ts:2:14: the code reads the secret `shop.kye`, and no dependency that its node uses has it \
                 (auth.secret); is `shop.key` meant?",
                "nodes/a.ts:3:19: the code asks for `shpo`, which its node does not use: no dependency and no sidecar of it; \
                 is `shop` meant?",
                "nodes/b.ts:1:40: the code asks for `shop`, which its node does not use: no dependency and no sidecar of it",
            ]
        );
    }

    #[test]
    fn what_one_of_the_nodes_that_lead_to_it_has_is_met_and_what_is_no_context_s_is_nobody_s_business() {
        let code = "import { price } from '../lib.ts';\nexport default price;\n";
        let lib =
            "export const price = (ctx) => ctx.fetch('shop', '/');\ncache.fetch('none'); fetch('none');\n";
        let files = [("nodes/a.ts", code), ("nodes/b.ts", code), ("lib.ts", lib)];
        assert_eq!(told(WORKFLOW, &files), [""; 0]);
    }
}
