//! What is wrong with a tentacle's files, and where: every problem at once, each with its position.

use crate::name::shown;
use crate::nearest::nearest;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt;

pub use rule::Rule;

mod rule;

/// A place in a text file, counted from 1; columns count characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position {
    /// The line.
    pub line: usize,
    /// The column.
    pub column: usize,
}

impl Position {
    /// The beginning of a file.
    pub const START: Self = Self { line: 1, column: 1 };
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.line, self.column)
    }
}

/// The part of `workflow.yaml` that a problem belongs to. Printed as the beginning of its sentence.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Part {
    /// The top level.
    Top,
    /// A section of the top level, such as `metadata`.
    Section(&'static str),
    /// The trigger with this index.
    Trigger(usize),
    /// The node of this name.
    Node(String),
    /// The edge with this index.
    Edge(usize),
    /// The dependency of this name.
    Dependency(String),
    /// The additional egress rule with this index.
    Egress(usize),
    /// The sidecar with this index.
    Sidecar(usize),
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Top => Ok(()),
            Self::Section(name) => write!(f, "{name}: "),
            Self::Trigger(index) => write!(f, "trigger[{index}]: "),
            Self::Node(name) => write!(f, "node \"{name}\": "),
            Self::Edge(index) => write!(f, "edge[{index}]: "),
            Self::Dependency(name) => write!(f, "dependency \"{name}\": "),
            Self::Egress(index) => write!(f, "additionalEgress[{index}]: "),
            Self::Sidecar(index) => write!(f, "sidecar[{index}]: "),
        }
    }
}

/// One broken rule, and where: `workflow.yaml:7:3: node "fetch": description is required`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}:{at}: {part}{rule}")]
pub struct Problem {
    /// The file, as it is called in the tentacle's folder.
    pub file: String,
    /// Where in the file.
    pub at: Position,
    /// The part of the workflow.
    pub part: Part,
    /// The rule that is broken.
    pub rule: Rule,
}

/// All that is wrong, file by file and in the order of each, one line each.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problems {
    list: Vec<Problem>,
    more: usize,
}

impl Problems {
    /// How many problems are kept; a file with more is not being written by somebody who reads on.
    pub const MOST: usize = 100;

    /// The problems, file by file and in the order of each.
    #[must_use]
    pub fn as_slice(&self) -> &[Problem] {
        &self.list
    }

    /// How many were found beyond those that are kept.
    #[must_use]
    pub const fn more(&self) -> usize {
        self.more
    }
}

impl std::error::Error for Problems {}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.list.iter().enumerate() {
            if index > 0 {
                writeln!(f)?;
            }
            write!(f, "{problem}")?;
        }
        if self.more > 0 {
            write!(f, "\nand {} more", self.more)?;
        }
        Ok(())
    }
}

/// Collects problems while reading goes on.
#[derive(Debug, Default)]
pub(crate) struct Report {
    list: RefCell<Vec<Problem>>,
    more: RefCell<usize>,
    /// The keys that are passed over, each with a line for people; nothing where every unknown key is a problem.
    passed_over: Option<RefCell<BTreeMap<Position, String>>>,
}

impl Report {
    /// The file of whatever belongs to a part.
    const FILE: &str = "workflow.yaml";

    /// One that passes over keys which nobody knows.
    pub(crate) fn lenient() -> Self {
        Self { passed_over: Some(RefCell::default()), ..Self::default() }
    }

    /// A key that is none of those that are read.
    ///
    /// INVARIANT: what is nearly a key of ours is never passed over. It was meant to be that one, and some of them narrow
    /// what a tentacle may do: a lone node without `uses` has everything, a range without `ports` has every port.
    pub(crate) fn unknown_key(&self, at: Position, part: &Part, key: &str, known: &'static [&'static str]) {
        let nearest = nearest(key, known.iter().copied());
        match &self.passed_over {
            Some(passed_over) if nearest.is_none() => {
                let (file, key) = (Self::FILE, shown(key));
                let line = format!("{file}:{at}: {part}nobody here knows the key \"{key}\": it is left out");
                passed_over.borrow_mut().insert(at, line);
            }
            _ => self.add(at, part, Rule::UnknownKey { key: shown(key), known, nearest }),
        }
    }

    /// The keys that were passed over, each with a line for people.
    pub(crate) fn passed_over(&self) -> BTreeMap<Position, String> {
        self.passed_over.as_ref().map(RefCell::take).unwrap_or_default()
    }

    /// Takes over what cannot be run yet where something is wrong anyway, so that all of it is told at once. Alone it is
    /// another answer: such a file is correct.
    pub(crate) fn and_not_yet(&self, not_yet: Self) {
        if !self.list.borrow().is_empty() {
            not_yet.list.into_inner().into_iter().for_each(|problem| self.push(problem));
        }
    }

    pub(crate) fn add(&self, at: Position, part: &Part, rule: Rule) {
        self.push(Problem { file: Self::FILE.to_owned(), at, part: part.clone(), rule });
    }

    /// A problem of another file than `workflow.yaml`.
    pub(crate) fn add_in(&self, file: &str, at: Position, rule: Rule) {
        self.push(Problem { file: file.to_owned(), at, part: Part::Top, rule });
    }

    fn push(&self, problem: Problem) {
        let mut list = self.list.borrow_mut();
        if list.len() < Problems::MOST {
            list.push(problem);
        } else {
            *self.more.borrow_mut() += 1;
        }
    }

    /// `value` when nothing was found wrong, else what was.
    pub(crate) fn finish<T>(self, value: Option<T>) -> Result<T, Problems> {
        let (mut list, more) = (self.list.into_inner(), self.more.into_inner());
        match value {
            Some(value) if list.is_empty() => Ok(value),
            _ => {
                list.sort_by(|a, b| order(a).cmp(&order(b)));
                Err(Problems { list, more })
            }
        }
    }
}

/// `workflow.yaml` first, and each file from its beginning.
fn order(problem: &Problem) -> (bool, &str, Position) {
    (problem.file != Report::FILE, &problem.file, problem.at)
}
