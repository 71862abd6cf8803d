//! `state_status`: how what runs agrees with what is in git, tentacle by tentacle, by the name of the content.

use super::wf_list::named;
use super::{About, Effect, Handler, Repeat};
use crate::call::Call;
use crate::gate::{act, unavailable};
use crate::progress::Progress;
use crate::records::RecordStanding;
use crate::server::Server;
use crate::state::{InGit, Kept};
use crate::store::TentacleRecord;
use policy::Action;
use std::collections::BTreeMap;
use wire::Failure;
use wire::tools::state::{StateEntry, StateStatus, StateStatusAnswer, StateStatusArgs, StateWord};
use wire::tools::tentacle::SourceCommit;
use workflow::{EnclaveName, TentacleName};

impl Handler for StateStatus {
    const ABOUT: About = About {
        title: "Git and cluster",
        description: "How what runs agrees with what is in git, for each tentacle of an enclave: one sentence and what could be done. \
                      Without a state repo nothing is in git.",
        effect: Effect::Reads,
        repeat: Repeat::Resumes,
    };
    const ACTIONS: &'static [Action] = &[Action::List, Action::TentacleList];

    async fn handle(
        server: &Server,
        call: &Call,
        args: StateStatusArgs,
        _: &Progress,
    ) -> Result<StateStatusAnswer, Failure> {
        let look = server.gate.look(call).await?;
        let listed = look.enclave::<act::List>(named(args.enclave)?.as_ref())?;
        let enclave = listed.target().record.name.clone();
        // What the caller may not see is not shown under another heading either.
        let mut hidden = listed.target().record.tentacles.clone();
        let mut running = BTreeMap::new();
        for grant in look.tentacles::<act::TentacleList>(listed) {
            let name = grant.target().name.clone();
            running.extend(hidden.remove(&name).map(|record| (name, record)));
        }
        let in_git = match &server.state {
            Some(state) => Some(state.enclave(&enclave).await?),
            None => None,
        };
        let record = match (&server.state, &in_git) {
            (Some(state), Some(in_git)) => {
                let own = server.store.recorded(&enclave).await.map_err(|error| unavailable(&error))?;
                let (own, git, key) = (own.as_ref(), in_git.record.clone(), state.records.heads().key());
                Some(RecordStanding { own, git, key }.told())
            }
            _ => None,
        };
        let answer = answer(enclave, running, in_git, |name| hidden.contains_key(name));
        Ok(StateStatusAnswer { record, ..answer })
    }
}

fn answer(
    enclave: EnclaveName,
    running: BTreeMap<TentacleName, TentacleRecord>,
    in_git: Option<InGit>,
    hidden: impl Fn(&TentacleName) -> bool,
) -> StateStatusAnswer {
    let (head, kept, truncated) = match in_git {
        Some(InGit { head, kept, truncated, .. }) => (Some(head), kept, truncated),
        None => (None, BTreeMap::new(), false),
    };
    let mut tentacles: Vec<StateEntry> =
        running.iter().map(|(name, record)| entry(name, kept.get(name), Some(record))).collect();
    let only_in_git = kept.iter().filter(|(name, _)| !running.contains_key(*name) && !hidden(name));
    tentacles.extend(only_in_git.map(|(name, kept)| entry(name, Some(kept), None)));
    tentacles.sort_by(|one, other| one.name.cmp(&other.name));
    StateStatusAnswer { namespace: enclave.clone(), enclave, head, record: None, tentacles, truncated }
}

fn entry(name: &TentacleName, kept: Option<&Kept>, record: Option<&TentacleRecord>) -> StateEntry {
    let cluster = record.map(|record| record.version.clone()).filter(|version| !version.is_empty());
    let from = record.and_then(|record| record.commit.as_ref());
    let git = kept.and_then(|kept| kept.as_ref().ok()).cloned();
    let (state, says, offer) = told(kept, cluster.as_deref(), from);
    StateEntry { name: name.clone(), state, says, offer: offer.map(str::to_owned), git, cluster }
}

/// The state, one sentence, and what could be done.
fn told(
    kept: Option<&Kept>,
    cluster: Option<&str>,
    from: Option<&SourceCommit>,
) -> (StateWord, String, Option<&'static str>) {
    const DEPLOY: &str = "deploy it";
    const COMMIT: &str = "commit it";
    let came = from.map(|commit| SourceCommit::told(Some(commit)));
    match (kept, cluster) {
        (Some(Err(why)), _) => (
            StateWord::UnreadableInGit,
            format!("what is in git cannot be deployed: {why}"),
            Some("mend it in git"),
        ),
        (Some(Ok(git)), Some(cluster)) if git == cluster => {
            (StateWord::InSync, "what is in git runs".to_owned(), None)
        }
        (Some(Ok(_)), Some(_)) => match came {
            Some(came) => {
                let says = format!("git has another version than the one that runs, which is {came}");
                (StateWord::OlderRuns, says, Some(DEPLOY))
            }
            None => {
                let says = "what runs is not in git, which has another version".to_owned();
                (StateWord::NotInGit, says, Some("deploy what is in git, or commit what runs"))
            }
        },
        (Some(Ok(_)), None) => {
            (StateWord::NotDeployed, "it is in git, and does not run".to_owned(), Some(DEPLOY))
        }
        (None, Some(_)) => match came {
            Some(came) => {
                let says = format!("it was removed in git and still runs, from what was {came}");
                (StateWord::RemovedInGit, says, Some("remove it, or put it back in git"))
            }
            None => (StateWord::NotInGit, "what runs is not in git".to_owned(), Some(COMMIT)),
        },
        (None, None) => {
            let says = "its first deploy did not come to its end, and it is not in git".to_owned();
            (StateWord::NotInGit, says, Some(COMMIT))
        }
    }
}
