//! Finds the imports in a file of TypeScript or JavaScript, and what it asks its context for.
//!
//! A reader of tokens and not of the language: it takes one pass and no recursion, so that no file can exhaust the stack of
//! whoever reads it. What it misses (a name that is computed, or hidden behind a regular expression that looks like a
//! division) is no way around the lock: what runs fetches nothing, and loads what the lock has.

use crate::problem::Position;

/// An import, as it is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Import {
    pub(super) specifier: String,
    pub(super) at: Position,
}

/// What code asks its context for, by a name in quotes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Asked {
    pub(super) kind: Kind,
    pub(super) name: String,
    pub(super) at: Position,
}

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Secret,
    /// A dependency or a sidecar.
    Dependency,
}

/// What the code of a file asks a context for, in its order: what is called `ctx`, as everywhere in the documentation.
pub(super) fn asked(text: &str) -> Vec<Asked> {
    let (mut lexer, mut found) = (Lexer::of(text), Vec::new());
    let mut before = [Token::Sign(' '); 4];
    while let Some(token) = lexer.next() {
        if let (
            [Token::Word("ctx"), Token::Sign('.'), Token::Word(method), Token::Sign('(')],
            Token::Text(name, at),
        ) = (before, token)
        {
            let kind = match method {
                "secret" => Some(Kind::Secret),
                "dependency" | "fetch" => Some(Kind::Dependency),
                _ => None,
            };
            found.extend(kind.map(|kind| Asked { kind, name: name.to_owned(), at }));
        }
        let [_, second, third, fourth] = before;
        before = [second, third, fourth, token];
    }
    found
}

/// The imports of a file, in its order.
pub(super) fn imports(text: &str) -> Vec<Import> {
    let mut lexer = Lexer::of(text);
    let mut reader = Reader::default();
    while let Some(token) = lexer.next() {
        reader.take(token);
    }
    reader.found
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Token<'a> {
    Word(&'a str),
    Text(&'a str, Position),
    /// A sign, and whatever has no meaning here.
    Sign(char),
}

/// What stands before a slash tells a division from a regular expression.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Before {
    Start,
    Value,
    Operator,
}

struct Lexer<'a> {
    rest: &'a str,
    at: Position,
    /// The open braces; `true` is one within a template, after which its text goes on.
    open: Vec<bool>,
    before: Before,
}

/// Words after which a value follows, so that a slash begins a regular expression.
const BEFORE_VALUES: [&str; 14] = [
    "return",
    "typeof",
    "instanceof",
    "in",
    "of",
    "new",
    "delete",
    "void",
    "throw",
    "case",
    "do",
    "else",
    "await",
    "yield",
];

impl<'a> Lexer<'a> {
    const fn of(text: &'a str) -> Self {
        Self { rest: text, at: Position::START, open: Vec::new(), before: Before::Start }
    }

    fn next(&mut self) -> Option<Token<'a>> {
        loop {
            let first = self.rest.chars().next()?;
            if first.is_whitespace() || first == '\u{feff}' {
                self.step(first);
            } else if self.rest.starts_with("//")
                || (self.rest.starts_with("#!") && self.at == Position::START)
            {
                self.until(|rest| rest.starts_with(['\n', '\r']), 0);
            } else if self.rest.starts_with("/*") {
                self.skip(2);
                self.until(|rest| rest.starts_with("*/"), 2);
            } else {
                return Some(self.token(first));
            }
        }
    }

    fn token(&mut self, first: char) -> Token<'a> {
        let (token, before) = match first {
            '"' | '\'' => (self.text(first), Before::Value),
            '`' => return self.template(),
            '/' if self.before != Before::Value => {
                self.expression();
                (Token::Sign('/'), Before::Value)
            }
            c if is_word(c) => {
                let end = self.rest.find(|c| !is_word(c)).unwrap_or(self.rest.len());
                let word = self.skip(end);
                let before = if BEFORE_VALUES.contains(&word) { Before::Operator } else { Before::Value };
                (Token::Word(word), before)
            }
            '{' => {
                self.open.push(false);
                self.sign(first)
            }
            '}' => {
                if self.open.pop() == Some(true) {
                    self.skip(1);
                    self.template_rest();
                    return Token::Sign('`');
                }
                self.sign(first)
            }
            _ => self.sign(first),
        };
        self.before = before;
        token
    }

    fn sign(&mut self, sign: char) -> (Token<'a>, Before) {
        self.step(sign);
        let value = matches!(sign, ')' | ']' | '}');
        (Token::Sign(sign), if value { Before::Value } else { Before::Operator })
    }

    /// A text in quotes. One that does not end on its line ends with it, as the language has it.
    fn text(&mut self, quote: char) -> Token<'a> {
        let at = self.at;
        self.skip(1);
        let text = self.until_quote(|c| c == quote || c == '\n');
        Token::Text(text, at)
    }

    /// A template without anything in it is a text.
    fn template(&mut self) -> Token<'a> {
        let at = self.at;
        self.skip(1);
        let all = self.rest;
        if !self.template_rest() {
            return Token::Sign('`');
        }
        let length = all.len() - self.rest.len();
        Token::Text(all.get(..length.saturating_sub(1)).unwrap_or_default(), at)
    }

    /// The text of a template, up to its end or to what is put into it; whether it was the end.
    fn template_rest(&mut self) -> bool {
        self.before = Before::Value;
        while let Some(next) = self.rest.chars().next() {
            if self.rest.starts_with("${") {
                self.skip(2);
                self.open.push(true);
                self.before = Before::Operator;
                return false;
            }
            self.step(next);
            match (next, self.rest.chars().next()) {
                ('`', _) => return true,
                ('\\', Some(escaped)) => self.step(escaped),
                _ => {}
            }
        }
        false
    }

    /// A regular expression, in whose classes a slash has no meaning.
    fn expression(&mut self) {
        self.skip(1);
        let mut within = false;
        while let Some(next) = self.rest.chars().next() {
            match next {
                '\n' => return,
                '[' => within = true,
                ']' => within = false,
                _ => {}
            }
            self.step(next);
            match (next, self.rest.chars().next()) {
                ('/', _) if !within => return,
                ('\\', Some(escaped)) if escaped != '\n' => self.step(escaped),
                _ => {}
            }
        }
    }

    /// Up to a quote that no backslash stands before; the quote is taken, and no part of what is answered.
    fn until_quote(&mut self, ends: impl Fn(char) -> bool) -> &'a str {
        let all = self.rest;
        let mut escaped = false;
        while let Some(next) = self.rest.chars().next() {
            if ends(next) && !escaped {
                break;
            }
            escaped = next == '\\' && !escaped;
            self.step(next);
        }
        let text = all.get(..all.len() - self.rest.len()).unwrap_or_default();
        if let Some(quote) = self.rest.chars().next() {
            self.step(quote);
        }
        text
    }

    fn until(&mut self, ends: impl Fn(&str) -> bool, and: usize) {
        while let Some(next) = self.rest.chars().next() {
            if ends(self.rest) {
                self.skip(and);
                return;
            }
            self.step(next);
        }
    }

    /// Goes on by some bytes, none of which ends a line.
    fn skip(&mut self, bytes: usize) -> &'a str {
        let (skipped, rest) = self.rest.split_at_checked(bytes).unwrap_or((self.rest, ""));
        self.at.column += skipped.chars().count();
        self.rest = rest;
        skipped
    }

    fn step(&mut self, c: char) {
        self.rest = self.rest.get(c.len_utf8()..).unwrap_or_default();
        self.at = match c {
            '\n' => Position { line: self.at.line + 1, column: 1 },
            _ => Position { line: self.at.line, column: self.at.column + 1 },
        };
    }
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_' || c == '$'
}

/// Where in a statement of import or export one is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum State {
    #[default]
    Elsewhere,
    /// After a dot: what follows is the name of a property.
    Dot,
    /// After `import`.
    Import,
    /// After `import(`.
    Call,
    /// After `export`.
    Export,
    /// Among what is imported or exported, before its `from`.
    Names,
    /// After `from`.
    From,
}

#[derive(Default)]
struct Reader {
    state: State,
    found: Vec<Import>,
}

/// Words that show that what is exported is made here.
const MADE_HERE: [&str; 13] = [
    "const",
    "let",
    "var",
    "function",
    "class",
    "default",
    "async",
    "enum",
    "namespace",
    "interface",
    "abstract",
    "declare",
    "module",
];

impl Reader {
    fn take(&mut self, token: Token<'_>) {
        use State::{Call, Dot, Elsewhere, Export, From, Import, Names};
        self.state = match (self.state, token) {
            (Import | Call | From, Token::Text(text, at)) => {
                self.found.push(self::Import { specifier: text.to_owned(), at });
                Elsewhere
            }
            (Dot, Token::Word(_)) | (Import, Token::Sign('.')) => Elsewhere,
            (_, Token::Sign('.')) => Dot,
            (Import, Token::Sign('(')) => Call,
            (Import | Export | Names | From, Token::Sign('{' | '}' | ',' | '*')) => Names,
            (Import | Names | From, Token::Word("from")) => From,
            (_, Token::Word("import")) => Import,
            (_, Token::Word("export")) => Export,
            (Export, Token::Word(word)) if MADE_HERE.contains(&word) => Elsewhere,
            (Import | Export | Names | From, Token::Word(_)) => Names,
            _ => Elsewhere,
        };
    }
}

#[cfg(test)]
mod tests;
