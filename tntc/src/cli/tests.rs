use super::*;
use clap::CommandFactory;

fn parsed(words: &str) -> Result<String, String> {
    let cli = Cli::try_parse_from(words.split(' ')).map_err(|error| error.kind().to_string())?;
    Ok(format!("{:?}", cli.command))
}

#[test]
fn the_command_line_is_sound() {
    Cli::command().debug_assert();
}

#[test]
fn every_command_is_understood() {
    let commands = [
        ("tntc enclave list --status frozen", "Enclave(List(List { status: Some(\"frozen\") }))"),
        ("tntc enclave info a", "Enclave(Info(Info { named: Named { name: EnclaveName(\"a\") } }))"),
        ("tntc enclave freeze a", "Enclave(Freeze(Freeze { named: Named { name: EnclaveName(\"a\") } }))"),
        (
            "tntc enclave unfreeze a",
            "Enclave(Unfreeze(Unfreeze { named: Named { name: EnclaveName(\"a\") } }))",
        ),
        (
            "tntc enclave deprovision a -y",
            "Enclave(Deprovision(Deprovision { named: Named { name: EnclaveName(\"a\") }, sure: Sure { yes: true } }))",
        ),
        (
            "tntc enclave provision a --quota small --mode private --members s1,s2",
            "Enclave(Provision(Provision { named: Named { name: EnclaveName(\"a\") }, quota: Some(\"small\"), mode: \
             Some(\"private\"), members: [\"s1\", \"s2\"], channel: None, founder: None }))",
        ),
        (
            "tntc enclave provision a --channel C1 --founder T1/UBEN",
            "Enclave(Provision(Provision { named: Named { name: EnclaveName(\"a\") }, quota: None, mode: None, members: [], \
             channel: Some(\"C1\"), founder: Some(Account(SlackAccount { team: \"T1\", user: \"UBEN\" })) }))",
        ),
        (
            "tntc enclave invite a ben@example.org",
            "Enclave(Invite(Invite { name: EnclaveName(\"a\"), email: \"ben@example.org\", withdraw: false }))",
        ),
        (
            "tntc enclave drift a repair",
            "Enclave(Drift(Drift { named: Named { name: EnclaveName(\"a\") }, drift: \"repair\" }))",
        ),
        (
            "tntc enclave review a required",
            "Enclave(Review(Review { named: Named { name: EnclaveName(\"a\") }, review: \"required\" }))",
        ),
        (
            "tntc state repair hello -e a",
            "State(Repair(Repair { name: TentacleName(\"hello\"), within: InEnclave { enclave: EnclaveName(\"a\") } }))",
        ),
        ("tntc enclave join a", "Enclave(Join(Join { named: Named { name: EnclaveName(\"a\") } }))"),
        (
            "tntc enclave let-in a 01890a5d-ac96-774b-bcce-b302099a8057 --no",
            "Enclave(LetIn(LetIn { name: EnclaveName(\"a\"), request: 01890a5d-ac96-774b-bcce-b302099a8057, no: true }))",
        ),
        ("tntc list", "List(List { enclave: None, owner: None, tag: None })"),
        (
            "tntc status hello -e a --detail",
            "Status(Status { name: TentacleName(\"hello\"), within: InEnclave { enclave: EnclaveName(\"a\") }, detail: true })",
        ),
        (
            "tntc run hello --enclave a --input {}",
            "Run(Run { name: TentacleName(\"hello\"), within: InEnclave { enclave: EnclaveName(\"a\") }, input: Some(\"{}\"), \
             timeout: 120 })",
        ),
        (
            "tntc deploy dir -e a --dry-run",
            "Deploy(Deploy { dir: \"dir\", within: InEnclave { enclave: EnclaveName(\"a\") }, from_disk: false, dry_run: true })",
        ),
        (
            "tntc reach observe dir -e a --input {}",
            "Reach(Observe(Observe { dir: \"dir\", within: InEnclave { enclave: EnclaveName(\"a\") }, input: Some(\"{}\"), \
             timeout: 60 }))",
        ),
        (
            "tntc undeploy hello -e a",
            "Undeploy(Undeploy { name: TentacleName(\"hello\"), within: InEnclave { enclave: EnclaveName(\"a\") }, sure: Sure { \
             yes: false } })",
        ),
        (
            "tntc set-mode hello private -e a",
            "SetMode(SetMode { name: TentacleName(\"hello\"), mode: \"private\", within: InEnclave { enclave: \
             EnclaveName(\"a\") } })",
        ),
        (
            "tntc transfer hello ben -e a",
            "Transfer(Transfer { name: TentacleName(\"hello\"), to: \"ben\", within: InEnclave { enclave: \
             EnclaveName(\"a\") } })",
        ),
        (
            "tntc history hello -e a --deploys -n 5",
            "History(History { name: TentacleName(\"hello\"), within: InEnclave { enclave: EnclaveName(\"a\") }, deploys: \
             true, limit: 5 })",
        ),
        (
            "tntc jobs hello -e a -n 5",
            "Jobs(Jobs { name: Some(TentacleName(\"hello\")), within: InEnclave { enclave: EnclaveName(\"a\") }, limit: 5 })",
        ),
        ("tntc pods -e a", "Pods(Pods { within: InEnclave { enclave: EnclaveName(\"a\") } })"),
        ("tntc cluster proxy", "Cluster(Proxy(Proxy))"),
        ("tntc state init --repo-path s", "State(Init(Init { repo_path: \"s\" }))"),
        (
            "tntc state commit -m x",
            "State(Commit(Commit { message: \"x\", here: Here { repo_path: \".\", signing_key: None } }))",
        ),
        (
            "tntc state push --credentials c",
            "State(Push(Push { here: Here { repo_path: \".\", signing_key: None }, credentials: Some(\"c\"), known_hosts: None }))",
        ),
        (
            "tntc state status -e a --exit-code",
            "State(Status(Status { within: InEnclave { enclave: EnclaveName(\"a\") }, repo_path: \".\", exit_code: true }))",
        ),
        (
            "tntc secrets set shop.key --in d",
            "Secrets(Set(Set { name: SecretName(\"shop.key\"), dir: \"d\", from_file: None, key: Key { age_key: None } }))",
        ),
        (
            "tntc secrets check --allow-missing --age-key k",
            "Secrets(Check(Check { here: Here { repo_path: \".\" }, key: Key { age_key: Some(\"k\") }, allow_missing: true }))",
        ),
        ("tntc login", "Login(Login)"),
        ("tntc logout", "Logout(Logout)"),
        ("tntc whoami", "Whoami(Whoami)"),
        (
            "tntc why run hello -e a --person ben",
            "Why(Why { action: \"run\", tentacle: Some(TentacleName(\"hello\")), within: InEnclave { enclave: \
             EnclaveName(\"a\") }, person: Some(\"ben\") })",
        ),
        ("tntc trail tail -n 5", "Trail(Tail(Tail { enclave: None, lines: 5 }))"),
        ("tntc trail export out", "Trail(Export(Export { dir: \"out\", force: false }))"),
        ("tntc trail verify", "Trail(Verify(Verify { records: None, heads: None, keys: None }))"),
    ];
    for (words, command) in commands {
        assert_eq!(parsed(words).as_deref(), Ok(command), "{words}");
    }
}

#[test]
fn what_goes_for_every_command_can_stand_anywhere() {
    for words in [
        "tntc -o json --server https://a.example --reason x enclave freeze a",
        "tntc enclave -o json --server https://a.example freeze --reason x a",
        "tntc enclave freeze a --reason x --server https://a.example -o json",
    ] {
        let options = Cli::try_parse_from(words.split(' ')).unwrap().options;
        assert_eq!(options.output, Some(Format::Json), "{words}");
        assert_eq!(options.reason.as_deref(), Some("x"), "{words}");
        assert_eq!(options.server.unwrap().to_string(), "https://a.example", "{words}");
    }
}

#[cfg(feature = "up")]
#[test]
fn up_and_its_services_are_understood() {
    assert!(parsed("tntc up --verbose --state-dir s").is_ok());
    assert!(parsed("tntc up token ana").is_ok());
    assert!(parsed("tntc up --verbose token ana").is_err());
    assert!(parsed("tntc serve workspace").is_err(), "without whom it ends with");
    let help = Cli::command().render_long_help().to_string();
    assert!(!help.contains("\n  serve"), "it is not for people");
}
