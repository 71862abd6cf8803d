//! The outbox: what channels must hear. The relay reads it and says what it has told.

use super::tx::{holdable, now};
use super::{AccountId, EnclaveRecord, PersonId, Store, StoreError, Tx};
use crate::gate::Authorized;
use crate::gate::act::Notices;
use jiff::Timestamp;
use sqlx::Row;
use uuid::Uuid;
use wire::tools::channel::{Notice, NoticeQuestion};

/// How many notices one answer holds.
const MOST: i64 = 100;

/// What stands before an approval that is not asked for, but decided.
const DECIDED: &str = "decided:";

/// What stands before the number of a pull request that came further.
const REVIEW: &str = "review:";

/// What stands before the address of somebody whose account nobody here knows.
const ADDRESS: &str = "mailto:";

/// What goes into the outbox.
struct Outgoing<'a> {
    text: &'a str,
    /// The approval that it asks for, or says the end of.
    approval: String,
    /// Whom alone it is for; empty for all.
    account: &'a str,
    question: Option<NoticeQuestion>,
}

impl<'a> Outgoing<'a> {
    /// A text for all in the channel.
    const fn of(text: &'a str) -> Self {
        Self { text, approval: String::new(), account: "", question: None }
    }
}

impl Tx {
    /// Puts a text into the outbox for one person alone, by the Slack account that is bound to them, perhaps with a question.
    /// Somebody without one in the channel's workspace cannot be told; answers whether they will be.
    pub(crate) async fn notify_person(
        &mut self,
        record: &EnclaveRecord,
        person: &PersonId,
        text: &str,
        question: Option<NoticeQuestion>,
    ) -> Result<bool, StoreError> {
        let Some(team) = record.team() else { return Ok(false) };
        let Some(account) = self.account_of(person, team).await? else { return Ok(false) };
        let outgoing = Outgoing { account: &account, question, ..Outgoing::of(text) };
        self.put_notice(record, &outgoing).await?;
        Ok(true)
    }

    /// Puts a text into the outbox, where the enclave has a channel to tell it in.
    pub(crate) async fn notify(&mut self, record: &EnclaveRecord, text: &str) -> Result<(), StoreError> {
        self.put_notice(record, &Outgoing::of(text)).await
    }

    /// Puts a question into the outbox: an approval that the enclave's owner gives or refuses there.
    pub(crate) async fn notify_with(
        &mut self,
        record: &EnclaveRecord,
        text: &str,
        approval: Uuid,
    ) -> Result<(), StoreError> {
        self.put_notice(record, &Outgoing { approval: approval.to_string(), ..Outgoing::of(text) }).await
    }

    /// Puts into the outbox what became of a question, so that its card in the channel asks no longer.
    pub(crate) async fn notify_decided(
        &mut self,
        record: &EnclaveRecord,
        text: &str,
        approval: Uuid,
    ) -> Result<(), StoreError> {
        let approval = format!("{DECIDED}{approval}");
        self.put_notice(record, &Outgoing { approval, ..Outgoing::of(text) }).await
    }

    /// Puts into the outbox that a pull request came further. A request that waits for it tells it; else the text is told.
    pub(crate) async fn notify_review(
        &mut self,
        record: &EnclaveRecord,
        text: &str,
        number: u64,
    ) -> Result<(), StoreError> {
        let approval = format!("{REVIEW}{number}");
        self.put_notice(record, &Outgoing { approval, ..Outgoing::of(text) }).await
    }

    async fn put_notice(&mut self, record: &EnclaveRecord, out: &Outgoing<'_>) -> Result<(), StoreError> {
        let Some(channel) = &record.channel else { return Ok(()) };
        let place = (channel.team.as_str(), channel.id.as_str(), record.name.as_str());
        self.put_notice_at(place, out).await
    }

    /// Puts a text into the outbox for the owner of a Slack account, about the account itself.
    pub(crate) async fn notify_account(&mut self, account: &AccountId, text: &str) -> Result<(), StoreError> {
        let out = Outgoing { account: &account.user, ..Outgoing::of(text) };
        self.put_notice_at((account.team.as_str(), "", ""), &out).await
    }

    /// The same for whoever has the account of this address in the workspace, if anybody has: the relay looks.
    pub(crate) async fn notify_address(
        &mut self,
        team: &str,
        address: &str,
        text: &str,
    ) -> Result<(), StoreError> {
        let account = format!("{ADDRESS}{}", holdable(address));
        let out = Outgoing { account: &account, ..Outgoing::of(text) };
        self.put_notice_at((team, "", ""), &out).await
    }

    async fn put_notice_at(
        &mut self,
        (team, channel, enclave): (&str, &str, &str),
        out: &Outgoing<'_>,
    ) -> Result<(), StoreError> {
        sqlx::query(
            "INSERT INTO notice (id, team, channel, enclave, told, at, approval, account, question) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        )
        .bind(Uuid::now_v7().to_string())
        .bind(team)
        .bind(channel)
        .bind(enclave)
        .bind(holdable(out.text).into_owned())
        .bind(now())
        .bind(&out.approval)
        .bind(out.account)
        // INVARIANT: a word and an id are always JSON
        .bind(out.question.and_then(|question| serde_json::to_string(&question).ok()).unwrap_or_default())
        .execute(self.connection())
        .await?;
        Ok(())
    }

    /// These have been told.
    pub(crate) async fn acknowledge(
        &mut self,
        _: &Authorized<Notices>,
        ids: &[Uuid],
    ) -> Result<(), StoreError> {
        for id in ids {
            sqlx::query("DELETE FROM notice WHERE id = $1")
                .bind(id.to_string())
                .execute(self.connection())
                .await?;
        }
        Ok(())
    }
}

impl Store {
    /// The oldest notices that have not been told.
    pub(crate) async fn notices(&self, _: &Authorized<Notices>) -> Result<Vec<Notice>, StoreError> {
        let rows = sqlx::query(
            "SELECT id, team, channel, enclave, told, at, approval, account, question FROM notice \
             ORDER BY id LIMIT $1",
        )
        .bind(MOST)
        .fetch_all(&self.pool)
        .await?;
        let mut notices = Vec::with_capacity(rows.len());
        for row in rows {
            let (id, enclave): (String, String) = (row.try_get("id")?, row.try_get("enclave")?);
            let at: i64 = row.try_get("at")?;
            let about = if enclave.is_empty() { Ok(None) } else { enclave.parse().map(Some) };
            // A row that cannot be read is passed over and said: it must not keep the others from being told.
            let (Ok(id), Ok(about), Ok(at)) = (id.parse(), about, Timestamp::from_millisecond(at)) else {
                tracing::error!(id, enclave, "a notice in the store cannot be read");
                continue;
            };
            let (team, channel) = (row.try_get("team")?, row.try_get("channel")?);
            let asked: String = row.try_get("approval")?;
            let account: String = row.try_get("account")?;
            let address = account.strip_prefix(ADDRESS).map(str::to_owned);
            let question = serde_json::from_str(&row.try_get::<String, _>("question")?).ok();
            notices.push(Notice {
                id,
                team,
                channel,
                enclave: about,
                text: row.try_get("told")?,
                approval: asked.parse().ok(),
                decided: asked.strip_prefix(DECIDED).and_then(|id| id.parse().ok()),
                review: asked.strip_prefix(REVIEW).and_then(|number| number.parse().ok()),
                user: (!account.is_empty() && address.is_none()).then_some(account),
                address,
                question,
                at,
            });
        }
        Ok(notices)
    }
}
