use super::*;
use crate::{Account, Bond, Enclave, Frozen, Principal, Question, Standing, Tentacle, decide};

const NAMES: Names<'_> =
    Names { person: Some("ben"), enclave: Some("price-watch"), tentacle: Some("hello"), owner: Some("ana") };

fn enclave(mode: &str, standing: Standing) -> Enclave {
    Enclave { state: State::Active, frozen: Frozen::default(), mode: mode.parse().ok(), standing }
}

fn member() -> Standing {
    Standing { account: Account::Full, bond: Bond::InChannel, ..Standing::STRANGER }
}

fn run(enclave: &Enclave, names: Names<'_>) -> Explanation {
    let tentacle = Tentacle { mode: "rwxrwx---".parse().ok(), owner_on_record: false };
    let target = Target::Tentacle(enclave, &tentacle);
    let question = Question { principal: Principal::Person, action: Action::Run, target };
    explain(&decide(&question), Action::Run, target, names)
}

#[test]
fn an_allow_names_each_layer() {
    let told = run(&enclave("rwxrwx---", member()), NAMES);
    assert_eq!(
        told.steps,
        [
            "ben is a member of `price-watch`",
            "the enclave: mode rwxrwx--- (member-edit) lets members run",
            "the tentacle: mode rwxrwx--- (member-edit) lets members run",
        ]
    );
    assert_eq!((told.verdict.as_str(), told.remedy), ("ben may run `hello`: the mode says so", None));
}

#[test]
fn a_removed_member_hears_who_did_it_and_who_can_undo_it() {
    let told =
        run(&enclave("rwxrwx---", Standing { blocked: true, ..member() }), Names { person: None, ..NAMES });
    assert_eq!(told.steps[0], "you are a visitor of `price-watch`: ana removed you");
    assert_eq!(
        told.verdict,
        "you may not run `hello`: visitors (ana removed you) cannot run in `price-watch`"
    );
    assert_eq!(told.remedy.unwrap(), "the owner, ana, can add you back");
}

#[test]
fn a_private_enclave_says_which_mode_stands_in_the_way() {
    let told = run(&enclave("rwx------", member()), NAMES);
    assert_eq!(told.steps[1], "the enclave: mode rwx------ (private) does not let members run");
    assert_eq!(told.verdict, "ben may not run `hello`: members cannot run in `price-watch`");
    assert_eq!(told.remedy.unwrap(), "the owner, ana, can set a wider mode");
}

#[test]
fn a_freeze_says_by_whom() {
    let frozen = Frozen { by_owner: true, ..Frozen::default() };
    let enclave = Enclave { state: State::Frozen, frozen, ..enclave("rwxrwx---", member()) };
    let target = Target::NewTentacle(&enclave);
    let question = Question { principal: Principal::Person, action: Action::ApplyNew, target };
    let told = explain(&decide(&question), Action::ApplyNew, target, Names { person: None, ..NAMES });
    assert_eq!(told.verdict, "you may not deploy `hello`: `price-watch` is frozen by its owner");
    assert_eq!(told.remedy.unwrap(), "the owner, ana, can lift the freeze");
}
