//! `versions TENTACLE`

use super::deploy::committed::linked;
use crate::asked::{Answer, Asked, Stop};
use crate::slack::blocks::{Message, code, escape};
use wire::tools::history::{DeployEntry, HistoryOf, WfHistory, WfHistoryAnswer, WfHistoryArgs};
use wire::{EnclaveRef, Page};
use workflow::TentacleName;

/// How many are shown.
const VERSIONS: u32 = 15;

pub(super) async fn run(asked: &Asked<'_>, tentacle: TentacleName) -> Result<Answer, Stop> {
    asked.channel()?;
    let args = WfHistoryArgs {
        enclave: EnclaveRef::default(),
        name: tentacle.clone(),
        of: HistoryOf::Deploys,
        page: Page { cursor: None, limit: Some(VERSIONS) },
    };
    let history = asked.call::<WfHistory>(args).await?;
    Ok(Answer::Aloud(told(&tentacle, &history)))
}

pub(super) fn told(tentacle: &TentacleName, history: &WfHistoryAnswer) -> Message {
    let versions: Vec<(u64, &DeployEntry)> =
        history.deploys.iter().filter_map(|deploy| Some((deploy.number?, deploy))).collect();
    let [(newest, _), rest @ ..] = versions.as_slice() else {
        return Message::new(format!(
            "*{tentacle}* has no version on record: it was never deployed, or long ago."
        ));
    };
    let lines: Vec<String> = versions.iter().map(|(number, deploy)| line(*number, deploy)).collect();
    let message = Message::new(format!("*{tentacle}*, its versions:")).line(lines.join("\n"));
    let message = match history.next_cursor {
        Some(_) => message.note("There are older ones."),
        None => message,
    };
    match rest {
        [(before, _), ..] => {
            let compare = code(format!("compare {tentacle} {before} and {newest}"));
            message.note(format!("{compare} tells what is different."))
        }
        [] => message,
    }
}

fn line(number: u64, deploy: &DeployEntry) -> String {
    let at = deploy.started_at.strftime("%Y-%m-%d %H:%M UTC");
    let summary = match &deploy.commit {
        Some(commit) => linked(commit.summary.trim_end_matches('.'), deploy.commit_page.as_deref()),
        None => "not in git".to_owned(),
    };
    let runs = if deploy.runs { " *It runs now.*" } else { "" };
    format!("{number}. {at}, by {}: {}.{runs}", escape(&deploy.by), summary)
}
