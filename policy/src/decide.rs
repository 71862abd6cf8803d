//! The decision: two layers, both asked for the same right, and everything that is not allowed is denied.

mod outcome;

pub use outcome::{Allowed, Decision, Denied, Layer};

use crate::action::Action;
use crate::facts::{Account, Channel, Enclave, NewEnclave, Target, Tentacle, VisitorBecause};
use crate::mode::{Class, Right};
use crate::principal::{Continuation, Operator, Principal, Scope};
use crate::table::{Person, Rule, Service, States};

/// How many enclaves one person may own.
pub const ENCLAVES_PER_OWNER: u32 = 10;

/// What was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Question<'a> {
    /// By whom.
    pub principal: Principal,
    /// For what.
    pub action: Action,
    /// About what.
    pub target: Target<'a>,
}

/// Decides one question. Pure, total, and without allocation.
#[must_use]
pub const fn decide(question: &Question<'_>) -> Decision {
    let rule = question.action.rule();
    match question.principal {
        Principal::Person => person(rule, question.target),
        Principal::Operator(operator) => plain(by_operator(operator, rule, question.target)),
        Principal::Relay => plain(by_service(Service::Relay, rule, question.target)),
        Principal::Reconciler => plain(by_service(Service::Reconciler, rule, question.target)),
        Principal::Trigger { own_tentacle: false } => plain(Err(Denied::NotOwnTentacle)),
        Principal::Trigger { own_tentacle: true } => {
            plain(by_service(Service::Trigger, rule, question.target))
        }
        Principal::Continuation(stored) => plain(by_continuation(stored, rule, question.target)),
    }
}

const fn plain(outcome: Result<Allowed, Denied>) -> Decision {
    Decision { outcome, enclave: None, tentacle: None }
}

const fn deny(reason: Denied) -> Decision {
    plain(Err(reason))
}

/// What denies whoever asks: nothing on record, or a state in which the rule does not hold.
const fn refused_by_state(states: States, target: Target<'_>) -> Option<Denied> {
    match target.enclave() {
        Some(enclave) if !states.contains(enclave.state) => Some(Denied::State(enclave.state)),
        Some(_) => None,
        None => match target {
            Target::Unknown => Some(Denied::Unknown),
            _ => None,
        },
    }
}

const fn person(rule: &Rule, target: Target<'_>) -> Decision {
    // INVARIANT: whoever may not read the enclave learns nothing of its state, so the layers are asked first.
    let decision = match (rule.person, target) {
        (Person::Nobody, _) => deny(Denied::NotForThisPrincipal),
        (_, Target::Unknown) => deny(Denied::Unknown),
        (Person::Itself, _) => plain(Ok(Allowed::Itself)),
        (Person::Founder, Target::NewEnclave(new)) => plain(found(new)),
        (Person::Enclave(right), Target::Enclave(enclave) | Target::NewTentacle(enclave)) => {
            by_enclave_mode(right, enclave)
        }
        (Person::Both(right), Target::Tentacle(enclave, tentacle)) => by_both_modes(right, enclave, tentacle),
        (Person::TentacleOwner, Target::Tentacle(enclave, tentacle)) => {
            by_tentacle_owner(enclave, tentacle, rule)
        }
        (Person::EnclaveOwner, Target::Enclave(enclave)) => plain(by_owner(enclave, rule)),
        (Person::EnclaveOwnerOnRecord, Target::Enclave(enclave)) => plain(by_owner_on_record(enclave, rule)),
        // An action that is aimed at something of the wrong kind is aimed at nothing.
        _ => deny(Denied::Unknown),
    };
    match (decision.outcome, refused_by_state(rule.states, target)) {
        (Ok(_), Some(reason)) => Decision { outcome: Err(reason), ..decision },
        _ => decision,
    }
}

const fn found(new: NewEnclave) -> Result<Allowed, Denied> {
    match (new.channel, new.account) {
        (Channel::Own | Channel::Foreign, Account::Unbound) => return Err(Denied::Unbound),
        (Channel::Own | Channel::Foreign, Account::Guest | Account::External) => {
            return Err(Denied::NotFullAccount);
        }
        (Channel::Foreign, Account::Full) => return Err(Denied::NotChannelCreator),
        (Channel::Own, Account::Full) | (Channel::None, _) => {}
    }
    if new.owned >= ENCLAVES_PER_OWNER && !new.resumed {
        return Err(Denied::TooManyEnclaves);
    }
    Ok(Allowed::Founder)
}

const fn by_enclave_mode(right: Right, enclave: &Enclave) -> Decision {
    let layer = enclave_layer(right, enclave);
    let outcome = match enclave_verdict(&layer, enclave) {
        None => Ok(Allowed::Mode),
        Some(reason) => Err(reason),
    };
    Decision { outcome, enclave: Some(layer), tentacle: None }
}

const fn by_both_modes(right: Right, enclave: &Enclave, tentacle: &Tentacle) -> Decision {
    let first = enclave_layer(right, enclave);
    let second = tentacle_layer(right, enclave, tentacle);
    let outcome = match enclave_verdict(&first, enclave) {
        Some(reason) => Err(reason),
        None if second.granted => Ok(Allowed::Mode),
        None => match second.mode {
            None => Err(Denied::TentacleUnreadable),
            Some(_) => Err(Denied::TentacleLacks(right, second.class)),
        },
    };
    Decision { outcome, enclave: Some(first), tentacle: Some(second) }
}

const fn enclave_layer(right: Right, enclave: &Enclave) -> Layer {
    let class = enclave.standing.class();
    let granted = match enclave.mode {
        Some(mode) => mode.grants(class, right),
        None => false,
    };
    Layer { class, mode: enclave.mode, right, granted, as_enclave_owner: false }
}

/// Why the enclave's layer refuses, if it does.
const fn enclave_verdict(layer: &Layer, enclave: &Enclave) -> Option<Denied> {
    if enclave.mode.is_none() {
        return Some(Denied::EnclaveUnreadable);
    }
    if !layer.granted {
        return Some(Denied::EnclaveLacks(layer.right, layer.class));
    }
    match layer.right {
        Right::Write if rests_on_old_list(enclave, layer.class) => Some(Denied::Stale),
        _ => None,
    }
}

/// Membership that an old list alone says does not count for a change.
const fn rests_on_old_list(enclave: &Enclave, class: Class) -> bool {
    enclave.standing.stale && !matches!(class, Class::Other)
}

const fn tentacle_layer(right: Right, enclave: &Enclave, tentacle: &Tentacle) -> Layer {
    let in_enclave = enclave.standing.class();
    let as_enclave_owner = matches!(in_enclave, Class::Owner) && tentacle.mode.is_some();
    let class = match in_enclave {
        Class::Member if tentacle.owner_on_record => Class::Owner,
        class => class,
    };
    let granted = match tentacle.mode {
        Some(mode) => as_enclave_owner || mode.grants(class, right),
        None => false,
    };
    Layer { class, mode: tentacle.mode, right, granted, as_enclave_owner }
}

const fn by_tentacle_owner(enclave: &Enclave, tentacle: &Tentacle, rule: &Rule) -> Decision {
    let layer = enclave_layer(Right::Write, enclave);
    let outcome = match layer.class {
        Class::Owner | Class::Member if enclave.standing.stale && !rule.only_takes_away() => {
            Err(Denied::Stale)
        }
        Class::Owner => Ok(Allowed::EnclaveOwner),
        Class::Member if tentacle.owner_on_record => match (enclave.mode, layer.granted) {
            (None, _) => Err(Denied::EnclaveUnreadable),
            (Some(_), false) => Err(Denied::EnclaveLacks(Right::Write, Class::Member)),
            (Some(_), true) => Ok(Allowed::TentacleOwner),
        },
        class => Err(Denied::NotTentacleOwner(class)),
    };
    Decision { outcome, enclave: Some(layer), tentacle: None }
}

const fn by_owner(enclave: &Enclave, rule: &Rule) -> Result<Allowed, Denied> {
    match enclave.standing.class() {
        Class::Owner if enclave.standing.stale && !rule.only_takes_away() => Err(Denied::Stale),
        Class::Owner => Ok(Allowed::EnclaveOwner),
        class => Err(Denied::NotEnclaveOwner(class)),
    }
}

/// Freeze, unfreeze and deprovision: what an owner keeps whom only the channel's archiving drove out.
const fn by_owner_on_record(enclave: &Enclave, rule: &Rule) -> Result<Allowed, Denied> {
    let standing = &enclave.standing;
    let class = standing.class();
    let driven_out = standing.owner_on_record
        && enclave.frozen.by_archive
        && matches!(standing.visitor_because(), Some(VisitorBecause::OwnerLeft));
    if !matches!(class, Class::Owner) && !driven_out {
        return Err(Denied::NotEnclaveOwner(class));
    }
    match rule.action {
        Action::Deprovision if enclave.frozen.by_operator => Err(Denied::FrozenByOperator),
        Action::Unfreeze if enclave.frozen.any() && !enclave.frozen.by_owner => Err(Denied::FreezeOfOthers),
        _ => Ok(Allowed::EnclaveOwner),
    }
}

const fn by_operator(operator: Operator, rule: &Rule, target: Target<'_>) -> Result<Allowed, Denied> {
    let Some(scope) = rule.operator else { return Err(Denied::NotForThisPrincipal) };
    if !operator.scopes.contains(scope) {
        return Err(Denied::NoScope(scope));
    }
    if !matches!(scope, Scope::Read) && !operator.reason_given {
        return Err(Denied::NoReason);
    }
    if let Some(reason) = refused_by_state(rule.operator_states, target) {
        return Err(reason);
    }
    match target.enclave() {
        Some(enclave)
            if matches!(rule.action, Action::Unfreeze)
                && enclave.frozen.any()
                && !enclave.frozen.by_operator =>
        {
            Err(Denied::FreezeOfOthers)
        }
        _ => Ok(Allowed::Operator(scope)),
    }
}

const fn by_service(service: Service, rule: &Rule, target: Target<'_>) -> Result<Allowed, Denied> {
    match rule.service {
        Some(named) if named as u8 == service as u8 => {}
        _ => return Err(Denied::NotForThisPrincipal),
    }
    match refused_by_state(rule.states, target) {
        Some(reason) => Err(reason),
        None => Ok(Allowed::Service(service)),
    }
}

const fn by_continuation(stored: Continuation, rule: &Rule, target: Target<'_>) -> Result<Allowed, Denied> {
    if stored.of as u8 != rule.action as u8 {
        return Err(Denied::OtherContinuation);
    }
    if stored.removed {
        return Err(Denied::Removed);
    }
    match refused_by_state(rule.states, target) {
        Some(reason) => Err(reason),
        None => Ok(Allowed::Continuation),
    }
}
