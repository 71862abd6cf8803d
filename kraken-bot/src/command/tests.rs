use super::*;

fn read(text: &str) -> Result<Command, NotUnderstood> {
    parse(text, "UKRAKEN")
}

fn tentacle(name: &str) -> TentacleName {
    name.parse().unwrap()
}

#[test]
fn what_the_help_names_is_understood() {
    let run =
        |input: Option<&str>| Command::Run { tentacle: tentacle("hello"), input: input.map(str::to_owned) };
    let cases = [
        ("set up this channel", Command::SetUp { name: None }),
        ("set up this channel as prices", Command::SetUp { name: Some("prices".into()) }),
        ("help", Command::Help),
        ("whoami", Command::Whoami),
        ("members", Command::Members),
        ("add <@UBEN>", Command::Add(vec!["UBEN".into()])),
        ("add <@UBEN|ben>, <@UGIL>", Command::Add(vec!["UBEN".into(), "UGIL".into()])),
        ("remove <@UBEN>", Command::Remove(vec!["UBEN".into()])),
        ("remove hello", Command::RemoveTentacle { tentacle: tentacle("hello"), confirmed: false }),
        ("remove hello for good", Command::RemoveTentacle { tentacle: tentacle("hello"), confirmed: true }),
        ("set mode", Command::ChooseMode(None)),
        ("set mode of hello", Command::ChooseMode(Some(tentacle("hello")))),
        ("set mode private", Command::SetMode("private".into())),
        ("set mode member read", Command::SetMode("member-read".into())),
        (
            "set mode of hello to member read",
            Command::SetTentacleMode { tentacle: tentacle("hello"), mode: "member-read".into() },
        ),
        ("set size", Command::SetSize(None)),
        ("set size to large", Command::SetSize(Some("large".into()))),
        ("set size small", Command::SetSize(Some("small".into()))),
        ("set secret shop.key", Command::SetSecret { name: "shop.key".parse().unwrap(), filled_in: false }),
        ("give hello to <@UBEN>", Command::Give { tentacle: tentacle("hello"), to: "UBEN".into() }),
        ("transfer to <@UBEN>", Command::Transfer("UBEN".into())),
        ("ask to join", Command::AskToJoin),
        ("new members need approval", Command::Enrollment { open: false }),
        ("new members are welcome", Command::Enrollment { open: true }),
        ("changes need review", Command::Review { required: true }),
        ("changes need no review", Command::Review { required: false }),
        ("sync", Command::Sync),
        ("unlink", Command::Unlink),
        ("what failed", Command::Failed(Lately::Day)),
        ("what failed?", Command::Failed(Lately::Day)),
        ("what failed last night?", Command::Failed(Lately::LastNight)),
        ("what failed today", Command::Failed(Lately::Today)),
        ("what failed yesterday?", Command::Failed(Lately::Yesterday)),
        ("history hello", Command::History(tentacle("hello"))),
        ("versions hello", Command::Versions(tentacle("hello"))),
        ("versions of hello", Command::Versions(tentacle("hello"))),
        ("put hello back", Command::PutBack(tentacle("hello"))),
        ("put back hello", Command::PutBack(tentacle("hello"))),
        ("roll back hello to 3", Command::RollBack { tentacle: tentacle("hello"), to: 3 }),
        ("roll back hello to version 3", Command::RollBack { tentacle: tentacle("hello"), to: 3 }),
        ("compare hello", Command::Compare { tentacle: tentacle("hello"), between: None }),
        ("compare hello 3 and 5", Command::Compare { tentacle: tentacle("hello"), between: Some((3, 5)) }),
        (
            "compare v5 and v3 of hello",
            Command::Compare { tentacle: tentacle("hello"), between: Some((3, 5)) },
        ),
        ("status", Command::Status(None)),
        ("status hello", Command::Status(Some(tentacle("hello")))),
        ("new hello", Command::New { tentacle: tentacle("hello"), scaffold: Scaffold::Hello }),
        (
            "new hello from price-monitor",
            Command::New { tentacle: tentacle("hello"), scaffold: Scaffold::PriceMonitor },
        ),
        ("deploy hello", Command::Deploy(tentacle("hello"))),
        ("run hello", run(None)),
        (r#"run hello {"who":  "Ana"}"#, run(Some(r#"{"who":  "Ana"}"#))),
        ("logs hello", Command::Logs(tentacle("hello"))),
        ("freeze", Command::Freeze),
        ("unfreeze", Command::Unfreeze),
        ("shut down this enclave", Command::ShutDown { typed: None }),
        ("shut down price-watch", Command::ShutDown { typed: Some("price-watch".into()) }),
        ("shut down this enclave price-watch", Command::ShutDown { typed: Some("price-watch".into()) }),
        ("login", Command::Login),
        ("logout", Command::Logout),
    ];
    for (text, command) in cases {
        for said in [
            format!("<@UKRAKEN> {text}"),
            format!("@kraken {text}"),
            format!("{text} <@UKRAKEN>"),
            text.into(),
        ] {
            assert_eq!(read(&said), Ok(command.clone()), "{said}");
        }
    }
}

#[test]
fn why_names_a_person_or_nobody() {
    let why = |person: Option<&str>, action: &str, name: Option<&str>| {
        Ok(Command::Why {
            person: person.map(str::to_owned),
            action: action.into(),
            tentacle: name.map(tentacle),
        })
    };
    assert_eq!(read("why run hello"), why(None, "run", Some("hello")));
    assert_eq!(read("why ben run hello"), why(Some("ben"), "run", Some("hello")));
    assert_eq!(read("why @ben run hello?"), why(Some("ben"), "run", Some("hello")));
    assert_eq!(read("why <@UBEN> set mode"), why(Some("UBEN"), "set mode", None));
    assert_eq!(read("why can't i deploy hello"), why(None, "deploy", Some("hello")));
    assert_eq!(read("why tentacle.run hello"), why(None, "tentacle.run", Some("hello")));
    for own_words in ["why ben", "why did hello fail", "why is it so slow today?"] {
        assert!(matches!(read(own_words), Err(NotUnderstood::Almost(_))), "{own_words}");
    }
    assert!(matches!(read("why"), Err(NotUnderstood::Almost(_))));
}

#[test]
fn words_are_whole_words() {
    for text in ["members of parliament", "helpful idea", "freeze frame", "logout now"] {
        assert!(read(text).is_err(), "{text}");
    }
    assert_eq!(read("membership"), Err(NotUnderstood::Unknown));
    for maybe in [
        "set secret",
        "set secret hunter2",
        "set secret shop.key hunter2",
        "set secret a b c d e f",
        "set the secret shop.key to hunter2",
        "Change my secret shop.key hunter2",
        "add secret shop.key hunter2",
    ] {
        assert_eq!(read(maybe), Err(NotUnderstood::MaybeSecret), "{maybe}");
    }
    assert_eq!(read("<@UKRAKEN>"), Err(NotUnderstood::Nothing));
    assert_eq!(read("krakens help"), Err(NotUnderstood::Unknown));
}

#[test]
fn what_is_almost_right_says_what_is_missing() {
    let almost = |text: &str| match read(text) {
        Err(NotUnderstood::Almost(usage)) => usage,
        other => panic!("{other:?}"),
    };
    assert!(almost("add ben").contains("`add @ben`"));
    assert!(almost("run").contains("`run hello`"));
    assert!(almost("new Hello_World").contains("`hello-world`"));
    assert!(almost("new hello from nothing").contains("`webhook-to-slack`"));
    assert!(almost("set").contains("set up this channel"));
    assert!(almost("what failed was our plan").contains("`what failed today`"));
}
