//! The sources that are deployed.

use serde_json::{Value, json};

/// The scaffolded tentacle, with this greeting.
pub(crate) fn hello(name: &str, greeting: &str) -> Value {
    let scaffold = workflow::scaffold::hello(&name.parse().unwrap());
    let mut files: Value =
        scaffold.into_iter().map(|file| (file.path.to_owned(), json!(file.text))).collect();
    let workflow = files["workflow.yaml"].as_str().unwrap();
    files["workflow.yaml"] = json!(workflow.replace("greeting: Hello", &format!("greeting: {greeting}")));
    files
}

/// A tentacle of one node with this code.
pub(crate) fn one_node(name: &str, code: &str) -> Value {
    let workflow = format!(
        "name: {name}\nversion: \"1.0\"\ndescription: one node\ntriggers:\n  - type: manual\nnodes:\n  node:\n    \
         path: nodes/node.ts\n    description: the node\nconfig:\n  timeout: 300s\n"
    );
    json!({"workflow.yaml": workflow, "nodes/node.ts": code})
}

/// A tentacle that says a word after a while.
pub(crate) fn slow(name: &str, word: &str, millis: u32) -> Value {
    let code = format!(
        "export default async function node(ctx) {{\n  ctx.log.info(\"begun\");\n  await new Promise((done) => setTimeout(done, \
         {millis}));\n  return \"{word}\";\n}}\n"
    );
    one_node(name, &code)
}
