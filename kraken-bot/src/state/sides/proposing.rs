//! A change that others review before it is in git: it is pushed to a branch of its own, and the disk stays as it is until that is
//! merged.

use super::{Change, Sides, Standing, StateStop, summary};
use crate::state::base::{Base, Files};
use crate::state::came::Sent;
use serde::{Deserialize, Serialize};
use state_repo::{CommitId, Committed, ProposalBranch, SigningKey, StateError};

/// A change that lies on a branch of its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ProposedHere {
    /// The branch.
    pub(crate) branch: String,
    /// The pull request, as soon as there is one.
    #[serde(default)]
    pub(crate) number: Option<u64>,
    /// The newest commit that was pushed there from here.
    pub(crate) commit: String,
    /// The disk, when it was.
    pub(in crate::state) sent: Sent,
}

/// What is to be proposed.
#[derive(Debug, Clone)]
pub(crate) enum What {
    /// What is on the disk.
    Disk,
    /// What a commit of before had, with these words.
    Version(CommitId, String),
}

/// What became of it.
#[derive(Debug)]
pub(crate) enum Put {
    /// It is on the branch.
    Proposed(Committed),
    /// Git has it already.
    InGit(Committed),
    /// There is nothing of it, or what is there must not be touched.
    Not(Standing),
}

impl Sides<'_> {
    /// What was proposed last from here, and is not known to be merged.
    pub(crate) fn proposed(&self) -> Option<ProposedHere> {
        self.came().proposed
    }

    /// Pushes a change to a branch of its own: on top of what was proposed before where it is the same branch.
    pub(crate) fn propose(
        &self,
        what: &What,
        branch: &ProposalBranch,
        change: &Change,
        key: Option<&SigningKey>,
    ) -> Result<Put, StateStop> {
        self.catch_up()?;
        let tentacle = &self.names.tentacle;
        let disk = self.disk()?.unwrap_or_default();
        let (from, wanted, message) = match (what, self.standing(change.trailers.request.as_deref())?) {
            (What::Disk, Standing::InGit(at)) => return self.follow(&at).map(Put::InGit),
            (What::Disk, Standing::Changed { files, base }) => {
                let message = summary(tentacle, base.files(), &files);
                (base, files, message)
            }
            (What::Disk, Standing::Apart { files, conflict, theirs }) => {
                self.tell(change, &files, (&Base::of(theirs, Files::new()), false), &conflict)?;
                return Err(StateError::Conflict(conflict).into());
            }
            (What::Version(to, message), Standing::InGit(before)) => {
                let target = self.at(*to)?.ok_or_else(|| self.gone(*to))?.files();
                (Base::of(before.committed.commit, before.files()), target, message.clone())
            }
            (_, standing) => return Ok(Put::Not(standing)),
        };
        let request = change.trailers.request.clone().unwrap_or_default();
        let sent = Sent::of(request, &from, &disk);
        let earlier = self.earlier(branch)?;
        let onto = earlier.as_ref().map_or(&from, |(base, _)| base);
        let wanted = self.wanted(change, message, (onto, &wanted));
        let commit = match (self.mirror.propose(&wanted, branch, key), &earlier) {
            (Ok(published), _) => published.commit,
            (Err(StateError::Nothing), Some((base, _))) => base.commit,
            (Err(StateError::Nothing), None) => {
                let newest = self.mirror.newest(&self.names.enclave, tentacle)?;
                let at = newest.tentacle.ok_or_else(|| self.gone(newest.tip))?;
                return self.follow(&at).map(Put::InGit);
            }
            (Err(StateError::Conflict(conflict)), None) => {
                self.tell(change, &disk, (&from, true), &conflict)?;
                return Err(StateError::Conflict(conflict).into());
            }
            (Err(error), _) => return Err(error.into()),
        };
        let number = earlier.and_then(|(_, number)| number);
        let proposed =
            ProposedHere { branch: branch.name().to_string(), number, commit: commit.to_string(), sent };
        self.keep(|came| came.proposed = Some(proposed))?;
        Ok(Put::Proposed(self.mirror.committed(commit)?))
    }

    /// What was proposed before on this branch, and its pull request.
    fn earlier(&self, branch: &ProposalBranch) -> Result<Option<(Base, Option<u64>)>, StateStop> {
        let before = self.proposed().filter(|before| before.branch == branch.name().as_str());
        let Some(before) = before else { return Ok(None) };
        let Ok(commit) = before.commit.parse() else { return Ok(None) };
        // A copy that was made anew has what is on branches no more until it is fetched: then it begins at what git has.
        Ok(self.at(commit).ok().flatten().map(|at| (Base::of(commit, at.files()), before.number)))
    }

    /// The pull request of what was proposed is this.
    pub(crate) fn is_numbered(&self, number: u64) -> Result<(), StateStop> {
        self.keep(|came| {
            if let Some(proposed) = &mut came.proposed {
                proposed.number = Some(number);
            }
        })
    }

    /// What was proposed in this pull request, with `head` as its newest commit, is in git as the commit `merged_as`: the disk
    /// follows, and what somebody changed since stays. Where others added to it the disk is compared with git as ever.
    pub(crate) fn merged(&self, number: u64, (head, merged_as): (&str, &str)) -> Result<(), StateStop> {
        let Some(proposed) = self.proposed().filter(|it| it.number == Some(number)) else { return Ok(()) };
        self.keep(|came| {
            came.proposed = None;
            if proposed.commit == head && came.sent.is_none() {
                came.sent = Some(Sent { commit: Some(merged_as.to_owned()), ..proposed.sent });
            }
        })?;
        self.catch_up()
    }
}
