//! Refusals in words. Whoever may know that an enclave exists hears why; everybody else hears that there is nothing.

use super::ask::{Facts, Refused};
use crate::call::Call;
use crate::store::{EnclaveRecord, Rights, StoreError};
use policy::{Action, Bond, Class, Decision, Denied, Enclave, Names, Right, explain};
use wire::{Failure, FailureCode};

/// What a refusal is about, by name.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct About<'a> {
    pub(super) enclave: Option<&'a str>,
    pub(super) object: Option<&'a str>,
    pub(super) record: Option<&'a EnclaveRecord>,
}

/// A refusal, with all that its words depend on.
#[derive(Debug, Clone, Copy)]
pub(super) struct Refusal<'a> {
    pub(super) call: &'a Call,
    pub(super) action: Action,
    pub(super) refused: &'a Refused,
    pub(super) facts: &'a Facts,
    pub(super) about: About<'a>,
}

impl Refusal<'_> {
    /// The refusal as the caller hears it.
    pub(super) fn told(&self, rights: &Rights) -> Failure {
        let denied = |message: &str| Failure::new(FailureCode::Denied, message);
        match self.refused {
            Refused::NeedsClick => {
                Failure::new(FailureCode::ClickRequired, "this needs the click of a person")
                    .with_remedy("click the card in the channel")
            }
            Refused::NeedsProof => {
                let remedy = match self.action {
                    Action::ApproveReach => {
                        "click the card in the channel, or open the page that the answer to the deploy names"
                    }
                    _ => "say it to the Kraken in the channel, and click the card",
                };
                denied("this needs a click of your own: a token alone does not show that a person saw it")
                    .with_remedy(remedy)
            }
            Refused::ReadsOnly => {
                denied("here you can only look").with_remedy("ask in the enclave's channel")
            }
            Refused::SignInOnly => denied("this sign-in is for binding an account only"),
            Refused::OtherEnclave => denied("in a channel only the channel's own enclave can be named"),
            Refused::Policy(decision) => self.hidden().unwrap_or_else(|| self.explained(decision, rights)),
        }
    }

    fn explained(&self, decision: &Decision, rights: &Rights) -> Failure {
        let names = Names {
            person: None,
            enclave: self.about.enclave,
            tentacle: self.about.object,
            owner: self.about.record.map(|record| rights.shown(&record.owner)),
        };
        let told = explain(decision, self.action, self.facts.target(), names);
        let code = match decision.outcome {
            Err(Denied::Unbound) => FailureCode::SignInRequired,
            _ => FailureCode::Denied,
        };
        Failure { code, message: told.verdict, remedy: told.remedy, trace_id: None }
    }

    /// What is said instead of a reason, where the reason would tell too much or there is nothing.
    fn hidden(&self) -> Option<Failure> {
        match self.facts {
            Facts::Enclave(enclave)
            | Facts::NewTentacle(enclave)
            | Facts::Tentacle(enclave, _)
            | Facts::OwnTentacle(enclave, _)
                if !may_know(self.call, enclave) =>
            {
                Some(self.no_enclave())
            }
            Facts::Unknown => Some(match (self.about.record, self.about.object) {
                (Some(record), Some(object)) => {
                    nothing(format!("there is no tentacle `{object}` in `{}`", record.name))
                }
                _ => self.no_enclave(),
            }),
            _ => None,
        }
    }

    fn no_enclave(&self) -> Failure {
        match (self.call.channel(), self.about.enclave) {
            (Some(_), _) => nothing("this channel has no enclave yet".to_owned())
                .with_remedy("the person who made the channel can set it up"),
            (None, Some(name)) => nothing(format!("there is no enclave `{name}` that you can see")),
            (None, None) => nothing("no enclave is named".to_owned()),
        }
    }
}

fn nothing(what: String) -> Failure {
    Failure::new(FailureCode::NotFound, what)
}

/// Whether the caller may know that the enclave exists.
pub(super) fn may_know(call: &Call, enclave: &Enclave) -> bool {
    let Some(_) = call.person() else { return true };
    let standing = enclave.standing;
    let tied = standing.class() != Class::Other
        || standing.owner_on_record
        || matches!(standing.bond, Bond::InChannel | Bond::Named);
    tied || enclave.mode.is_some_and(|mode| mode.grants(Class::Other, Right::Read))
}

/// The store did not do what was asked.
pub(crate) fn unavailable(error: &StoreError) -> Failure {
    tracing::error!(%error, "the store failed");
    let detail = error.to_string();
    let message = if detail.contains("readonly") || detail.contains("read-only") {
        "the server's store can only be read at the moment, so nothing can be changed"
    } else {
        "the server's store does not answer at the moment"
    };
    Failure::new(FailureCode::Unavailable, message)
        .with_remedy("try again later; if it stays so, tell the operator")
}
