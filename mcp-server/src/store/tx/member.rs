//! Who belongs to an enclave: the owner's verdicts, and what the relay reports of the channel.

use super::{Tx, holdable};
use crate::gate::Authorized;
use crate::gate::act::{AddMember, ChannelReport, RemoveMember, Reown};
use crate::store::record::{ChangedBy, ChannelPersonRecord, EnclaveRecord, PersonId, Verdict};
use crate::store::{StoreError, row};
use jiff::Timestamp;
use policy::Frozen;
use std::collections::BTreeMap;
use workflow::{EnclaveName, TentacleName};

/// What a report of people rests on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Heard {
    /// When Slack said so.
    pub(crate) at: Timestamp,
    /// Whether it gave the whole list.
    pub(crate) whole_list: bool,
}

impl Tx {
    /// Lets somebody in: approves, and lifts every block on the account or the identity.
    pub(crate) async fn add_member(
        &mut self,
        grant: &Authorized<AddMember>,
        whom: &Verdict,
    ) -> Result<(), StoreError> {
        let record = &grant.target().record;
        self.let_in(record, whom).await?;
        self.touch(&record.name).await
    }

    /// Puts down the owner's yes in place of whatever was said of them before. Where there is no channel to be in, that makes them
    /// a member.
    pub(super) async fn let_in(&mut self, record: &EnclaveRecord, whom: &Verdict) -> Result<(), StoreError> {
        self.drop_verdicts(&record.name, whom).await?;
        self.put_verdict(&record.name, true, whom).await?;
        if let (None, Some(person)) = (&record.channel, &whom.person) {
            self.put_named(&record.name, person).await?;
        }
        Ok(())
    }

    /// The record of an enclave names this member, once.
    pub(super) async fn put_named(
        &mut self,
        enclave: &EnclaveName,
        person: &PersonId,
    ) -> Result<(), StoreError> {
        sqlx::query(
            "INSERT INTO named_member (enclave, issuer, subject) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
        )
        .bind(enclave.as_str())
        .bind(&person.issuer)
        .bind(&person.subject)
        .execute(self.connection())
        .await?;
        Ok(())
    }

    /// Keeps somebody out, by the account and by the identity bound now; their tentacles pass to the owner.
    pub(crate) async fn remove_member(
        &mut self,
        grant: &Authorized<RemoveMember>,
        whom: &Verdict,
        by: &ChangedBy,
    ) -> Result<Vec<TentacleName>, StoreError> {
        let record = &grant.target().record;
        self.drop_verdicts(&record.name, whom).await?;
        self.put_verdict(&record.name, false, whom).await?;
        let Some(person) = &whom.person else {
            self.touch(&record.name).await?;
            return Ok(Vec::new());
        };
        self.void_offers(record, person).await?;
        sqlx::query("DELETE FROM named_member WHERE enclave = $1 AND issuer = $2 AND subject = $3")
            .bind(record.name.as_str())
            .bind(&person.issuer)
            .bind(&person.subject)
            .execute(self.connection())
            .await?;
        self.pass_tentacles(record, person, by).await
    }

    /// The tentacles of somebody who lost their place pass to the enclave's owner.
    pub(crate) async fn reown(
        &mut self,
        grant: &Authorized<Reown>,
        person: &PersonId,
    ) -> Result<Vec<TentacleName>, StoreError> {
        self.pass_tentacles(&grant.target().record, person, &ChangedBy::the_server()).await
    }

    /// Who is in the channel now, as the relay reports it. Neither time ever goes back.
    pub(crate) async fn report_people(
        &mut self,
        _: &Authorized<ChannelReport>,
        enclave: &EnclaveName,
        people: &BTreeMap<String, ChannelPersonRecord>,
        heard: Heard,
    ) -> Result<(), StoreError> {
        sqlx::query("DELETE FROM channel_person WHERE enclave = $1")
            .bind(enclave.as_str())
            .execute(self.connection())
            .await?;
        self.put_people(enclave, people).await?;
        let whole_list = "UPDATE enclave SET observed_at = $1 WHERE name = $2 AND observed_at < $1";
        let any_news = "UPDATE enclave SET heard_at = $1 WHERE name = $2 AND heard_at < $1";
        for statement in [any_news].into_iter().chain(heard.whole_list.then_some(whole_list)) {
            sqlx::query(statement)
                .bind(heard.at.as_millisecond())
                .bind(enclave.as_str())
                .execute(self.connection())
                .await?;
        }
        self.touch(enclave).await
    }

    /// These have lost their place by what the relay reports.
    pub(crate) async fn report_lost(
        &mut self,
        _: &Authorized<ChannelReport>,
        record: &EnclaveRecord,
        lost: &[PersonId],
    ) -> Result<(), StoreError> {
        for person in lost {
            self.void_offers(record, person).await?;
        }
        Ok(())
    }

    /// The channel's name now, as the relay reports it.
    pub(crate) async fn report_name(
        &mut self,
        _: &Authorized<ChannelReport>,
        enclave: &EnclaveName,
        shown: &str,
    ) -> Result<(), StoreError> {
        self.put_text("UPDATE enclave SET channel_name = $1 WHERE name = $2", enclave, shown).await
    }

    /// Whether the channel is archived, as the relay reports it: freezes, or lifts exactly that.
    pub(crate) async fn report_archived(
        &mut self,
        _: &Authorized<ChannelReport>,
        record: &EnclaveRecord,
        archived: bool,
    ) -> Result<Frozen, StoreError> {
        self.put_frozen(&record.name, Frozen { by_archive: archived, ..record.frozen }).await
    }

    /// Slack knows the channel under another id, as the relay reports it.
    pub(crate) async fn report_move(
        &mut self,
        _: &Authorized<ChannelReport>,
        enclave: &EnclaveName,
        channel: &str,
    ) -> Result<(), StoreError> {
        self.put_text("UPDATE enclave SET channel = $1 WHERE name = $2", enclave, channel).await
    }

    pub(super) async fn put_people(
        &mut self,
        enclave: &EnclaveName,
        people: &BTreeMap<String, ChannelPersonRecord>,
    ) -> Result<(), StoreError> {
        for (account, person) in people {
            sqlx::query(
                "INSERT INTO channel_person (enclave, account, class, shown) VALUES ($1, $2, $3, $4)",
            )
            .bind(enclave.as_str())
            .bind(account)
            .bind(row::class_name(person.class))
            .bind(holdable(&person.shown).into_owned())
            .execute(self.connection())
            .await?;
        }
        Ok(())
    }

    async fn drop_verdicts(&mut self, enclave: &EnclaveName, whom: &Verdict) -> Result<(), StoreError> {
        if let Some(account) = &whom.account {
            sqlx::query("DELETE FROM verdict WHERE enclave = $1 AND account = $2")
                .bind(enclave.as_str())
                .bind(account)
                .execute(self.connection())
                .await?;
        }
        if let Some(person) = &whom.person {
            sqlx::query("DELETE FROM verdict WHERE enclave = $1 AND issuer = $2 AND subject = $3")
                .bind(enclave.as_str())
                .bind(&person.issuer)
                .bind(&person.subject)
                .execute(self.connection())
                .await?;
        }
        Ok(())
    }

    pub(super) async fn put_verdict(
        &mut self,
        enclave: &EnclaveName,
        allowed: bool,
        whom: &Verdict,
    ) -> Result<(), StoreError> {
        let person = whom.person.as_ref();
        sqlx::query(
            "INSERT INTO verdict (enclave, allowed, account, issuer, subject) VALUES ($1, $2, $3, $4, $5)",
        )
        .bind(enclave.as_str())
        .bind(i64::from(allowed))
        .bind(whom.account.as_deref().unwrap_or_default())
        .bind(person.map(|person| person.issuer.as_str()).unwrap_or_default())
        .bind(person.map(|person| person.subject.as_str()).unwrap_or_default())
        .execute(self.connection())
        .await?;
        Ok(())
    }

    async fn pass_tentacles(
        &mut self,
        record: &EnclaveRecord,
        from: &PersonId,
        by: &ChangedBy,
    ) -> Result<Vec<TentacleName>, StoreError> {
        sqlx::query(
            "UPDATE tentacle SET owner_issuer = $1, owner_subject = $2, updated = $6 \
             WHERE enclave = $3 AND owner_issuer = $4 AND owner_subject = $5",
        )
        .bind(&record.owner.issuer)
        .bind(&record.owner.subject)
        .bind(record.name.as_str())
        .bind(&from.issuer)
        .bind(&from.subject)
        .bind(holdable(&row::json_text(by)).into_owned())
        .execute(self.connection())
        .await?;
        self.touch_mirrored(&record.name).await?;
        let owned = record.tentacles.iter().filter(|(_, tentacle)| tentacle.owner == *from);
        Ok(owned.map(|(name, _)| name.clone()).collect())
    }
}
