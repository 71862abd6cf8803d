use super::*;

fn bold(text: &str) -> Span {
    Span::Text(text.into(), Style { bold: true, ..Style::default() })
}

fn text(text: &str) -> Span {
    Span::Text(text.into(), Style::default())
}

fn section(markup: &str) -> Vec<Span> {
    match parse(markup, Lists::Plain).as_slice() {
        [Part::Section(spans)] => spans.clone(),
        other => panic!("{markup}: {other:?}"),
    }
}

#[test]
fn marks_count_around_words_only() {
    assert_eq!(section("a *b* c"), [text("a "), bold("b"), text(" c")]);
    assert_eq!(section("*a b*!"), [bold("a b"), text("!")]);
    for markup in ["2*3*4", "* a *", "**", "*a", "a_b_c", "snake_case_name", "***"] {
        assert_eq!(section(markup), [text(markup)], "{markup}");
    }
}

#[test]
fn styles_nest_and_code_is_literal() {
    let both = Style { bold: true, italic: true, ..Style::default() };
    assert_eq!(section("*_x_*"), [Span::Text("x".into(), both)]);
    let code = Style { code: true, ..Style::default() };
    assert_eq!(section("`*a* &lt;b&gt;`"), [Span::Text("*a* <b>".into(), code)]);
}

#[test]
fn what_stands_in_angles_is_a_reference() {
    assert_eq!(section("<@U1> hi"), [Span::User("U1".into()), text(" hi")]);
    assert_eq!(section("<#C1|x>"), [Span::Channel("C1".into(), Some("x".into()))]);
    assert_eq!(section("<!here>"), [Span::Broadcast("here".into())]);
    let link = Span::Link {
        url: "https://a.example/?x=1&y=2".into(),
        label: Some("there".into()),
        style: Style::default(),
    };
    assert_eq!(section("<https://a.example/?x=1&amp;y=2|there>"), [link]);
    assert_eq!(section("a < b > c"), [text("a < b > c")]);
}

#[test]
fn emoji_are_known_names() {
    assert_eq!(section("done :tada:"), [text("done "), Span::Emoji("tada".into())]);
    assert_eq!(section("at 10:30:15"), [text("at 10:30:15")]);
    assert_eq!(section(":nonsense:"), [text(":nonsense:")]);
}

#[test]
fn lines_quotes_code_and_lists_are_parts() {
    let parts = parse("one\ntwo\n&gt; said\n```\nlet x;\n```\nend", Lists::Plain);
    assert_eq!(
        parts,
        [
            Part::Section(vec![text("one"), text("\n"), text("two")]),
            Part::Quote(vec![text("said")]),
            Part::Preformatted("let x;".into()),
            Part::Section(vec![text("end")]),
        ]
    );
    let list = parse("- a\n- b\n1. c", Lists::Seen);
    assert_eq!(
        list,
        [
            Part::List { ordered: false, indent: 0, items: vec![vec![text("a")], vec![text("b")]] },
            Part::List { ordered: true, indent: 0, items: vec![vec![text("c")]] },
        ]
    );
    assert_eq!(parse("- a", Lists::Plain), [Part::Section(vec![text("- a")])]);
}
