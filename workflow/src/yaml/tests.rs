//! How often the reader looks at a character: what it costs, counted instead of timed.

use super::*;
use granit_parser::{BorrowedInput, ErrorKind, Input, StrInput};
use std::cell::Cell;
use std::rc::Rc;

/// A text that counts whatever is done to it. What an input may do in one go over many characters is left to be done one by
/// one.
struct Counted<'t> {
    text: StrInput<'t>,
    steps: Rc<Cell<usize>>,
}

impl Counted<'_> {
    fn step(&self, count: usize) {
        self.steps.set(self.steps.get() + count);
    }
}

impl Input for Counted<'_> {
    fn lookahead(&mut self, count: usize) {
        self.step(1);
        self.text.lookahead(count);
    }

    fn buflen(&self) -> usize {
        self.text.buflen()
    }

    fn bufmaxlen(&self) -> usize {
        self.text.bufmaxlen()
    }

    fn raw_read_ch(&mut self) -> char {
        self.step(1);
        self.text.raw_read_ch()
    }

    fn raw_read_non_breakz_ch(&mut self) -> Option<char> {
        self.step(1);
        self.text.raw_read_non_breakz_ch()
    }

    fn skip(&mut self) {
        self.step(1);
        self.text.skip();
    }

    fn skip_n(&mut self, count: usize) {
        self.step(count);
        self.text.skip_n(count);
    }

    fn peek(&self) -> char {
        self.step(1);
        self.text.peek()
    }

    fn peek_nth(&self, n: usize) -> char {
        self.step(n + 1);
        self.text.peek_nth(n)
    }

    fn byte_offset(&self) -> Option<usize> {
        self.text.byte_offset()
    }

    fn slice_bytes(&self, start: usize, end: usize) -> Option<&str> {
        self.step(end - start);
        self.text.slice_bytes(start, end)
    }

    fn take_source_error(&mut self) -> Option<ErrorKind> {
        self.text.take_source_error()
    }
}

impl<'t> BorrowedInput<'t> for Counted<'t> {
    fn slice_borrowed(&self, start: usize, end: usize) -> Option<&'t str> {
        self.step(end - start);
        self.text.slice_borrowed(start, end)
    }
}

fn steps(text: &str) -> usize {
    let steps = Rc::new(Cell::new(0));
    let counted = Counted { text: StrInput::new(text), steps: Rc::clone(&steps) };
    built(Parser::with_options(counted, options()), &Report::default());
    steps.get()
}

/// Files of one thing over and over, of up to so many bytes.
fn hostile(bytes: usize) -> Vec<(&'static str, String)> {
    let fill = |part: &str| part.repeat(bytes / part.len());
    let lines = |line: fn(usize) -> String| {
        let mut length = 0;
        let all = (0..).map(line).take_while(|line| {
            length += line.len();
            length <= bytes
        });
        all.collect::<String>()
    };
    vec![
        ("brackets", fill("[")),
        ("closed brackets", format!("[{}]", fill("[],"))),
        ("open maps", fill("{a: ")),
        ("dashes", fill("- ")),
        ("question marks", fill("? ")),
        ("one long word", fill("x")),
        ("one long text", fill("x ")),
        ("one long quote", format!("\"{}", fill("\\n"))),
        ("one long quote of lines", format!("'{}", fill("x\n"))),
        ("a long key", format!("a: {{{}: 1}}", fill("x"))),
        ("many keys", lines(|index| format!("key{index}: 1\n"))),
        ("anchors", lines(|index| format!("k{index}: &a{index} x\n"))),
        ("aliases", lines(|index| format!("k{index}: *a{index}\n"))),
        (
            "a billion laughs",
            lines(|index| format!("a{index}: &a{index} [*a{0},*a{0},*a{0}]\n", index.max(1) - 1)),
        ),
        ("tags", fill("a: !!str x\n")),
        ("comments", fill("# x\n")),
        ("directives", fill("%TAG !a! b\n")),
        ("documents", fill("---\n")),
        ("line feeds", fill("\n")),
        ("tabs", fill("\t")),
        ("tabs in lines", fill("\t\n")),
        ("block text", format!("a: |\n{}", fill(" x\n"))),
        ("folded text", format!("a: >\n{}", fill(" x\n\n"))),
        ("indents", lines(|index| format!("{}a:\n", " ".repeat(index)))),
        ("colons", fill(":")),
        ("unclosed keys", fill("a\n")),
        ("stars", fill("*")),
        ("nulls", fill("\0")),
    ]
}

/// The most steps for each byte of a file.
const EACH: usize = 64;

#[test]
fn twice_as_much_is_read_in_twice_as_many_steps() {
    let sizes = [1 << 18, 1 << 19, MOST_BYTES];
    let [small, middle, large] = sizes.map(hostile);
    for (((name, small), (_, middle)), (_, large)) in small.iter().zip(&middle).zip(&large) {
        let [few, more, most] = [small, middle, large].map(|text| steps(text));
        assert!(more <= 2 * few + 1000 && most <= 2 * more + 1000, "{name}: {few}, {more}, {most}");
        assert!(most <= EACH * large.len(), "{name}: {most} steps for {} bytes", large.len());
    }
}
