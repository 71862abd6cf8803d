//! Deciding changes, on the record itself, in the transaction that changes it.
//!
//! A [`Change`] only decides; [`Change::decided`] turns it into a [`Changing`], which only changes. So a denial can
//! never find half a change made, and what is denied is still put on record.

use super::Gate;
use super::act::{Act, Apply, ApplyNew, Provision, Restore};
use super::ask::{Facts, Refused, ask};
use super::authorized::Authorized;
use super::changing::{Allowed, Changing};
use super::look::{decision, unknown};
use super::refusal::{About, Refusal, may_know, unavailable};
use super::target::{Itself, OnEnclave, OnNewEnclave, OnNewTentacle, OnTentacle};
use crate::call::Call;
use crate::store::{EnclaveRecord, Filed, PersonId, StoreError};
use crate::trail::Entries;
use policy::{Account, Action, Channel, NewEnclave, State};
use std::sync::Arc;
use uuid::Uuid;
use wire::Failure;
use wire::trail::{Decision, Entry, Outcome, OutcomeResult};
use workflow::{EnclaveName, TentacleName};

/// A change that is being decided.
pub(crate) struct Change<'g> {
    gate: &'g Gate,
    call: &'g Call,
    entries: Entries,
    allowed: Vec<Allowed>,
}

/// What was found under the name of an enclave that is to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Found {
    /// Nothing.
    Nothing,
    /// The same enclave, not made to the end.
    Unfinished,
    /// The same enclave, finished.
    Finished,
    /// Somebody else's.
    Taken,
    /// The channel has an enclave of another name.
    ChannelHas(EnclaveName),
}

impl Gate {
    /// Begins a change.
    pub(crate) async fn change<'g>(&'g self, call: &'g Call) -> Result<Change<'g>, Failure> {
        let entries = self.trail.begin(&self.store).await.map_err(|error| unavailable(&error))?;
        Ok(Change { gate: self, call, entries, allowed: Vec::new() })
    }
}

impl<'g> Change<'g> {
    /// Asks for `A` on the caller itself.
    pub(crate) async fn itself<A: Act<Target = Itself>>(self) -> Result<(Self, Authorized<A>), Failure> {
        self.decide::<A>(Itself, Facts::Itself, About::default()).await
    }

    /// Asks for `A` on the enclave that is meant.
    pub(crate) async fn enclave<A: Act<Target = OnEnclave>>(
        self,
        named: Option<&EnclaveName>,
    ) -> Result<(Self, Authorized<A>), Failure> {
        let (change, record) = self.meant::<A>(named, None).await?;
        change.on::<A>(record).await
    }

    /// Asks for `A` on an enclave whose record is at hand.
    pub(super) async fn on<A: Act<Target = OnEnclave>>(
        mut self,
        record: Arc<EnclaveRecord>,
    ) -> Result<(Self, Authorized<A>), Failure> {
        let facts = Facts::Enclave(self.facts_of(&record).await?);
        let about = About { enclave: Some(record.name.as_str()), object: None, record: Some(&record) };
        self.decide::<A>(OnEnclave { record: Arc::clone(&record) }, facts, about).await
    }

    /// Asks for `A` on a tentacle of the enclave that is meant.
    pub(crate) async fn tentacle<A: Act<Target = OnTentacle>>(
        self,
        named: Option<&EnclaveName>,
        name: &TentacleName,
    ) -> Result<(Self, Authorized<A>), Failure> {
        let (mut change, record) = self.meant::<A>(named, Some(name.as_str())).await?;
        let about =
            About { enclave: Some(record.name.as_str()), object: Some(name.as_str()), record: Some(&record) };
        let enclave = change.facts_of(&record).await?;
        let Some(tentacle) = record.tentacles.get(name).cloned() else {
            let about = if may_know(change.call, &enclave) { about } else { About { record: None, ..about } };
            return Err(change.refuse::<A>(None, Facts::Unknown, about).await);
        };
        let facts = Facts::met(change.call, (&record.name, name), enclave, &tentacle);
        let target = OnTentacle { record: Arc::clone(&record), name: name.clone(), tentacle: Some(tentacle) };
        change.decide::<A>(target, facts, about).await
    }

    /// Asks to deploy a tentacle, whether it is there already or not.
    pub(crate) async fn deploy(
        self,
        named: Option<&EnclaveName>,
        name: &TentacleName,
    ) -> Result<(Self, Authorized<Apply>), Failure> {
        let (mut change, record) = self.meant::<Apply>(named, Some(name.as_str())).await?;
        if record.tentacles.contains_key(name) {
            return change.tentacle::<Apply>(named, name).await;
        }
        let facts = Facts::NewTentacle(change.facts_of(&record).await?);
        let about =
            About { enclave: Some(record.name.as_str()), object: Some(name.as_str()), record: Some(&record) };
        let target = OnNewTentacle { record: Arc::clone(&record), name: name.clone() };
        let (change, grant) = change.decide::<ApplyNew>(target, facts, about).await?;
        Ok((change, grant.into()))
    }

    /// Asks to make an enclave; says what was found under its name.
    pub(crate) async fn new_enclave(
        mut self,
        name: &EnclaveName,
    ) -> Result<(Self, Authorized<Provision>, Found), Failure> {
        let found = self.found(name).await?;
        let new = self.new_facts(found == Found::Unfinished).await?;
        let about = About { enclave: Some(name.as_str()), ..About::default() };
        let target = OnNewEnclave { name: name.clone() };
        let (change, grant) = self.decide::<Provision>(target, Facts::NewEnclave(new), about).await?;
        Ok((change, grant, found))
    }

    /// Asks to restore an enclave, whether or not it is there; says what is there.
    pub(crate) async fn restored(
        mut self,
        name: &EnclaveName,
    ) -> Result<(Self, Authorized<Restore>, Option<Arc<EnclaveRecord>>), Failure> {
        let there = self.entries.tx.enclave(name).await.map_err(|error| unavailable(&error))?;
        let facts = match &there {
            Some(record) => Facts::Enclave(self.facts_of(record).await?),
            None => Facts::NewEnclave(self.new_facts(false).await?),
        };
        let about = About { enclave: Some(name.as_str()), object: None, record: there.as_deref() };
        let target = OnNewEnclave { name: name.clone() };
        let (change, grant) = self.decide::<Restore>(target, facts, about).await?;
        Ok((change, grant, there))
    }

    /// Asks, for the reconciler, to make an enclave whose making was interrupted to the end.
    pub(crate) async fn unfinished(
        self,
        name: &EnclaveName,
    ) -> Result<(Self, Authorized<Provision>), Failure> {
        let (mut change, record) = self.meant::<Provision>(Some(name), None).await?;
        let facts = Facts::Enclave(change.facts_of(&record).await?);
        let about = About { enclave: Some(name.as_str()), object: None, record: Some(&record) };
        change.decide::<Provision>(OnNewEnclave { name: name.clone() }, facts, about).await
    }

    /// Asks for `A` as the server's own housekeeping, whoever made it necessary.
    pub(crate) async fn housekeeping<A: Act<Target = OnEnclave>>(
        self,
        record: &Arc<EnclaveRecord>,
    ) -> Result<(Self, Authorized<A>), Failure> {
        let call = Call::reconciler();
        let facts = Facts::Enclave(Facts::enclave(&call, record, None));
        let about = About { enclave: Some(record.name.as_str()), object: None, record: Some(record) };
        match ask(&call, A::ACTION, &facts) {
            Ok(reason) => {
                let decision = decision(&call, A::ACTION, Ok(reason), about);
                let target = OnEnclave { record: Arc::clone(record) };
                self.allow::<A>(decision, target, about.record).await.map_err(|error| unavailable(&error))
            }
            Err(refused) => Err(self.refuse::<A>(Some(refused), facts, about).await),
        }
    }

    /// The enclave of a channel.
    pub(crate) async fn enclave_of(
        &mut self,
        team: &str,
        channel: &str,
    ) -> Result<Option<Arc<EnclaveRecord>>, Failure> {
        self.entries.tx.enclave_of(team, channel).await.map_err(|error| unavailable(&error))
    }

    /// The identities that are bound to these Slack accounts.
    pub(crate) async fn people_of(
        &mut self,
        team: &str,
        accounts: &[String],
    ) -> Result<Vec<PersonId>, Failure> {
        let mut people = Vec::new();
        for account in accounts {
            let person =
                self.entries.tx.person_of(team, account).await.map_err(|error| unavailable(&error))?;
            people.extend(person);
        }
        Ok(people)
    }

    /// All that is to be decided has been allowed: now it may be done.
    pub(crate) fn decided(self) -> Changing<'g> {
        Changing::new(self.gate, self.call, self.entries, self.allowed)
    }

    /// The enclave `record` as the caller meets it.
    async fn facts_of(&mut self, record: &EnclaveRecord) -> Result<policy::Enclave, Failure> {
        let account = match (self.call.person_id(), record.team()) {
            (Some(person), Some(team)) => {
                self.entries.tx.account_of(person, team).await.map_err(|error| unavailable(&error))?
            }
            _ => None,
        };
        Ok(Facts::enclave(self.call, record, account.as_deref()))
    }

    async fn found(&mut self, name: &EnclaveName) -> Result<Found, Failure> {
        let failed = |error: StoreError| unavailable(&error);
        let own = self.call.channel().map(|(team, channel)| (team.to_owned(), channel.id.clone()));
        if let Some((team, channel)) = &own
            && let Some(record) = self.entries.tx.enclave_of(team, channel).await.map_err(failed)?
            && record.name != *name
        {
            return Ok(Found::ChannelHas(record.name.clone()));
        }
        let Some(record) = self.entries.tx.enclave(name).await.map_err(failed)? else {
            return Ok(Found::Nothing);
        };
        let same_channel =
            record.channel.as_ref().map(|channel| (channel.team.clone(), channel.id.clone())) == own;
        let same_owner = self.call.person_id() == Some(&record.owner);
        Ok(match record.state {
            _ if !same_channel || !same_owner => Found::Taken,
            State::Provisioning => Found::Unfinished,
            State::Active | State::Frozen => Found::Finished,
            State::Deprovisioning => Found::Taken,
        })
    }

    async fn new_facts(&mut self, resumed: bool) -> Result<NewEnclave, Failure> {
        let owned = match self.call.person_id() {
            Some(person) => self.entries.tx.owned_by(person).await.map_err(|error| unavailable(&error))?,
            None => 0,
        };
        let user = self.call.via.as_ref().map(|via| &via.user);
        let let_found = match (self.call.channel(), user) {
            (Some((team, channel)), Some(user)) => {
                let found = self.entries.tx.may_found(team, &channel.id, &user.id).await;
                found.map_err(|error| unavailable(&error))?
            }
            _ => false,
        };
        let channel = match (self.call.channel(), user) {
            (Some((_, channel)), Some(user)) if channel.creator == user.id || let_found => Channel::Own,
            (Some(_), _) => Channel::Foreign,
            (None, _) => Channel::None,
        };
        // A call of the Kraken is only taken with a binding, so the asserted account is the bound one.
        let account = user.map_or(Account::Unbound, |user| user.class.account());
        Ok(NewEnclave { channel, account, owned, resumed })
    }

    /// The record that is meant: in a channel the channel's, else the one that is named.
    pub(super) async fn meant<A: Act>(
        mut self,
        named: Option<&EnclaveName>,
        object: Option<&str>,
    ) -> Result<(Self, Arc<EnclaveRecord>), Failure> {
        let own = self.call.channel().map(|(team, channel)| (team.to_owned(), channel.id.clone()));
        let found = match (own, named) {
            (Some((team, channel)), _) => self.entries.tx.enclave_of(&team, &channel).await,
            (None, Some(name)) => self.entries.tx.enclave(name).await,
            (None, None) => Ok(None),
        };
        let about = About { enclave: named.map(EnclaveName::as_str), object, record: None };
        match found.map_err(|error| unavailable(&error))? {
            Some(record) if named.is_none_or(|named| *named == record.name) => Ok((self, record)),
            Some(_) => Err(self.refuse::<A>(Some(Refused::OtherEnclave), Facts::Unknown, about).await),
            None => Err(self.refuse::<A>(None, Facts::Unknown, about).await),
        }
    }

    async fn decide<A: Act>(
        self,
        target: A::Target,
        facts: Facts,
        about: About<'_>,
    ) -> Result<(Self, Authorized<A>), Failure> {
        match ask(self.call, A::ACTION, &facts) {
            Ok(reason) => {
                let decision = decision(self.call, A::ACTION, Ok(reason), about);
                self.allow::<A>(decision, target, about.record).await.map_err(|error| unavailable(&error))
            }
            Err(refused) => Err(self.refuse::<A>(Some(refused), facts, about).await),
        }
    }

    /// Puts an allow on record, and makes the proof of it.
    async fn allow<A: Act>(
        mut self,
        decision: Decision,
        target: A::Target,
        record: Option<&EnclaveRecord>,
    ) -> Result<(Self, Authorized<A>), StoreError> {
        let (id, object) = (Uuid::now_v7(), decision.object.clone());
        let mut filed = self.filed(&decision, record).await?;
        if A::ACTION == Action::Provision && filed.enclave_id.is_empty() {
            // INVARIANT: the enclave gets the id of the decision that made it.
            filed.enclave_id = id.to_string();
        }
        self.entries.append(id, &filed, Entry::Decision(Box::new(decision))).await?;
        self.gate.metrics.decided(A::ACTION, true);
        self.allowed.push(Allowed { id, action: A::ACTION, filed, object });
        Ok((self, Authorized::new(id, target)))
    }

    /// Puts the denial on record, and that what was allowed before it in this change is not done either. Without a
    /// reason it is what the policy says about something of which there is no record.
    async fn refuse<A: Act>(self, refused: Option<Refused>, facts: Facts, about: About<'_>) -> Failure {
        let (call, gate) = (self.call, self.gate);
        let refused = refused.unwrap_or_else(|| unknown(call, A::ACTION));
        let recorded = self.record_denial(A::ACTION, &refused, about).await;
        match (recorded, gate.store.rights().await) {
            (Ok(()), Ok(rights)) => {
                Refusal { call, action: A::ACTION, refused: &refused, facts: &facts, about }.told(&rights)
            }
            (Err(error), _) | (_, Err(error)) => unavailable(&error),
        }
    }

    /// Where a decision is found again.
    async fn filed(
        &mut self,
        decision: &Decision,
        record: Option<&EnclaveRecord>,
    ) -> Result<Filed, StoreError> {
        match (record, &decision.enclave) {
            (Some(record), _) => Ok(Filed::under(record)),
            (None, Some(name)) => self.entries.tx.filed(name).await,
            (None, None) => Ok(Filed::default()),
        }
    }

    async fn record_denial(
        mut self,
        action: Action,
        refused: &Refused,
        about: About<'_>,
    ) -> Result<(), StoreError> {
        self.gate.metrics.decided(action, false);
        let denial = decision(self.call, action, Err(refused.name()), about);
        let filed = self.filed(&denial, about.record).await?;
        self.entries.append(Uuid::now_v7(), &filed, Entry::Decision(Box::new(denial))).await?;
        let outcome = Outcome { result: OutcomeResult::Failed, reason: Some("all_or_nothing".to_owned()) };
        for allowed in &self.allowed {
            let entry = Entry::Outcome(outcome.clone());
            self.entries.append(allowed.id, &allowed.filed, entry).await?;
        }
        self.entries.commit().await
    }
}
