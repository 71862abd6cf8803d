//! From rows to records. What cannot be read is an error that names the place, never a default.

use super::StoreError;
use super::approval::{Approval, ApprovalState};
use super::record::{
    ChannelPersonRecord, ChannelRecord, EnclaveRecord, Enrollment, JoinRequest, LastRun, Offer, PersonId,
    Quota, SecretRecord, TentacleRecord, Verdict,
};
use super::review::Review;
use super::told::Drift;
use jiff::Timestamp;
use policy::{Frozen, State};
use serde::Serialize;
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Row};
use std::collections::BTreeMap;
use wire::tools::channel::AccountClass;
use wire::tools::joining::{InvitationEntry, Invited, JoinEntry};
use wire::tools::tentacle::SourceCommit;
use workflow::{EnclaveName, Reach, TentacleName};

/// Something in the store that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the store's record of {of} has a {what} that cannot be read: `{value}`")]
pub struct Corrupt {
    of: String,
    what: &'static str,
    value: String,
}

/// A row with the words to name it by.
pub(super) struct Reader<'r> {
    row: &'r AnyRow,
    of: String,
}

impl<'r> Reader<'r> {
    pub(super) fn new(row: &'r AnyRow, of: impl Into<String>) -> Self {
        Self { row, of: of.into() }
    }

    pub(super) fn text(&self, column: &'static str) -> Result<String, StoreError> {
        Ok(self.row.try_get(column)?)
    }

    fn optional(&self, column: &'static str) -> Result<Option<String>, StoreError> {
        Ok(self.row.try_get(column)?)
    }

    pub(super) fn number(&self, column: &'static str) -> Result<i64, StoreError> {
        Ok(self.row.try_get(column)?)
    }

    fn flag(&self, column: &'static str) -> Result<bool, StoreError> {
        Ok(self.number(column)? != 0)
    }

    pub(super) fn optional_time(&self, column: &'static str) -> Result<Option<Timestamp>, StoreError> {
        let millis: Option<i64> = self.row.try_get(column)?;
        let read =
            |millis: i64| self.known(column, &millis.to_string(), Timestamp::from_millisecond(millis).ok());
        millis.map(read).transpose()
    }

    pub(super) fn time(&self, column: &'static str) -> Result<Timestamp, StoreError> {
        let millis = self.number(column)?;
        self.known(column, &millis.to_string(), Timestamp::from_millisecond(millis).ok())
    }

    fn person(&self, issuer: &'static str, subject: &'static str) -> Result<PersonId, StoreError> {
        Ok(PersonId { issuer: self.text(issuer)?, subject: self.text(subject)? })
    }

    pub(super) fn parsed<T>(
        &self,
        column: &'static str,
        read: impl FnOnce(&str) -> Option<T>,
    ) -> Result<T, StoreError> {
        let text = self.text(column)?;
        self.known(column, &text, read(&text))
    }

    pub(super) fn known<T>(&self, what: &'static str, value: &str, read: Option<T>) -> Result<T, StoreError> {
        let corrupt = || Corrupt { of: self.of.clone(), what, value: value.to_owned() };
        Ok(read.ok_or_else(corrupt)?)
    }
}

const ENCLAVE: &str = "SELECT name, id, changed, state, frozen_owner, frozen_archive, frozen_operator, mode, enrollment, drift, review, quota, \
     owner_issuer, owner_subject, team, channel, channel_name, channel_creator, observed_at, heard_at, created_at, updated_at \
     FROM enclave WHERE name = $1";

/// The enclave named `name`, with everything that belongs to it.
pub(super) async fn enclave(
    connection: &mut AnyConnection,
    name: &str,
) -> Result<Option<EnclaveRecord>, StoreError> {
    let Some(row) = sqlx::query(ENCLAVE).bind(name).fetch_optional(&mut *connection).await? else {
        return Ok(None);
    };
    let mut record = bare(&row, name)?;
    if let Some(channel) = &mut record.channel {
        channel.people = people(connection, name).await?;
    }
    record.named = named(connection, name).await?;
    record.verdicts = verdicts(connection, name).await?;
    record.tentacles = tentacles(connection, name).await?;
    Ok(Some(record))
}

fn bare(row: &AnyRow, name: &str) -> Result<EnclaveRecord, StoreError> {
    let row = Reader::new(row, format!("enclave `{name}`"));
    let channel = match (row.optional("team")?, row.optional("channel")?) {
        (Some(team), Some(id)) => Some(ChannelRecord {
            team,
            id,
            name: row.text("channel_name")?,
            creator: row.text("channel_creator")?,
            observed_at: row.time("observed_at")?,
            heard_at: row.time("heard_at")?,
            people: BTreeMap::new(),
        }),
        _ => None,
    };
    Ok(EnclaveRecord {
        name: row.parsed("name", |text| text.parse::<EnclaveName>().ok())?,
        changed: row.number("changed")?,
        id: row.parsed("id", |text| text.parse().ok())?,
        state: row.parsed("state", |text| State::ALL.into_iter().find(|state| state.name() == text))?,
        frozen: Frozen {
            by_owner: row.flag("frozen_owner")?,
            by_archive: row.flag("frozen_archive")?,
            by_operator: row.flag("frozen_operator")?,
        },
        // A mode that cannot be read denies; the rest of the record stays usable to say so.
        mode: row.text("mode")?.parse().ok(),
        enrollment: row.parsed("enrollment", Enrollment::named)?,
        drift: row.parsed("drift", Drift::named)?,
        review: row.parsed("review", Review::named)?,
        quota: row.parsed("quota", Quota::named)?,
        owner: row.person("owner_issuer", "owner_subject")?,
        channel,
        named: Vec::new(),
        verdicts: Vec::new(),
        tentacles: BTreeMap::new(),
        created_at: row.time("created_at")?,
        updated_at: row.time("updated_at")?,
    })
}

async fn people(
    connection: &mut AnyConnection,
    name: &str,
) -> Result<BTreeMap<String, ChannelPersonRecord>, StoreError> {
    let rows = sqlx::query("SELECT account, class, shown FROM channel_person WHERE enclave = $1")
        .bind(name)
        .fetch_all(&mut *connection)
        .await?;
    rows.iter()
        .map(|row| {
            let row = Reader::new(row, format!("the channel of enclave `{name}`"));
            let class = row.parsed("class", class_named)?;
            Ok((row.text("account")?, ChannelPersonRecord { class, shown: row.text("shown")? }))
        })
        .collect()
}

async fn named(connection: &mut AnyConnection, name: &str) -> Result<Vec<PersonId>, StoreError> {
    let rows =
        sqlx::query("SELECT issuer, subject FROM named_member WHERE enclave = $1 ORDER BY issuer, subject")
            .bind(name)
            .fetch_all(&mut *connection)
            .await?;
    rows.iter().map(|row| Reader::new(row, format!("enclave `{name}`")).person("issuer", "subject")).collect()
}

async fn verdicts(connection: &mut AnyConnection, name: &str) -> Result<Vec<Verdict>, StoreError> {
    let rows = sqlx::query("SELECT allowed, account, issuer, subject FROM verdict WHERE enclave = $1")
        .bind(name)
        .fetch_all(&mut *connection)
        .await?;
    rows.iter()
        .map(|row| {
            let row = Reader::new(row, format!("enclave `{name}`"));
            let person = row.person("issuer", "subject")?;
            Ok(Verdict {
                allowed: row.flag("allowed")?,
                account: Some(row.text("account")?).filter(|account| !account.is_empty()),
                person: Some(person).filter(|person| !person.subject.is_empty()),
            })
        })
        .collect()
}

async fn tentacles(
    connection: &mut AnyConnection,
    name: &str,
) -> Result<BTreeMap<TentacleName, TentacleRecord>, StoreError> {
    let rows = sqlx::query(
        "SELECT name, owner_issuer, owner_subject, mode, description, version, deployed_by, deployed_via, \
         deployed_agent, created_at, deployed_at, source_commit, deploys, metadata, updated FROM tentacle \
         WHERE enclave = $1",
    )
    .bind(name)
    .fetch_all(&mut *connection)
    .await?;
    rows.iter().map(|row| tentacle(&Reader::new(row, format!("a tentacle of enclave `{name}`")))).collect()
}

fn tentacle(row: &Reader<'_>) -> Result<(TentacleName, TentacleRecord), StoreError> {
    let record = TentacleRecord {
        owner: row.person("owner_issuer", "owner_subject")?,
        mode: row.text("mode")?.parse().ok(),
        description: row.text("description")?,
        version: row.text("version")?,
        deployed_by: row.text("deployed_by")?,
        deployed_via: row.text("deployed_via")?,
        deployed_agent: row.text("deployed_agent")?,
        created_at: row.time("created_at")?,
        deployed_at: row.time("deployed_at")?,
        commit: commit(row)?,
        deploys: row.number("deploys")?,
        metadata: row.parsed("metadata", |text| serde_json::from_str(text).ok())?,
        updated: row.parsed("updated", |text| {
            if text.is_empty() { Some(None) } else { serde_json::from_str(text).ok() }
        })?,
    };
    Ok((row.parsed("name", |text| text.parse().ok())?, record))
}

/// The commit that a version was deployed from; `None` where there is none.
pub(super) fn commit(row: &Reader<'_>) -> Result<Option<SourceCommit>, StoreError> {
    row.parsed(
        "source_commit",
        |text| if text.is_empty() { Some(None) } else { serde_json::from_str(text).ok() },
    )
}

/// Texts and times as they are kept.
pub(super) fn json_text<T: Serialize>(kept: &T) -> String {
    // INVARIANT: texts and times are always JSON
    serde_json::to_string(kept).unwrap_or_default()
}

/// A commit as it is kept.
pub(super) fn commit_text(commit: Option<&SourceCommit>) -> String {
    commit.map(json_text).unwrap_or_default()
}

/// How a last run went.
pub(super) fn last_run(row: &AnyRow) -> Result<LastRun, StoreError> {
    let row = Reader::new(row, "a last run");
    Ok(LastRun {
        started_at: row.time("started_at")?,
        duration_ms: row.number("duration_ms")?,
        success: row.flag("success")?,
        asked_by: row.text("asked_by")?,
    })
}

/// A question to an enclave's owner.
pub(super) fn approval(row: &AnyRow) -> Result<Approval, StoreError> {
    let row = Reader::new(row, "an approval");
    Ok(Approval {
        id: row.parsed("id", |text| text.parse().ok())?,
        enclave: row.parsed("enclave", |text| text.parse().ok())?,
        tentacle: row.parsed("tentacle", |text| text.parse().ok())?,
        running: row.text("running")?,
        version: row.text("version")?,
        reach: row.text("reach")?,
        changes: row.parsed("changes", |text| serde_json::from_str(text).ok())?,
        asker: row.person("issuer", "subject")?,
        asked_by: row.text("asked_by")?,
        state: row.parsed("state", ApprovalState::named)?,
        decided_by: row.text("decided_by")?,
        expires_at: row.time("expires_at")?,
    })
}

/// An enclave that is offered.
pub(super) fn offer(row: &AnyRow) -> Result<Offer, StoreError> {
    let row = Reader::new(row, "an offer");
    Ok(Offer {
        id: row.parsed("id", |text| text.parse().ok())?,
        enclave: row.parsed("enclave", |text| text.parse().ok())?,
        owner: row.person("owner_issuer", "owner_subject")?,
        to: row.person("issuer", "subject")?,
        by_operator: row.flag("by_operator")?,
        expires_at: row.time("expires_at")?,
    })
}

/// Somebody who asked to be let in.
pub(super) fn join_request(row: &AnyRow) -> Result<JoinRequest, StoreError> {
    let row = Reader::new(row, "a request to join");
    Ok(JoinRequest {
        id: row.parsed("id", |text| text.parse().ok())?,
        person: row.person("issuer", "subject")?,
        account: row.text("account")?,
        shown: row.text("shown")?,
    })
}

/// Somebody who waits, for the owner.
pub(super) fn join_entry(row: &AnyRow) -> Result<JoinEntry, StoreError> {
    let row = Reader::new(row, "a request to join");
    let account = row.text("account")?;
    Ok(JoinEntry {
        request: row.parsed("id", |text| text.parse().ok())?,
        person: row.text("shown")?,
        account: (!account.is_empty()).then_some(account),
        asked_at: row.time("asked_at")?,
    })
}

/// An invitation, for the owner.
pub(super) fn invitation(row: &AnyRow) -> Result<InvitationEntry, StoreError> {
    let row = Reader::new(row, "an invitation");
    Ok(InvitationEntry { email: row.text("email")?, expires_at: row.time("expires_at")? })
}

/// An invitation, for whom it is.
pub(super) fn invited(row: &AnyRow) -> Result<Invited, StoreError> {
    let row = Reader::new(row, "an invitation");
    Ok(Invited {
        enclave: row.parsed("enclave", |text| text.parse().ok())?,
        by: row.text("invited_by")?,
        expires_at: row.time("expires_at")?,
    })
}

/// What a running version reaches.
pub(super) fn reach(row: &AnyRow) -> Result<Reach, StoreError> {
    Reader::new(row, "a tentacle").parsed("reach", |text| serde_json::from_str(text).ok())
}

/// A reach as it is stored.
pub(super) fn reach_text(reach: &Reach) -> String {
    // INVARIANT: a set of texts and numbers is always JSON
    serde_json::to_string(reach).unwrap_or_default()
}

/// That a secret is there.
pub(super) fn secret(row: &AnyRow) -> Result<SecretRecord, StoreError> {
    let row = Reader::new(row, "a secret");
    Ok(SecretRecord {
        name: row.parsed("name", |text| text.parse().ok())?,
        set_by: row.text("set_by")?,
        set_at: row.time("set_at")?,
    })
}

/// The name under which a class of account is stored.
pub(crate) const fn class_name(class: AccountClass) -> &'static str {
    match class {
        AccountClass::Full => "full",
        AccountClass::Guest => "guest",
        AccountClass::External => "external",
    }
}

pub(crate) fn class_named(name: &str) -> Option<AccountClass> {
    [AccountClass::Full, AccountClass::Guest, AccountClass::External]
        .into_iter()
        .find(|class| class_name(*class) == name)
}
