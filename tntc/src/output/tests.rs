use super::*;
use serde_json::{Value, json};

#[test]
fn yaml_says_what_json_says() {
    let texts = [
        "",
        " ",
        "yes",
        "no",
        "on",
        "off",
        "y",
        "n",
        "null",
        "~",
        "true",
        "1",
        "1.0",
        "0x1f",
        "1e3",
        ".inf",
        "2026-01-02",
        "12:30:45",
        "a: b",
        "- a",
        "# a",
        "a #b",
        "&a",
        "*a",
        "!a",
        "%a",
        "@a",
        "`a",
        "{a}",
        "[a]",
        "'a'",
        "\"a\"",
        "a\nb",
        "a\n",
        "\na",
        "a\tb",
        "\u{1b}[2J",
        "\u{85}",
        "\u{2028}",
        "\u{feff}",
        "é 日本",
        "a\\b",
        "---",
        "...",
        "=",
        "<<",
        "|",
        ">",
        "01",
        "+1",
        "_",
        "1_000",
        "a\r\nb",
        " lead",
        "trail ",
    ];
    let value = json!({"texts": texts.to_vec(), "none": null, "list": [], "object": {}, "number": 1.5, "big": u64::MAX});
    let text = yaml(&value).unwrap();
    assert_eq!(serde_saphyr::from_str::<Value>(&text).unwrap(), value, "{text}");
}

#[test]
fn words_of_the_older_yaml_are_quoted() {
    for word in ["yes", "no", "on", "off", "y", "n", "True", "NO", "0777", "1_000", "12:30:45"] {
        let text = yaml(&json!({"a": word})).unwrap();
        assert!(text.contains('"') || text.contains('\''), "{text}");
    }
}

#[test]
fn a_table_fits_its_terminal() {
    let rows = || (0..3).map(|row| [format!("name-{row}"), "word ".repeat(40), "x".repeat(70)]);
    let view = || View::new().table(["NAME", "WORDS", "LONG"], rows(), "nothing");
    for width in [40, 60, 80, 120] {
        let text = anstream::adapter::strip_str(&view().text(Some(width))).to_string();
        let widest = text.lines().map(|line| line.chars().count()).max().unwrap();
        assert!(widest <= usize::from(width), "{widest} of {width}:\n{text}");
        assert_eq!(text.matches("name-").count(), 3);
    }
    let free = anstream::adapter::strip_str(&view().text(None)).to_string();
    assert_eq!(free.lines().count(), 4, "nothing is wrapped where nothing has to fit:\n{free}");
}

#[test]
fn parts_stand_apart_and_sentences_together() {
    let view = View::new()
        .verdict(true, "It is done.")
        .line("Twice.")
        .values([("Name", "a".to_owned()), ("Empty", String::new()), ("Longer", "b\u{1b}c".to_owned())])
        .line("And so on.");
    let text = anstream::adapter::strip_str(&view.text(None)).to_string();
    assert_eq!(text, "It is done.\nTwice.\n\nName    a\nLonger  b\u{fffd}c\n\nAnd so on.\n");
}
