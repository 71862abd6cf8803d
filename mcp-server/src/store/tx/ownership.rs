//! An enclave that changes hands: offered, and accepted within a day.

use super::{Tx, now};
use crate::call::Call;
use crate::gate::Authorized;
use crate::gate::act::{Accept, Transfer, Whoami};
use crate::store::record::{EnclaveRecord, Offer, PersonId, Verdict};
use crate::store::{Store, StoreError, row};
use jiff::Timestamp;
use policy::{Class, State};
use std::sync::Arc;
use uuid::Uuid;
use wire::tools::person::OfferedTo;

/// An offer that stands, with the enclave as it stands. Only [`Tx::offer_to`] makes one, so that nothing is accepted that was
/// not offered to whoever accepts it.
#[derive(Debug)]
pub(crate) struct Offered {
    offer: Offer,
    record: Arc<EnclaveRecord>,
}

impl Offered {
    /// Who owned the enclave when it was offered.
    pub(crate) fn owner(&self) -> &PersonId {
        &self.offer.owner
    }

    /// The enclave.
    pub(crate) fn record(&self) -> &EnclaveRecord {
        &self.record
    }
}

/// How many offers a person is told of.
const MOST_TOLD: i64 = 100;

/// Where somebody answers an offer: only a call says.
#[derive(Debug, Clone, Copy)]
pub(crate) struct AnsweredIn<'a>(Place<'a>);

#[derive(Debug, Clone, Copy)]
enum Place<'a> {
    /// By a card in the channel that lives in this workspace under this id.
    Channel(&'a str, &'a str),
    /// On the server's own page, where they signed in for just this offer.
    Page,
}

impl<'a> AnsweredIn<'a> {
    /// Where this call was clicked; nowhere that counts without a click.
    pub(crate) fn of(call: &'a Call) -> Option<Self> {
        let place = match call.channel() {
            Some((team, channel)) => Some(Place::Channel(team, &channel.id)),
            None => call.on_page.then_some(Place::Page),
        };
        place.map(Self)
    }
}

/// How long an offer is good for, in milliseconds: a day.
const VALID: i64 = 24 * 60 * 60 * 1000;

impl Offer {
    /// Whether it still stands: neither of the two stopped being what they were. An operator's is for when something is wrong
    /// already.
    fn stands(&self, record: &EnclaveRecord, heir: Class, owner: Class) -> bool {
        let usable = record.state == State::Active || (self.by_operator && record.state == State::Frozen);
        usable
            && record.owner == self.owner
            && heir == Class::Member
            && (self.by_operator || owner == Class::Owner)
    }
}

impl Store {
    /// What stands offered to this person: none of it names where it can be answered.
    pub(crate) async fn offers_to(
        &self,
        _: &Authorized<Whoami>,
        person: &PersonId,
    ) -> Result<Vec<OfferedTo>, StoreError> {
        let rights = self.rights().await?;
        let found = sqlx::query(
            "SELECT * FROM offer WHERE issuer = $1 AND subject = $2 AND expires_at > $3 ORDER BY expires_at, id LIMIT $4",
        )
        .bind(&person.issuer)
        .bind(&person.subject)
        .bind(now())
        .bind(MOST_TOLD)
        .fetch_all(self.pool())
        .await?;
        let mut offers = Vec::new();
        for offer in found.iter().map(row::offer) {
            let offer = offer?;
            let Some(record) = rights.enclave(&offer.enclave) else { continue };
            let class = |person: &PersonId| {
                let account = record.team().and_then(|team| rights.account_of(person, team));
                record.standing(Some(person), account, Timestamp::now()).class()
            };
            if offer.stands(record, class(person), class(&offer.owner)) {
                let by = rights.shown(&offer.owner).to_owned();
                let Offer { id, enclave, expires_at, .. } = offer;
                offers.push(OfferedTo { offer: id, enclave, by, expires_at, page: None });
            }
        }
        Ok(offers)
    }
}

impl Tx {
    /// Offers the grant's enclave to `to`; an earlier offer of it is void from now on.
    pub(crate) async fn offer_enclave(
        &mut self,
        grant: &Authorized<Transfer>,
        to: &PersonId,
        by_operator: bool,
    ) -> Result<Offer, StoreError> {
        let record = &grant.target().record;
        self.forget_offers(record).await?;
        let (id, expires_at) = (Uuid::now_v7(), now() + VALID);
        sqlx::query(
            "INSERT INTO offer (id, enclave, owner_issuer, owner_subject, issuer, subject, by_operator, expires_at) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        )
        .bind(id.to_string())
        .bind(record.name.as_str())
        .bind(&record.owner.issuer)
        .bind(&record.owner.subject)
        .bind(&to.issuer)
        .bind(&to.subject)
        .bind(i64::from(by_operator))
        .bind(expires_at)
        .execute(self.connection())
        .await?;
        self.find_offer(id).await?.ok_or(StoreError::Database(sqlx::Error::RowNotFound))
    }

    /// The offer of this id that was made to `person`, for the enclave whose channel their card names; `None` when there is none,
    /// or it is void: too old, or one of the two is not any more what they were when it was made.
    pub(crate) async fn offer_to(
        &mut self,
        _: &Authorized<Accept>,
        id: Uuid,
        person: &PersonId,
        AnsweredIn(place): AnsweredIn<'_>,
    ) -> Result<Option<Offered>, StoreError> {
        let Some(offer) = self.find_offer(id).await?.filter(|offer| offer.to == *person) else {
            return Ok(None);
        };
        let here = match place {
            Place::Channel(team, channel) => self.enclave_of(team, channel).await?,
            Place::Page => self.enclave(&offer.enclave).await?,
        };
        let Some(record) = here.filter(|record| record.name == offer.enclave) else { return Ok(None) };
        let heir = self.class_of(&record, person).await?;
        let owner = self.class_of(&record, &offer.owner).await?;
        Ok(offer.stands(&record, heir, owner).then_some(Offered { offer, record }))
    }

    /// The enclave is theirs to whom it was offered. Whoever owned it before stays a member.
    pub(crate) async fn accept_offer(
        &mut self,
        _: &Authorized<Accept>,
        offered: &Offered,
    ) -> Result<(), StoreError> {
        let Offered { offer, record } = offered;
        sqlx::query("UPDATE enclave SET owner_issuer = $1, owner_subject = $2 WHERE name = $3")
            .bind(&offer.to.issuer)
            .bind(&offer.to.subject)
            .bind(record.name.as_str())
            .execute(self.connection())
            .await?;
        let account = match record.team() {
            Some(team) => self.account_of(&offer.owner, team).await?,
            None => None,
        };
        let stays = Verdict { allowed: true, account, person: Some(offer.owner.clone()) };
        self.let_in(record, &stays).await?;
        self.forget_offers(record).await?;
        self.touch_mirrored(&record.name).await
    }

    /// Nobody takes it.
    pub(crate) async fn decline_offer(
        &mut self,
        _: &Authorized<Accept>,
        offered: &Offered,
    ) -> Result<(), StoreError> {
        self.forget_offers(&offered.record).await
    }

    /// Whoever is not any more what they were takes the offers with them that were made to them or by them.
    pub(super) async fn void_offers(
        &mut self,
        record: &EnclaveRecord,
        person: &PersonId,
    ) -> Result<(), StoreError> {
        sqlx::query(
            "DELETE FROM offer WHERE enclave = $1 AND ((issuer = $2 AND subject = $3) \
             OR (by_operator = 0 AND owner_issuer = $2 AND owner_subject = $3))",
        )
        .bind(record.name.as_str())
        .bind(&person.issuer)
        .bind(&person.subject)
        .execute(self.connection())
        .await?;
        Ok(())
    }

    /// Where somebody stands in an enclave, by what is on record now.
    async fn class_of(&mut self, record: &EnclaveRecord, person: &PersonId) -> Result<Class, StoreError> {
        let account = match record.team() {
            Some(team) => self.account_of(person, team).await?,
            None => None,
        };
        Ok(record.standing(Some(person), account.as_deref(), Timestamp::now()).class())
    }

    async fn find_offer(&mut self, id: Uuid) -> Result<Option<Offer>, StoreError> {
        let found = sqlx::query("SELECT * FROM offer WHERE id = $1 AND expires_at > $2")
            .bind(id.to_string())
            .bind(now())
            .fetch_optional(self.connection())
            .await?;
        found.as_ref().map(row::offer).transpose()
    }

    async fn forget_offers(&mut self, record: &EnclaveRecord) -> Result<(), StoreError> {
        sqlx::query("DELETE FROM offer WHERE enclave = $1")
            .bind(record.name.as_str())
            .execute(self.connection())
            .await?;
        Ok(())
    }
}
