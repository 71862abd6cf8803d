//! The files of a new tentacle.

use crate::name::TentacleName;

/// A file to begin with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScaffoldFile {
    /// Where it lies in the tentacle's folder.
    pub path: &'static str,
    /// What is in it.
    pub text: String,
}

/// The name that the templates have, which makes them valid files as they are.
const NAME: &str = "my-tentacle";

/// The templates. The types are the engine's own, so that an editor knows what the engine does.
const HELLO: [(&str, &str); 6] = [
    ("README.md", include_str!("../scaffold/hello/README.md")),
    ("deno.json", include_str!("../scaffold/hello/deno.json")),
    ("nodes/hello.ts", include_str!("../scaffold/hello/nodes/hello.ts")),
    ("tentacular.d.ts", include_str!("../../engine/types.ts")),
    ("tests/fixtures/hello.json", include_str!("../scaffold/hello/tests/fixtures/hello.json")),
    ("workflow.yaml", include_str!("../scaffold/hello/workflow.yaml")),
];

/// A tentacle that greets: one node, no dependencies. It deploys and runs as it is.
#[must_use]
pub fn hello(name: &TentacleName) -> Vec<ScaffoldFile> {
    let fill =
        |(path, text): (&'static str, &str)| ScaffoldFile { path, text: text.replace(NAME, name.as_str()) };
    HELLO.into_iter().map(fill).collect()
}
