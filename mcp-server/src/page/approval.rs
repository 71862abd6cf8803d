//! An owner says yes or no to what a deploy would newly reach.

use super::html::{STYLE, answer, shown};
use super::{Desk, Matter, Pressed, Visitor};
use crate::call::Call;
use crate::gate::act;
use crate::store::{Approval, ApprovalState};
use crate::tools::reach_approve;
use askama::Template;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use uuid::Uuid;
use wire::tools::approval::{ReachApprove, ReachApproveAnswer, ReachApproveArgs};
use wire::{Failure, FailureCode, canonical};

/// How the trail names a look at the question.
const LOOK: &str = "approval_page";

/// The question to the owner.
#[derive(Template)]
#[template(path = "page/question.html")]
struct Question<'a> {
    style: &'static str,
    approval: &'a Approval,
    changes: Vec<String>,
    /// What runs now, where something does.
    running: Option<&'a str>,
    until: String,
    signed_in: String,
    is_asker: bool,
    form_token: String,
}

impl<'a> Question<'a> {
    /// What `approval` asks of the one who calls.
    fn of(approval: &'a Approval, call: &Call, form_token: String) -> Self {
        Self {
            style: STYLE,
            approval,
            changes: approval.changes.iter().map(ToString::to_string).collect(),
            running: Some(approval.running.as_str()).filter(|running| !running.is_empty()),
            until: shown(approval.expires_at),
            signed_in: call.shown(),
            is_asker: call.person_id() == Some(&approval.asker),
            form_token,
        }
    }
}

impl IntoResponse for Question<'_> {
    fn into_response(self) -> Response {
        answer(StatusCode::OK, &self)
    }
}

/// What was decided.
#[derive(Template)]
#[template(path = "page/decided.html")]
struct Decided<'a> {
    style: &'static str,
    answer: &'a ReachApproveAnswer,
    signed_in: String,
}

impl<'a> Decided<'a> {
    /// What the one who calls has decided.
    fn of(answer: &'a ReachApproveAnswer, call: &Call) -> Self {
        Self { style: STYLE, answer, signed_in: call.shown() }
    }
}

impl IntoResponse for Decided<'_> {
    fn into_response(self) -> Response {
        answer(StatusCode::OK, &self)
    }
}

impl Desk {
    pub(super) async fn show_approval(&self, id: Uuid, visitor: &Visitor) -> Response {
        let digest = canonical::sha256(&serde_json::json!({"approval": id})).unwrap_or_default();
        let call = self.call(&visitor.person, LOOK, digest);
        match self.question(&call, id).await {
            Ok(approval) => Question::of(&approval, &call, self.form_token(visitor)).into_response(),
            Err(failure) => self.refuse_approval(&call, id, failure).await,
        }
    }

    /// The question, for whoever may answer it while it waits.
    async fn question(&self, call: &Call, id: Uuid) -> Result<Approval, Failure> {
        let found = reach_approve::asked(&self.server, call, id).await?;
        let look = self.server.gate.look(call).await?;
        look.may::<act::ApproveReach>(Some(&found.enclave))?;
        if found.state == ApprovalState::Waiting { Ok(found) } else { Err(reach_approve::gone()) }
    }

    /// Decides it; nothing where no button of the form was pressed.
    pub(super) async fn answer_approval(
        &self,
        id: Uuid,
        pressed: &Pressed,
        visitor: &Visitor,
    ) -> Option<Response> {
        let approve = match pressed.button.as_str() {
            "approve" => true,
            "refuse" => false,
            _ => return None,
        };
        let args = ReachApproveArgs { approval: id, approve };
        let (call, done) = self.through::<ReachApprove>(visitor, args).await;
        Some(match done {
            Ok(answer) => self.ended(&Matter::Approval(id), Decided::of(&answer, &call).into_response()),
            Err(failure) => self.refuse_approval(&call, id, failure).await,
        })
    }

    async fn refuse_approval(&self, call: &Call, id: Uuid, failure: Failure) -> Response {
        let is_void = failure.code == FailureCode::Conflict;
        let concerned = is_void || self.asks(call, id).await;
        self.refuse(call, &Matter::Approval(id), concerned, failure)
    }

    /// Whether it is this person, as the enclave's owner on record, who is asked. In doubt they are not.
    async fn asks(&self, call: &Call, id: Uuid) -> bool {
        let Ok(Some(found)) = self.server.store.approval(id).await else { return false };
        self.owns(call, &found.enclave).await
    }
}
