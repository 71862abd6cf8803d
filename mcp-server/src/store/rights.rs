//! All rights in memory, for reading tools. Every use asks the store for its generation first, so that a right that was
//! revoked, by whichever replica, is never served again.

use super::record::{AccountId, EnclaveRecord, PersonId};
use super::{StoreError, row};
use sqlx::{AnyConnection, AnyPool, Row};
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, PoisonError, RwLock};
use workflow::EnclaveName;

/// What is shown for an identity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Shown {
    pub(crate) name: String,
    pub(crate) email: String,
}

/// All rights at one generation.
#[derive(Debug, Clone, Default)]
pub struct Rights {
    generation: i64,
    enclaves: BTreeMap<EnclaveName, Arc<EnclaveRecord>>,
    channels: HashMap<(String, String), EnclaveName>,
    people: HashMap<AccountId, PersonId>,
    accounts: HashMap<PersonId, Vec<AccountId>>,
    identities: HashMap<PersonId, Shown>,
}

impl Rights {
    /// Which change of rights was the last one.
    pub(crate) const fn generation(&self) -> i64 {
        self.generation
    }

    /// All enclaves, by name.
    pub fn enclaves(&self) -> impl Iterator<Item = &Arc<EnclaveRecord>> {
        self.enclaves.values()
    }

    /// The enclaves after `name`, by name.
    pub(crate) fn enclaves_after(&self, name: Option<&str>) -> impl Iterator<Item = &Arc<EnclaveRecord>> {
        use std::ops::Bound::{Excluded, Unbounded};
        let from = name.and_then(|name| name.parse::<EnclaveName>().ok());
        self.enclaves.range((from.map_or(Unbounded, Excluded), Unbounded)).map(|(_, record)| record)
    }

    /// The enclave of this name.
    #[must_use]
    pub fn enclave(&self, name: &EnclaveName) -> Option<&Arc<EnclaveRecord>> {
        self.enclaves.get(name)
    }

    /// The enclave of this channel.
    #[must_use]
    pub fn enclave_of(&self, team: &str, channel: &str) -> Option<&Arc<EnclaveRecord>> {
        self.enclaves.get(self.channels.get(&(team.to_owned(), channel.to_owned()))?)
    }

    /// The Slack account that is bound to `person` in `team`.
    #[must_use]
    pub fn account_of(&self, person: &PersonId, team: &str) -> Option<&str> {
        let accounts = self.accounts.get(person)?;
        accounts.iter().find(|account| account.team == team).map(|account| account.user.as_str())
    }

    /// All Slack accounts that are bound to `person`.
    #[must_use]
    pub fn accounts_of(&self, person: &PersonId) -> &[AccountId] {
        self.accounts.get(person).map_or(&[], Vec::as_slice)
    }

    /// The identity that is bound to a Slack account.
    #[must_use]
    pub fn person_of(&self, team: &str, user: &str) -> Option<&PersonId> {
        self.people.get(&AccountId { team: team.to_owned(), user: user.to_owned() })
    }

    /// The name to show for an identity; its subject where nothing better is known.
    #[must_use]
    pub fn shown<'a>(&'a self, person: &'a PersonId) -> &'a str {
        self.identities.get(person).map_or(person.subject.as_str(), |shown| shown.name.as_str())
    }

    /// Whether this identity has ever signed in.
    pub(crate) fn knows(&self, person: &PersonId) -> bool {
        self.identities.contains_key(person)
    }

    /// The e-mail address that was last verified for an identity. It grants nothing.
    pub(crate) fn email(&self, person: &PersonId) -> Option<&str> {
        self.identities.get(person).map(|shown| shown.email.as_str()).filter(|email| !email.is_empty())
    }
}

/// What is held, and how it is kept current.
#[derive(Debug, Default)]
pub(super) struct Cache {
    held: RwLock<Arc<Rights>>,
    /// One reload at a time.
    reloading: tokio::sync::Mutex<()>,
}

impl Cache {
    pub(super) async fn current(&self, pool: &AnyPool) -> Result<Arc<Rights>, StoreError> {
        let mut connection = pool.acquire().await?;
        let generation = generation(&mut connection).await?;
        let held = self.held();
        if held.generation == generation {
            return Ok(held);
        }
        let _one_at_a_time = self.reloading.lock().await;
        let held = self.held();
        if held.generation >= generation {
            return Ok(held);
        }
        let fresh = Arc::new(load(&mut connection, &held).await?);
        *self.held.write().unwrap_or_else(PoisonError::into_inner) = Arc::clone(&fresh);
        Ok(fresh)
    }

    /// What is held, current or not.
    pub(super) fn held(&self) -> Arc<Rights> {
        self.held.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

async fn generation(connection: &mut AnyConnection) -> Result<i64, StoreError> {
    let row = sqlx::query("SELECT number FROM generation WHERE one = 1").fetch_one(connection).await?;
    Ok(row.try_get("number")?)
}

/// Reads what has changed since `old`, in one snapshot of the database.
async fn load(connection: &mut AnyConnection, old: &Rights) -> Result<Rights, StoreError> {
    use sqlx::Connection;
    let mut snapshot = connection.begin().await?;
    // The first read fixes the snapshot in SQLite. In PostgreSQL a statement may see more than the one before it:
    // then the generation is older than what was read, and the next use reads it again.
    let generation = generation(&mut snapshot).await?;
    let mut enclaves = BTreeMap::new();
    let mut channels = HashMap::new();
    for row in sqlx::query("SELECT name, changed FROM enclave").fetch_all(&mut *snapshot).await? {
        let (name, changed): (String, i64) = (row.try_get("name")?, row.try_get("changed")?);
        let held = name.parse::<EnclaveName>().ok().and_then(|name| old.enclaves.get(&name).cloned());
        let record = match held {
            Some(held) if changed <= old.generation => Some(held),
            _ => row::enclave(&mut snapshot, &name).await?.map(Arc::new),
        };
        if let Some(record) = record {
            if let Some(channel) = &record.channel {
                channels.insert((channel.team.clone(), channel.id.clone()), record.name.clone());
            }
            enclaves.insert(record.name.clone(), record);
        }
    }
    let (people, accounts) = bindings(&mut snapshot).await?;
    let identities = identities(&mut snapshot).await?;
    snapshot.commit().await?;
    Ok(Rights { generation, enclaves, channels, people, accounts, identities })
}

type Bindings = (HashMap<AccountId, PersonId>, HashMap<PersonId, Vec<AccountId>>);

async fn bindings(connection: &mut AnyConnection) -> Result<Bindings, StoreError> {
    let rows =
        sqlx::query("SELECT team, account, issuer, subject FROM binding").fetch_all(connection).await?;
    let mut people = HashMap::with_capacity(rows.len());
    let mut accounts: HashMap<PersonId, Vec<AccountId>> = HashMap::with_capacity(rows.len());
    for row in rows {
        let account = AccountId { team: row.try_get("team")?, user: row.try_get("account")? };
        let person = PersonId { issuer: row.try_get("issuer")?, subject: row.try_get("subject")? };
        accounts.entry(person.clone()).or_default().push(account.clone());
        people.insert(account, person);
    }
    Ok((people, accounts))
}

async fn identities(connection: &mut AnyConnection) -> Result<HashMap<PersonId, Shown>, StoreError> {
    let rows =
        sqlx::query("SELECT issuer, subject, shown, email FROM identity").fetch_all(connection).await?;
    rows.into_iter()
        .map(|row| {
            let person = PersonId { issuer: row.try_get("issuer")?, subject: row.try_get("subject")? };
            Ok((person, Shown { name: row.try_get("shown")?, email: row.try_get("email")? }))
        })
        .collect()
}
