//! `state_status`: how what runs agrees with what is in git, tentacle by tentacle, by the name of the content, and whether
//! somebody changed it where it runs.

mod renamed;

use self::renamed::Renamed;
use super::wf_list::named;
use super::{About, Effect, Handler, Repeat};
use crate::backend::Apart;
use crate::call::Call;
use crate::gate::target::OnTentacle;
use crate::gate::{act, unavailable};
use crate::progress::Progress;
use crate::records::RecordStanding;
use crate::server::Server;
use crate::state::{InGit, Kept, StateRepo};
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
        description: "How what runs agrees with what is in git, for each tentacle of an enclave, and whether somebody changed it \
                      where it runs: one sentence and what could be done. Without a state repo nothing is in git.",
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
        let record = listed.target().record.clone();
        // What the caller may not see is not shown under another heading either.
        let mut hidden = record.tentacles.clone();
        let mut running = BTreeMap::new();
        for grant in look.tentacles::<act::TentacleList>(listed.clone()) {
            let target = grant.target().clone();
            hidden.remove(&target.name);
            running.insert(target.name.clone(), target);
        }
        let (in_git, apart) = tokio::join!(
            async {
                match &server.state {
                    Some(state) => state.enclave(&record.name).await.map(Some),
                    None => Ok(None),
                }
            },
            server.backend.apart(&record),
        );
        let in_git = in_git?;
        let (apart, unseen) = match apart {
            Ok(apart) => (apart, None),
            Err(error) => {
                tracing::warn!(enclave.name = %record.name, %error, "whether anything was changed by hand is not known");
                (BTreeMap::new(), Some(UNSEEN.to_owned()))
            }
        };
        let renamed = match &in_git {
            Some(in_git) => {
                Renamed::find(server, &running, &in_git.kept, |name| hidden.contains_key(name)).await?
            }
            None => Renamed::default(),
        };
        let standing = match (&server.state, &in_git) {
            (Some(state), Some(in_git)) => {
                let is_behind =
                    server.store.records_are_behind().await.map_err(|error| unavailable(&error))?;
                let own = server.store.recorded(&listed).await.map_err(|error| unavailable(&error))?;
                let (own, git, key) = (own.as_ref(), in_git.record.clone(), state.records.heads().key());
                Some(RecordStanding { enclave: &record.name, own, is_behind, git, key }.told())
            }
            _ => None,
        };
        let others = match (&server.state, &in_git) {
            (Some(state), Some(in_git)) => {
                let from = |(name, target): (&TentacleName, &OnTentacle)| {
                    Some((name.clone(), target.tentacle.as_ref()?.commit.clone()?))
                };
                let from = running.iter().filter_map(from).collect();
                state.with_other_secrets(&in_git.head, &record.name, from).await?
            }
            _ => Vec::new(),
        };
        let seen = Seen { running, apart, renamed, others };
        Ok(StateStatusAnswer {
            unseen,
            record: standing,
            recipient: server.state.as_ref().and_then(StateRepo::recipient),
            ..answer(record.name.clone(), &seen, in_git, |name| hidden.contains_key(name))
        })
    }
}

/// What is offered where git has what is to run.
const DEPLOY: &str = "deploy it";

/// Said where what runs cannot be looked at.
const UNSEEN: &str = "what runs cannot be looked at at the moment: whether somebody changed it is not known";

/// What runs, and what became of it.
struct Seen {
    running: BTreeMap<TentacleName, OnTentacle>,
    /// What somebody changed.
    apart: BTreeMap<TentacleName, Vec<Apart>>,
    renamed: Renamed,
    /// Beside which other secrets lie in git than those that they run with.
    others: Vec<TentacleName>,
}

fn answer(
    enclave: EnclaveName,
    seen: &Seen,
    in_git: Option<InGit>,
    hidden: impl Fn(&TentacleName) -> bool,
) -> StateStatusAnswer {
    let (head, kept, truncated) = match in_git {
        Some(InGit { head, kept, truncated, .. }) => (Some(head), kept, truncated),
        None => (None, BTreeMap::new(), false),
    };
    let known = |name: &TentacleName| seen.running.contains_key(name);
    let only_in_git = kept.keys().filter(|name| !known(name) && !hidden(name));
    let mut names: Vec<&TentacleName> = seen.running.keys().chain(only_in_git).collect();
    names.sort();
    let tentacles = names.into_iter().map(|name| seen.entry(name, kept.get(name))).collect();
    StateStatusAnswer {
        namespace: enclave.clone(),
        enclave,
        head,
        tentacles,
        truncated,
        unseen: None,
        recipient: None,
        record: None,
    }
}

impl Seen {
    fn entry(&self, name: &TentacleName, kept: Option<&Kept>) -> StateEntry {
        let record = self.running.get(name).and_then(|target| target.tentacle.as_ref());
        let apart = self.apart.get(name).filter(|_| record.is_some()).map_or(&[][..], Vec::as_slice);
        let entry = entry(name, kept, record);
        let told = by_hand(apart).or_else(|| self.renamed.told(name));
        let told = told.or_else(|| self.other_secrets(&entry));
        let (state, says, offer) = match told {
            Some((state, says, offer)) => (state, says, Some(offer)),
            None => (entry.state, entry.says, entry.offer),
        };
        let by_hand = apart.iter().cloned().map(Into::into).collect();
        StateEntry { state, says, offer, by_hand, ..entry }
    }
}

impl Seen {
    /// What is said where only the secrets in git are others.
    fn other_secrets(&self, entry: &StateEntry) -> Option<(StateWord, String, String)> {
        let is_so = entry.state == StateWord::InSync && self.others.contains(&entry.name);
        let says = "its secrets in git are others than those that it runs with";
        is_so.then(|| (StateWord::OtherSecrets, says.to_owned(), DEPLOY.to_owned()))
    }
}

/// What is said of what somebody changed, which comes before what git has: it may be why something does not work.
fn by_hand(apart: &[Apart]) -> Option<(StateWord, String, String)> {
    let offer = "put it back as it was".to_owned();
    if apart.iter().any(Apart::is_gone) {
        return Some((StateWord::Missing, "something of it is missing where it runs".to_owned(), offer));
    }
    let first = apart.first()?;
    let says = match first.by() {
        Some(by) => format!("somebody changed it where it runs, with `{by}`"),
        None => "somebody changed it where it runs".to_owned(),
    };
    Some((StateWord::ChangedByHand, says, offer))
}

fn entry(name: &TentacleName, kept: Option<&Kept>, record: Option<&TentacleRecord>) -> StateEntry {
    let cluster = record.map(|record| record.version.clone()).filter(|version| !version.is_empty());
    let from = record.and_then(|record| record.commit.as_ref());
    let git = kept.and_then(|kept| kept.as_ref().ok()).cloned();
    let (state, says, offer) = told(kept, cluster.as_deref(), from);
    let (name, offer) = (name.clone(), offer.map(str::to_owned));
    StateEntry { name, state, says, offer, git, cluster, by_hand: Vec::new() }
}

/// The state, one sentence, and what could be done.
fn told(
    kept: Option<&Kept>,
    cluster: Option<&str>,
    from: Option<&SourceCommit>,
) -> (StateWord, String, Option<&'static str>) {
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
