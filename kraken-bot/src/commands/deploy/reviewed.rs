//! A deploy where the enclave wants changes reviewed: the change is proposed, the thread follows its review, and it is deployed once it
//! is merged, with the rights that whoever asked has then.

use super::committed::{deploy_as, not_carried, removed, whose};
use super::told;
use crate::asked::{Answer, Asked, Stop, place};
use crate::commands::new::not_written;
use crate::slack::blocks::{Message, code, escape};
use crate::state::{Names, Put, Standing, StateRepo, What};
use crate::working_copy::WorkingCopyError;
use sha2::{Digest as _, Sha256};
use state_repo::{Committed, ProposalBranch};
use wire::canonical::hex;
use wire::tools::person::WhoamiAnswer;
use wire::tools::review::{
    Checks, ProposalState, Proposed, ReviewAsk, ReviewAskArgs, ReviewStatus, ReviewStatusArgs,
};
use wire::{EnclaveRef, FailureCode};
use workflow::TentacleName;

/// What came of asking for a review.
pub(in crate::commands) enum Asking {
    /// The request goes on with its review.
    Answered(Answer),
    /// Git has it already: nothing is to be proposed.
    InGit(Committed),
}

/// Goes on with what this request has proposed before; `None` where it has proposed nothing.
pub(in crate::commands) async fn go_on(
    asked: &Asked<'_>,
    state: &StateRepo,
    names: &Names,
) -> Result<Option<Answer>, Stop> {
    match asked.kraken.inbox.review(&asked.incoming.id).await? {
        Some(number) => follow(asked, state, names, number).await.map(Some),
        None => Ok(None),
    }
}

/// Proposes a change, and follows its review.
pub(in crate::commands) async fn propose(
    asked: &Asked<'_>,
    state: &StateRepo,
    (names, me): (&Names, &WhoamiAnswer),
    what: What,
) -> Result<Asking, Stop> {
    let copy = &asked.kraken.working_copy;
    let branch = branch(asked, state, names).await?;
    let put = state
        .propose(copy, names, (what, branch.clone()), whose(asked, me, &names.enclave, Some(&names.tentacle)))
        .await;
    let committed = match put.map_err(|stop| not_carried(&stop))? {
        Put::Proposed(committed) => committed,
        Put::InGit(committed) => return Ok(Asking::InGit(committed)),
        Put::Not(Standing::Removed(_)) => return Err(Stop::Told(removed(&names.tentacle))),
        Put::Not(Standing::Nowhere) => {
            return Err(not_written(WorkingCopyError::NotThere(names.tentacle.clone())));
        }
        Put::Not(_) => return Err(Stop::Told(crate::commands::roll_back::IN_WORK.to_owned())),
    };
    let args = ReviewAskArgs {
        enclave: EnclaveRef::default(),
        name: names.tentacle.clone(),
        branch: branch.name().to_string(),
        summary: committed.summary.clone(),
    };
    let proposed = asked.call::<ReviewAsk>(args).await?;
    state.is_numbered(copy, names, proposed.number).await.map_err(|stop| not_carried(&stop))?;
    let number = proposed.number;
    asked.kraken.inbox.asks_for_review(&asked.incoming.id, &names.enclave, number).await?;
    follow(asked, state, names, number).await.map(Asking::Answered)
}

/// The branch of a proposal that is still open, else one of this request's own.
async fn branch(asked: &Asked<'_>, state: &StateRepo, names: &Names) -> Result<ProposalBranch, Stop> {
    let before = state.proposed(&asked.kraken.working_copy, names).await;
    let before = before.map_err(|stop| not_carried(&stop))?;
    if let Some((number, branch)) =
        before.and_then(|it| Some((it.number?, ProposalBranch::read(&it.branch)?)))
    {
        match status(asked, &names.tentacle, number).await {
            Ok(now) if now.state == ProposalState::Open => return Ok(branch),
            // It has ended, or was of a repository that was another one.
            Ok(_) => {}
            Err(Stop::Refused(failure)) if failure.code == FailureCode::NotFound => {}
            Err(stop) => return Err(stop),
        }
    }
    let id = hex(&Sha256::digest(&asked.incoming.id));
    let id = id.get(..8).unwrap_or_default();
    ProposalBranch::new(&names.enclave, &names.tentacle, id).map_err(|error| Stop::Told(error.to_string()))
}

async fn status(asked: &Asked<'_>, name: &TentacleName, number: u64) -> Result<Proposed, Stop> {
    let args = ReviewStatusArgs { enclave: EnclaveRef::default(), name: name.clone(), number };
    asked.call::<ReviewStatus>(args).await
}

/// Tells how the review stands, in one message that changes, and deploys what is merged.
async fn follow(asked: &Asked<'_>, state: &StateRepo, names: &Names, number: u64) -> Result<Answer, Stop> {
    let now = status(asked, &names.tentacle, number).await?;
    show(asked, &standing(&now)).await?;
    let merged_as = match (now.state, &now.merged_as) {
        (ProposalState::Open, _) | (ProposalState::Merged, None) => return Err(Stop::Review),
        (ProposalState::Closed, _) => return Err(Stop::Told(given_up(&now))),
        (ProposalState::Merged, Some(merged_as)) => merged_as.clone(),
    };
    let copy = &asked.kraken.working_copy;
    let followed = state.merged(copy, names, (now.number, now.head.clone(), merged_as.clone())).await;
    if let Err(error) = followed {
        // It is merged; the disk follows the next time.
        tracing::warn!(%error, "the disk copy does not follow what was merged yet");
    }
    let deployed = deploy_as(asked, &names.tentacle, &merged_as, &now.title).await?;
    Ok(Answer::Aloud(
        told(&wire::tools::tentacle::WfApplyAnswer { source: String::new(), ..deployed }).note(from(&now)),
    ))
}

async fn show(asked: &Asked<'_>, message: &Message) -> Result<(), Stop> {
    let (kraken, place) = (asked.kraken, place(asked.incoming, asked.said));
    let key = format!("review:{}", asked.incoming.id);
    match kraken.find_said(&place, &key).await? {
        Some(ts) => kraken.slack.change(&place, &ts, message).await?,
        None => drop(kraken.say_once(&place, message, &key).await?),
    }
    Ok(())
}

fn link(of: &Proposed) -> String {
    format!("<{}|pull request {}>", of.url, of.number)
}

/// How a review stands.
pub(in crate::commands) fn standing(of: &Proposed) -> Message {
    let (name, title) = (&of.name, escape(&of.title));
    let said = match of.state {
        ProposalState::Open => format!("*{name}* waits for a review: {}, “{title}”.", link(of)),
        ProposalState::Merged => format!("*{name}* was reviewed and is merged: {}, “{title}”.", link(of)),
        ProposalState::Closed => format!("The review of *{name}* has ended: {}, “{title}”.", link(of)),
    };
    let mut lines: Vec<String> = Vec::new();
    lines.extend(of.approved_by.iter().map(|who| format!("✓ {} approved it", escape(who))));
    lines.extend(of.wants_changes.iter().map(|who| format!("✗ {} wants something changed", escape(who))));
    if of.state == ProposalState::Open && of.approved_by.is_empty() && of.wants_changes.is_empty() {
        lines.push("○ Nobody else has approved it yet".to_owned());
    }
    match &of.checks {
        Checks::Absent => {}
        Checks::Running => lines.push("○ Its checks are running".to_owned()),
        Checks::Passed => lines.push("✓ Its checks are good".to_owned()),
        Checks::Failed(which) => lines.push(format!("✗ Its checks failed: {}", escape(&which.join(", ")))),
    }
    let message =
        if lines.is_empty() { Message::new(said) } else { Message::new(said).line(lines.join("\n")) };
    // What stands above is not said again.
    let other = of.missing.as_deref().filter(|_| !of.approved_by.is_empty() && of.wants_changes.is_empty());
    match (of.state, other) {
        (ProposalState::Open, Some(missing)) => {
            message.note(format!("It does not count as reviewed: {}.", escape(missing)))
        }
        (ProposalState::Open, None) => {
            message.note("It is deployed once somebody else has approved it and it is merged there.")
        }
        (ProposalState::Merged | ProposalState::Closed, _) => message,
    }
}

/// What is told of one that was not merged.
pub(in crate::commands) fn given_up(of: &Proposed) -> String {
    format!(
        "The change of {} was given up without being merged ({}), so nothing was deployed. The files on disk are as they were, and \
         what runs goes on.",
        code(&of.name),
        link(of)
    )
}

/// Where what was deployed comes from.
pub(in crate::commands) fn from(of: &Proposed) -> String {
    let by = match of.approved_by.as_slice() {
        [] => String::new(),
        who => format!(", approved by {}", escape(&who.join(", "))),
    };
    format!("It is in git: “{}”, {}{by}.", escape(&of.title), link(of))
}
