//! Pull requests at GitHub: opened for a change, looked at, and counted as a review or not.
//! <https://docs.github.com/rest/pulls>

use super::{Github, GithubError, Rights, in_time};
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use wire::tools::review::{Checks, ProposalState};

/// The most of anything that GitHub answers at once.
const MOST: usize = 100;

/// How long after its end a pull request is looked at.
const REMEMBERED: SignedDuration = SignedDuration::from_hours(24);

/// What this server says of commits itself is no check.
const OURS: &str = "tentacular/";

/// A pull request, as GitHub answers it.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Pull {
    pub(crate) number: u64,
    #[serde(rename = "html_url")]
    pub(crate) url: String,
    pub(crate) title: String,
    state: String,
    merged_at: Option<Timestamp>,
    closed_at: Option<Timestamp>,
    merge_commit_sha: Option<String>,
    pub(crate) head: End,
    pub(crate) base: End,
    user: Option<User>,
}

/// One end of a pull request: a branch and where it stands.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct End {
    #[serde(rename = "ref")]
    pub(crate) branch: String,
    pub(crate) sha: String,
}

#[derive(Debug, Clone, Deserialize)]
struct User {
    login: String,
    #[serde(rename = "type", default)]
    kind: String,
}

#[derive(Debug, Clone, Deserialize)]
struct Verdict {
    user: Option<User>,
    state: String,
    commit_id: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Committed {
    sha: String,
    author: Option<User>,
}

#[derive(Debug, Deserialize)]
struct Permission {
    permission: String,
}

#[derive(Debug, Deserialize)]
struct Statuses {
    statuses: Vec<Status>,
}

#[derive(Debug, Deserialize)]
struct Status {
    context: String,
    state: String,
}

#[derive(Debug, Deserialize)]
struct CheckRuns {
    check_runs: Vec<CheckRun>,
}

#[derive(Debug, Deserialize)]
struct CheckRun {
    name: String,
    conclusion: Option<String>,
}

impl Pull {
    pub(crate) fn state(&self) -> ProposalState {
        match (self.merged_at, self.state.as_str()) {
            (Some(_), _) => ProposalState::Merged,
            (None, "open") => ProposalState::Open,
            (None, _) => ProposalState::Closed,
        }
    }

    /// The commit of the branch that has it. Of one that is open GitHub names a merge that nobody has made.
    pub(crate) fn merged_as(&self) -> Option<&str> {
        self.merged_at.and(self.merge_commit_sha.as_deref())
    }

    /// Where the repository keeps what was proposed, also when its branch is gone.
    pub(crate) fn reference(&self) -> String {
        format!("refs/pull/{}/head", self.number)
    }
}

/// Who says what of a pull request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Opinions {
    /// Who approved its newest commit, and counts.
    pub(crate) approved_by: Vec<String>,
    /// Who wants something else.
    pub(crate) wants_changes: Vec<String>,
    /// Its commits, which are what was shown to whoever approved it.
    pub(crate) commits: Vec<String>,
    /// Whether GitHub knows whose each commit is.
    authors_are_known: bool,
}

impl Opinions {
    /// Why it does not count as reviewed; `None` where it does.
    pub(crate) fn missing(&self) -> Option<String> {
        if !self.authors_are_known {
            return Some(
                "GitHub does not know whose its commits are, so that nobody can be told to be somebody else: whoever wrote them \
                 adds the address that they sign in with to their account there"
                    .to_owned(),
            );
        }
        if !self.wants_changes.is_empty() {
            return Some(format!("{} wants something changed", self.wants_changes.join(", ")));
        }
        self.approved_by.is_empty().then(|| "nobody else has approved its newest commit".to_owned())
    }

    /// What counts: the last word of each who may write to the repository and wrote nothing of it, on its newest commit.
    fn count(
        verdicts: &[Verdict],
        head: &str,
        authors: &[Option<String>],
        may_write: &BTreeSet<String>,
    ) -> Self {
        let wrote = |login: &str| authors.iter().flatten().any(|author| author.eq_ignore_ascii_case(login));
        let mut last: BTreeMap<&str, &Verdict> = BTreeMap::new();
        for verdict in verdicts {
            let Some(user) = &verdict.user else { continue };
            // A remark takes nothing back.
            if matches!(verdict.state.as_str(), "APPROVED" | "CHANGES_REQUESTED" | "DISMISSED") {
                last.insert(&user.login, verdict);
            }
        }
        let counts = |login: &str| may_write.contains(login) && !wrote(login);
        let counted: Vec<(&str, &Verdict)> = last.into_iter().filter(|(login, _)| counts(login)).collect();
        let said = |is_so: &dyn Fn(&Verdict) -> bool| {
            let who = counted.iter().filter(|(_, verdict)| is_so(verdict));
            who.map(|(login, _)| (*login).to_owned()).collect()
        };
        let is_newest = |verdict: &Verdict| verdict.commit_id.as_deref() == Some(head);
        Self {
            approved_by: said(&|verdict| verdict.state == "APPROVED" && is_newest(verdict)),
            wants_changes: said(&|verdict| verdict.state == "CHANGES_REQUESTED"),
            commits: Vec::new(),
            authors_are_known: !authors.is_empty() && authors.iter().all(Option::is_some),
        }
    }
}

impl Github {
    /// The pull request of a branch: the newest that there is, else a new one.
    pub(crate) async fn propose(
        &self,
        branch: &str,
        onto: &str,
        (title, body): (&str, &str),
    ) -> Result<Pull, GithubError> {
        let (owner, head, base) = (&self.app.owner, in_query(branch), in_query(onto));
        let of_branch = format!("/pulls?head={owner}:{head}&base={base}&state=all&per_page=1");
        if let Some(pull) = self.ask::<Vec<Pull>>(&of_branch).await?.into_iter().next() {
            return Ok(pull);
        }
        let client = self.app.client(self.app.token(Rights::Reviews).await?)?;
        let asked = json!({"title": title, "body": body, "head": branch, "base": onto});
        let route = format!("{}/pulls", self.app.route());
        in_time(async { Ok(client.post(route, Some(&asked)).await?) }).await
    }

    /// A pull request by its number.
    pub(crate) async fn pull(&self, number: u64) -> Result<Option<Pull>, GithubError> {
        match self.ask(&format!("/pulls/{number}")).await {
            Err(error) if error.is_not_found() => Ok(None),
            other => other.map(Some),
        }
    }

    /// Those onto this branch that are open, or have ended lately.
    pub(crate) async fn pulls(&self, onto: &str) -> Result<Vec<Pull>, GithubError> {
        let base = in_query(onto);
        let of = |state: &str| {
            format!("/pulls?base={base}&state={state}&sort=updated&direction=desc&per_page={MOST}")
        };
        let mut pulls: Vec<Pull> = self.ask(&of("open")).await?;
        let ended: Vec<Pull> = self.ask(&of("closed")).await?;
        let since = Timestamp::now() - REMEMBERED;
        pulls.extend(ended.into_iter().filter(|pull| pull.closed_at.is_some_and(|at| at > since)));
        Ok(pulls)
    }

    /// Those by which a commit came to this branch.
    pub(crate) async fn pulls_of(&self, commit: &str, onto: &str) -> Result<Vec<Pull>, GithubError> {
        let mut pulls: Vec<Pull> = self.ask(&format!("/commits/{commit}/pulls?per_page={MOST}")).await?;
        pulls.retain(|pull| pull.state() == ProposalState::Merged && pull.base.branch == onto);
        Ok(pulls)
    }

    /// Who says what of it.
    pub(crate) async fn opinions(&self, pull: &Pull) -> Result<Opinions, GithubError> {
        let number = pull.number;
        let mut verdicts: Vec<Verdict> = Vec::new();
        for page in 1_u32.. {
            let next: Vec<Verdict> =
                self.ask(&format!("/pulls/{number}/reviews?per_page={MOST}&page={page}")).await?;
            let is_last = next.len() < MOST;
            verdicts.extend(next);
            if is_last {
                break;
            }
        }
        let commits: Vec<Committed> = self.ask(&format!("/pulls/{number}/commits?per_page={MOST}")).await?;
        let (commits, mut authors): (Vec<String>, Vec<Option<String>>) =
            commits.into_iter().map(|commit| (commit.sha, commit.author.map(|user| user.login))).unzip();
        if authors.len() >= MOST {
            // There may be more, by somebody else.
            authors.push(None);
        }
        // Whoever opened it by hand is not somebody else; this server is nobody.
        authors
            .extend(pull.user.iter().filter(|user| user.kind == "User").map(|user| Some(user.login.clone())));
        let mut may_write = BTreeSet::new();
        let who: BTreeSet<&str> =
            verdicts.iter().filter_map(|it| Some(it.user.as_ref()?.login.as_str())).collect();
        for login in who {
            if self.may_write(login).await? {
                may_write.insert(login.to_owned());
            }
        }
        Ok(Opinions { commits, ..Opinions::count(&verdicts, &pull.head.sha, &authors, &may_write) })
    }

    async fn may_write(&self, login: &str) -> Result<bool, GithubError> {
        // An app has brackets in its name, and nobody's right to review.
        if !login.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')) {
            return Ok(false);
        }
        match self.ask::<Permission>(&format!("/collaborators/{login}/permission")).await {
            Err(error) if error.is_not_found() => Ok(false),
            other => Ok(matches!(other?.permission.as_str(), "admin" | "maintain" | "write")),
        }
    }

    /// What the checks say of its newest commit.
    pub(crate) async fn checks(&self, pull: &Pull) -> Result<Checks, GithubError> {
        let sha = &pull.head.sha;
        let Statuses { statuses } = self.ask(&format!("/commits/{sha}/status?per_page={MOST}")).await?;
        let CheckRuns { check_runs } =
            self.ask(&format!("/commits/{sha}/check-runs?per_page={MOST}")).await?;
        let said = statuses.into_iter().filter(|status| !status.context.starts_with(OURS));
        let said = said.map(|status| (status.context, Some(status.state)));
        let ran = check_runs.into_iter().map(|run| (run.name, run.conclusion));
        Ok(checks(said.chain(ran)))
    }

    async fn ask<T: DeserializeOwned>(&self, what: &str) -> Result<T, GithubError> {
        let client = self.app.client(self.app.token(Rights::Reviews).await?)?;
        let route = format!("{}{what}", self.app.route());
        in_time(async { Ok(client.get(route, None::<&()>).await?) }).await
    }
}

fn in_query(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

/// What checks say together; one without an end yet has no word.
fn checks(each: impl Iterator<Item = (String, Option<String>)>) -> Checks {
    let (mut failed, mut running, mut any) = (Vec::new(), false, false);
    for (name, said) in each {
        any = true;
        match said.as_deref() {
            Some("success" | "neutral" | "skipped") => {}
            None | Some("pending") => running = true,
            Some(_) => failed.push(name),
        }
    }
    match (any, failed.is_empty(), running) {
        (false, ..) => Checks::Absent,
        (true, false, _) => Checks::Failed(failed),
        (true, true, true) => Checks::Running,
        (true, true, false) => Checks::Passed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(login: &str, state: &str, commit: &str) -> Verdict {
        let user = Some(User { login: login.to_owned(), kind: "User".to_owned() });
        Verdict { user, state: state.to_owned(), commit_id: Some(commit.to_owned()) }
    }

    fn counted(verdicts: &[Verdict], authors: &[Option<&str>]) -> Opinions {
        let authors: Vec<_> = authors.iter().map(|author| author.map(str::to_owned)).collect();
        let may_write = ["ana", "ben", "cleo"].map(str::to_owned).into();
        Opinions::count(verdicts, "new", &authors, &may_write)
    }

    #[test]
    fn the_last_word_of_somebody_else_on_the_newest_commit_counts() {
        let by_ana = [Some("ana")];
        assert_eq!(counted(&[verdict("ben", "APPROVED", "new")], &by_ana).missing(), None);
        let nobody = |verdicts: &[Verdict]| {
            let missing = counted(verdicts, &by_ana).missing().unwrap_or_default();
            assert!(missing.contains("nobody else"), "{verdicts:?}: {missing}");
        };
        nobody(&[]);
        nobody(&[verdict("ben", "COMMENTED", "new")]);
        // whoever wrote it, whoever has no say there, and what was pushed since
        nobody(&[verdict("ana", "APPROVED", "new"), verdict("ANA", "APPROVED", "new")]);
        nobody(&[verdict("gil", "APPROVED", "new")]);
        nobody(&[verdict("ben", "APPROVED", "old")]);
        nobody(&[verdict("ben", "APPROVED", "new"), verdict("ben", "DISMISSED", "new")]);
        // a remark takes nothing back, another opinion does
        let ben = [verdict("ben", "APPROVED", "new"), verdict("ben", "COMMENTED", "new")];
        assert_eq!(counted(&ben, &by_ana).missing(), None);
        let two = [verdict("ben", "APPROVED", "new"), verdict("cleo", "CHANGES_REQUESTED", "old")];
        assert_eq!(counted(&two, &by_ana).missing().unwrap(), "cleo wants something changed");
    }

    #[test]
    fn where_nobody_knows_whose_a_commit_is_nobody_is_somebody_else() {
        let approved = [verdict("ben", "APPROVED", "new")];
        for authors in [&[None][..], &[Some("ana"), None], &[]] {
            assert!(counted(&approved, authors).missing().unwrap().contains("does not know whose"));
        }
    }

    #[test]
    fn checks_say_one_thing_together() {
        let of = |said: &[Option<&str>]| {
            checks(said.iter().enumerate().map(|(n, said)| (format!("c{n}"), said.map(str::to_owned))))
        };
        assert_eq!(of(&[]), Checks::Absent);
        assert_eq!(of(&[Some("success"), Some("skipped")]), Checks::Passed);
        assert_eq!(of(&[Some("success"), None]), Checks::Running);
        let failed = of(&[Some("pending"), Some("failure"), Some("timed_out")]);
        assert_eq!(failed, Checks::Failed(vec!["c1".to_owned(), "c2".to_owned()]));
    }
}
