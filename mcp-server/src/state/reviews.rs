//! Reviews of changes at the place where the state repo is kept, and whether what is to run was reviewed.

use super::StateRepo;
use crate::github::{Github, GithubError, Opinions, Pull};
use state_repo::{CommitId, ProposalBranch, Reviewed};
use wire::tools::review::{ProposalState, Proposed};
use wire::{Failure, FailureCode};
use workflow::{EnclaveName, TentacleName};

/// What is told where reviews are wanted and cannot be had.
pub(crate) const NO_REVIEWS: &str =
    "this server's state repo is not at GitHub, where changes could be reviewed";

/// A tentacle of an enclave.
type Of<'a> = (&'a EnclaveName, &'a TentacleName);

impl StateRepo {
    /// Whether changes can be reviewed where it is kept.
    pub(crate) const fn has_reviews(&self) -> bool {
        self.github.is_some()
    }

    fn reviews(&self) -> Result<&Github, Failure> {
        let github = self.github.as_ref().map(|(github, _)| github);
        github.ok_or_else(|| Failure::new(FailureCode::NotYet, NO_REVIEWS))
    }

    /// Asks for a review of what a branch has for a tentacle; the branch is asked for at most once.
    ///
    /// # Errors
    /// When the branch is not one of this tentacle's proposals, or GitHub does not take it.
    pub(crate) async fn propose(
        &self,
        (enclave, name): Of<'_>,
        branch: &str,
        (summary, by): (&str, &str),
    ) -> Result<Proposed, Failure> {
        let github = self.reviews()?;
        let of = ProposalBranch::read(branch);
        let of = of.filter(|of| of.enclave == *enclave && of.tentacle == *name).ok_or_else(|| {
            let what = format!(
                "`{branch}` is no branch of a change of `{name}`: it begins with `kraken/{enclave}/{name}/`"
            );
            Failure::new(FailureCode::Invalid, what)
        })?;
        let body = format!(
            "{by} asks for this change of `{name}` in the enclave `{enclave}`, in its channel.\n\nIt is deployed once it is \
             approved by somebody else and merged."
        );
        let onto = self.mirror.branch().as_str();
        let pull = github.propose(of.name().as_str(), onto, (summary, &body)).await.map_err(not_asked)?;
        self.proposed(github, &pull, &of).await
    }

    /// How a review of a tentacle stands; `None` where there is none of this number that is this tentacle's.
    ///
    /// # Errors
    /// When GitHub cannot be asked.
    pub(crate) async fn proposal(&self, of: Of<'_>, number: u64) -> Result<Option<Proposed>, Failure> {
        let github = self.reviews()?;
        let Some(pull) = github.pull(number).await.map_err(not_asked)? else { return Ok(None) };
        match self.proposal_of(&pull) {
            Some(branch) if (&branch.enclave, &branch.tentacle) == of => {
                self.proposed(github, &pull, &branch).await.map(Some)
            }
            _ => Ok(None),
        }
    }

    /// The proposals that are open, or have ended lately, newest first.
    ///
    /// # Errors
    /// When GitHub cannot be asked.
    pub(crate) async fn proposals(&self) -> Result<Vec<(ProposalBranch, Pull)>, Failure> {
        let pulls = self.reviews()?.pulls(self.mirror.branch().as_str()).await.map_err(not_asked)?;
        Ok(pulls.into_iter().filter_map(|pull| Some((self.proposal_of(&pull)?, pull))).collect())
    }

    /// How one of them stands.
    ///
    /// # Errors
    /// When GitHub cannot be asked.
    pub(crate) async fn standing(&self, of: &ProposalBranch, pull: &Pull) -> Result<Proposed, Failure> {
        self.proposed(self.reviews()?, pull, of).await
    }

    fn proposal_of(&self, pull: &Pull) -> Option<ProposalBranch> {
        let is_onto_ours = pull.base.branch == self.mirror.branch().as_str();
        ProposalBranch::read(&pull.head.branch).filter(|_| is_onto_ours)
    }

    async fn proposed(&self, github: &Github, pull: &Pull, of: &ProposalBranch) -> Result<Proposed, Failure> {
        let opinions = github.opinions(pull).await.map_err(not_asked)?;
        let checks = github.checks(pull).await.map_err(not_asked)?;
        let missing = opinions.missing();
        let Opinions { approved_by, wants_changes, .. } = opinions;
        Ok(Proposed {
            enclave: of.enclave.clone(),
            name: of.tentacle.clone(),
            number: pull.number,
            url: pull.url.clone(),
            title: pull.title.clone(),
            state: pull.state(),
            head: pull.head.sha.clone(),
            merged_as: pull.merged_as().map(str::to_owned),
            approved_by,
            wants_changes,
            checks,
            missing,
        })
    }

    /// Why a tentacle as a commit has it was not reviewed; `Ok` where it was, with all that lies beside it.
    pub(crate) async fn was_reviewed(&self, commit: &str, of: Of<'_>) -> Result<(), Failure> {
        let github = self.reviews()?;
        let commit: CommitId = commit
            .parse()
            .map_err(|error: state_repo::NameError| Failure::new(FailureCode::Invalid, error.to_string()))?;
        let (enclave, name) = (of.0.clone(), of.1.clone());
        let changed = self.ask(move |mirror| mirror.last_change(commit, (&enclave, &name))).await?;
        let onto = self.mirror.branch().as_str();
        let pulls = github.pulls_of(&changed.to_string(), onto).await.map_err(not_asked)?;
        let mut why = "it came to the branch without a pull request".to_owned();
        for pull in pulls {
            match self.reviewed_by(github, commit, of, &pull).await? {
                None => return Ok(()),
                Some(missing) => why = format!("of pull request {}, {missing}", pull.number),
            }
        }
        Err(Failure::new(FailureCode::Conflict, format!("changes of this enclave are reviewed before they run, and {why}"))
            .with_remedy("propose it: where the Kraken commits, `deploy` does; elsewhere a pull request that somebody else approves"))
    }

    /// Why this pull request does not stand for what the commit has; `None` where it does.
    async fn reviewed_by(
        &self,
        github: &Github,
        commit: CommitId,
        of: Of<'_>,
        pull: &Pull,
    ) -> Result<Option<String>, Failure> {
        if let Some(missing) = github.opinions(pull).await.map_err(not_asked)?.missing() {
            return Ok(Some(missing));
        }
        let (Ok(head), Some(Ok(merged_as))) = (pull.head.sha.parse(), pull.merged_as().map(str::parse))
        else {
            return Ok(Some("GitHub does not say what was merged".to_owned()));
        };
        let reviewed = Reviewed { reference: pull.reference(), head, merged_as };
        let (enclave, name) = (of.0.clone(), of.1.clone());
        let is_just =
            self.ask(move |mirror| mirror.is_as_reviewed(commit, (&enclave, &name), &reviewed)).await?;
        Ok((!is_just).then(|| "what was merged is not what was approved".to_owned()))
    }
}

fn not_asked(error: GithubError) -> Failure {
    tracing::warn!(%error, "github cannot be asked about reviews");
    Failure::new(FailureCode::Unavailable, "GitHub does not answer about reviews at the moment").with_remedy(
        "nothing was changed: try again; where it stays so, an operator looks whether the app has `Pull requests: write` and \
         `Checks: read`",
    )
}

/// Whether nothing more will come of it.
pub(crate) const fn has_ended(state: ProposalState) -> bool {
    matches!(state, ProposalState::Merged | ProposalState::Closed)
}
