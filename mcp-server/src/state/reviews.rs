//! Reviews of changes at the place where the state repo is kept, and whether what is to run was reviewed.

use super::StateRepo;
use crate::github::{Github, GithubError, Opinions, Pull};
use state_repo::{CommitId, Committed, Layout, ProposalBranch, Reviewed};
use std::collections::BTreeSet;
use wire::tools::review::{ProposalState, Proposed};
use wire::tools::tentacle::SourceCommit;
use wire::{Failure, FailureCode};
use workflow::{EnclaveName, TentacleName};

/// What is told where reviews are wanted and cannot be had.
pub(crate) const NO_REVIEWS: &str =
    "this server's state repo is not at GitHub, where changes could be reviewed";

/// The most changes that are looked through for one deploy: of each GitHub is asked some four questions.
const MOST_CHANGES: usize = 40;

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

    /// Why a tentacle as a commit has it was not reviewed; `Ok` where it was, with all that lies beside it and all that it stands
    /// on, back to what runs: that was reviewed, or ran already when reviews began to be wanted.
    pub(crate) async fn was_reviewed(
        &self,
        commit: &str,
        (enclave, name): Of<'_>,
        runs: Option<&SourceCommit>,
    ) -> Result<(), Failure> {
        let github = self.reviews()?;
        let commit: CommitId = commit
            .parse()
            .map_err(|error: state_repo::NameError| Failure::new(FailureCode::Invalid, error.to_string()))?;
        let base = runs.and_then(|commit| commit.id.parse().ok());
        let (mut seen, mut next, mut changes) = (BTreeSet::new(), vec![commit], 0);
        while let Some(at) = next.pop() {
            if !seen.insert(at) {
                continue;
            }
            let of = (enclave.clone(), name.clone());
            let changed = self.ask(move |mirror| mirror.changed_since(base, at, (&of.0, &of.1))).await?;
            let Some(changed) = changed else { continue };
            changes += 1;
            if changes > MOST_CHANGES {
                return Err(too_many());
            }
            match self.grounds(github, at, (enclave, name), &changed).await? {
                Ok(grounds) => next.extend(grounds),
                Err(why) if at == commit => return Err(not_reviewed(&why)),
                Err(why) => return Err(beneath(&changed, &why, (base, &Layout::tentacle(enclave, name)))),
            }
        }
        Ok(())
    }

    /// What a tentacle as a commit has it stands on, where it was reviewed; else why it was not.
    async fn grounds(
        &self,
        github: &Github,
        at: CommitId,
        of: Of<'_>,
        changed: &Committed,
    ) -> Result<Result<Vec<CommitId>, String>, Failure> {
        let onto = self.mirror.branch().as_str();
        let pulls = github.pulls_of(&changed.commit.to_string(), onto).await.map_err(not_asked)?;
        let mut why = "it came to the branch without a pull request".to_owned();
        for pull in pulls {
            match self.reviewed_by(github, at, of, &pull).await? {
                Ok(grounds) => return Ok(Ok(grounds)),
                Err(missing) => why = format!("of pull request {}, {missing}", pull.number),
            }
        }
        Ok(Err(why))
    }

    /// What the commit's tentacle stands on where this pull request stands for it; else why it does not.
    async fn reviewed_by(
        &self,
        github: &Github,
        at: CommitId,
        of: Of<'_>,
        pull: &Pull,
    ) -> Result<Result<Vec<CommitId>, String>, Failure> {
        let opinions = github.opinions(pull).await.map_err(not_asked)?;
        if let Some(missing) = opinions.missing() {
            return Ok(Err(missing));
        }
        let Some(reviewed) = reviewed(pull, &opinions) else {
            return Ok(Err("GitHub does not say what was merged".to_owned()));
        };
        let (enclave, name) = (of.0.clone(), of.1.clone());
        let grounds = self.ask(move |mirror| mirror.stands_on(at, (&enclave, &name), &reviewed)).await?;
        Ok(grounds.ok_or_else(|| "what was merged is not what was approved".to_owned()))
    }
}

/// What a pull request showed and what became of it, as far as GitHub says so.
fn reviewed(pull: &Pull, opinions: &Opinions) -> Option<Reviewed> {
    let head = pull.head.sha.parse().ok()?;
    let merged_as = pull.merged_as()?.parse().ok()?;
    let commits = opinions.commits.iter().map(|commit| commit.parse().ok()).collect::<Option<_>>()?;
    Some(Reviewed { reference: pull.reference(), head, merged_as, commits })
}

fn not_reviewed(why: &str) -> Failure {
    Failure::new(FailureCode::Conflict, format!("changes of this enclave are reviewed before they run, and {why}"))
        .with_remedy("propose it: where the Kraken commits, `deploy` does; elsewhere a pull request that somebody else approves")
}

/// It was reviewed itself, and something that its pull request did not show was not.
fn beneath(changed: &Committed, why: &str, (base, folder): (Option<CommitId>, &str)) -> Failure {
    let Committed { commit, summary, author, .. } = changed;
    let what = format!(
        "changes of this enclave are reviewed before they run, and one that this stands on was not: of commit {commit} \
         (`{summary}`, by {author}), {why}"
    );
    let back = match base {
        Some(base) => {
            format!(
                "make the folder again what runs (`git rm -rq {folder} && git checkout {base} -- {folder}`)"
            )
        }
        None => format!("take the folder out (`git rm -rq {folder}`)"),
    };
    let remedy = format!(
        "a pull request shows only what it changes itself: in a clone {back}, bring that to the branch, then propose what is \
         wanted anew, so that all of it is shown"
    );
    Failure::new(FailureCode::Conflict, what).with_remedy(remedy)
}

fn too_many() -> Failure {
    let what = format!(
        "changes of this enclave are reviewed before they run, and more than {MOST_CHANGES} lie between what runs and this"
    );
    Failure::new(FailureCode::Conflict, what)
        .with_remedy("deploy an older commit of the branch first: what ran need not be looked through again")
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
