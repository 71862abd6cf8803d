//! `deploy TENTACLE` with a state repo: the server decides, the files on the disk are committed and pushed in the person's
//! name, and the commit is deployed.

use super::reviewed::{self, Asking};
use super::{told, words};
use crate::asked::{Answer, Asked, Stop};
use crate::commands::new::not_written;
use crate::live;
use crate::reply::{refusal, sentence};
use crate::slack::blocks::{Message, code, escape};
use crate::state::{Change, Names, Standing, StateRepo, StateStop, What};
use crate::working_copy::WorkingCopyError;
use state_repo::{Author, CommitId, Committed, Conflict, Leak, StateError, Trailers};
use std::collections::BTreeMap;
use wire::tools::person::WhoamiAnswer;
use wire::tools::tentacle::{WfApply, WfApplyAnswer, WfApplyArgs};
use wire::{EnclaveRef, Failure, FailureCode};
use workflow::{EnclaveName, TentacleName};

/// The most characters of each version of a file that is told.
const MOST: usize = 1_200;

/// The most files of which both versions are told.
const FILES: usize = 2;

pub(in crate::commands) async fn run(
    asked: &Asked<'_>,
    state: &StateRepo,
    (enclave, me): (EnclaveName, &WhoamiAnswer),
    tentacle: TentacleName,
) -> Result<Answer, Stop> {
    let copy = &asked.kraken.working_copy;
    let names = Names { enclave, tentacle };
    if let Some(answer) = reviewed::go_on(asked, state, &names).await? {
        return Ok(answer);
    }
    let standing = state.look(copy, &names).await;
    // What is on the disk or in git is for those alone who may deploy it: the server decides first.
    let (commit, files) = match &standing {
        Ok(Standing::InGit(at)) => (Some(at.committed.commit.to_string()), BTreeMap::new()),
        Ok(Standing::Removed(files) | Standing::Changed { files, .. } | Standing::Apart { files, .. }) => {
            (None, files.clone())
        }
        Ok(Standing::Nowhere) | Err(_) => (None, BTreeMap::new()),
    };
    let is_there = commit.is_some() || !files.is_empty();
    let decided = asked.call::<WfApply>(args(&names.tentacle, commit, files, true)).await;
    match decided {
        // Without files there is nothing that could be right: whoever hears that may deploy.
        Err(Stop::Refused(failure)) if failure.code == FailureCode::Invalid && !is_there => {}
        Err(stop) => return Err(stop),
        Ok(_) => {}
    }
    match standing.map_err(|stop| not_carried(&stop))? {
        Standing::Nowhere => return Err(not_written(WorkingCopyError::NotThere(names.tentacle))),
        Standing::Removed(_) => return Err(Stop::Told(removed(&names.tentacle))),
        _ => {}
    }
    if me.enclave.as_ref().is_some_and(|here| here.review) {
        return match reviewed::propose(asked, state, (&names, me), What::Disk).await? {
            Asking::Answered(answer) => Ok(answer),
            Asking::InGit(committed) => deployed(asked, &names.tentacle, &committed).await,
        };
    }
    let change = whose(asked, me, &names.enclave, Some(&names.tentacle));
    let committed = state.carry(copy, &names, change).await.map_err(|stop| not_carried(&stop))?;
    let committed =
        committed.ok_or_else(|| not_written(WorkingCopyError::NotThere(names.tentacle.clone())))?;
    deployed(asked, &names.tentacle, &committed).await
}

/// Deploys what was committed, and answers.
pub(in crate::commands) async fn deployed(
    asked: &Asked<'_>,
    tentacle: &TentacleName,
    committed: &Committed,
) -> Result<Answer, Stop> {
    let deployed = deploy_as(asked, tentacle, &committed.commit.to_string(), &committed.summary).await?;
    Ok(Answer::Aloud(from_git(&deployed, committed)))
}

/// Deploys a commit. Whoever hears that it is refused hears as well that git has it.
pub(super) async fn deploy_as(
    asked: &Asked<'_>,
    tentacle: &TentacleName,
    commit: &str,
    summary: &str,
) -> Result<WfApplyAnswer, Stop> {
    let args = args(tentacle, Some(commit.to_owned()), BTreeMap::new(), false);
    let deployed = live::call::<WfApply>(asked, args, words(tentacle), |_| Vec::new()).await;
    deployed.map_err(|stop| match stop {
        Stop::Refused(failure) => Stop::Told(committed_and_refused(&failure, summary)),
        other => other,
    })
}

/// A refusal, and that git has by now what was refused.
pub(in crate::commands) fn committed_and_refused(failure: &Failure, summary: &str) -> String {
    let summary = escape(summary);
    format!("{}\nIt is in git already: “{summary}”. What ran before goes on.", refusal(failure))
}

fn args(
    name: &TentacleName,
    commit: Option<String>,
    files: BTreeMap<String, String>,
    dry_run: bool,
) -> WfApplyArgs {
    let (enclave, manifests) = (EnclaveRef::default(), Vec::new());
    WfApplyArgs { enclave, commit, name: name.clone(), files, dry_run, manifests }
}

/// A deploy of a commit, or a question whether it could be one.
pub(in crate::commands) fn of_commit(name: &TentacleName, commit: CommitId, dry_run: bool) -> WfApplyArgs {
    args(name, Some(commit.to_string()), BTreeMap::new(), dry_run)
}

/// Whose change it is, and what asked for it.
pub(in crate::commands) fn whose(
    asked: &Asked<'_>,
    me: &WhoamiAnswer,
    enclave: &EnclaveName,
    tentacle: Option<&TentacleName>,
) -> Change {
    Change { author: author(asked, me), trailers: trailers(asked, enclave, tentacle) }
}

/// Whoever asked, by the address that the issuer has verified. Where there is none, by one that is nobody's.
fn author(asked: &Asked<'_>, me: &WhoamiAnswer) -> Author {
    let name = me.name.clone().unwrap_or_else(|| asked.account.name.clone());
    let email = me.email.clone().unwrap_or_else(|| format!("{}@unverified.invalid", asked.account.id));
    Author { name, email }
}

fn trailers(asked: &Asked<'_>, enclave: &EnclaveName, tentacle: Option<&TentacleName>) -> Trailers {
    let incoming = asked.incoming;
    Trailers {
        enclave: Some(enclave.to_string()),
        tentacle: tentacle.map(ToString::to_string),
        request: Some(incoming.id.clone()),
        message: Some(format!("{}/{}/{}", incoming.team, incoming.channel, asked.said.ts)),
    }
}

/// The words of a commit; they lead to it where it can be looked at.
pub(in crate::commands) fn linked(summary: &str, page: Option<&str>) -> String {
    match page {
        Some(page) => format!("<{page}|{}>", escape(summary)),
        None => escape(summary),
    }
}

/// What was deployed, and where it is kept.
pub(in crate::commands) fn from_git(deployed: &WfApplyAnswer, committed: &Committed) -> Message {
    let Committed { summary, author, .. } = committed;
    let summary = linked(summary, deployed.commit_page.as_deref());
    let without_source = WfApplyAnswer { source: String::new(), ..deployed.clone() };
    told(&without_source).note(format!("It is in git: “{}”, by {}.", summary, escape(author)))
}

pub(in crate::commands) fn removed(tentacle: &TentacleName) -> String {
    format!(
        "`{tentacle}` was removed in git, and its files on disk are as they were before, so nothing was done. Put it back in \
         git to deploy it again."
    )
}

/// What the person hears when the disk and git are not brought together. Nothing is lost in any of these cases.
pub(in crate::commands) fn not_carried(stop: &StateStop) -> Stop {
    match stop {
        StateStop::Copy(error) => not_written(again(error)),
        StateStop::Repo(StateError::Leaks(leaks)) => Stop::Told(leaked(leaks)),
        StateStop::Repo(StateError::Conflict(conflict)) => Stop::Told(in_conflict(conflict)),
        StateStop::Repo(error @ (StateError::Io { .. } | StateError::Git(_) | StateError::InUse(_))) => {
            tracing::error!(%error, "the Kraken's copy of the state repo cannot be used");
            Stop::Told(NO_COPY.to_owned())
        }
        StateStop::Repo(error @ StateError::Remote(_)) => {
            tracing::warn!(%error, "the state repo cannot be used");
            Stop::Told(AWAY.to_owned())
        }
        StateStop::Repo(error) => {
            let failure = Failure::new(FailureCode::Unavailable, error.to_string());
            Stop::Told(refusal(&match error.next() {
                Some(next) => failure.with_remedy(next),
                None => failure,
            }))
        }
    }
}

/// What is told when the state repo is away, or does not let the Kraken in.
pub(in crate::commands) const AWAY: &str = "I cannot reach the state repo at the moment, so nothing was deployed. Your files are as \
    they were, and what runs goes on: ask again later, or ask an operator to look at my log.";

/// What is told when the Kraken's own copy fails.
pub(in crate::commands) const NO_COPY: &str = "I cannot use my copy of the state repo at the moment, so nothing was \
    deployed. Your files are as they were: ask again, or ask an operator to look at my log.";

fn again(error: &WorkingCopyError) -> WorkingCopyError {
    match error {
        WorkingCopyError::AlreadyThere(name) => WorkingCopyError::AlreadyThere(name.clone()),
        WorkingCopyError::NotThere(name) => WorkingCopyError::NotThere(name.clone()),
        WorkingCopyError::File(path, why) => WorkingCopyError::File(path.clone(), why),
        WorkingCopyError::TooMuch(name) => WorkingCopyError::TooMuch(name.clone()),
        WorkingCopyError::Disk(error) => WorkingCopyError::Disk(std::io::Error::other(error.to_string())),
    }
}

pub(in crate::commands) fn leaked(leaks: &[Leak]) -> String {
    let lines: Vec<String> = leaks
        .iter()
        .map(|leak| format!("• {}, line {}: {}", code(&leak.path), leak.line, leak.kind))
        .collect();
    format!(
        "I did not commit it, because it has what looks like secrets, and everybody who reads the repository would see \
         them:\n{}\n{}",
        lines.join("\n"),
        sentence(
            "take them out, say `set secret NAME` for each, and replace them where they were issued if anybody saw them"
        )
    )
}

/// Both versions, and the way out.
pub(in crate::commands) fn in_conflict(conflict: &Conflict) -> String {
    let mut text = "Somebody else changed the same in git in the meantime, so I committed and deployed nothing, and both \
                    versions are as they were."
        .to_owned();
    for versions in conflict.files.iter().take(FILES) {
        let path = code(&versions.path);
        text.push_str(&format!("\n{path} in git:\n{}", shown(versions.theirs.as_deref())));
        text.push_str(&format!("\n{path} on disk:\n{}", shown(versions.ours.as_deref())));
    }
    let more: Vec<String> =
        conflict.files.iter().skip(FILES).map(|versions| format!("• {}", code(&versions.path))).collect();
    if !more.is_empty() {
        text.push_str(&format!("\nThe same is so of:\n{}", more.join("\n")));
    }
    text.push_str("\n*Next:* bring the two together in the files on disk, and ask me to deploy again.");
    text
}

fn shown(version: Option<&[u8]>) -> String {
    let Some(bytes) = version else { return "(removed)".to_owned() };
    let text = String::from_utf8_lossy(bytes).replace("```", "'''");
    let mut cut: String = text.chars().take(MOST).collect();
    if cut.len() < text.len() {
        cut.push('…');
    }
    format!("```\n{}\n```", escape(cut.trim_end()))
}
