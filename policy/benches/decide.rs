//! How long a decision takes, with its reason: nanoseconds a decision, over a mix of allows and denials.
#![expect(clippy::print_stdout, reason = "a benchmark prints what it measured")]

use policy::{
    Account, Action, Bond, Enclave, Frozen, Preset, Principal, Question, Standing, State, Target, Tentacle,
    decide,
};
use std::hint::black_box;
use std::time::Instant;

const ROUNDS: u32 = 200_000;
const REPEATS: usize = 15;

fn main() {
    let member = Standing { account: Account::Full, bond: Bond::InChannel, ..Standing::STRANGER };
    let enclave = |mode: Preset, standing| Enclave {
        state: State::Active,
        frozen: Frozen::default(),
        mode: Some(mode.mode()),
        standing,
    };
    let cases = [
        ("allow: a member runs", enclave(Preset::MemberEdit, member), Action::Run),
        (
            "deny: a removed member runs",
            enclave(Preset::MemberEdit, Standing { blocked: true, ..member }),
            Action::Run,
        ),
        ("deny: a member freezes", enclave(Preset::MemberEdit, member), Action::Freeze),
    ];
    let tentacle = Tentacle { mode: Some(Preset::MemberEdit.mode()), owner_on_record: false };
    for (name, enclave, action) in cases {
        let mut nanos: Vec<f64> = (0..REPEATS).map(|_| once(&enclave, &tentacle, action)).collect();
        nanos.sort_by(f64::total_cmp);
        let median = nanos.get(REPEATS / 2).copied().unwrap_or_default();
        println!(r#"{{"name":"policy decide","case":"{name}","value":{median:.1},"unit":"ns","target":50}}"#);
    }
}

fn once(enclave: &Enclave, tentacle: &Tentacle, action: Action) -> f64 {
    let began = Instant::now();
    for _ in 0..ROUNDS {
        let target = match action {
            Action::Run => Target::Tentacle(black_box(enclave), black_box(tentacle)),
            _ => Target::Enclave(black_box(enclave)),
        };
        black_box(decide(&Question {
            principal: black_box(Principal::Person),
            action: black_box(action),
            target,
        }));
    }
    began.elapsed().as_secs_f64() * 1e9 / f64::from(ROUNDS)
}
