//! `views.*`: modals and Home tabs.

use serde_json::{Value, json};

use super::Call;
use crate::workspace::act::view::{self, Draft, Named};
use crate::workspace::fault::Fault;
use crate::workspace::id::UserId;
use crate::workspace::shape;
use crate::workspace::state::View;
use crate::workspace::turn::Turn;

fn payload(call: &Call<'_>) -> Result<Draft, Fault> {
    let malformed =
        Fault::InvalidArguments(vec!["[ERROR] must be a valid view [json-pointer:/view]".to_owned()]);
    let view = call.args.json("view", malformed)?.ok_or_else(|| Fault::missing("view"))?;
    view::accept(view)
}

fn hash(call: &Call<'_>) -> Option<String> {
    call.args.text("hash").filter(|hash| !hash.is_empty())
}

fn shown(turn: &Turn<'_>, view: &View) -> Value {
    json!({ "view": shape::view::view(turn, view) })
}

/// <https://docs.slack.dev/reference/methods/views.open>
pub(super) fn open(turn: &mut Turn<'_>, call: &Call<'_>) -> Result<Value, Fault> {
    let view = view::open(turn, &call.args.required("trigger_id")?, payload(call)?)?;
    Ok(shown(turn, &view))
}

/// <https://docs.slack.dev/reference/methods/views.push>
pub(super) fn push(turn: &mut Turn<'_>, call: &Call<'_>) -> Result<Value, Fault> {
    let view = view::push(turn, &call.args.required("trigger_id")?, payload(call)?)?;
    Ok(shown(turn, &view))
}

/// <https://docs.slack.dev/reference/methods/views.update>
pub(super) fn update(turn: &mut Turn<'_>, call: &Call<'_>) -> Result<Value, Fault> {
    let (id, external) = (call.args.text("view_id"), call.args.text("external_id"));
    let name = match (id.as_deref(), external.as_deref()) {
        (Some(id), _) => Named::Id(id),
        (None, Some(external)) => Named::External(external),
        (None, None) => return Err(Fault::missing("view_id")),
    };
    let view = view::update(turn, name, hash(call).as_deref(), payload(call)?)?;
    Ok(shown(turn, &view))
}

/// <https://docs.slack.dev/reference/methods/views.publish>
pub(super) fn publish(turn: &mut Turn<'_>, call: &Call<'_>) -> Result<Value, Fault> {
    let user = UserId::from(call.args.required("user_id")?.as_str());
    let view = view::publish(turn, &user, hash(call).as_deref(), payload(call)?)?;
    Ok(shown(turn, &view))
}
