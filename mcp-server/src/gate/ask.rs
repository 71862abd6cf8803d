//! From facts to a decision. Pure: everything is looked up before.

use crate::call::Call;
use crate::store::{EnclaveRecord, TentacleRecord};
use jiff::Timestamp;
use policy::{
    Account, Action, Bond, Continuation, Decision, Denied, Enclave, NewEnclave, Principal, Question,
    Standing, Target, Tentacle, decide,
};
use wire::assertion::Kind;
use wire::tools::channel::AccountClass;
use workflow::{EnclaveName, TentacleName};

/// What is asked about, as the one who asks meets it.
#[derive(Debug, Clone, Copy)]
pub(super) enum Facts {
    Itself,
    Unknown,
    NewEnclave(NewEnclave),
    Enclave(Enclave),
    NewTentacle(Enclave),
    Tentacle(Enclave, Tentacle),
    /// The tentacle that the trigger which asks belongs to.
    OwnTentacle(Enclave, Tentacle),
}

impl Facts {
    /// The enclave `record` as the caller, whose Slack account in its workspace is `account`, meets it.
    pub(super) fn enclave(call: &Call, record: &EnclaveRecord, account: Option<&str>) -> Enclave {
        record.facts(standing(call, record, account))
    }

    pub(super) fn tentacle(
        call: &Call,
        record: &EnclaveRecord,
        account: Option<&str>,
        tentacle: &TentacleRecord,
    ) -> Self {
        Self::Tentacle(Self::enclave(call, record, account), tentacle.facts(call.person_id()))
    }

    /// A tentacle of an enclave that the caller meets as `enclave`: that of a trigger is its own.
    pub(super) fn met(
        call: &Call,
        (enclave, name): (&EnclaveName, &TentacleName),
        facts: Enclave,
        tentacle: &TentacleRecord,
    ) -> Self {
        let met = tentacle.facts(call.person_id());
        if call.is_trigger_of(enclave, name) {
            Self::OwnTentacle(facts, met)
        } else {
            Self::Tentacle(facts, met)
        }
    }

    pub(super) fn target(&self) -> Target<'_> {
        match self {
            Self::Itself => Target::Itself,
            Self::Unknown => Target::Unknown,
            Self::NewEnclave(new) => Target::NewEnclave(*new),
            Self::Enclave(enclave) => Target::Enclave(enclave),
            Self::NewTentacle(enclave) => Target::NewTentacle(enclave),
            Self::Tentacle(enclave, tentacle) | Self::OwnTentacle(enclave, tentacle) => {
                Target::Tentacle(enclave, tentacle)
            }
        }
    }
}

/// Where the caller stands in the enclave. What the Kraken signed about this very message counts where it is newer
/// than the member list: it confirms the list, and a narrower class of account holds at once.
fn standing(call: &Call, record: &EnclaveRecord, account: Option<&str>) -> Standing {
    let mut standing = record.standing(call.person_id(), account, Timestamp::now());
    let Some((team, channel)) = call.channel() else { return standing };
    let from_here = record.channel.as_ref().is_some_and(|own| own.team == team && own.id == channel.id);
    if from_here && standing.bond == Bond::InChannel {
        standing.stale = false;
    }
    let class = call.via.as_ref().map(|via| via.user.class);
    match class {
        Some(AccountClass::Guest) if standing.account == Account::Full => standing.account = Account::Guest,
        Some(AccountClass::External) if standing.account == Account::Full => {
            standing.account = Account::External
        }
        _ => {}
    }
    standing
}

/// Why the gate refuses.
#[derive(Debug, Clone, Copy)]
pub(super) enum Refused {
    /// The policy denies.
    Policy(Decision),
    /// A model chose the call, and this needs a person's click.
    NeedsClick,
    /// It takes proof that the person saw what it is about.
    NeedsProof,
    /// Direct messages and the home tab are for reading.
    ReadsOnly,
    /// This assertion is for signing in, and for nothing else.
    SignInOnly,
    /// Another enclave was named than the channel's.
    OtherEnclave,
}

impl Refused {
    /// The reason as one word, for the trail.
    pub(super) const fn name(&self) -> &'static str {
        match self {
            Self::Policy(Decision { outcome: Err(denied), .. }) => denied.name(),
            Self::Policy(_) => "denied",
            Self::NeedsClick => "needs_a_click",
            Self::NeedsProof => "needs_proof",
            Self::ReadsOnly => "reads_only_here",
            Self::SignInOnly => "sign_in_only",
            Self::OtherEnclave => "other_enclave",
        }
    }
}

/// Decides `action` on `facts` for the caller; an allow says by one word what it rests on.
pub(super) fn ask(call: &Call, action: Action, facts: &Facts) -> Result<&'static str, Refused> {
    refused_by_kind(call, action).map_or(Ok(()), Err)?;
    let question = Question { principal: principal(call, facts), action, target: facts.target() };
    let decision = decide(&question);
    match decision.outcome {
        Ok(allowed) => Ok(allowed.name()),
        Err(_) => Err(Refused::Policy(decision)),
    }
}

/// As whom the policy takes the one who asks. The rest of what a person was allowed is theirs only as long as they still
/// have the right; that the enclave is frozen for now takes no right away.
fn principal(call: &Call, facts: &Facts) -> Principal {
    match call.principal() {
        Principal::Continuation(rest) if call.person_id().is_some() => {
            let question = Question { principal: Principal::Person, action: rest.of, target: facts.target() };
            let removed = decide(&question).outcome.is_err_and(|denied| !matches!(denied, Denied::State(_)));
            Principal::Continuation(Continuation { removed, ..rest })
        }
        Principal::Trigger { .. } => {
            Principal::Trigger { own_tentacle: matches!(facts, Facts::OwnTentacle(..)) }
        }
        other => other,
    }
}

/// What a call may never do, by where it came from.
pub(super) fn refused_by_kind(call: &Call, action: Action) -> Option<Refused> {
    // An operator proves by a reason, which the policy asks for, and nothing changes before the other's own click.
    if action.needs_proof() && !call.is_proven() && call.operator().is_none() {
        return Some(Refused::NeedsProof);
    }
    match call.kind()? {
        Kind::SignIn if action != Action::Bind => Some(Refused::SignInOnly),
        Kind::Agent if action.needs_a_click() => Some(Refused::NeedsClick),
        Kind::Dm | Kind::Home if !is_read(action) => Some(Refused::ReadsOnly),
        _ => None,
    }
}

/// A read is what an operator may do with the read scope, or what concerns only the caller or the owner.
fn is_read(action: Action) -> bool {
    matches!(action.rule().operator, Some(policy::Scope::Read))
        || matches!(action, Action::Whoami | Action::ClusterSummary | Action::Waiting)
}
