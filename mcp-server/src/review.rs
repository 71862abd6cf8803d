//! Where an enclave wants changes reviewed, nothing comes to run in it that was not: whatever deploys takes a [`Cleared`], which only
//! the comparison of the enclave's record with what was found out makes.

mod following;

pub(crate) use following::forever as follow;

use crate::backend::Version;
use crate::git_secrets::GitSecrets;
use crate::rollout::Source;
use crate::server::Server;
use crate::state::NO_REVIEWS;
use crate::store::{EnclaveRecord, OpenEffect, Review};
use std::borrow::Cow;
use wire::{Failure, FailureCode};
use workflow::{Sandbox, TentacleName};

/// A source that may come to run, as far as reviews go, and the version of it that is to. No backend runs anything new without one.
#[derive(Debug)]
pub struct Cleared<'s> {
    source: &'s Source,
    version: Cow<'s, Version>,
}

/// What was found out about a review, before anything was decided: nobody waits for GitHub with a transaction open.
#[derive(Debug)]
pub(crate) enum Finding {
    /// Nobody has asked.
    Unknown,
    /// This commit was reviewed, and all that it stands on, back to what runs.
    Reviewed(String),
    /// It was not, or nobody can say.
    Not(Failure),
}

impl Finding {
    /// Asks about a commit, where the enclave wants that.
    pub(crate) async fn of(
        server: &Server,
        record: &EnclaveRecord,
        name: &TentacleName,
        commit: &str,
    ) -> Self {
        match (record.review, &server.state) {
            (Review::None, _) => Self::Unknown,
            (Review::Required, None) => Self::Not(Failure::new(FailureCode::Conflict, NO_REVIEWS)),
            (Review::Required, Some(state)) => {
                let runs = record.tentacles.get(name).and_then(|tentacle| tentacle.commit.as_ref());
                match state.was_reviewed(commit, (&record.name, name), runs).await {
                    Ok(()) => Self::Reviewed(commit.to_owned()),
                    Err(failure) => Self::Not(failure),
                }
            }
        }
    }
}

impl<'s> Cleared<'s> {
    const fn of(source: &'s Source) -> Self {
        Self { source, version: Cow::Borrowed(&source.version) }
    }

    /// The version.
    #[must_use]
    pub fn version(&self) -> &Version {
        &self.version
    }

    /// The same code with no more than this around it.
    pub(crate) fn held_to(self, sandbox: Sandbox, secrets: GitSecrets) -> Self {
        let version = Cow::Owned(Version { sandbox, secrets, ..self.version.into_owned() });
        Self { source: self.source, version }
    }

    /// Compares what the record, as it is when the deploy is decided, wants with what was found out of the source's commit.
    ///
    /// # Errors
    /// When it wants a review and there is none.
    pub(crate) fn by(record: &EnclaveRecord, source: &'s Source, finding: &Finding) -> Result<Self, Failure> {
        let commit = source.commit.as_ref().map(|commit| commit.id.as_str());
        match (record.review, finding) {
            (Review::None, _) => Ok(Self::of(source)),
            (Review::Required, Finding::Reviewed(of)) if Some(of.as_str()) == commit => Ok(Self::of(source)),
            (Review::Required, Finding::Not(failure)) => Err(failure.clone()),
            (Review::Required, Finding::Reviewed(_) | Finding::Unknown) => {
                let what =
                    format!("changes of `{}` are reviewed before they run, and this was not", record.name);
                Err(Failure::new(FailureCode::Conflict, what).with_remedy(
                    "commit it and have it reviewed: where the Kraken commits, `deploy` asks for that",
                ))
            }
        }
    }

    /// The source that a deploy was begun with, which goes on: it was cleared then.
    pub(crate) const fn as_begun(source: &'s Source, _: &OpenEffect) -> Self {
        Self::of(source)
    }

    /// The source.
    pub(crate) const fn source(&self) -> &'s Source {
        self.source
    }
}
