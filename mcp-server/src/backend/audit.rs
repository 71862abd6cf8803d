//! What is really there, looked at: what is amiss with it, and what nobody could see.

pub use manifest::audit::{Finding, Severity};

/// What an audit looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Audit {
    /// What gets in and out.
    Network,
    /// What holds code.
    PodSecurity,
    /// Who may do what there, past the server.
    Rights,
    /// How much may be used.
    Limits,
}

impl Audit {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Network, Self::PodSecurity, Self::Rights, Self::Limits];
}

/// What came of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Audited {
    /// What is amiss.
    pub findings: Vec<Finding>,
    /// What was looked at, in plain words.
    pub looked_at: Vec<String>,
    /// What was to be looked at and could not be.
    pub unseen: Vec<String>,
    /// What cannot be seen by looking at this.
    pub beyond: Vec<String>,
}

impl Audited {
    /// The same with what another one saw.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        self.findings.extend(other.findings);
        self.looked_at.extend(other.looked_at);
        self.unseen.extend(other.unseen);
        self.beyond.extend(other.beyond);
        self.told_once()
    }

    /// The same with nothing told twice.
    #[must_use]
    pub fn told_once(mut self) -> Self {
        for texts in [&mut self.looked_at, &mut self.unseen, &mut self.beyond] {
            texts.sort();
            texts.dedup();
        }
        self
    }
}
