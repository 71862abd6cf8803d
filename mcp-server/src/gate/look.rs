//! Deciding reads, on rights that are current, without making the reader wait for the record.

use super::act::{Act, Apply, ApplyNew, List, Reads};
use super::ask::{Facts, Refused, ask, refused_by_kind};
use super::authorized::Authorized;
use super::refusal::{About, Refusal, may_know};
use super::target::{Itself, OnEnclave, OnTentacle};
use super::{Gate, unavailable};
use crate::call::Call;
use crate::store::{EnclaveRecord, Filed, Rights};
use policy::{Action, Decision};
use std::sync::Arc;
use uuid::Uuid;
use wire::Failure;
use wire::trail;
use workflow::{EnclaveName, TentacleName};

/// One look at the rights as they are now.
pub(crate) struct Look<'g> {
    gate: &'g Gate,
    call: &'g Call,
    rights: Arc<Rights>,
}

impl Gate {
    /// Looks at the rights as they are now.
    pub(crate) async fn look<'g>(&'g self, call: &'g Call) -> Result<Look<'g>, Failure> {
        let rights = self.store.rights().await.map_err(|error| unavailable(&error))?;
        Ok(Look { gate: self, call, rights })
    }
}

impl Look<'_> {
    /// The rights that are looked at.
    pub(crate) fn rights(&self) -> &Rights {
        &self.rights
    }

    /// Whether it is an operator who looks.
    pub(super) fn is_by_operator(&self) -> bool {
        self.call.operator().is_some()
    }

    /// Asks for `A` on the caller itself.
    pub(crate) fn itself<A: Reads<Target = Itself>>(&self) -> Result<Authorized<A>, Failure> {
        self.decide::<A>(Itself, &Facts::Itself, About::default())
    }

    /// Whether the caller may do `A` on the enclave that is meant, which is answered. It is no grant for it.
    pub(crate) fn may<A: Act<Target = OnEnclave>>(
        &self,
        named: Option<&EnclaveName>,
    ) -> Result<OnEnclave, Failure> {
        self.asked::<A>(named).map(|grant| grant.target().clone())
    }

    /// Asks for `A` on the enclave that is meant.
    pub(crate) fn enclave<A: Reads<Target = OnEnclave>>(
        &self,
        named: Option<&EnclaveName>,
    ) -> Result<Authorized<A>, Failure> {
        self.asked::<A>(named)
    }

    fn asked<A: Act<Target = OnEnclave>>(
        &self,
        named: Option<&EnclaveName>,
    ) -> Result<Authorized<A>, Failure> {
        let record = self.meant::<A>(named, None)?;
        let about = About { enclave: Some(record.name.as_str()), object: None, record: Some(&record) };
        let facts = Facts::Enclave(self.facts_of(&record));
        self.decide::<A>(OnEnclave { record: Arc::clone(&record) }, &facts, about)
    }

    /// Asks for `A` on a tentacle of the enclave that is meant.
    pub(crate) fn tentacle<A: Reads<Target = OnTentacle>>(
        &self,
        named: Option<&EnclaveName>,
        name: &TentacleName,
    ) -> Result<Authorized<A>, Failure> {
        let record = self.meant::<A>(named, Some(name.as_str()))?;
        let about =
            About { enclave: Some(record.name.as_str()), object: Some(name.as_str()), record: Some(&record) };
        let enclave = self.facts_of(&record);
        let Some(tentacle) = record.tentacles.get(name).cloned() else {
            // Whoever may not know the enclave hears of it no more than of the tentacle.
            let about = if may_know(self.call, &enclave) { about } else { About { record: None, ..about } };
            return Err(self.refuse::<A>(&unknown(self.call, A::ACTION), &Facts::Unknown, about));
        };
        let facts = Facts::tentacle(self.call, &record, self.account_in(&record), &tentacle);
        let target = OnTentacle { record: Arc::clone(&record), name: name.clone(), tentacle: Some(tentacle) };
        self.decide::<A>(target, &facts, about)
    }

    /// What was granted, on the tentacle as it is at this moment: it was asked for some time ago, and is about to be done. Decided
    /// as it was then; only a denial goes on record.
    pub(crate) fn again<A>(&self, grant: &Authorized<A>) -> Result<Authorized<A>, Failure>
    where
        A: Act<Target = OnTentacle>,
    {
        let OnTentacle { record: then, name, .. } = grant.target();
        let record = self.meant::<A>(Some(&then.name), Some(name.as_str()))?;
        let about =
            About { enclave: Some(record.name.as_str()), object: Some(name.as_str()), record: Some(&record) };
        let enclave = self.facts_of(&record);
        let Some(tentacle) = record.tentacles.get(name).filter(|_| record.id == then.id).cloned() else {
            let about = if may_know(self.call, &enclave) { about } else { About { record: None, ..about } };
            return Err(self.refuse::<A>(&unknown(self.call, A::ACTION), &Facts::Unknown, about));
        };
        let facts = Facts::met(self.call, (&record.name, name), enclave, &tentacle);
        match ask(self.call, A::ACTION, &facts) {
            Ok(_) => {
                let record = Arc::clone(&record);
                let target = OnTentacle { record, name: name.clone(), tentacle: Some(tentacle) };
                Ok(Authorized::new(grant.id(), target))
            }
            Err(refused) => Err(self.refuse::<A>(&refused, &facts, about)),
        }
    }

    /// Whether whoever was granted to deploy a tentacle, or to make one, may do it still. Only a denial goes on record; it grants
    /// nothing.
    pub(crate) fn deploys_still(&self, grant: &Authorized<Apply>) -> Result<(), Failure> {
        let OnTentacle { record: then, name, tentacle } = grant.target();
        let record = self.meant::<Apply>(Some(&then.name), Some(name.as_str()))?;
        if tentacle.is_some() || record.id != then.id || record.tentacles.contains_key(name) {
            return self.again(grant).map(drop);
        }
        let about =
            About { enclave: Some(record.name.as_str()), object: Some(name.as_str()), record: Some(&record) };
        let facts = Facts::NewTentacle(self.facts_of(&record));
        let asked = ask(self.call, ApplyNew::ACTION, &facts);
        asked.map(drop).map_err(|refused| self.refuse::<ApplyNew>(&refused, &facts, about))
    }

    /// Whether whoever was granted `A` on a tentacle some time ago may hear what comes of it: they may do it still, or may read what
    /// the tentacle prints, or, where there is none yet, the enclave. It grants nothing.
    pub(crate) fn hears<A>(&self, grant: &Authorized<A>) -> Result<(), Failure>
    where
        A: Act<Target = OnTentacle>,
    {
        let OnTentacle { record: then, name, .. } = grant.target();
        let record = self.rights.enclave(&then.name).filter(|record| record.id == then.id);
        let reads = record.is_some_and(|record| {
            let enclave = self.facts_of(record);
            let asked = match record.tentacles.get(name) {
                Some(tentacle) => {
                    let facts = Facts::met(self.call, (&record.name, name), enclave, tentacle);
                    Some((Action::TentacleLogs, facts))
                }
                None => is_new(grant).then_some((Action::Info, Facts::Enclave(enclave))),
            };
            asked.is_some_and(|(action, facts)| ask(self.call, action, &facts).is_ok())
        });
        if reads { Ok(()) } else { self.again(grant).map(drop) }
    }

    /// The tentacle whose copy has this name: the longest that it begins with. Nothing is decided by it: what is answered is
    /// still to be asked for.
    pub(crate) fn tentacle_of(&self, named: Option<&EnclaveName>, copy: &str) -> Option<TentacleName> {
        let record = match self.call.channel() {
            Some((team, channel)) => self.rights.enclave_of(team, &channel.id),
            None => named.and_then(|name| self.rights.enclave(name)),
        };
        let begins = |name: &&TentacleName| {
            copy.strip_prefix(name.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
        };
        record?.tentacles.keys().filter(begins).max_by_key(|name| name.as_str().len()).cloned()
    }

    /// Every enclave after `after` that the caller may see, by name. A list is one record. Refused only where no list
    /// is to be had at all.
    pub(crate) fn list(
        &self,
        after: Option<&str>,
    ) -> Result<impl Iterator<Item = Authorized<List>>, Failure> {
        if let Some(refused) = refused_by_kind(self.call, Action::List) {
            return Err(self.refuse::<List>(&refused, &Facts::Itself, About::default()));
        }
        let own =
            self.call.channel().map(|(team, channel)| self.rights.enclave_of(team, &channel.id).cloned());
        let (only, all) = match own {
            Some(own) => (own, None),
            None => (None, Some(self.rights.enclaves_after(after).cloned())),
        };
        self.record(Action::List, Ok("list"), About::default());
        Ok(only.into_iter().chain(all.into_iter().flatten()).filter_map(|record| {
            let facts = Facts::Enclave(self.facts_of(&record));
            let allowed = ask(self.call, Action::List, &facts).is_ok();
            allowed.then(|| Authorized::new(Uuid::nil(), OnEnclave { record }))
        }))
    }

    /// What else the caller may see of an enclave of which they see something; nothing where they may not. It belongs to the
    /// record of `seen`.
    pub(crate) fn also<S, A>(&self, seen: &Authorized<S>) -> Option<Authorized<A>>
    where
        S: Reads<Target = OnEnclave>,
        A: Reads<Target = OnEnclave>,
    {
        let target = seen.target();
        ask(self.call, A::ACTION, &Facts::Enclave(self.facts_of(&target.record))).ok()?;
        Some(Authorized::new(seen.id(), target.clone()))
    }

    /// The tentacles of a listed enclave that pass `A` too, by name. They belong to the list's record.
    pub(crate) fn tentacles<A: Reads<Target = OnTentacle>>(
        &self,
        listed: Authorized<List>,
    ) -> impl Iterator<Item = Authorized<A>> {
        let record = Arc::clone(&listed.target().record);
        let account = self.account_in(&record).map(str::to_owned);
        let names: Vec<TentacleName> = record.tentacles.keys().cloned().collect();
        names.into_iter().filter_map(move |name| {
            let tentacle = record.tentacles.get(&name)?;
            let facts = Facts::tentacle(self.call, &record, account.as_deref(), tentacle);
            ask(self.call, A::ACTION, &facts).ok()?;
            let target = OnTentacle { record: Arc::clone(&record), tentacle: Some(tentacle.clone()), name };
            Some(Authorized::new(Uuid::nil(), target))
        })
    }

    /// The enclave as the caller meets it.
    pub(crate) fn facts_of(&self, record: &EnclaveRecord) -> policy::Enclave {
        Facts::enclave(self.call, record, self.account_in(record))
    }

    fn account_in(&self, record: &EnclaveRecord) -> Option<&str> {
        self.rights.account_of(self.call.person_id()?, record.team()?)
    }

    /// The record that is meant: in a channel the channel's, else the one that is named.
    fn meant<A: Act>(
        &self,
        named: Option<&EnclaveName>,
        object: Option<&str>,
    ) -> Result<Arc<EnclaveRecord>, Failure> {
        let found = match self.call.channel() {
            Some((team, channel)) => self.rights.enclave_of(team, &channel.id),
            None => named.and_then(|name| self.rights.enclave(name)),
        };
        let name = named.map(EnclaveName::as_str);
        let about = About { enclave: name, object, record: None };
        match found {
            Some(record) if named.is_none_or(|named| *named == record.name) => Ok(Arc::clone(record)),
            Some(_) => Err(self.refuse::<A>(&Refused::OtherEnclave, &Facts::Unknown, about)),
            None => Err(self.refuse::<A>(&unknown(self.call, A::ACTION), &Facts::Unknown, about)),
        }
    }

    fn decide<A: Act>(
        &self,
        target: A::Target,
        facts: &Facts,
        about: About<'_>,
    ) -> Result<Authorized<A>, Failure> {
        match ask(self.call, A::ACTION, facts) {
            Ok(reason) => {
                self.record(A::ACTION, Ok(reason), about);
                Ok(Authorized::new(Uuid::now_v7(), target))
            }
            Err(refused) => Err(self.refuse::<A>(&refused, facts, about)),
        }
    }

    fn refuse<A: Act>(&self, refused: &Refused, facts: &Facts, about: About<'_>) -> Failure {
        self.record(A::ACTION, Err(refused.name()), about);
        Refusal { call: self.call, action: A::ACTION, refused, facts, about }.told(&self.rights)
    }

    fn record(&self, action: Action, reason: Result<&str, &str>, about: About<'_>) {
        self.gate.metrics.decided(action, reason.is_ok());
        let decision = decision(self.call, action, reason, about);
        // An enclave that nobody may be told of is found all the same: its owner may know who asked.
        let named = decision.enclave.as_deref();
        let record = named.and_then(|name| self.rights.enclave(&name.parse().ok()?));
        let unknown = || Filed { enclave: named.unwrap_or_default().to_owned(), ..Filed::default() };
        let filed = record.map_or_else(unknown, |record| Filed::under(record));
        self.gate.reads.record(filed, decision);
    }
}

/// Whether it was granted to make the tentacle, which was not there.
fn is_new<A: Act<Target = OnTentacle>>(grant: &Authorized<A>) -> bool {
    A::ACTION == Action::Apply && grant.target().tentacle.is_none()
}

/// What the policy says about something of which there is no record.
pub(super) fn unknown(call: &Call, action: Action) -> Refused {
    match ask(call, action, &Facts::Unknown) {
        Err(refused) => refused,
        // INVARIANT: the policy denies what is unknown; were it otherwise, this denies.
        Ok(_) => {
            Refused::Policy(Decision { outcome: Err(policy::Denied::Unknown), enclave: None, tentacle: None })
        }
    }
}

/// A decision as the trail keeps it: `reason` is what an allow rests on, or why it was denied.
pub(super) fn decision(
    call: &Call,
    action: Action,
    reason: Result<&str, &str>,
    about: About<'_>,
) -> trail::Decision {
    trail::Decision {
        who: call.who(),
        tool: call.tool.to_owned(),
        action: action.name().to_owned(),
        enclave: about.enclave.or(about.record.map(|record| record.name.as_str())).map(str::to_owned),
        object: about.object.map(str::to_owned),
        allowed: reason.is_ok(),
        reason: reason.unwrap_or_else(|reason| reason).to_owned(),
        because: call.reason.clone(),
        via: call.via_for_trail(),
        arguments_sha256: call.arguments_sha256.clone(),
    }
}

impl Gate {
    /// Puts on record that a call was refused before anything could be asked for.
    pub(crate) fn refuse_call(&self, call: &Call, actions: &[Action], reason: &str) {
        if let Some(action) = actions.first() {
            self.metrics.decided(*action, false);
            self.reads.record(Filed::default(), decision(call, *action, Err(reason), About::default()));
        }
    }
}
