//! What is said outside of commands: signing in, Home, notices, forms, and what is told when something is wrong.

use super::{Shown, entry, message, modal, notice, sample, with, words};
use crate::away::{self, Away};
use crate::command::parse;
use crate::inbox::now;
use crate::issuer::DeviceFlow;
use crate::reply::refusal;
use crate::slack::blocks::Message;
use crate::slack::envelope::{Click, How, Said};
use crate::slack::heard;
use crate::slack::view::Origin;
use crate::{asked, buttons, clicks, doing, home, misunderstood, modals, notices, sign_in, talk};
use serde_json::{Value, json};
use uuid::Uuid;
use wire::{Failure, FailureCode};

pub(super) fn all() -> Vec<Shown> {
    let groups = [signing_in(), at_home(), told(), forms(), not_understood(), wrong(), gone()];
    groups.into_iter().flatten().collect()
}

fn flow() -> DeviceFlow {
    sample(json!({
        "details": {
            "device_code": "d", "user_code": "WDJB-MJHT", "verification_uri": "https://sign-in.example/device",
            "verification_uri_complete": "https://sign-in.example/device?code=WDJB-MJHT", "expires_in": 600, "interval": 5,
        },
        "verifier": "v", "expires_at": now() + 600,
    }))
}

fn signing_in() -> Vec<Shown> {
    vec![
        words("after the Kraken's name, while it works", doing::ON_IT),
        words("while it works, where that is not shown", doing::I_AM_ON_IT),
        message("the sign-in card", &sign_in::card(&flow())),
        words("sign-in: nobody came", sign_in::NOBODY),
        words("sign-in: refused", sign_in::REFUSED),
        words("sign-in: the issuer is away", sign_in::NO_ISSUER),
        words("sign-in: Slack is away", sign_in::NO_SLACK),
        words("sign-in: the server is away", sign_in::NO_SERVER),
        words("sign-in: the server does not take it", sign_in::NO_TRUST),
        words("sign-in: by somebody else", sign_in::not_bound(&another())),
        words("sign-in: not written down", sign_in::FORGOTTEN),
        words("sign-in: nobody can be asked", talk::NO_SIGN_IN),
        words("sign-in: what is kept cannot be read", asked::UNREADABLE),
        words("sign-in: the issuer does not know the Kraken", asked::NOT_TAKEN),
    ]
}

fn at_home() -> Vec<Shown> {
    let list = |enclaves: Value, cursor: Value| sample(json!({"enclaves": enclaves, "next_cursor": cursor}));
    let ran = |success: bool| json!({"tentacle": "hello", "success": success, "age": "1m"});
    let deployed = json!({"tentacle": "hello", "by": "Ben Okafor", "age": "3m"});
    let last = json!({"last_deploy": deployed, "newest_run": ran(false)});
    let mut waiting = entry();
    waiting.as_object_mut().unwrap().extend(
        json!({"approvals_waiting": 1, "joins_waiting": 1, "your_class": "owner", "tentacles": 1, "tentacles_ready": 0})
            .as_object()
            .unwrap()
            .clone(),
    );
    let more: Value = with(
        entry(),
        json!({"name": "teas", "channel_id": "", "approvals_waiting": 2, "joins_waiting": 3, "tentacles": 3, "tentacles_ready": 1, "your_class": "member"}),
    );
    let archived: Value = with(
        entry(),
        json!({"name": "mugs", "channel_id": "C9", "status": "frozen", "frozen_by": ["archive"], "your_class": "owner"}),
    );
    let well: Value = with(entry(), last);
    let empty: Value = with(entry(), json!({"name": "news", "tentacles": 0, "tentacles_ready": 0}));
    let one: Value =
        with(entry(), json!({"name": "cups", "tentacles": 1, "tentacles_ready": 1, "newest_run": ran(true)}));
    vec![
        message("Home: not signed in", &home::signed_out(None)),
        message("Home: a sign-in failed", &home::signed_out(Some(sign_in::REFUSED))),
        message("Home: the issuer is away", &home::troubled(home::NO_ISSUER)),
        message("Home: the server is away", &home::troubled(home::NO_SERVER)),
        message("Home: who it is is not known", &home::troubled(home::FORGETFUL)),
        message("Home: no enclave yet", &home::told(&list(json!([]), Value::Null))),
        message("Home", &home::told(&list(json!([waiting, more, archived, well, empty, one]), json!("c")))),
    ]
}

/// What the server wants told, in a frame of the Kraken's.
fn told() -> Vec<Shown> {
    let asks = |kind: &str| json!({"question": {"kind": kind, "id": Uuid::nil()}});
    vec![
        message("a notice", &notices::told(&sample(notice("Ben Okafor has left the channel.")))),
        message(
            "a notice with an offer",
            &notices::told(&with(
                notice("Ana Sousa offers you the enclave prices (#prices)."),
                asks("offer"),
            )),
        ),
        message(
            "a notice of somebody who asks to be let in",
            &notices::told(&with(notice("Gil Reis asks to be let into prices."), asks("join"))),
        ),
        message(
            "a notice that asks for an approval",
            &notices::told(&with(
                notice("hello would newly reach api.example.com."),
                json!({"approval": Uuid::nil()}),
            )),
        ),
        message(
            "an answer to what nobody else has seen",
            &talk::asked_unseen(
                &Message::new("*prices* is active. Ana Sousa owns it."),
                "UANA",
                "`/kraken status`",
            ),
        ),
    ]
}

fn forms() -> Vec<Shown> {
    let here = || Origin { channel: "C1".to_owned(), ..Origin::default() };
    let of = Origin { tentacle: Some("hello".to_owned()), ..here() };
    vec![
        modal("form: anything, from nowhere", &modals::anything(Origin::default(), "status")),
        modal("form: anything, in a channel", &modals::anything(here(), "")),
        modal("form: shut down", &modals::shut_down(here())),
        modal("form: mode of the enclave", &modals::set_mode(here(), "private")),
        modal("form: mode of a tentacle", &modals::set_mode(of, "private")),
        modal("form: size of the enclave", &modals::set_size(here(), "medium")),
        modal("form: a secret", &modals::secret(here(), "shop.key")),
        words("form: a secret, and there is no room", heard::BUSY),
        modal("form: add people", &modals::add(here())),
        modal("form: remove people", &modals::remove(here())),
        words("a form: too late", clicks::TOO_LATE),
        words("a button: of another release", clicks::UNKNOWN),
        words("a button: used, or too old", buttons::OVER),
    ]
}

fn not_understood() -> Vec<Shown> {
    let me = "UKRAKEN";
    let typed = [
        "",
        "statsu",
        "ran helo",
        "set",
        "shut",
        "new",
        "run",
        "set secret shop.key hunter2",
        "status a b",
        "add ben",
        "give hello",
        "give hello to ben",
        "transfer",
        "transfer to ben",
        "ask",
        "what",
        "why",
        "compare",
        "roll back hello",
        "put",
        "compare hello one and two",
        "help me",
        "run Hello!",
        "new tea from nothing",
    ];
    let told = |typed: &str| {
        let why = parse(typed, me).unwrap_err();
        message(format!("not understood: `{typed}`"), &misunderstood::told(typed, me, &why).unwrap())
    };
    let missing = Failure::new(FailureCode::NotFound, "there is no tentacle `helo` in `prices`");
    typed
        .iter()
        .map(|typed| told(typed))
        .chain([
            message(
                "not understood: for the first time, in a channel",
                &misunderstood::unknown(false, false),
            ),
            message(
                "not understood: for the first time, in a direct message",
                &misunderstood::unknown(false, true),
            ),
            message("not understood: again", &misunderstood::unknown(true, false)),
            words("not understood: a name", misunderstood::nearly(&missing, "run hello")),
            words(
                "not understood: what is written and not deployed",
                misunderstood::begun(&"tea".parse().unwrap()),
            ),
        ])
        .collect()
}

/// What the server says of a sign-in that is not of whoever asked.
fn another() -> Failure {
    let what = "the address that you signed in with is not the one of this Slack account";
    Failure::new(FailureCode::Denied, what).with_remedy(
        "sign in with the account that has the same verified e-mail address, or ask an operator to bind them",
    )
}

/// One refusal of each kind: what the server says of each, and what the Kraken makes of it.
fn wrong() -> Vec<Shown> {
    let codes = [
        (
            "refused: denied",
            FailureCode::Denied,
            "you may not run `hello`",
            Some("the owner, Ana Sousa, can let you in"),
        ),
        ("refused: invalid", FailureCode::Invalid, "workflow.yaml:3:5: `triggers` is not a list", None),
        ("refused: not found", FailureCode::NotFound, "there is no tentacle `tea` in `prices`", None),
        ("refused: conflict", FailureCode::Conflict, "that name is taken", Some("choose another name")),
        ("refused: not yet", FailureCode::NotYet, "an enclave without a channel is not given away yet", None),
        (
            "refused: timed out",
            FailureCode::TimedOut,
            "it was stopped after 120 s",
            Some("give it more time, or less to do"),
        ),
        (
            "refused: unavailable",
            FailureCode::Unavailable,
            "the server's store does not answer at the moment",
            Some("try again later; if it stays so, tell the operator"),
        ),
        (
            "refused: internal",
            FailureCode::Internal,
            "something went wrong on our side",
            Some("try again in a moment"),
        ),
    ];
    let told = |(title, code, what, next): (&str, FailureCode, &str, Option<&str>)| {
        let mut failure = Failure::new(code, what);
        (failure.remedy, failure.trace_id) = (next.map(str::to_owned), Some("4bf92f35".to_owned()));
        words(title, refusal(&failure))
    };
    let lost = asked::Stop::NoAnswer("the answer cannot be read".to_owned());
    codes
        .into_iter()
        .map(told)
        .chain([
            words(
                "refused: an argument that cannot be signed",
                refusal(&Failure::new(FailureCode::Internal, crate::server::UNSIGNED)),
            ),
            words("no answer that can be understood", talk::in_words(&lost).unwrap()),
            words("the Kraken is not in the channel", talk::NOT_INVITED),
            words("the Kraken is not in the channel, after a form", talk::not_invited("C1")),
            words("a direct message is no place for it", asked::NOT_HERE),
        ])
        .collect()
}

fn gone() -> Vec<Shown> {
    let said = |text: &str, click: bool| Said {
        user: "UANA".into(),
        text: text.into(),
        ts: "1.1".into(),
        thread: "1.1".into(),
        direct: false,
        click: click.then(|| Click {
            action: "a".into(),
            value: String::new(),
            trigger: String::new(),
            card: None,
        }),
        how: How::Spoken,
    };
    let (typed, pressed) = (said("run hello", false), said("", true));
    vec![
        message("the server is away", &away::told(Away::Server, &typed)),
        message("the server is away, after a button", &away::told(Away::Server, &pressed)),
        message("the issuer is away", &away::told(Away::Issuer, &typed)),
        message("away for too long", &away::given_up(&typed)),
        message("away for too long, after a button", &away::given_up(&pressed)),
    ]
}
