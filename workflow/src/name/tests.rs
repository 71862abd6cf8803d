use super::*;
use proptest::prelude::*;

fn enclave(text: &str) -> Result<String, String> {
    text.parse::<EnclaveName>().map(String::from).map_err(|e| e.to_string())
}

fn tentacle(text: &str) -> Result<String, String> {
    text.parse::<TentacleName>().map(String::from).map_err(|e| e.to_string())
}

#[test]
fn good_names_are_kept_as_they_are() {
    for name in ["a", "7", "price-watch", "a--b", "2024-plans", &"x".repeat(63)] {
        assert_eq!(enclave(name).as_deref(), Ok(name));
    }
    for name in ["a", "hello", "price-monitor", "a1-2-b", &"x".repeat(40)] {
        assert_eq!(tentacle(name).as_deref(), Ok(name));
    }
}

#[test]
fn bad_names_are_refused() {
    for name in [
        "",
        "-a",
        "a-",
        "A",
        "a.b",
        "a_b",
        "a b",
        "ä",
        "a\n",
        "a/b",
        "..",
        &"x".repeat(64),
        "kube-x",
        "default",
    ] {
        assert!(enclave(name).is_err(), "{name}");
    }
    for name in ["", "-a", "a-", "A", "a.b", "a_b", "1a", "a--b", "ä", "a\n", "a/b", &"x".repeat(41)] {
        assert!(tentacle(name).is_err(), "{name}");
    }
}

#[test]
fn an_error_says_what_why_and_what_to_do() {
    assert_eq!(
        enclave("Price Watch").unwrap_err(),
        "`Price Watch` is not a name: use lower-case letters, digits and hyphens, with a letter or digit at the \
         beginning and the end, such as `price-watch`"
    );
    assert_eq!(
        tentacle("hello__World").unwrap_err(),
        "`hello__World` is not a name: use words of lower-case letters and digits joined by single hyphens, with a \
         letter at the beginning, such as `hello-world`"
    );
    assert!(tentacle("42").unwrap_err().ends_with("such as `price-monitor`"));
    assert_eq!(
        enclave("monitoring").unwrap_err(),
        "`monitoring` is kept for the platform itself, where other software would take the enclave for its own part: \
         choose a name of your team's own, such as `price-watch`"
    );
    assert!(tentacle(&"x".repeat(41)).unwrap_err().contains("(41 characters): use at most 40, because"));
}

#[test]
fn an_error_shows_foreign_text_bounded_and_on_one_line() {
    let error = enclave(&format!("a\r\n`{}", "B".repeat(40))).unwrap_err();
    assert!(!error.contains(['\r', '\n']), "{error}");
    assert!(!enclave("\u{202e}B\u{1b}[2J").unwrap_err().contains(['\u{202e}', '\u{1b}']));
    let error = enclave(&"B".repeat(100_000)).unwrap_err();
    assert!(error.len() < 300, "{error}");
}

#[test]
fn json_holds_only_names() {
    assert_eq!(serde_json::from_str::<EnclaveName>("\"a\"").unwrap().as_str(), "a");
    assert!(serde_json::from_str::<EnclaveName>("\"kube-system\"").is_err());
    assert!(serde_json::from_str::<TentacleName>("\"No\"").is_err());
    assert_eq!(serde_json::to_string(&"a".parse::<TentacleName>().unwrap()).unwrap(), "\"a\"");
}

#[test]
fn the_schema_tells_the_rule() {
    let schema = schemars::schema_for!(TentacleName);
    assert_eq!(schema.get("pattern").unwrap(), "^[a-z][a-z0-9]*(-[a-z0-9]+)*$");
    assert_eq!(schema.get("maxLength").unwrap(), 40);
}

proptest! {
    #[test]
    fn any_text_is_a_name_or_an_error(text in any::<String>()) {
        if let Ok(name) = enclave(&text) {
            prop_assert_eq!(name, text.clone());
        }
        if let Ok(name) = tentacle(&text) {
            prop_assert_eq!(name, text);
        }
    }

    #[test]
    fn the_schema_pattern_and_the_parser_agree(name in "[a-z][a-z0-9]{0,6}(-[a-z0-9]{1,6}){0,4}") {
        prop_assert!(tentacle(&name).is_ok());
    }
}
