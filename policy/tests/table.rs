//! The full table: every pair of modes × principal × action × state, compared with a second model.
//!
//! The model below was written from the design's action table, not from the crate: it knows no rows, no layers and
//! no reasons, only who may do what. Where the two differ, one of them is wrong.

use policy::{
    Account, Action, Bond, Channel, Continuation, Decision, Enclave, Frozen, Mode, NewEnclave, Operator,
    Principal, Question, Scope, Scopes, Standing, State, Target, Tentacle, decide,
};
use std::thread;

/// One caller, as the model sees it.
#[derive(Clone, Copy, Debug)]
struct Caller {
    principal: Principal,
    /// 0 owner, 1 member, 2 other.
    class: usize,
    owns_tentacle: bool,
}

fn callers() -> Vec<Caller> {
    let mut callers = Vec::new();
    for class in 0..3 {
        for owns_tentacle in [false, true] {
            callers.push(Caller { principal: Principal::Person, class, owns_tentacle });
        }
    }
    let every: Scopes = Scope::ALL.into_iter().collect();
    let services = [
        Principal::Relay,
        Principal::Reconciler,
        Principal::Trigger { own_tentacle: true },
        Principal::Trigger { own_tentacle: false },
        Principal::Operator(Operator { scopes: every, reason_given: true }),
        Principal::Operator(Operator { scopes: every, reason_given: false }),
        Principal::Operator(Operator { scopes: Scopes::default(), reason_given: true }),
    ];
    callers.extend(services.map(|principal| Caller { principal, class: 2, owns_tentacle: false }));
    callers
}

fn standing(class: usize) -> Standing {
    Standing {
        owner_on_record: class == 0,
        account: Account::Full,
        bond: if class == 2 { Bond::NotInChannel } else { Bond::InChannel },
        blocked: false,
        waits_for_approval: false,
        stale: false,
    }
}

/// What kind of thing each action is aimed at.
#[derive(PartialEq)]
enum Aim {
    Itself,
    New,
    Enclave,
    NewTentacle,
    Tentacle,
}

fn aim(action: Action) -> Aim {
    let name = action.name();
    match name {
        "enclave.provision" => Aim::New,
        "tentacle.create" => Aim::NewTentacle,
        _ if name.starts_with("tentacle.") || name == "trigger.run" => Aim::Tentacle,
        _ if name.starts_with("person.") || name.starts_with("cluster.") => Aim::Itself,
        _ => Aim::Enclave,
    }
}

/// The bit of a mode: letter `r`, `w` or `x` for class 0 owner, 1 member, 2 other.
fn bit(mode: &[u8], class: usize, letter: u8) -> bool {
    mode.chunks(3).nth(class).is_some_and(|letters| letters.contains(&letter))
}

/// May the caller, by the words of the design?
fn model(caller: &Caller, action: Action, state: State, enclave: &[u8], tentacle: &[u8]) -> bool {
    let name = action.name();
    let active = state == State::Active;
    let usable = active || state == State::Frozen;
    let is_read = matches!(
        name,
        "enclave.info"
            | "enclave.list"
            | "enclave.members"
            | "enclave.why"
            | "tentacle.list"
            | "tentacle.status"
            | "tentacle.describe"
            | "tentacle.logs"
            | "tentacle.events"
            | "tentacle.history"
            | "tentacle.compare"
            | "tentacle.health"
            | "tentacle.audit"
    );
    match caller.principal {
        Principal::Relay => name.starts_with("channel."),
        Principal::Reconciler => match name {
            "reconcile.revoke" | "reconcile.reown" => true,
            "reconcile.repair" => active,
            _ => false,
        },
        Principal::Trigger { own_tentacle } => own_tentacle && name == "trigger.run" && active,
        Principal::Continuation(_) => false, // has a test of its own, below
        Principal::Operator(Operator { scopes, reason_given }) => {
            if !scopes.contains(Scope::Read) {
                return false; // the callers above have all scopes or none
            }
            if is_read || name == "trail.read" || name == "cluster.profile" {
                return true;
            }
            reason_given
                && match name {
                    "enclave.remove_member" | "enclave.deprovision" => true,
                    "person.bind" | "person.unlink" | "state.confirm_restore" | "enclave.provision" => true,
                    "enclave.freeze" | "enclave.unfreeze" | "enclave.transfer" => usable,
                    "tentacle.remove" | "tentacle.restart" => usable,
                    _ => false,
                }
        }
        Principal::Person => {
            let in_tentacle = if caller.class == 1 && caller.owns_tentacle { 0 } else { caller.class };
            let both = |letter| {
                bit(enclave, caller.class, letter)
                    && (caller.class == 0 || bit(tentacle, in_tentacle, letter))
            };
            let runs_tentacle =
                caller.class == 0 || (caller.class == 1 && caller.owns_tentacle && bit(enclave, 1, b'w'));
            match name {
                "enclave.provision" => true, // a free channel of their own; the other cases are tested apart
                "enclave.info" | "enclave.list" | "enclave.members" | "enclave.why" => {
                    bit(enclave, caller.class, b'r')
                }
                "enclave.waiting" => caller.class == 0,
                _ if is_read => both(b'r'),
                "tentacle.run" | "tentacle.restart" => both(b'x') && usable,
                "tentacle.apply" | "tentacle.remove" => both(b'w') && active,
                "tentacle.create" => bit(enclave, caller.class, b'w') && active,
                "tentacle.set_mode" | "tentacle.transfer" => runs_tentacle && active,
                "tentacle.tighten_mode" => runs_tentacle && usable,
                "enclave.add_member"
                | "enclave.set_mode"
                | "enclave.open_enrollment"
                | "enclave.raise_quota"
                | "enclave.set_drift"
                | "enclave.waive_review"
                | "enclave.rename"
                | "enclave.transfer"
                | "enclave.set_secret"
                | "enclave.approve_reach" => caller.class == 0 && active,
                "enclave.remove_member" => caller.class == 0,
                "enclave.tighten_mode"
                | "enclave.close_enrollment"
                | "enclave.lower_quota"
                | "enclave.require_review" => caller.class == 0 && usable,
                "enclave.freeze" | "enclave.unfreeze" => caller.class == 0 && usable,
                "enclave.deprovision" | "trail.read" => caller.class == 0,
                "cluster.summary" => true,
                _ if name.starts_with("person.") => true,
                _ => false,
            }
        }
    }
}

/// Asks the crate.
fn ask(caller: &Caller, action: Action, state: State, enclave: Mode, tentacle: Mode) -> Decision {
    // Each freeze is lifted only by its own side; the table's frozen enclave was frozen by the one who asks.
    let by_operator = matches!(caller.principal, Principal::Operator(_));
    let frozen = state == State::Frozen;
    let enclave = Enclave {
        state,
        frozen: Frozen {
            by_owner: frozen && !by_operator,
            by_archive: false,
            by_operator: frozen && by_operator,
        },
        mode: Some(enclave),
        standing: standing(caller.class),
    };
    let tentacle = Tentacle { mode: Some(tentacle), owner_on_record: caller.owns_tentacle };
    let target = match aim(action) {
        Aim::Itself => Target::Itself,
        Aim::New => Target::NewEnclave(NewEnclave {
            channel: Channel::Own,
            account: Account::Full,
            owned: 0,
            resumed: false,
        }),
        Aim::Enclave => Target::Enclave(&enclave),
        Aim::NewTentacle => Target::NewTentacle(&enclave),
        Aim::Tentacle => Target::Tentacle(&enclave, &tentacle),
    };
    decide(&Question { principal: caller.principal, action, target })
}

#[test]
fn the_crate_and_the_model_agree_on_everything() {
    let modes: Vec<(Mode, [u8; 9])> = (0..Mode::COUNT)
        .map(|bits| {
            let mode = Mode::from_bits(bits).unwrap();
            (mode, mode.to_string().as_bytes().try_into().unwrap())
        })
        .collect();
    let (left, right) = modes.split_at(256);
    thread::scope(|scope| {
        let halves = [left, right].map(|half| scope.spawn(|| compare(half, &modes)));
        let asked: u64 = halves.into_iter().map(|half| half.join().unwrap()).sum();
        assert_eq!(asked, 512 * 512 * 13 * 4 * Action::ALL.len() as u64);
    });
}

fn compare(enclaves: &[(Mode, [u8; 9])], tentacles: &[(Mode, [u8; 9])]) -> u64 {
    let mut asked = 0;
    for caller in callers() {
        for action in Action::ALL {
            for state in State::ALL {
                for (enclave, enclave_text) in enclaves {
                    for (tentacle, tentacle_text) in tentacles {
                        let decision = ask(&caller, action, state, *enclave, *tentacle);
                        let expected = model(&caller, action, state, enclave_text, tentacle_text);
                        assert_eq!(
                            decision.allows(),
                            expected,
                            "{caller:?} {} {state:?} {enclave} {tentacle}: {decision:?}",
                            action.name()
                        );
                        asked += 1;
                    }
                }
            }
        }
    }
    asked
}

#[test]
fn a_continuation_finishes_only_what_was_allowed() {
    let nothing = Mode::from_bits(0).unwrap();
    let everything = Caller { principal: Principal::Person, class: 0, owns_tentacle: true };
    let mut allowed = 0;
    for (of, action, state, removed) in continuations() {
        let principal = Principal::Continuation(Continuation { of, removed });
        let caller = Caller { principal, class: 2, owns_tentacle: false };
        let decision = ask(&caller, action, state, nothing, nothing);
        // as its action: in the states in which the owner could ask for it
        let by_owner = model(&everything, action, state, b"rwxrwxrwx", b"rwxrwxrwx");
        let by_nobody = action.rule().person == policy::Person::Nobody;
        assert!(!decision.allows() || (of == action && !removed), "{of:?} {action:?}");
        assert!(
            by_nobody || decision.allows() == (of == action && !removed && by_owner),
            "{action:?} {state:?}"
        );
        allowed += u32::from(decision.allows());
    }
    assert!(allowed > 0);
}

fn continuations() -> impl Iterator<Item = (Action, Action, State, bool)> {
    Action::ALL.into_iter().flat_map(|of| {
        Action::ALL.into_iter().flat_map(move |action| {
            State::ALL
                .into_iter()
                .flat_map(move |state| [false, true].map(|removed| (of, action, state, removed)))
        })
    })
}
