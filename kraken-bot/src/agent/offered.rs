//! Which tools the model is offered: of those that the server shows to the person, the ones named here. A new tool of the server's
//! is nothing to a model before somebody has thought of it.

use serde_json::{Value, json};
use wire::client::ToolShown;

/// What looks.
const READS: [&str; 18] = [
    "whoami",
    "why",
    "enclave_info",
    "wf_list",
    "wf_status",
    "wf_logs",
    "wf_describe",
    "wf_history",
    "wf_compare",
    "wf_events",
    "wf_jobs",
    "wf_health",
    "wf_health_enclave",
    "health_enclave_usage",
    "audit_netpol",
    "audit_psa",
    "audit_rbac",
    "audit_resources",
];

/// What looks at all enclaves of the person's, which only a direct message is about.
const LIST: &str = "enclave_list";

/// Whose answers hold source: what a model says of them is for whoever asked alone.
pub(super) const OF_SOURCE: [&str; 1] = ["wf_compare"];

/// What a person's right alone decides.
const ACTS: [&str; 2] = [RUN, "wf_restart"];

/// What runs a tentacle.
pub(super) const RUN: &str = "wf_run";

/// Whose answers hold nothing that a tentacle or its author can fill with what they like, and what is no call of the server's.
pub(super) const OF_THE_SERVER: [&str; 12] = [
    OFFER,
    "whoami",
    "why",
    "enclave_info",
    "wf_list",
    "wf_restart",
    "wf_set_mode",
    "health_enclave_usage",
    "audit_netpol",
    "audit_psa",
    "audit_rbac",
    "audit_resources",
];

/// What becomes a card, at least in part.
const CARDS: [&str; 7] = [
    "enclave_sync",
    "enclave_freeze",
    "enclave_unfreeze",
    "enclave_deprovision",
    "wf_remove",
    "wf_set_mode",
    "wf_transfer",
];

/// The Kraken's own tool: a documented command as a button.
pub(super) const OFFER: &str = "offer_command";

/// Those of `shown` that a model is offered, and the Kraken's own.
pub(super) fn offered(shown: Vec<ToolShown>) -> Vec<ToolShown> {
    let fits = |tool: &ToolShown| {
        let name = tool.name.as_str();
        // What is taken for a look has to be one.
        (READS.contains(&name) && tool.reads) || ACTS.contains(&name) || CARDS.contains(&name)
    };
    let told = |mut tool: ToolShown| {
        if CARDS.contains(&tool.name.as_str()) {
            tool.about.push_str(
                " Most of it is not done by this call: a card is shown, and the person may click it.",
            );
        }
        if tool.name == RUN {
            tool.about.push_str(
                " After something was read that others wrote or a tentacle printed, it is a card, too.",
            );
        }
        without_enclave(&mut tool.schema);
        tool
    };
    let own = ToolShown {
        name: OFFER.to_owned(),
        about: "Shows the person a button with a documented command of the chat, for what no other tool does: \
                `new NAME`, `new NAME from TEMPLATE`, `deploy NAME`, `transfer to <@U…>`, `ask to join`, `sync`. \
                Nothing is done before they click it."
            .to_owned(),
        schema: json!({
            "type": "object", "additionalProperties": false, "required": ["command"],
            "properties": {"command": {"type": "string", "description": "The command, word for word."}},
        }),
        reads: false,
    };
    shown.into_iter().filter(fits).map(told).chain([own]).collect()
}

/// Those that a model is offered in a direct message: what looks, and names its enclave, for no channel does. Nothing that changes.
pub(super) fn offered_in_private(shown: Vec<ToolShown>) -> Vec<ToolShown> {
    let looks = |tool: &ToolShown| tool.reads && (tool.name == LIST || READS.contains(&tool.name.as_str()));
    shown.into_iter().filter(looks).collect()
}

/// The channel decides the enclave: there is nothing to name.
fn without_enclave(schema: &mut Value) {
    if let Some(Value::Object(properties)) = schema.get_mut("properties") {
        properties.retain(|name, _| name != "enclave" && name != "namespace");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nobody_has_thought_of_is_not_offered() {
        let tool = |name: &str, reads: bool| ToolShown {
            name: name.to_owned(),
            about: String::new(),
            schema: json!({"properties": {"name": {}, "enclave": {}, "namespace": {}}}),
            reads,
        };
        let shown = vec![
            tool("wf_logs", true),
            // A look that is none any more.
            tool("wf_list", false),
            tool("secret_set", false),
            tool("secret_list", true),
            tool("reach_approve", false),
            tool("account_bind", false),
            tool("brand_new", true),
            tool("wf_remove", false),
            tool(LIST, true),
        ];
        let private = offered_in_private(shown.clone());
        let names: Vec<&str> = private.iter().map(|tool| tool.name.as_str()).collect();
        assert_eq!(names, ["wf_logs", LIST]);
        assert!(private[0].schema["properties"].get("enclave").is_some());
        let offered = offered(shown);
        let names: Vec<&str> = offered.iter().map(|tool| tool.name.as_str()).collect();
        assert_eq!(names, ["wf_logs", "wf_remove", OFFER]);
        assert_eq!(offered[0].schema, json!({"properties": {"name": {}}}));
    }
}
