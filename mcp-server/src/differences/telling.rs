//! Tells a channel what is news to it, and the owner alone what the channel may not see.

use crate::server::Server;
use crate::store::{EnclaveRecord, PersonId, StoreError, ToldAbout, ToldAlready, Tx};
use policy::{Class, Mode, Right};
use std::collections::BTreeMap;
use workflow::TentacleName;

/// How many tentacles one notice names in full.
const MOST: usize = 5;

/// A difference.
pub(super) struct Difference {
    /// What it is, to know it again.
    pub(super) what: String,
    /// The same for people.
    pub(super) says: String,
}

/// Tells what of an enclave differs and was not told, and forgets what differs no more.
pub(super) async fn tell(
    server: &Server,
    about: ToldAbout,
    record: &EnclaveRecord,
    now: &BTreeMap<TentacleName, Difference>,
    already: &ToldAlready,
) -> Result<(), StoreError> {
    let enclave = record.name.as_str();
    let key = |name: &TentacleName| (enclave.to_owned(), name.to_string());
    let new: Vec<_> = now.iter().filter(|(name, it)| already.get(&key(name)) != Some(&it.what)).collect();
    let of_it = already.keys().filter(|(of, _)| of == enclave);
    let over: Vec<&String> =
        of_it.map(|(_, name)| name).filter(|name| !now.keys().any(|there| there.as_str() == *name)).collect();
    if new.is_empty() && over.is_empty() {
        return Ok(());
    }
    let mut tx = server.store.begin().await?;
    for name in over {
        tx.tell_anew(about, (enclave, name)).await?;
    }
    let mut news = Vec::new();
    for (name, difference) in new {
        if tx.tell_once(about, (&record.name, name.as_str()), &difference.what).await? {
            news.push((name, difference.says.as_str()));
        }
    }
    tell_all(&mut tx, record, &news).await?;
    tx.commit().await
}

/// Tells these, each of a tentacle: in the channel what its members may see, and its owner alone what they may not.
pub(super) async fn tell_all(
    tx: &mut Tx,
    record: &EnclaveRecord,
    news: &[(&TentacleName, &str)],
) -> Result<(), StoreError> {
    let mut lines = Vec::new();
    for (name, says) in news {
        match hidden_from_members(record, name) {
            Some(owner) => drop(tx.notify_person(record, owner, says, None).await?),
            None => lines.push(*says),
        }
    }
    match lines.is_empty() {
        true => Ok(()),
        false => tx.notify(record, &together(&lines)).await,
    }
}

/// Whose alone it is to hear of a tentacle: by both layers, as whoever asks is judged. One that is in git alone is the enclave's.
fn hidden_from_members<'r>(record: &'r EnclaveRecord, name: &TentacleName) -> Option<&'r PersonId> {
    let is_shown = |mode: Option<Mode>| mode.is_some_and(|mode| mode.grants(Class::Member, Right::Read));
    let tentacle = record.tentacles.get(name);
    let shown = is_shown(record.mode) && tentacle.is_none_or(|tentacle| is_shown(tentacle.mode));
    (!shown).then(|| tentacle.map_or(&record.owner, |tentacle| &tentacle.owner))
}

/// One text of several.
fn together(lines: &[&str]) -> String {
    let (named, rest) = lines.split_at(lines.len().min(MOST));
    let mut text = named.join("\n");
    if !rest.is_empty() {
        text.push_str(&format!("\n…and {} more: `tntc state status` names all.", rest.len()));
    }
    text
}
