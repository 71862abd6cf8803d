//! Valid arguments for every tool, made from its schema by the names of its properties.

use super::Verdict;
use super::scenes::Modes;
use crate::team::hello;
use jiff::Timestamp;
use policy::Action;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// One call that a tool can be asked for, and the action that it then asks the gate for.
pub(super) struct Variant {
    pub(super) name: String,
    pub(super) tool: String,
    /// The action; of two, the first where the enclave's mode already gives all that the call wants, else the second.
    actions: (Action, Action),
    properties: Vec<String>,
    overrides: Value,
}

impl Variant {
    /// The action with these modes.
    pub(super) fn action(&self, modes: &Modes) -> Action {
        let (narrower, wider) = self.actions;
        let (key, current) =
            if self.tool == "wf_set_mode" { ("mode", modes.tentacle) } else { ("new_mode", modes.enclave) };
        let wanted = self.overrides[key].as_str().unwrap_or_default();
        let readable = current.parse::<policy::Mode>().is_ok();
        let gives = |at: usize| current.as_bytes().get(at) != Some(&b'-');
        let within = wanted.bytes().enumerate().all(|(at, letter)| letter == b'-' || gives(at));
        if readable && within { narrower } else { wider }
    }

    /// The same with these arguments.
    pub(super) fn with(mut self, overrides: Value) -> Self {
        self.overrides = overrides;
        self
    }

    /// The arguments.
    pub(super) fn args(&self) -> Value {
        let mut args = json!({});
        for property in &self.properties {
            if let Some(value) = usual(&self.tool, property) {
                args[property] = value;
            }
        }
        args.as_object_mut().unwrap().extend(self.overrides.as_object().unwrap().clone());
        args
    }

    /// Whether a list shows what it was asked for; every other answer is an allow.
    pub(super) fn shown_in(&self, answer: &Value) -> Verdict {
        let shown = |list: &str, name: &str| {
            answer[list].as_array().unwrap().iter().any(|entry| entry["name"] == name)
        };
        let shown = match self.name.as_str() {
            "enclave_list" => shown("enclaves", "price-watch"),
            "enclave_list of each" => {
                let enclaves = answer["enclaves"].as_array().unwrap();
                enclaves.iter().any(|entry| entry["name"] == "price-watch" && entry["tentacles"] != 0)
            }
            "wf_list of all" | "wf_health_enclave of each" => shown("workflows", "hello"),
            name if name.starts_with("audit_") && name.ends_with(" of each") => {
                answer["findings"].as_array().unwrap().iter().any(|entry| entry["tentacle"] == "hello")
            }
            "state_status of each" => shown("tentacles", "hello"),
            "wf_events of each" => shown("events", "hello"),
            "wf_pods of each" | "wf_jobs of each" => {
                let list = if self.tool == "wf_pods" { "pods" } else { "jobs" };
                answer[list].as_array().unwrap().iter().any(|entry| entry["tentacle"] == "hello")
            }
            // an operator hears more than a person, and that is told
            "cluster_profile of all" => answer["summary"] == false,
            "cluster_profile in short" => answer["summary"] == true,
            "health_cluster_summary of all" => answer["enclaves"].is_u64(),
            "health_cluster_summary in short" => answer["enclaves"].is_null(),
            _ => true,
        };
        if shown { Verdict::Allowed } else { Verdict::Denied }
    }
}

/// What is sent for a property when nothing else is said; `None` leaves it out.
fn usual(tool: &str, property: &str) -> Option<Value> {
    let about_tentacle = tool.starts_with("wf_")
        || matches!(tool, "reach_observe" | "state_repair" | "review_ask" | "review_status");
    Some(match property {
        "name" | "confirm" if tool.starts_with("secret_") => json!("shop.key"),
        "value" => json!("swordfish"),
        "approval" => json!(super::scenes::APPROVAL),
        "approve" | "accept" | "allow" => json!(true),
        "offer" => json!(super::scenes::OFFER),
        "request" => json!(super::scenes::REQUEST),
        "email" => json!("eve@example.com"),
        "to" if tool == "enclave_offer" => json!("UBEN"),
        "name" if about_tentacle => json!("hello"),
        "name" | "enclave" => json!("price-watch"),
        "confirm" if about_tentacle => json!("hello"),
        "confirm" => json!("price-watch"),
        "action" => json!("info"),
        "files" => hello("hello", "changed")["files"].clone(),
        "team" => json!("T1"),
        "channel" => json!("C1"),
        "observed_at" => json!(Timestamp::now()),
        "members" if tool == "channel_report" => json!([{"user": "UANA", "class": "full", "name": "ana"}]),
        "input" => json!({"n": 1}),
        "timeout_seconds" | "tail_lines" | "limit" => json!(5),
        "detail" => json!(true),
        "of" => json!("deploys"),
        "container" => json!("engine"),
        "workflowName" => json!("hello"),
        "to" if tool == "wf_transfer" => json!("UBEN"),
        "quota_preset" => json!("small"),
        "drift" => json!("repair"),
        "required" => json!(true),
        "number" => json!(12),
        "branch" => json!("kraken/price-watch/hello/1"),
        "summary" => json!("hello: two"),
        "default_mode" => json!("private"),
        // left out: other words for what is said already, and what older clients send
        "namespace" | "pod" | "platform" | "channel_id" | "channel_name" | "owner_email" | "owner_sub"
        | "members" | "caller_email" | "manifests" | "commit" | "person" | "tentacle" | "expected" => {
            return None;
        }
        // left out: the running version and the one before are compared
        "from" | "to" | "deployment" => return None,
        // left out: another test's
        "follow_seconds" => return None,
        // left out: what is told apart by a variant, or makes a change of nothing
        "add_members" | "remove_members" | "mode" | "new_mode" | "new_enrollment" | "new_quota_preset"
        | "new_channel_name" | "new_status" | "new_owner" | "dry_run" | "export" | "cursor" | "status"
        | "withdraw" | "acknowledge" | "joined" | "left" | "archived" | "changed" | "moved_to" | "unseen"
        | "deleted" | "ended" => return None,
        // left out: what narrows a list to what another test looks for
        "owner" | "tag" => return None,
        // left out: people mean their own, and an operator's fault is told after the gate
        "founder" | "account" | "issuer" | "subject" => return None,
        unknown => panic!("{tool} has a property `{unknown}`: say here what to send for it"),
    })
}

/// Every variant of every tool. Fails when an action of a tool is asked for by none.
pub(super) fn variants(tools: &[Value]) -> Vec<Variant> {
    let mut variants = Vec::new();
    for declared in mcp_server::tool_actions() {
        let tool = tools.iter().find(|tool| tool["name"] == declared.tool).unwrap();
        let properties = tool["inputSchema"]["properties"].as_object().cloned().unwrap_or_default();
        let asked = asked(declared.tool, declared.actions);
        let covered: BTreeSet<Action> =
            asked.iter().flat_map(|(_, (one, other), _)| [*one, *other]).collect();
        assert_eq!(covered, declared.actions.iter().copied().collect(), "{}", declared.tool);
        variants.extend(asked.into_iter().map(|(name, actions, overrides)| Variant {
            name: if name.is_empty() {
                declared.tool.to_owned()
            } else {
                format!("{} {name}", declared.tool)
            },
            tool: declared.tool.to_owned(),
            actions,
            properties: properties.keys().cloned().collect(),
            overrides,
        }));
    }
    variants
}

type Asked = (&'static str, (Action, Action), Value);

/// What a tool with several actions has to be asked for each of them; for one with a single action there is one way.
fn asked(tool: &str, actions: &[Action]) -> Vec<Asked> {
    let one = |name: &'static str, action: Action, overrides: Value| (name, (action, action), overrides);
    let by_mode = (Action::TightenMode, Action::SetMode);
    match tool {
        "enclave_sync" => vec![
            one("add", Action::AddMember, json!({"add_members": ["UDORA"]})),
            one("remove", Action::RemoveMember, json!({"remove_members": ["UBEN"]})),
            ("to private", by_mode, json!({"new_mode": "rwx------"})),
            ("to member-read", by_mode, json!({"new_mode": "rwxr-x---"})),
            ("to everything", by_mode, json!({"new_mode": "rwxrwxrwx"})),
            one("open", Action::OpenEnrollment, json!({"new_enrollment": "open"})),
            one("close", Action::CloseEnrollment, json!({"new_enrollment": "approval"})),
            one("large", Action::RaiseQuota, json!({"new_quota_preset": "large"})),
            one("small", Action::LowerQuota, json!({"new_quota_preset": "small"})),
            one("rename", Action::Rename, json!({"new_channel_name": "prices"})),
            one("freeze", Action::Freeze, json!({"new_status": "frozen"})),
            one("unfreeze", Action::Unfreeze, json!({"new_status": "active"})),
        ],
        "wf_apply" => {
            let fresh = json!({"name": "fresh", "files": hello("fresh", "new")["files"]});
            vec![
                one("of what is there", Action::Apply, json!({})),
                one("only to check", Action::Apply, json!({"dry_run": true})),
                one("of something new", Action::ApplyNew, fresh),
            ]
        }
        "enclave_review" => vec![
            one("wanted", Action::RequireReview, json!({})),
            one("not wanted", Action::WaiveReview, json!({"required": false})),
        ],
        "review_ask" => vec![
            one("of what is there", Action::Apply, json!({})),
            one("of something new", Action::ApplyNew, json!({"name": "fresh"})),
        ],
        "review_status" => vec![
            one("of what is there", Action::TentacleStatus, json!({})),
            one("of something new", Action::Info, json!({"name": "fresh"})),
        ],
        "reach_observe" => {
            let fresh = json!({"name": "fresh", "files": hello("fresh", "new")["files"]});
            vec![
                one("of what is there", Action::Apply, json!({})),
                one("of something new", Action::ApplyNew, fresh),
            ]
        }
        "wf_set_mode" => {
            let by_mode = (Action::TentacleTighten, Action::TentacleSetMode);
            vec![
                ("to private", by_mode, json!({"mode": "rwx------"})),
                ("to member-read", by_mode, json!({"mode": "rwxr-x---"})),
                ("to everything", by_mode, json!({"mode": "rwxrwxrwx"})),
            ]
        }
        "wf_events" | "wf_jobs" => vec![
            one("of one", Action::TentacleEvents, json!({})),
            one("of all", Action::List, json!({"name": null})),
            one("of each", Action::TentacleEvents, json!({"name": null})),
        ],
        "wf_health_enclave" => {
            vec![one("of all", Action::List, json!({})), one("of each", Action::TentacleHealth, json!({}))]
        }
        "cluster_profile" | "health_cluster_summary" => {
            let mut asked = vec![
                one("of all", Action::ClusterProfile, json!({"enclave": null})),
                one("in short", Action::ClusterSummary, json!({"enclave": null})),
            ];
            if tool == "cluster_profile" {
                asked.push(one("with an enclave", Action::Info, json!({})));
            }
            asked
        }
        "proxy_status" => vec![("of none", (Action::ClusterProfile, Action::ClusterSummary), json!({}))],
        "enclave_preflight" => vec![
            ("of none", (Action::ClusterProfile, Action::ClusterSummary), json!({"enclave": null})),
            (
                "of none by an older name",
                (Action::ClusterProfile, Action::ClusterSummary),
                json!({"enclave": "default"}),
            ),
            one("of one", Action::Info, json!({})),
        ],
        "audit_netpol" | "audit_psa" | "audit_rbac" => {
            vec![one("of all", Action::List, json!({})), one("of each", Action::TentacleAudit, json!({}))]
        }
        "audit_resources" => vec![
            one("of all", Action::List, json!({"workflowName": null})),
            one("of each", Action::TentacleAudit, json!({"workflowName": null})),
            one("of one", Action::TentacleAudit, json!({})),
        ],
        "state_status" => {
            vec![one("of all", Action::List, json!({})), one("of each", Action::TentacleList, json!({}))]
        }
        "wf_pods" => {
            vec![one("of all", Action::List, json!({})), one("of each", Action::TentacleStatus, json!({}))]
        }
        "enclave_list" => {
            vec![one("", Action::List, json!({})), one("of each", Action::TentacleList, json!({}))]
        }
        "wf_list" => vec![
            one("of one", Action::List, json!({})),
            one("of all", Action::TentacleList, json!({"enclave": null})),
        ],
        _ => {
            let [only] = actions else { panic!("{tool} has several actions: say here how to ask for each") };
            vec![one("", *only, json!({}))]
        }
    }
}
