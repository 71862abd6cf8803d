use super::*;

fn place() -> (EnclaveName, TentacleName) {
    ("price-watch".parse().unwrap(), "hello".parse().unwrap())
}

fn new_key() -> AgeKey {
    AgeKey::read(&key_file()).unwrap()
}

fn key_file() -> SecretString {
    let identity = age::x25519::Identity::generate();
    SecretString::from(format!("# made for a test\n\n{}\n", identity.to_string().expose_secret()))
}

fn values(of: &[(&str, &str)]) -> SecretValues {
    of.iter().map(|(key, value)| ((*key).to_owned(), SecretString::from(*value))).collect()
}

fn sealed(of: &[(&str, &str)], to: &[&AgeKey]) -> String {
    let (enclave, tentacle) = place();
    let to: Vec<_> = to.iter().map(|key| key.recipient()).collect();
    seal(&enclave, &tentacle, &values(of), &to).unwrap()
}

fn opened(text: &str, key: &AgeKey) -> Result<Vec<(String, String)>, SopsError> {
    let (enclave, tentacle) = place();
    let values = SecretFile::read(text)?.open(key, &enclave, &tentacle)?;
    Ok(values.into_iter().map(|(key, value)| (key, value.expose_secret().to_owned())).collect())
}

#[test]
fn what_is_sealed_is_opened_by_each_recipient_and_by_nobody_else() {
    let file = key_file();
    let [one, two, other] = [AgeKey::read(&file).unwrap(), new_key(), new_key()];
    let text = sealed(&[("api-key", "canary-1"), ("token", "line\nline: # \"\u{e9}")], &[&one, &two]);
    assert!(!text.contains("canary"), "{text}");
    for key in [&one, &two] {
        let all = opened(&text, key).unwrap();
        assert_eq!(
            all,
            [
                ("api-key".to_owned(), "canary-1".to_owned()),
                ("token".to_owned(), "line\nline: # \"\u{e9}".to_owned())
            ]
        );
    }
    assert_eq!(opened(&text, &other), Err(SopsError::NotForUs(other.recipient().to_string())));
    // A key file that was replaced keeps the one before, after the new one.
    let both = format!("{}\n{}", key_file().expose_secret(), file.expose_secret());
    assert_eq!(opened(&text, &AgeKey::read(&both.into()).unwrap()).unwrap().len(), 2);
}

#[test]
fn whatever_is_altered_is_refused() {
    let key = new_key();
    let text = sealed(&[("a", "canary-1"), ("b", "canary-2")], &[&key]);
    let line =
        |name: &str| text.lines().find(|line| line.starts_with(&format!("{name}: "))).unwrap().to_owned();
    let (a, b) = (line("a"), line("b"));
    let swapped =
        text.replace(&a, "@").replace(&b, &a.replace("a: ", "b: ")).replace('@', &b.replace("b: ", "a: "));
    let without = text.replace(&format!("{b}\n"), "");
    let moved = text.replace(&format!("{a}\n{b}"), &format!("{b}\n{a}"));
    let sealed_for = line("sealed_for");
    let as_another = text.replace(&a, &sealed_for.replace("sealed_for: ", "a: "));
    let in_clear = text.replace(&sealed_for, "sealed_for: price-watch/hello");
    let earlier = text.replacen("lastmodified: \"2", "lastmodified: \"1", 1);
    let nothing = text.replace("data:", "data:A");
    for (altered, why) in [
        (swapped, SopsError::Altered("a".to_owned())),
        (without, SopsError::Mac),
        (moved, SopsError::Mac),
        (as_another, SopsError::Altered("a".to_owned())),
        (in_clear, SopsError::Clear("sealed_for".to_owned())),
        (text.replace(&format!("{sealed_for}\n"), ""), SopsError::NotSealedFor),
        (earlier, SopsError::Mac),
        (nothing, SopsError::Clear("a".to_owned())),
        (text.replace(&a, "a: canary-3"), SopsError::Clear("a".to_owned())),
        (text.replace(&a, "a: \"\""), SopsError::Clear("a".to_owned())),
        (text.replace(&a, &format!("{a}\na: x")), SopsError::NotOne),
        (text.replace(&a, "a: [canary-3]"), SopsError::NotOne),
        (text.replace("a: ENC", "A b: ENC"), SopsError::Key("A b".to_owned())),
        (text.replace("enclave: ", "enclosed: "), SopsError::Clear("enclosed".to_owned())),
        (text.replace("tentacle: \"hello\"\n", ""), SopsError::Unbound),
        (
            text.replace("sops:", "sops:\n    mac_only_encrypted: true"),
            SopsError::Setting("mac_only_encrypted"),
        ),
        (text.replace("sops:", "sops:\n    shamir_threshold: 2"), SopsError::Setting("shamir_threshold")),
        ("x".repeat(MOST_BYTES + 1), SopsError::TooLarge),
        ("token: canary-3\n".to_owned(), SopsError::NotOne),
        (String::new(), SopsError::NotOne),
    ] {
        let refused = opened(&altered, &key).unwrap_err();
        assert_eq!(refused, why, "{altered}");
        assert!(!refused.to_string().contains("canary"), "{refused}");
    }
}

#[test]
fn a_file_says_where_it_belongs() {
    let key = new_key();
    let file = SecretFile::read(&sealed(&[("a", "canary-1")], &[&key])).unwrap();
    let (enclave, tentacle) = place();
    file.belongs_to(&enclave, &tentacle).unwrap();
    let other = "other".parse().unwrap();
    let elsewhere = SopsError::Elsewhere("enclaves/price-watch/hello".to_owned());
    assert_eq!(file.belongs_to(&enclave, &other).unwrap_err(), elsewhere);
    assert_eq!(file.open(&key, &enclave, &other).unwrap_err(), elsewhere);
    assert_eq!(file.keys().collect::<Vec<_>>(), ["a"]);
    assert_eq!(file.open(&key, &enclave, &tentacle).unwrap().into_keys().collect::<Vec<_>>(), ["a"]);
}

/// The MAC is of the values one after the other: it is the same of what is cut elsewhere, or called otherwise.
#[test]
fn what_it_says_in_clear_is_not_believed_where_the_mac_is_the_same() {
    let key = new_key();
    let names = |enclave: &str, tentacle: &str| (enclave.parse().unwrap(), tentacle.parse().unwrap());
    let (enclave, tentacle) = names("acme", "billing");
    let text = seal(&enclave, &tentacle, &values(&[("a", "canary-1")]), &[key.recipient()]).unwrap();
    let clear = "enclave: \"acme\"\ntentacle: \"billing\"\n";
    assert!(text.contains(clear), "{text}");
    for (what, enclave, tentacle, says) in [
        ("shifted", "acmeb", "illing", "enclave: \"acmeb\"\ntentacle: \"illing\"\n"),
        ("swapped", "billing", "acme", "tentacle: \"acme\"\nenclave: \"billing\"\n"),
    ] {
        let file = SecretFile::read(&text.replace(clear, says)).unwrap();
        let (enclave, tentacle) = names(enclave, tentacle);
        file.belongs_to(&enclave, &tentacle).unwrap();
        assert!(file.values(&key).is_ok(), "{what}: the MAC is another");
        let refused = file.open(&key, &enclave, &tentacle).unwrap_err();
        assert_eq!(refused, SopsError::Elsewhere("enclaves/acme/billing".to_owned()), "{what}");
    }
    // What is longer than before has another MAC.
    let file = SecretFile::read(&text.replace("\"acme\"", "\"other\"")).unwrap();
    let (enclave, tentacle) = names("other", "billing");
    assert_eq!(file.open(&key, &enclave, &tentacle).unwrap_err(), SopsError::Mac);
}

#[test]
fn as_many_values_as_may_be_sealed_are_opened() {
    let key = new_key();
    let names: Vec<String> = (0..=MOST_VALUES).map(|at| format!("a{at}")).collect();
    let all: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), "x")).collect();
    assert_eq!(opened(&sealed(&all[1..], &[&key]), &key).unwrap().len(), MOST_VALUES);
    let (enclave, tentacle) = place();
    assert_eq!(seal(&enclave, &tentacle, &values(&all), &[key.recipient()]), Err(SopsError::TooLarge));
}

#[test]
fn nothing_is_sealed_that_could_not_be_used() {
    let (enclave, tentacle) = place();
    let to = [new_key().recipient()];
    let long = "x".repeat(MOST_OF_A_VALUE + 1);
    for (key, value, why) in [
        ("enclave", "x", SopsError::Key("enclave".to_owned())),
        ("sealed_for", "x", SopsError::Key("sealed_for".to_owned())),
        ("A", "x", SopsError::Key("A".to_owned())),
        ("a", "", SopsError::Clear("a".to_owned())),
        ("a", long.as_str(), SopsError::TooLarge),
    ] {
        assert_eq!(seal(&enclave, &tentacle, &values(&[(key, value)]), &to), Err(why));
    }
    assert_eq!(seal(&enclave, &tentacle, &values(&[("a", "x")]), &[]), Err(SopsError::NoRecipients));
}

#[test]
fn the_first_rule_for_a_path_says_to_whom() {
    let [one, two] = [new_key(), new_key()].map(|key| key.recipient());
    let text = format!(
        "creation_rules:\n  - path_regex: ^enclaves/secret/\n    age: {one}\n  - path_regex: \\.enc\\.yaml$\n    age: >-\n      {one},\n      {two}\n"
    );
    let rules = SopsRules::read(&text).unwrap();
    let of = |path: &str| rules.recipients(path).unwrap();
    assert_eq!(of("enclaves/secret/a/.secrets/x.enc.yaml"), std::slice::from_ref(&one));
    assert_eq!(of("enclaves/a/b/.secrets/x.enc.yaml"), [one, two]);
    assert_eq!(rules.recipients("README.md").unwrap(), []);
    let none = SopsRules::read("creation_rules:\n  - age: ssh-ed25519 AAAA\n").unwrap();
    assert_eq!(none.recipients("x"), Err(SopsError::Recipient("ssh-ed25519 AAAA".to_owned())));
    assert!(SopsRules::read("- nothing").is_err());
}
