//! `tntc state status`: git, disk and cluster, side by side.

use super::off_the_runtime;
use crate::cli::InEnclave;
use crate::commands::{Context, Effect};
use crate::failed::Failed;
use crate::folder::Folder;
use crate::output::{View, words};
use serde::Serialize;
use state_repo::WorkingClone;
use std::collections::BTreeSet;
use std::path::PathBuf;
use wire::EnclaveRef;
use wire::tools::drift::ByHand;
use wire::tools::state::{RecordEntry, RecordWord, StateEntry, StateStatus, StateStatusArgs, StateWord};
use wire::tools::tentacle::SourceCommit;
use workflow::{ContentHash, EnclaveName, TentacleName};

/// Whose tentacles.
#[derive(Debug, clap::Args)]
pub(crate) struct Status {
    #[command(flatten)]
    within: InEnclave,
    /// The clone of the state repo, or a folder in it
    #[arg(long, value_name = "FOLDER", default_value = ".")]
    repo_path: PathBuf,
    /// End with 1 where the three do not agree
    #[arg(long)]
    exit_code: bool,
}

/// The three layers of an enclave.
#[derive(Debug, Serialize)]
struct Told {
    enclave: EnclaveName,
    #[serde(skip_serializing_if = "Option::is_none")]
    head: Option<SourceCommit>,
    in_sync: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    record: Option<RecordEntry>,
    tentacles: Vec<Row>,
    /// To whom secrets in git are encrypted, so that the server opens them.
    #[serde(skip_serializing_if = "Option::is_none")]
    recipient: Option<String>,
    /// Why it is not known whether somebody changed what runs, where it is not.
    #[serde(skip_serializing_if = "Option::is_none")]
    unseen: Option<String>,
}

/// The three layers of a tentacle.
#[derive(Debug, Serialize)]
struct Row {
    name: TentacleName,
    in_sync: bool,
    says: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    offer: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    disk: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    git: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cluster: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    by_hand: Vec<ByHand>,
}

/// A tentacle as this disk has it.
struct Here {
    name: TentacleName,
    /// As it lies there; `Err` says why it is none.
    disk: Option<Result<ContentHash, String>>,
    /// As this clone has it committed.
    committed: Option<ContentHash>,
}

/// What this disk has of an enclave.
struct Disk {
    tentacles: Vec<Here>,
    /// Whether what the state repo's branch stands at is part of what is committed here.
    has_all: bool,
}

impl Status {
    pub(crate) async fn run(self, context: &Context) -> Result<(), Failed> {
        let enclave = EnclaveRef::from(self.within.enclave.clone());
        let answer = context.call::<StateStatus>(Effect::Reads, &StateStatusArgs { enclave }).await?;
        let known: Vec<TentacleName> = answer.tentacles.iter().map(|entry| entry.name.clone()).collect();
        let head = answer.head.as_ref().map(|head| head.id.clone());
        let (path, enclave) = (self.repo_path, self.within.enclave);
        let disk = off_the_runtime(move || Disk::of(&path, &enclave, known, head)).await?;
        let rows = disk.tentacles.iter().map(|here| {
            let entry = answer.tentacles.iter().find(|entry| entry.name == here.name);
            here.row(entry, disk.has_all)
        });
        let tentacles: Vec<Row> = rows.collect();
        let in_sync = tentacles.iter().all(|row| row.in_sync)
            && !answer.truncated
            && answer.unseen.is_none()
            && fine(answer.record.as_ref());
        let told = Told {
            enclave: answer.enclave,
            head: answer.head,
            in_sync,
            record: answer.record,
            tentacles,
            recipient: answer.recipient,
            unseen: answer.unseen,
        };
        context.output.show(&told, view)?;
        if self.exit_code && !fine(told.record.as_ref()) {
            return Err(Failed::Bad("the enclave's record in git is not the server's".to_owned()));
        }
        let apart = told.tentacles.iter().filter(|row| !row.in_sync).count() as u64;
        match self.exit_code && !in_sync {
            true => Err(Failed::Bad(format!(
                "{} not in sync",
                words::count(apart, "tentacle is", "tentacles are")
            ))),
            false => Ok(()),
        }
    }
}

/// Whether there is nothing to see to about the enclave's record. One that is on its way is as it should be.
fn fine(record: Option<&RecordEntry>) -> bool {
    record.is_none_or(|record| matches!(record.state, RecordWord::InSync | RecordWord::Waiting))
}

impl Disk {
    fn of(
        path: &std::path::Path,
        enclave: &EnclaveName,
        known: Vec<TentacleName>,
        head: Option<String>,
    ) -> Result<Self, Failed> {
        let clone = WorkingClone::discover(path)?;
        let mut names: BTreeSet<TentacleName> = clone.on_disk(enclave)?.into_iter().collect();
        names.extend(known);
        let mut tentacles = Vec::new();
        for name in names {
            let folder = clone.folder(enclave, &name);
            let read = || {
                Folder::bundle(&folder).map(|bundle| bundle.content_hash()).map_err(|error| error.to_string())
            };
            let disk = folder.is_dir().then(read);
            let committed = clone.committed(enclave, &name)?;
            tentacles.push(Here { name, disk, committed });
        }
        let has_all = head.and_then(|head| head.parse().ok()).is_some_and(|head| clone.contains(head));
        Ok(Self { tentacles, has_all })
    }
}

impl Here {
    fn row(&self, entry: Option<&StateEntry>, has_all: bool) -> Row {
        let git = entry.and_then(|entry| entry.git.clone());
        let disk = self.disk.as_ref().and_then(|disk| disk.as_ref().ok()).map(ToString::to_string);
        let committed = self.committed.map(|hash| hash.to_string());
        let own = |says: &str, offer: &str| (false, says.to_owned(), Some(offer.to_owned()));
        let by_hand = entry.map(|entry| entry.by_hand.clone()).unwrap_or_default();
        let (in_sync, says, offer) = match (&self.disk, entry) {
            (Some(Err(why)), _) => {
                (false, format!("what is on this disk is no tentacle: {why}"), Some("mend it".to_owned()))
            }
            (None, _) if committed.is_some() => {
                own("it is removed on this disk, and that is not committed", "commit it")
            }
            _ if disk != committed => own("it has changes on this disk that are not committed", "commit it"),
            _ if committed != git && has_all => own("it is committed here and not pushed", "push it"),
            _ if committed != git && entry.is_some_and(|entry| entry.state != StateWord::UnreadableInGit) => {
                own("the state repo has another version than this clone", "pull it")
            }
            (_, Some(entry)) => (entry.state == StateWord::InSync, entry.says.clone(), entry.offer.clone()),
            (_, None) => own("it is on this disk alone", "commit it"),
        };
        let cluster = entry.and_then(|entry| entry.cluster.clone());
        Row { name: self.name.clone(), in_sync, says, offer, disk, git, cluster, by_hand }
    }
}

fn view(told: &Told) -> View {
    let verdict =
        if told.in_sync { "git, disk and cluster agree" } else { "git, disk and cluster do not agree" };
    let row = |row: &Row| [row.name.to_string(), row.says.clone(), row.offer.clone().unwrap_or_default()];
    let record = told.record.as_ref().map(|record| match &record.offer {
        Some(offer) => format!("{}; {offer}", record.says),
        None => record.says.clone(),
    });
    let changed = told.tentacles.iter().flat_map(|row| row.by_hand.iter().map(move |by| (&row.name, by)));
    let changed = changed.map(|(name, ByHand { object, field, by })| {
        let how = field.as_ref().map_or_else(|| "is gone".to_owned(), |field| format!("{field} is another"));
        [name.to_string(), object.clone(), how, by.clone().unwrap_or_default()]
    });
    let changed: Vec<[String; 4]> = changed.collect();
    let view = View::new()
        .verdict(told.in_sync, format!("{}: {verdict}", told.enclave))
        .values([
            (
                "Newest in git",
                told.head.as_ref().map(|head| SourceCommit::told(Some(head))).unwrap_or_default(),
            ),
            ("Secrets are encrypted to", told.recipient.clone().unwrap_or_default()),
            ("Enclave's record", record.unwrap_or_default()),
        ])
        .table(
            ["TENTACLE", "HOW IT IS", "WHAT COULD BE DONE"],
            told.tentacles.iter().map(row),
            "there are no tentacles",
        );
    let view = match &told.unseen {
        Some(why) => view.line(why),
        None => view,
    };
    match changed.is_empty() {
        true => view,
        false => view.table(["TENTACLE", "CHANGED BY HAND", "HOW", "WITH"], changed, ""),
    }
}
