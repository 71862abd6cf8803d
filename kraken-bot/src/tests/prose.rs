//! Texts that are written in source: every literal of at least two words, but for logs, statements of the database, and
//! what compilers and operators read (attributes).

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};
use std::path::{Path, PathBuf};
use std::str::FromStr as _;

/// Whose argument is no text for people.
const NOT_SAID: [&str; 7] = ["tracing", "query", "query_scalar", "expect", "env", "include_str", "info_span"];

/// How statements of the database begin, which nobody hears: a sentence begins in another way.
const STATEMENTS: [&str; 5] = ["SELECT ", "INSERT INTO ", "UPDATE ", "DELETE FROM ", "PRAGMA "];

/// A text, and where it stands.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Prose {
    pub(super) file: String,
    pub(super) text: String,
}

impl Prose {
    /// What is always said of it, where other parts are filled in: each piece of at least two words.
    pub(super) fn pieces(&self) -> Vec<String> {
        let (mut pieces, mut piece, mut depth) = (Vec::new(), String::new(), 0_u32);
        let mut letters = self.text.chars().peekable();
        while let Some(letter) = letters.next() {
            match (letter, depth) {
                ('{', 0) if letters.peek() == Some(&'{') => piece.extend(letters.next()),
                ('}', 0) if letters.peek() == Some(&'}') => piece.extend(letters.next()),
                ('{', _) => {
                    depth += 1;
                    pieces.push(std::mem::take(&mut piece));
                }
                ('}', 1..) => depth -= 1,
                (other, 0) => piece.push(other),
                _ => {}
            }
        }
        pieces.push(piece);
        pieces.iter().map(|piece| piece.trim().to_owned()).filter(|piece| is_prose(piece)).collect()
    }
}

/// Every source file below `folder` that is no test.
pub(super) fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        if path.is_dir() && name != "tests" {
            found.extend(files(&path));
        } else if name.ends_with(".rs") && name != "tests.rs" {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// The texts of one source file; with `errors`, also those of its error types.
pub(super) fn of(root: &Path, file: &Path, errors: bool) -> Vec<Prose> {
    let source = std::fs::read_to_string(file).unwrap();
    let mut texts = Vec::new();
    walk(TokenStream::from_str(&source).unwrap(), errors, &mut texts);
    let file = file.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
    texts.into_iter().map(|text| Prose { file: file.clone(), text }).collect()
}

fn walk(tokens: TokenStream, errors: bool, texts: &mut Vec<String>) {
    let (mut test, mut callee) = (false, String::new());
    let mut tokens = tokens.into_iter().peekable();
    while let Some(token) = tokens.next() {
        match token {
            TokenTree::Punct(sign) if sign.as_char() == '#' => {
                if tokens
                    .peek()
                    .is_some_and(|next| matches!(next, TokenTree::Punct(sign) if sign.as_char() == '!'))
                {
                    tokens.next();
                }
                if let Some(TokenTree::Group(attribute)) = tokens.peek().cloned() {
                    tokens.next();
                    test |= attribute.stream().to_string().replace(' ', "") == "cfg(test)";
                    error(&attribute, errors, texts);
                }
            }
            TokenTree::Ident(name) => {
                let name = name.to_string();
                // `tracing::warn!` is known by its first part.
                if callee != "tracing" || name == "fn" {
                    callee = name;
                }
            }
            TokenTree::Group(group) => {
                let skipped =
                    NOT_SAID.contains(&callee.as_str()) && group.delimiter() == Delimiter::Parenthesis;
                if !(skipped || test) {
                    walk(group.stream(), errors, texts);
                }
                if group.delimiter() == Delimiter::Brace {
                    test = false;
                }
                callee.clear();
            }
            TokenTree::Punct(sign) => {
                if sign.as_char() == ';' {
                    test = false;
                }
                if !matches!(sign.as_char(), ':' | '!' | '.' | '<' | '>') {
                    callee.clear();
                }
            }
            // What clients of people's own are told of tools.
            TokenTree::Literal(_) if ["title", "description"].contains(&callee.as_str()) => {}
            TokenTree::Literal(literal) => texts.extend(text(&literal.to_string())),
        }
    }
}

/// The text of `#[error("…")]`.
fn error(attribute: &Group, wanted: bool, texts: &mut Vec<String>) {
    let mut tokens = attribute.stream().into_iter();
    let is_error = matches!(tokens.next(), Some(TokenTree::Ident(name)) if name == "error");
    if let (true, true, Some(TokenTree::Group(said))) = (wanted, is_error, tokens.next()) {
        walk(said.stream(), wanted, texts);
    }
}

fn text(literal: &str) -> Option<String> {
    let text = syn::parse_str::<syn::LitStr>(literal).ok()?.value();
    let is_statement = STATEMENTS.iter().any(|begins| text.starts_with(begins));
    (is_prose(&text) && !is_statement).then_some(text)
}

/// Whether there are two words side by side.
fn is_prose(text: &str) -> bool {
    let words: Vec<&str> = text.split_whitespace().collect();
    let is_word = |word: &&str| word.chars().any(char::is_alphabetic);
    words.windows(2).any(|pair| pair.iter().all(is_word))
}
