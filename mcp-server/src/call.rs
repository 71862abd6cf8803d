//! One call of one tool: who asks, through what, with which arguments.

use crate::identity::{Caller, Person};
use crate::store::{ChangedBy, Initiator, PersonId};
use policy::{Action, Continuation, Operator, Principal};
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use wire::assertion::{Assertion, Kind};
use wire::trail::{Via, Who};
use workflow::{EnclaveName, PartName, TentacleName};

/// Who asks, persons and others.
#[derive(Debug, Clone)]
pub(crate) enum Asker {
    /// Somebody who sent a token.
    Caller(Arc<Caller>),
    /// The rest of an effect that was allowed, for whomever it is done.
    Continuation(Action, Option<Initiator>),
    /// A trigger, for the tentacle that it belongs to.
    Trigger(TriggerRef),
    /// The server's own housekeeping.
    Reconciler,
}

/// Which trigger: its name, and the tentacle that it belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TriggerRef {
    pub(crate) enclave: EnclaveName,
    pub(crate) tentacle: TentacleName,
    pub(crate) name: PartName,
}

impl fmt::Display for TriggerRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}", self.enclave, self.tentacle, self.name)
    }
}

/// One call.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    pub(crate) asker: Asker,
    /// The Kraken's statement, checked: it fits the token, the tool and the arguments, and is used for the first time.
    pub(crate) via: Option<Assertion>,
    /// Whether it was made on the server's own page, after a fresh sign-in.
    pub(crate) on_page: bool,
    pub(crate) tool: &'static str,
    pub(crate) arguments_sha256: String,
    /// An operator's reason.
    pub(crate) reason: Option<String>,
    /// Whether an effect outside the store may have begun.
    pub(crate) begun: Arc<AtomicBool>,
}

impl Call {
    /// The rest of `action`, which was allowed before.
    pub(crate) fn continuation(action: Action, initiator: Option<Initiator>) -> Self {
        Self::own(Asker::Continuation(action, initiator), "continuation")
    }

    /// A trigger that has gone off.
    pub(crate) fn trigger(trigger: TriggerRef) -> Self {
        Self::own(Asker::Trigger(trigger), "trigger")
    }

    /// The server's own housekeeping.
    pub(crate) fn reconciler() -> Self {
        Self::own(Asker::Reconciler, "reconciler")
    }

    /// What a person does on the server's own page, after a fresh sign-in.
    pub(crate) fn on_page(person: Person, tool: &'static str, arguments_sha256: String) -> Self {
        let asker = Asker::Caller(Arc::new(Caller::Person(person)));
        Self { on_page: true, arguments_sha256, ..Self::own(asker, tool) }
    }

    fn own(asker: Asker, tool: &'static str) -> Self {
        Self {
            asker,
            via: None,
            on_page: false,
            tool,
            arguments_sha256: String::new(),
            reason: None,
            begun: Arc::default(),
        }
    }

    /// From now on an effect outside the store may have begun.
    pub(crate) fn begin(&self) {
        self.begun.store(true, Ordering::Relaxed);
    }

    /// Whether an effect outside the store may have begun: then a failure does not say that nothing has happened.
    pub(crate) fn may_have_begun(&self) -> bool {
        self.begun.load(Ordering::Relaxed)
    }

    /// Whether it is proven that the person saw what the call is about.
    pub(crate) fn is_proven(&self) -> bool {
        self.on_page || self.kind() == Some(Kind::Click)
    }

    /// Whoever sent the token that the call came with.
    pub(crate) fn caller(&self) -> Option<&Caller> {
        match &self.asker {
            Asker::Caller(caller) => Some(caller),
            Asker::Continuation(..) | Asker::Trigger(_) | Asker::Reconciler => None,
        }
    }

    /// The person who asks, where it is one.
    pub(crate) fn person(&self) -> Option<&Person> {
        match self.caller()? {
            Caller::Person(person) => Some(person),
            Caller::Relay { .. } | Caller::Operator(_) => None,
        }
    }

    /// The identity of the person who asks, or who asked for that of which this is the rest.
    pub(crate) fn person_id(&self) -> Option<&PersonId> {
        match &self.asker {
            Asker::Continuation(_, initiator) => initiator.as_ref().map(|initiator| &initiator.person),
            Asker::Caller(_) | Asker::Trigger(_) | Asker::Reconciler => {
                self.person().map(|person| &person.id)
            }
        }
    }

    /// For whom it is done, where that is a person.
    pub(crate) fn initiator(&self) -> Option<Initiator> {
        match &self.asker {
            Asker::Continuation(_, initiator) => initiator.clone(),
            Asker::Caller(_) | Asker::Trigger(_) | Asker::Reconciler => {
                self.person().map(|person| Initiator {
                    person: person.id.clone(),
                    client: person.client_id.clone(),
                    shown: person.shown().to_owned(),
                    agent: self.agent().to_owned(),
                })
            }
        }
    }

    /// The agent that chose the call, where the Kraken said that one did: the client that it goes through; else empty.
    fn agent(&self) -> &str {
        let chosen = self.kind() == Some(Kind::Agent);
        self.person().filter(|_| chosen).map_or("", |person| &person.client_id)
    }

    /// Who makes the change that the call asks for, to show.
    pub(crate) fn changes(&self) -> ChangedBy {
        let via = match self.caller() {
            Some(Caller::Person(person)) => person.client_id.clone(),
            Some(Caller::Relay { client, .. }) => client.clone(),
            Some(Caller::Operator(_)) => "break-glass".to_owned(),
            None => String::new(),
        };
        ChangedBy::now(self.shown(), via, self.agent().to_owned())
    }

    /// Whether it is a trigger of this tentacle that asks.
    pub(crate) fn is_trigger_of(&self, enclave: &EnclaveName, tentacle: &TentacleName) -> bool {
        match &self.asker {
            Asker::Trigger(trigger) => trigger.enclave == *enclave && trigger.tentacle == *tentacle,
            Asker::Caller(_) | Asker::Continuation(..) | Asker::Reconciler => false,
        }
    }

    /// The operator who asks, where it is one.
    pub(crate) fn operator(&self) -> Option<&str> {
        match self.caller()? {
            Caller::Operator(entry) => Some(&entry.operator),
            Caller::Person(_) | Caller::Relay { .. } => None,
        }
    }

    /// What a channel is told of an operator's change, which it is always told.
    pub(crate) fn emergency(&self, did: &str) -> Option<String> {
        let operator = self.operator()?;
        let reason = self.reason.as_deref().unwrap_or("none given");
        Some(format!("An operator ({operator}) used emergency access and {did}. Reason: {reason}"))
    }

    /// The channel that the call came from, where it came from one.
    pub(crate) fn channel(&self) -> Option<(&str, &wire::assertion::Channel)> {
        let via = self.via.as_ref()?;
        Some((via.team.as_str(), via.channel.as_ref()?))
    }

    /// Where the call came from, for calls of the Kraken.
    pub(crate) fn kind(&self) -> Option<Kind> {
        self.via.as_ref().map(|via| via.kind)
    }

    /// The name to show for whoever asks.
    pub(crate) fn shown(&self) -> String {
        match (self.person(), self.operator()) {
            (Some(person), _) => person.shown().to_owned(),
            (None, Some(operator)) => operator.to_owned(),
            (None, None) => match &self.asker {
                Asker::Trigger(trigger) => format!("trigger {}", trigger.name),
                _ => "the server".to_owned(),
            },
        }
    }

    /// As whom the policy takes the one who asks.
    pub(crate) fn principal(&self) -> Principal {
        match &self.asker {
            Asker::Caller(caller) => match caller.as_ref() {
                Caller::Person(_) => Principal::Person,
                Caller::Relay { .. } => Principal::Relay,
                Caller::Operator(entry) => Principal::Operator(Operator {
                    scopes: entry.scopes,
                    reason_given: self.reason.is_some(),
                }),
            },
            Asker::Continuation(of, _) => Principal::Continuation(Continuation { of: *of, removed: false }),
            // Whether it is the trigger's own tentacle the gate sees, which knows what is aimed at.
            Asker::Trigger(_) => Principal::Trigger { own_tentacle: false },
            Asker::Reconciler => Principal::Reconciler,
        }
    }

    /// The one who asks, as the trail names them.
    pub(crate) fn who(&self) -> Who {
        let who = |kind: &str, issuer: Option<&str>, subject: Option<&str>, client: Option<&str>| Who {
            kind: kind.to_owned(),
            issuer: issuer.map(str::to_owned),
            subject: subject.map(str::to_owned),
            client: client.map(str::to_owned),
        };
        match &self.asker {
            Asker::Caller(caller) => match caller.as_ref() {
                Caller::Person(person) => {
                    let PersonId { issuer, subject } = &person.id;
                    who("person", Some(issuer), Some(subject), Some(&person.client_id))
                }
                Caller::Relay { subject, client } => who(Who::RELAY, None, Some(subject), Some(client)),
                Caller::Operator(entry) => who("operator", None, Some(&entry.operator), None),
            },
            Asker::Continuation(_, initiator) => {
                let person = initiator.as_ref().map(|initiator| &initiator.person);
                let (issuer, subject) =
                    (person.map(|id| id.issuer.as_str()), person.map(|id| id.subject.as_str()));
                who("continuation", issuer, subject, None)
            }
            Asker::Trigger(trigger) => who("trigger", None, Some(&trigger.to_string()), None),
            Asker::Reconciler => who("reconciler", None, None, None),
        }
    }

    /// The message or click, as the trail names it.
    pub(crate) fn via_for_trail(&self) -> Option<Via> {
        self.via.as_ref().map(|via| Via {
            kind: via.kind.name().to_owned(),
            team: via.team.clone(),
            channel: via.channel.as_ref().map(|channel| channel.id.clone()),
            user: via.user.id.clone(),
            event: via.event.clone(),
        })
    }
}
