//! Writes each enclave's record into the state repo: `enclave.yaml`, signed, whoever changed what by whichever door.
//!
//! What has to be written is found by comparing, not by being told: whatever changes a right counts the rights' generation up in the
//! same transaction, and here it is seen that records are behind it. A record is first in the store, then signed for in the heads, then
//! in git, and last known to be there; after a stop at any step the next look goes on.

mod content;
mod standing;

pub(crate) use standing::RecordStanding;

use crate::server::Server;
use crate::state::{StateRepo, blocking};
use crate::store::{Recorded, StoreError, Tx, today};
use crate::trail::{HeadsError, RecordHeads};
use jiff::Timestamp;
use policy::State;
use state_repo::{Author, Base, Change, GivenUp, Layout, Mirror, RemoteError, StateError, Trailers};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use wire::trail::RecordHead;
use workflow::EnclaveName;

/// The longest pause after a failure.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// The state repo as it is written, and the heads that sign for what is written.
#[derive(Debug)]
pub(crate) struct RecordBook {
    mirror: Arc<Mirror>,
    heads: RecordHeads,
}

/// Why records are not written.
#[derive(Debug, thiserror::Error)]
enum RecordError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Heads(#[from] HeadsError),
    #[error(transparent)]
    State(#[from] StateError),
    #[error("the state repo cannot be entered: {0}")]
    SignIn(String),
    #[error("the record of `{0}` has no canonical form")]
    Form(EnclaveName),
    #[error(
        "the state repo has a newer record of `{0}` than this server's store: it is left as it is, and nothing is written over it"
    )]
    Newer(EnclaveName),
}

impl RecordBook {
    pub(crate) fn new(mirror: Mirror, heads: RecordHeads) -> Self {
        Self { mirror: Arc::new(mirror), heads }
    }

    /// The heads of records.
    pub(crate) const fn heads(&self) -> &RecordHeads {
        &self.heads
    }
}

/// Writes records now and then, for ever.
pub(crate) async fn forever(server: &Server, every: Duration) {
    let Some(state) = &server.state else { return };
    let (mut pause, mut compared) = (every, false);
    loop {
        pause = match once(server, state, compared).await {
            Ok(()) => {
                compared = true;
                every
            }
            Err(error) => {
                tracing::warn!(%error, "records of enclaves are not in the state repo yet; trying again");
                pause.saturating_mul(2).min(LONGEST_PAUSE.max(every))
            }
        };
        tokio::time::sleep(pause).await;
    }
}

/// Makes the records that are behind, and publishes those that wait. One that cannot be published keeps no other back. Until they
/// were `compared` by this process they are in any case: it may have another key than the one before it.
async fn once(server: &Server, state: &StateRepo, compared: bool) -> Result<(), RecordError> {
    if !compared || server.store.records_are_behind().await? {
        make(server, state).await?;
    }
    let waiting = server.store.waiting_records().await?;
    if !waiting.is_empty() {
        state.sign_in().await.map_err(|failure| RecordError::SignIn(failure.message))?;
    }
    let mut failed = None;
    for record in waiting {
        if let Err(error) = publish(server, state, &record).await {
            if matches!(error, RecordError::State(StateError::Remote(RemoteError::SignIn))) {
                state.sign_out().await;
            }
            failed.get_or_insert(error);
        }
    }
    failed.map_or(Ok(()), Err)
}

/// Compares every enclave with its record. What it should say is worked out before the transaction, which only looks whether that is
/// still so: nobody's change waits for it.
async fn make(server: &Server, state: &StateRepo) -> Result<(), RecordError> {
    let rights = server.store.rights().await?;
    let reach = server.store.reach_digests().await?;
    let generation = rights.generation();
    let there = rights.enclaves().filter(|record| matches!(record.state, State::Active | State::Frozen));
    let mut says = Vec::new();
    for record in there {
        let mut content = content::of(&rights, record, &reach);
        content.generation = u64::try_from(generation).unwrap_or_default();
        let digest = content.content().map_err(|_| RecordError::Form(record.name.clone()))?;
        says.push(Says { content, digest: format!("{digest} {}", state.records.heads.key().id()) });
    }
    let mut tx = server.store.begin().await?;
    if tx.generation().await? != generation {
        // Somebody was faster: the next look sees it.
        return Ok(());
    }
    let known: BTreeMap<EnclaveName, Recorded> =
        tx.records().await?.into_iter().map(|record| (record.enclave.clone(), record)).collect();
    let mut all = true;
    for says in says {
        let known = known.get(&says.content.name);
        all &= want(&mut tx, &state.records.heads, known, says).await?;
    }
    for gone in known.values().filter(|known| rights.enclave(&known.enclave).is_none()) {
        want_archive(&mut tx, gone, generation).await?;
    }
    if all {
        tx.records_are_made(generation).await?;
    }
    Ok(tx.commit().await?)
}

/// What the record of an enclave should say, and the digest of that with the id of the key.
struct Says {
    content: state_repo::EnclaveRecord,
    digest: String,
}

/// Writes down the record that an enclave is to have, if it is another than it has; answers whether that was possible.
async fn want(
    tx: &mut Tx,
    heads: &RecordHeads,
    known: Option<&Recorded>,
    Says { content, digest: says }: Says,
) -> Result<bool, RecordError> {
    let enclave = content.name.clone();
    let form = || RecordError::Form(enclave.clone());
    let generation = i64::try_from(content.generation).unwrap_or(i64::MAX);
    match known {
        // One of the same name was removed: it goes to the archive first.
        Some(known) if known.removed_on.is_some() && known.waits() => return Ok(false),
        Some(known) if known.removed_on.is_none() && known.enclave_id != content.id => {
            want_archive(tx, known, generation).await?;
            return Ok(false);
        }
        Some(known) if known.removed_on.is_none() && known.content == says => return Ok(true),
        _ => {}
    }
    let digest = content.digest().map_err(|_| form())?;
    let signed = content.sign(heads.key()).ok_or_else(form)?;
    let wanted = Recorded {
        enclave: enclave.clone(),
        enclave_id: signed.id.clone(),
        generation,
        content: says,
        digest,
        text: signed.to_yaml().ok_or_else(form)?,
        removed_on: None,
        published: 0,
        channel: signed
            .channel
            .as_ref()
            .map(|channel| (channel.team.clone(), channel.id.clone()))
            .unwrap_or_default(),
    };
    tx.want_record(&wanted).await?;
    Ok(true)
}

/// The enclave was removed: its folder is to go to the archive.
async fn want_archive(tx: &mut Tx, gone: &Recorded, generation: i64) -> Result<(), StoreError> {
    if gone.removed_on.is_some() {
        return Ok(());
    }
    tx.want_record(&Recorded { generation, removed_on: Some(today()), ..gone.clone() }).await
}

/// Signs for a record, and brings it to the state repo.
async fn publish(server: &Server, state: &StateRepo, record: &Recorded) -> Result<(), RecordError> {
    let book = &state.records;
    book.heads.sign(&RecordHead {
        enclave: record.enclave.to_string(),
        generation: u64::try_from(record.generation).unwrap_or_default(),
        digest: record.digest.clone(),
        removed: record.removed_on.is_some(),
        at: Timestamp::now(),
    })?;
    let host = server.url.host_str().unwrap_or("localhost");
    let by = Author { name: "Tentacular server".to_owned(), email: format!("tentacular@{host}") };
    match record.removed_on {
        Some(on) => {
            let request = format!("archive/{}/{}", record.enclave, record.generation);
            let given_up = GivenUp { enclave: record.enclave.clone(), on, by, request };
            let mirror = Arc::clone(&book.mirror);
            blocking(move || mirror.give_up(&given_up)).await?;
        }
        None => write(book, record, by).await?,
    }
    Ok(server.store.record_is_published(record).await?)
}

/// Commits the file over whatever is there, unless that is newer. What others change meanwhile is looked at anew the next time.
async fn write(book: &RecordBook, record: &Recorded, by: Author) -> Result<(), RecordError> {
    let (mirror, name) = (Arc::clone(&book.mirror), record.enclave.clone());
    let there = blocking(move || {
        let Some(tip) = mirror.newest_commit()? else { return Ok(None) };
        // What cannot be read there is nothing that is newer.
        let text = mirror.record(tip, &name).or_else(|error| match error {
            StateError::HostileRepository(_) | StateError::Bundle(_) => Ok(None),
            error => Err(error),
        })?;
        Ok(Some((tip, text)))
    })
    .await?;
    let base = match there {
        Some((_, Some(text))) if standing::is_newer(&text, record, book.heads.key()) => {
            return Err(RecordError::Newer(record.enclave.clone()));
        }
        Some((tip, _)) => Base::At(tip),
        None => Base::Nothing,
    };
    let change = change(record, by, base);
    let mirror = Arc::clone(&book.mirror);
    match blocking(move || mirror.publish(&change, None)).await {
        Ok(_) | Err(StateError::Nothing) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

fn change(record: &Recorded, by: Author, base: Base) -> Change {
    let name = &record.enclave;
    Change {
        author: by.clone(),
        committer: by,
        message: format!("{name}: its record, generation {}", record.generation),
        trailers: Trailers { enclave: Some(name.to_string()), ..Trailers::default() },
        base,
        seen: BTreeMap::new(),
        files: BTreeMap::from([(Layout::record(name), Some(record.text.clone().into_bytes()))]),
    }
}
