//! What must hold whatever the facts are.

use policy::{
    Account, Action, Bond, Channel, Class, Denied, ENCLAVES_PER_OWNER, Enclave, Frozen, Mode, Names,
    NewEnclave, Operator, Principal, Question, Right, Scope, Scopes, Standing, State, Target, Tentacle,
    VisitorBecause, decide, explain,
};
use proptest::prelude::*;

fn mode() -> impl Strategy<Value = Mode> {
    prop::sample::select((0..Mode::COUNT).filter_map(Mode::from_bits).collect::<Vec<_>>())
}

fn action() -> impl Strategy<Value = Action> {
    prop::sample::select(Action::ALL.to_vec())
}

fn standing() -> impl Strategy<Value = Standing> {
    let account =
        prop::sample::select(vec![Account::Unbound, Account::Full, Account::Guest, Account::External]);
    let bond = prop::sample::select(vec![Bond::InChannel, Bond::NotInChannel, Bond::Named, Bond::NotNamed]);
    (any::<[bool; 4]>(), account, bond).prop_map(|([owner, blocked, waits, stale], account, bond)| Standing {
        owner_on_record: owner,
        account,
        bond,
        blocked,
        waits_for_approval: waits,
        stale,
    })
}

prop_compose! {
    fn enclave()(
        state in prop::sample::select(State::ALL.to_vec()),
        reasons in any::<[bool; 3]>(),
        mode in mode(),
        standing in standing(),
    ) -> Enclave {
        let [by_owner, by_archive, by_operator] = reasons;
        Enclave { state, frozen: Frozen { by_owner, by_archive, by_operator }, mode: Some(mode), standing }
    }
}

prop_compose! {
    fn tentacle()(mode in mode(), owner_on_record in any::<bool>()) -> Tentacle {
        Tentacle { mode: Some(mode), owner_on_record }
    }
}

fn principal() -> impl Strategy<Value = Principal> {
    prop_oneof![
        4 => Just(Principal::Person),
        1 => Just(Principal::Relay),
        1 => Just(Principal::Reconciler),
        1 => any::<bool>().prop_map(|own_tentacle| Principal::Trigger { own_tentacle }),
        2 => (prop::collection::vec(prop::sample::select(Scope::ALL.to_vec()), 0..12), any::<bool>()).prop_map(
            |(scopes, reason_given)| {
                Principal::Operator(Operator { scopes: scopes.into_iter().collect(), reason_given })
            }
        ),
    ]
}

fn allows(principal: Principal, action: Action, target: Target<'_>) -> bool {
    decide(&Question { principal, action, target }).allows()
}

fn targets<'a>(enclave: &'a Enclave, tentacle: &'a Tentacle) -> [Target<'a>; 5] {
    [
        Target::Itself,
        Target::Enclave(enclave),
        Target::NewTentacle(enclave),
        Target::Tentacle(enclave, tentacle),
        Target::Unknown,
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(20_000))]

    /// More bits never deny what fewer allowed.
    #[test]
    fn more_rights_never_take_away(
        principal in principal(), action in action(), enclave in enclave(), tentacle in tentacle(),
        more in mode(), more_tentacle in mode(),
    ) {
        let wider = |a: Option<Mode>, b: Mode| a.and_then(|a| Mode::from_bits(a.bits() | b.bits()));
        let wide = Enclave { mode: wider(enclave.mode, more), ..enclave };
        let wide_tentacle = Tentacle { mode: wider(tentacle.mode, more_tentacle), ..tentacle };
        for (before, after) in targets(&enclave, &tentacle).into_iter().zip(targets(&wide, &wide_tentacle)) {
            let allowed = allows(principal, action, before);
            prop_assert!(!allowed || allows(principal, action, after));
        }
    }

    /// A frozen enclave allows nothing that the table has for active alone.
    #[test]
    fn frozen_never_allows_what_the_table_forbids(
        principal in principal(), action in action(), enclave in enclave(), tentacle in tentacle(),
    ) {
        let enclave = Enclave { state: State::Frozen, ..enclave };
        for target in targets(&enclave, &tentacle) {
            let rule = action.rule();
            let operator = matches!(principal, Principal::Operator(_));
            let states = if operator { rule.operator_states } else { rule.states };
            if target.enclave().is_some() && !states.contains(State::Frozen) {
                prop_assert!(!allows(principal, action, target));
            }
        }
    }

    /// A visitor gets what the other-bits say, and never the owner's actions.
    #[test]
    fn other_never_exceeds_its_bits(action in action(), enclave in enclave(), tentacle in tentacle()) {
        // whoever is more than a visitor is removed first
        let more = enclave.standing.class() != Class::Other;
        let standing = Standing { blocked: enclave.standing.blocked || more, ..enclave.standing };
        let enclave = Enclave { standing, ..enclave };
        let none_for_others = |mode: Option<Mode>| mode.and_then(|m| Mode::from_bits(m.bits() & !0b111));
        let closed = Enclave { mode: none_for_others(enclave.mode), ..enclave };
        for target in targets(&closed, &tentacle) {
            let decision = decide(&Question { principal: Principal::Person, action, target });
            let about_itself = action.rule().person == policy::Person::Itself;
            // the one thing that a visitor keeps: an owner whom the channel's archiving drove out
            let driven_out = enclave.frozen.by_archive
                && enclave.standing.visitor_because() == Some(VisitorBecause::OwnerLeft)
                && action.rule().person == policy::Person::EnclaveOwnerOnRecord;
            prop_assert!(!decision.allows() || about_itself || driven_out, "{decision:?}");
        }
    }

    /// What is not on record, or cannot be read, denies.
    #[test]
    fn unknown_denies(principal in principal(), action in action(), enclave in enclave(), tentacle in tentacle()) {
        let unknown = allows(principal, action, Target::Unknown);
        prop_assert!(!unknown);
        let unreadable = Enclave { mode: None, ..enclave };
        let person = Principal::Person;
        let rule = action.rule().person;
        if matches!(rule, policy::Person::Enclave(_) | policy::Person::Both(_)) {
            for target in targets(&unreadable, &tentacle) {
                prop_assert!(!allows(person, action, target));
            }
            let no_mode = Tentacle { mode: None, ..tentacle };
            if matches!(rule, policy::Person::Both(_)) {
                let target = Target::Tentacle(&enclave, &no_mode);
                prop_assert!(!allows(person, action, target));
            }
        }
    }

    /// Guests, people of other companies and the removed are visitors, whatever else is on record.
    #[test]
    fn a_guest_or_removed_person_is_a_visitor(standing in standing()) {
        let through_channel = matches!(standing.bond, Bond::InChannel | Bond::NotInChannel);
        let full = standing.account == Account::Full;
        if standing.blocked || (through_channel && !full) || standing.bond == Bond::NotInChannel {
            prop_assert_eq!(standing.class(), Class::Other);
        }
    }

    /// An old member list never lets a change through that rests on it, and never stops taking away.
    #[test]
    fn an_old_list_stops_change_only(action in action(), enclave in enclave(), tentacle in tentacle()) {
        let fresh = Enclave { standing: Standing { stale: false, ..enclave.standing }, ..enclave };
        let stale = Enclave { standing: Standing { stale: true, ..enclave.standing }, ..enclave };
        for (now, old) in targets(&fresh, &tentacle).into_iter().zip(targets(&stale, &tentacle)) {
            let before = decide(&Question { principal: Principal::Person, action, target: now });
            let after = decide(&Question { principal: Principal::Person, action, target: old });
            let takes_away = action.rule().states.contains(State::Frozen);
            if before.allows() && takes_away {
                prop_assert!(after.allows(), "{action:?}");
            }
            let write = matches!(
                action.rule().person,
                policy::Person::Enclave(Right::Write) | policy::Person::Both(Right::Write)
            );
            if write && enclave.standing.class() != Class::Other {
                prop_assert!(!after.allows());
            }
        }
    }

    /// Every outcome can be put into words that name the enclave's owner where the owner can help.
    #[test]
    fn everything_can_be_explained(
        principal in principal(), action in action(), enclave in enclave(), tentacle in tentacle(),
    ) {
        let names = Names { person: Some("ben"), enclave: Some("price-watch"), tentacle: Some("hello"), owner: Some("ana") };
        for target in targets(&enclave, &tentacle) {
            let decision = decide(&Question { principal, action, target });
            let told = explain(&decision, action, target, names);
            prop_assert!(told.verdict.starts_with("ben may"));
            prop_assert_eq!(decision.allows(), !told.verdict.starts_with("ben may not"));
            prop_assert_eq!(told.remedy.is_some() && decision.allows(), false);
        }
    }
}

#[test]
fn an_enclave_is_made_by_whoever_made_the_channel() {
    let ask = |channel, account, owned, resumed| {
        let target = Target::NewEnclave(NewEnclave { channel, account, owned, resumed });
        decide(&Question { principal: Principal::Person, action: Action::Provision, target }).outcome
    };
    assert!(ask(Channel::Own, Account::Full, 0, false).is_ok());
    assert_eq!(ask(Channel::Foreign, Account::Full, 0, false), Err(Denied::NotChannelCreator));
    assert_eq!(ask(Channel::Own, Account::Guest, 0, false), Err(Denied::NotFullAccount));
    assert_eq!(ask(Channel::Own, Account::External, 0, false), Err(Denied::NotFullAccount));
    assert_eq!(ask(Channel::Own, Account::Unbound, 0, false), Err(Denied::Unbound));
    assert!(ask(Channel::None, Account::Unbound, ENCLAVES_PER_OWNER - 1, false).is_ok());
    assert_eq!(ask(Channel::None, Account::Unbound, ENCLAVES_PER_OWNER, false), Err(Denied::TooManyEnclaves));
    assert!(
        ask(Channel::Own, Account::Full, ENCLAVES_PER_OWNER, true).is_ok(),
        "an interrupted one is finished"
    );
}

#[test]
fn each_freeze_is_lifted_by_its_own_side() {
    let owner = Standing {
        owner_on_record: true,
        account: Account::Full,
        bond: Bond::InChannel,
        ..Standing::STRANGER
    };
    let scopes: Scopes = Scope::ALL.into_iter().collect();
    let operator = Principal::Operator(Operator { scopes, reason_given: true });
    let ask = |principal, action, frozen: Frozen| {
        let state = if frozen.any() { State::Frozen } else { State::Active };
        let enclave = Enclave { state, frozen, mode: Mode::from_bits(0), standing: owner };
        decide(&Question { principal, action, target: Target::Enclave(&enclave) }).outcome
    };
    let by = |by_owner, by_archive, by_operator| Frozen { by_owner, by_archive, by_operator };
    assert!(
        ask(Principal::Person, Action::Unfreeze, by(true, false, true)).is_ok(),
        "lifts the owner's part"
    );
    for others in [by(false, true, false), by(false, false, true)] {
        assert_eq!(ask(Principal::Person, Action::Unfreeze, others), Err(Denied::FreezeOfOthers));
    }
    assert!(ask(operator, Action::Unfreeze, by(true, false, true)).is_ok());
    for others in [by(true, false, false), by(false, true, false)] {
        assert_eq!(ask(operator, Action::Unfreeze, others), Err(Denied::FreezeOfOthers));
    }
    let removal = ask(Principal::Person, Action::Deprovision, by(false, false, true));
    assert_eq!(removal, Err(Denied::FrozenByOperator));
    assert!(ask(operator, Action::Deprovision, by(true, true, true)).is_ok());
}

#[test]
fn an_owner_whom_the_archive_drove_out_keeps_unfreeze_and_deprovision_only() {
    let gone = Standing { owner_on_record: true, account: Account::Full, ..Standing::STRANGER };
    let archived = Frozen { by_owner: true, by_archive: true, by_operator: false };
    let enclave =
        Enclave { state: State::Frozen, frozen: archived, mode: "rwxrwx---".parse().ok(), standing: gone };
    for action in Action::ALL {
        let decision =
            decide(&Question { principal: Principal::Person, action, target: Target::Enclave(&enclave) });
        let kept = matches!(action, Action::Freeze | Action::Unfreeze | Action::Deprovision);
        let itself = action.rule().person == policy::Person::Itself;
        assert_eq!(decision.allows(), kept || itself, "{action:?}");
    }
}
