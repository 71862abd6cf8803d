//! Whether git, the files on disk and what runs agree: a sentence for each tentacle of which they do not, and what to say to have it.

use crate::asked::{Asked, Stop};
use crate::commands::own_files;
use crate::slack::blocks::{Message, code, escape};
use crate::state::{Names, StateRepo};
use policy::Action;
use std::collections::BTreeSet;
use uuid::Uuid;
use wire::EnclaveRef;
use wire::tools::enclave::{EnclaveArgs, EnclaveInfo};
use wire::tools::person::{Why, WhyArgs};
use wire::tools::state::{StateEntry, StateStatus, StateStatusArgs, StateWord};
use workflow::{EnclaveName, TentacleName};

/// How many tentacles' files are looked at.
const MOST: usize = 50;

/// How many folders of tentacles that are nowhere else are looked at.
const MOST_DRAFTS: usize = 20;

/// What is said of a change past the server.
const CHANGED: &str = "somebody changed it where it runs";

/// What is known of it.
#[derive(Debug, Default)]
pub(crate) struct Layers {
    /// Those of which they do not agree.
    pub(in crate::commands) apart: Vec<Apart>,
    /// Whether that could not be found out.
    pub(in crate::commands) unknown: bool,
}

/// One of which they do not agree.
#[derive(Debug)]
pub(crate) struct Apart {
    pub(super) name: TentacleName,
    pub(super) says: String,
    pub(super) offer: Option<String>,
}

/// Asks the server for git and what runs, and looks at the disk for the tentacles that it tells this person of.
pub(super) async fn of(
    asked: &Asked<'_>,
    (enclave, id): (&EnclaveName, Option<Uuid>),
) -> Result<Layers, Stop> {
    let Some(state) = &asked.kraken.state else { return Ok(Layers::default()) };
    if own_files::settle(asked, enclave, id).is_err() {
        return Ok(Layers { unknown: true, ..Layers::default() });
    }
    let answer = match asked.call::<StateStatus>(StateStatusArgs { enclave: EnclaveRef::default() }).await {
        Ok(answer) => answer,
        // Whatever is the matter with git, the rest of the status is told.
        Err(Stop::Refused(_)) => return Ok(Layers { unknown: true, ..Layers::default() }),
        Err(stop) => return Err(stop),
    };
    let not_all = answer.truncated || answer.tentacles.len() > MOST;
    let mut layers = Layers { unknown: answer.unseen.is_some() || not_all, ..Layers::default() };
    let known: BTreeSet<TentacleName> = answer.tentacles.iter().map(|entry| entry.name.clone()).collect();
    for entry in answer.tentacles.into_iter().take(MOST) {
        let names = Names { enclave: enclave.clone(), tentacle: entry.name.clone() };
        match is_in_work(asked, state, &names, entry.git.as_deref()).await {
            Some(true) => layers.apart.push(in_work(entry.name)),
            Some(false) => layers.apart.extend(apart(entry)),
            None => layers.unknown = true,
        }
    }
    drafts(asked, state, (enclave, &known, not_all), &mut layers).await?;
    layers.apart.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(layers)
}

/// What somebody has begun on the disk and is nowhere else yet, for those who may deploy it. A name that the server did not tell
/// may be of one that this person does not see: `why` says which of the two a deploy would be.
async fn drafts(
    asked: &Asked<'_>,
    state: &StateRepo,
    (enclave, known, not_all): (&EnclaveName, &BTreeSet<TentacleName>, bool),
    layers: &mut Layers,
) -> Result<(), Stop> {
    let Ok(mut names) = asked
        .kraken
        .working_copy
        .tentacles(enclave)
        .inspect_err(|error| tracing::warn!(%error, "the disk copy cannot be looked at"))
    else {
        layers.unknown = true;
        return Ok(());
    };
    names.retain(|name| !known.contains(name));
    layers.unknown |= names.len() > MOST_DRAFTS;
    // Where not everything was told, what is missing there says nothing.
    for tentacle in names.into_iter().take(MOST_DRAFTS).filter(|_| !not_all) {
        if !would_be_new(asked, &tentacle).await? {
            continue;
        }
        let names = Names { enclave: enclave.clone(), tentacle: tentacle.clone() };
        match is_in_work(asked, state, &names, None).await {
            Some(true) => layers.apart.push(draft(tentacle)),
            Some(false) => {}
            None => layers.unknown = true,
        }
    }
    Ok(())
}

/// Whether whoever asks may deploy it, and nothing of its name is there yet.
async fn would_be_new(asked: &Asked<'_>, tentacle: &TentacleName) -> Result<bool, Stop> {
    let tentacle = Some(tentacle.clone());
    let args = WhyArgs { action: "deploy".to_owned(), tentacle, ..WhyArgs::default() };
    match asked.call::<Why>(args).await {
        Ok(why) => Ok(why.allowed && why.action == Action::ApplyNew.name()),
        Err(Stop::Refused(_)) => Ok(false),
        Err(stop) => Err(stop),
    }
}

/// Whether it is on the disk alone, as far as whoever asks may know.
pub(crate) async fn is_begun(asked: &Asked<'_>, tentacle: &TentacleName) -> bool {
    let Ok(info) = asked.call::<EnclaveInfo>(EnclaveArgs::default()).await else { return false };
    if own_files::settle(asked, &info.name, info.id).is_err() {
        return false;
    }
    let written = asked.kraken.working_copy.tentacles(&info.name);
    written.is_ok_and(|written| written.contains(tentacle))
        && would_be_new(asked, tentacle).await.unwrap_or(false)
}

/// Whether the files on disk have changes that are not in git; nothing where that cannot be told.
async fn is_in_work(asked: &Asked<'_>, state: &StateRepo, names: &Names, git: Option<&str>) -> Option<bool> {
    let looked = state.has_changes(&asked.kraken.working_copy, names, git.map(str::to_owned)).await;
    looked.inspect_err(|error| tracing::warn!(%error, "the disk and the state repo cannot be compared")).ok()
}

pub(in crate::commands) fn in_work(name: TentacleName) -> Apart {
    let offer = Some(format!("deploy {name}"));
    Apart { name, says: "its files on disk have changes that are not deployed".to_owned(), offer }
}

/// What is said of one that is on the disk alone.
pub(in crate::commands) fn draft(name: TentacleName) -> Apart {
    let offer = Some(format!("deploy {name}"));
    Apart { name, says: "it is on disk alone, and not deployed yet".to_owned(), offer }
}

/// What is said of a tentacle of which git and what runs do not agree.
pub(in crate::commands) fn apart(entry: StateEntry) -> Option<Apart> {
    let StateEntry { name, state, says, .. } = entry;
    // With what somebody changed it is a word of the platform's.
    let says = if state == StateWord::ChangedByHand { CHANGED.to_owned() } else { says };
    let offer = match state {
        StateWord::InSync => return None,
        StateWord::NotDeployed | StateWord::OlderRuns | StateWord::OtherSecrets | StateWord::NotInGit => {
            Some(format!("deploy {name}"))
        }
        StateWord::RemovedInGit => Some(format!("remove {name}")),
        StateWord::ChangedByHand | StateWord::Missing => Some(format!("put {name} back")),
        StateWord::UnreadableInGit | StateWord::Renamed => None,
    };
    Some(Apart { name, says, offer })
}

impl Layers {
    /// The message with what is to be said of it.
    pub(super) fn add_to(&self, message: Message) -> Message {
        let line = |apart: &Apart| {
            let offer =
                apart.offer.as_ref().map(|offer| format!(" Say {}.", code(offer))).unwrap_or_default();
            format!("• {}: {}.{offer}", code(&apart.name), escape(&apart.says))
        };
        let message = match self.apart.as_slice() {
            [] => message,
            apart => {
                let lines: Vec<String> = apart.iter().map(line).collect();
                let head = "*Git, the files on disk and what runs do not agree:*";
                message.line(format!("{head}\n{}", lines.join("\n")))
            }
        };
        if self.unknown {
            message.note("Whether git, the files on disk and what runs agree cannot be told at the moment.")
        } else {
            message
        }
    }
}
