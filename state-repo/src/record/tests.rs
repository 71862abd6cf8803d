use super::*;
use ed25519_dalek::pkcs8::EncodePrivateKey;
use proptest::prelude::*;

fn key(seed: u8) -> SigningKey {
    let pem = ed25519_dalek::SigningKey::from_bytes(&[seed; 32]).to_pkcs8_pem(Default::default()).unwrap();
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), pem.as_bytes()).unwrap();
    SigningKey::read(file.path()).unwrap()
}

fn check(bytes: &[u8], key: &SigningKey) -> Result<EnclaveRecord, RecordFault> {
    EnclaveRecord::verified(bytes, |kid| (kid == key.id()).then(|| key.public()))
}

fn identity(name: &str) -> Identity {
    Identity { name: name.to_owned(), issuer: "https://id.example".to_owned(), subject: "5f1c".to_owned() }
}

fn time() -> Timestamp {
    "2026-03-09T09:00:00.25Z".parse().unwrap()
}

fn record() -> EnclaveRecord {
    EnclaveRecord {
        format: Format::One,
        generation: 12,
        name: "price-watch".parse().unwrap(),
        id: "019305f2-aa00-7000-8000-000000000001".to_owned(),
        created: Some(time()),
        frozen: vec!["owner".to_owned()],
        mode: Some("rwxr-x---".to_owned()),
        enrollment: "open".to_owned(),
        quota: "small".to_owned(),
        drift: None,
        review: None,
        channel: Some(RecordedChannel {
            team: "T1".to_owned(),
            id: "C1".to_owned(),
            name: "price-watch".to_owned(),
            creator: "UANA".to_owned(),
        }),
        owner: identity("Ana Sousa"),
        members: vec![RecordedMember {
            name: "Ana Sousa".to_owned(),
            account: Some("UANA".to_owned()),
            class: Some("full".to_owned()),
            issuer: Some("https://id.example".to_owned()),
            subject: Some("5f1c".to_owned()),
        }],
        approved: Vec::new(),
        blocked: vec![RecordedVerdict { account: Some("UGIL".to_owned()), issuer: None, subject: None }],
        tentacles: vec![RecordedTentacle {
            name: "hello".parse().unwrap(),
            owner: identity("Ana Sousa"),
            mode: None,
            created: Some(time()),
            version: "sha256:00".to_owned(),
            deployed: Some(RecordedDeploy {
                at: time(),
                by: "Ben".to_owned(),
                via: "kraken".to_owned(),
                agent: Some("kraken".to_owned()),
                number: Some(3),
                summary: Some("hello: a third version".to_owned()),
            }),
            updated: Some(RecordedChange {
                at: time(),
                by: "Ana Sousa".to_owned(),
                via: Some("agents".to_owned()),
                agent: None,
            }),
            commit: Some("0123456789012345678901234567890123456789".to_owned()),
            reach: "sha256:11".to_owned(),
        }],
        signature: None,
    }
}

#[test]
fn what_was_altered_by_one_letter_is_not_the_server_s_word() {
    let key = key(1);
    let text = record().sign(&key).unwrap().to_yaml().unwrap();
    assert_eq!(check(text.as_bytes(), &key).unwrap().generation, 12);
    for (from, to) in [
        ("generation: 12", "generation: 13"),
        ("rwxr-x---", "rwxrwxrwx"),
        ("UGIL", "UBEN"),
        ("sha256:11", "sha256:12"),
        ("quota: small", "quota: large"),
        ("Ana Sousa", "Ana Souza"),
        ("quota: small", "quota: small # by hand"),
        ("enrollment: open\n", "enrollment: open\n\n"),
    ] {
        let altered = text.replacen(from, to, 1);
        assert_ne!(altered, text, "{from}:\n{text}");
        assert_eq!(check(altered.as_bytes(), &key), Err(RecordFault::Altered), "{to}");
    }
}

#[test]
fn each_way_of_not_being_the_server_s_word_has_its_name() {
    let (own, other) = (key(1), key(2));
    let unsigned = record().to_yaml().unwrap();
    assert_eq!(check(unsigned.as_bytes(), &own), Err(RecordFault::Unsigned));
    let foreign = record().sign(&other).unwrap().to_yaml().unwrap();
    assert_eq!(check(foreign.as_bytes(), &own), Err(RecordFault::OtherKey));
    for none in ["", "a: b", "[", "format: tentacular-enclave-record/2\n", "\u{0}"] {
        assert!(matches!(check(none.as_bytes(), &own), Err(RecordFault::Unreadable(_))), "{none:?}");
    }
    let more = format!("{unsigned}role: everything\n");
    assert!(matches!(check(more.as_bytes(), &own), Err(RecordFault::Unreadable(_))));
}

/// Texts as people and issuers give them, and some that YAML reads as something else.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        "\\PC{0,24}",
        any::<String>().prop_map(|text| text.chars().filter(|c| *c != '\0').take(60).collect()),
        prop::sample::select(vec![
            "yes",
            "no",
            "on",
            "null",
            "~",
            "",
            "1",
            "0x1f",
            "1e3",
            "-",
            "- a",
            "a: b",
            "#c",
            "'",
            "\"",
            "|",
            ">",
            "*a",
            "&a",
            "!t",
            "%",
            "@",
            "`",
            "{}",
            "[]",
            ",",
            "a\nb",
            " a ",
            "\t",
            "\r\n",
            "---",
            "...",
            "é",
            "名前",
            "\u{2028}",
            "1_000",
            "2026-01-01",
            "<<",
            "=",
            "0o7",
            ".inf",
            "12:30:45",
        ])
        .prop_map(str::to_owned),
    ]
}

fn somebody() -> impl Strategy<Value = Identity> {
    (text(), text(), text()).prop_map(|(name, issuer, subject)| Identity { name, issuer, subject })
}

fn whom() -> impl Strategy<Value = RecordedVerdict> {
    let some = || prop::option::of(text());
    (some(), some(), some()).prop_map(|(account, issuer, subject)| RecordedVerdict {
        account,
        issuer,
        subject,
    })
}

fn members() -> impl Strategy<Value = Vec<RecordedMember>> {
    let some = || prop::option::of(text());
    let member =
        (text(), some(), some(), some(), some()).prop_map(|(name, account, class, issuer, subject)| {
            RecordedMember { name, account, class, issuer, subject }
        });
    prop::collection::vec(member, 0..4)
}

fn tentacles() -> impl Strategy<Value = Vec<RecordedTentacle>> {
    let some = || prop::option::of(text());
    let tentacle = ("[a-z][a-z0-9]{0,8}", somebody(), some(), text(), some(), text()).prop_map(
        |(name, owner, mode, version, commit, reach)| RecordedTentacle {
            name: name.parse().unwrap(),
            owner,
            created: None,
            deployed: Some(RecordedDeploy {
                at: time(),
                by: version.clone(),
                via: reach.clone(),
                agent: mode.clone(),
                number: mode.as_ref().map(|mode: &String| mode.len() as u64),
                summary: commit.clone(),
            }),
            updated: commit.clone().map(|by| RecordedChange {
                at: time(),
                by,
                via: mode.clone(),
                agent: mode.clone(),
            }),
            mode,
            version,
            commit,
            reach,
        },
    );
    prop::collection::vec(tentacle, 0..4)
}

fn any_record() -> impl Strategy<Value = EnclaveRecord> {
    let verdicts = || prop::collection::vec(whom(), 0..3);
    let channel = prop::option::of((text(), text(), text(), text()));
    let plain =
        (0_u64..1 << 50, prop::collection::vec(text(), 0..3), prop::option::of(text()), text(), text());
    (plain, channel, somebody(), members(), (verdicts(), verdicts()), tentacles()).prop_map(
        |(
            (generation, frozen, mode, enrollment, quota),
            channel,
            owner,
            members,
            (approved, blocked),
            tentacles,
        )| {
            EnclaveRecord {
                generation,
                frozen,
                mode,
                enrollment,
                quota,
                channel: channel.map(|(team, id, name, creator)| RecordedChannel { team, id, name, creator }),
                owner,
                members,
                approved,
                blocked,
                tentacles,
                ..record()
            }
        },
    )
}

#[test]
fn a_record_from_before_versions_had_their_numbers_in_it_is_read_and_holds() {
    let key = key(1);
    let mut old = record();
    let deployed = old.tentacles[0].deployed.as_mut().unwrap();
    (deployed.number, deployed.summary) = (None, None);
    let signed = old.sign(&key).unwrap();
    let text = signed.to_yaml().unwrap();
    assert!(!text.contains("number") && !text.contains("summary"), "{text}");
    assert_eq!(check(text.as_bytes(), &key), Ok(signed));
    // What somebody adds to it is not the server's word.
    let line = text.lines().find(|line| line.trim() == "via: kraken").unwrap();
    let more = format!("{line}\n{}", line.replace("via: kraken", "number: 7"));
    assert_eq!(check(text.replace(line, &more).as_bytes(), &key), Err(RecordFault::Altered));
}

proptest! {
    #[test]
    fn whatever_is_written_is_read_back_as_it_was(record in any_record()) {
        let key = key(1);
        let signed = record.sign(&key).unwrap();
        let text = signed.to_yaml().unwrap();
        prop_assert_eq!(check(text.as_bytes(), &key), Ok(signed), "{}", text);
    }
}
