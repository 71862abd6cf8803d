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
