//! Who lives in the local workspace, and can sign in at the local issuer.

/// How a person is known to the workspace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Standing {
    /// A full account.
    Full,
    /// A guest (`is_restricted`), who sees only the channels that it was invited to.
    Guest,
}

/// A person of the first start.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Person {
    /// The short name, in both worlds: `ana`.
    pub(crate) name: &'static str,
    /// First name.
    pub(crate) given: &'static str,
    /// Last name.
    pub(crate) family: &'static str,
    /// Full account or guest.
    pub(crate) standing: Standing,
}

impl Person {
    /// The address in the workspace and at the issuer: the same, so that the two accounts can be bound.
    pub(crate) fn email(&self) -> String {
        format!("{}@example.com", self.name)
    }

    /// The person with this short name.
    pub(crate) fn named(name: &str) -> Option<&'static Self> {
        PEOPLE.iter().find(|person| person.name == name)
    }
}

/// How many colours a face can have.
const TONES: usize = 6;

/// The colour of a person's face, from 1: each of the four has an own one, in both worlds.
pub(crate) fn tone(name: &str) -> usize {
    let known = PEOPLE.iter().position(|person| person.name == name);
    known.unwrap_or_else(|| name.bytes().map(usize::from).sum::<usize>()) % TONES + 1
}

/// Everybody, in the order in which they are shown.
pub(crate) const PEOPLE: [Person; 4] = [
    Person { name: "ana", given: "Ana", family: "Sousa", standing: Standing::Full },
    Person { name: "ben", given: "Ben", family: "Okafor", standing: Standing::Full },
    Person { name: "cy", given: "Cy", family: "Tanaka", standing: Standing::Full },
    Person { name: "gil", given: "Gil", family: "Moreau", standing: Standing::Guest },
];
