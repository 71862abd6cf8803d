//! The right to each field that is to change, and what each then does.

use super::wanted::Wanted;
use crate::call::Call;
use crate::gate::target::OnEnclave;
use crate::gate::{Authorized, Change, Changed, EnrollmentGrant, ModeGrant, QuotaGrant, act};
use crate::store::{EnclaveRecord, Rights, Side, StoreError, Tx};
use crate::tools::people::{Somebody, resolve};
use std::sync::Arc;
use wire::tools::enclave::TentacleTransferred;
use wire::{Failure, FailureCode};
use workflow::EnclaveName;

/// What was allowed.
#[derive(Default)]
pub(super) struct Grants {
    add: Option<Authorized<act::AddMember>>,
    remove: Option<Authorized<act::RemoveMember>>,
    mode: Option<ModeGrant>,
    enrollment: Option<EnrollmentGrant>,
    quota: Option<QuotaGrant>,
    rename: Option<Authorized<act::Rename>>,
    freeze: Option<Authorized<act::Freeze>>,
    unfreeze: Option<Authorized<act::Unfreeze>>,
}

impl Grants {
    /// Asks for each field; the first denial denies all.
    pub(super) async fn ask<'g>(
        mut change: Change<'g>,
        named: Option<&EnclaveName>,
        wanted: &Wanted,
    ) -> Result<(Change<'g>, Self), Failure> {
        let mut grants = Self::default();
        if !wanted.remove.is_empty() {
            let (next, grant) = change.enclave::<act::RemoveMember>(named).await?;
            (change, grants.remove) = (next, Some(grant));
        }
        if !wanted.add.is_empty() {
            let (next, grant) = change.enclave::<act::AddMember>(named).await?;
            (change, grants.add) = (next, Some(grant));
        }
        if let Some(mode) = wanted.mode {
            let (next, grant) = change.mode(named, mode).await?;
            (change, grants.mode) = (next, Some(grant));
        }
        if let Some(enrollment) = wanted.enrollment {
            let (next, grant) = change.enrollment(named, enrollment).await?;
            (change, grants.enrollment) = (next, Some(grant));
        }
        if let Some(quota) = wanted.quota {
            let (next, grant) = change.quota(named, quota).await?;
            (change, grants.quota) = (next, Some(grant));
        }
        if wanted.shown.is_some() {
            let (next, grant) = change.enclave::<act::Rename>(named).await?;
            (change, grants.rename) = (next, Some(grant));
        }
        match wanted.freeze {
            Some(true) => {
                let (next, grant) = change.enclave::<act::Freeze>(named).await?;
                (change, grants.freeze) = (next, Some(grant));
            }
            Some(false) => {
                let (next, grant) = change.enclave::<act::Unfreeze>(named).await?;
                (change, grants.unfreeze) = (next, Some(grant));
            }
            None => {}
        }
        Ok((change, grants))
    }

    /// The enclave as it was when it was decided about, and a grant to make the backend follow.
    pub(super) fn decided_on(&self) -> Option<(&Arc<EnclaveRecord>, &dyn Changed)> {
        fn of<A: act::Changes + act::Act<Target = OnEnclave>>(
            grant: &Authorized<A>,
        ) -> (&Arc<EnclaveRecord>, &dyn Changed) {
            (&grant.target().record, grant)
        }
        let mode = self.mode.as_ref().map(|grant| match grant {
            ModeGrant::Set(grant) => of(grant),
            ModeGrant::Tighten(grant) => of(grant),
        });
        let enrollment = self.enrollment.as_ref().map(|grant| match grant {
            EnrollmentGrant::Open(grant) => of(grant),
            EnrollmentGrant::Close(grant) => of(grant),
        });
        let quota = self.quota.as_ref().map(|grant| match grant {
            QuotaGrant::Raise(grant) => of(grant),
            QuotaGrant::Lower(grant) => of(grant),
        });
        let members = self.remove.as_ref().map(of).or_else(|| self.add.as_ref().map(of));
        let state = self.freeze.as_ref().map(of).or_else(|| self.unfreeze.as_ref().map(of));
        let rename = self.rename.as_ref().map(of);
        members.or(mode).or(enrollment).or(quota).or(rename).or(state)
    }

    /// Changes everything that was asked for.
    pub(super) async fn apply(
        &self,
        tx: &mut Tx,
        call: &Call,
        wanted: &Wanted,
        people: &People,
    ) -> Result<Done, StoreError> {
        let mut done = Done { updated: wanted.fields(), transfers: self.members(tx, call, people).await? };
        if !done.transfers.is_empty() {
            done.updated.push("ownership_transfers");
        }
        match (&self.mode, wanted.mode) {
            (Some(ModeGrant::Set(grant)), Some(mode)) => tx.set_mode(grant, mode).await?,
            (Some(ModeGrant::Tighten(grant)), Some(mode)) => tx.tighten_mode(grant, mode).await?,
            _ => {}
        }
        match &self.enrollment {
            Some(EnrollmentGrant::Open(grant)) => tx.open_enrollment(grant).await?,
            Some(EnrollmentGrant::Close(grant)) => tx.close_enrollment(grant).await?,
            None => {}
        }
        match (&self.quota, wanted.quota) {
            (Some(QuotaGrant::Raise(grant)), Some(quota)) => tx.raise_quota(grant, quota).await?,
            (Some(QuotaGrant::Lower(grant)), Some(quota)) => tx.lower_quota(grant, quota).await?,
            _ => {}
        }
        if let (Some(grant), Some(shown)) = (&self.rename, &wanted.shown) {
            tx.rename_channel(grant, shown).await?;
        }
        if let Some(grant) = &self.freeze {
            tx.freeze(grant, Side::of(call)).await?;
        }
        if let Some(grant) = &self.unfreeze {
            tx.unfreeze(grant, Side::of(call)).await?;
        }
        let told = call.emergency(&format!("changed this enclave's {}", done.updated.join(", ")));
        if let (Some(told), Some((record, _))) = (told, self.decided_on()) {
            tx.notify(record, &told).await?;
        }
        Ok(done)
    }

    async fn members(
        &self,
        tx: &mut Tx,
        call: &Call,
        people: &People,
    ) -> Result<Vec<TentacleTransferred>, StoreError> {
        let mut transfers = Vec::new();
        if let Some(grant) = &self.remove {
            for whom in &people.remove {
                let passed = tx.remove_member(grant, &whom.verdict(false), &call.changes()).await?;
                transfers.extend(passed.into_iter().map(|name| TentacleTransferred {
                    tentacle_name: name.to_string(),
                    from_owner: whom.shown.clone(),
                    to_owner: people.owner.clone(),
                    success: true,
                }));
            }
        }
        if let Some(grant) = &self.add {
            for whom in &people.add {
                tx.add_member(grant, &whom.verdict(true)).await?;
            }
        }
        Ok(transfers)
    }
}

/// The people that are meant, looked up before anything is changed.
#[derive(Default)]
pub(super) struct People {
    add: Vec<Somebody>,
    remove: Vec<Somebody>,
    owner: String,
}

impl People {
    /// Looks up everybody that is named.
    pub(super) fn find(wanted: &Wanted, record: &EnclaveRecord, rights: &Rights) -> Result<Self, Failure> {
        let find = |texts: &[String]| {
            texts.iter().map(|text| resolve(text, record, rights)).collect::<Result<Vec<Somebody>, Failure>>()
        };
        let people = Self {
            add: find(&wanted.add)?,
            remove: find(&wanted.remove)?,
            owner: rights.shown(&record.owner).to_owned(),
        };
        if people.remove.iter().any(|whom| whom.person.as_ref() == Some(&record.owner)) {
            let owner = format!("{} owns this enclave and cannot be removed from it", people.owner);
            return Err(Failure::new(FailureCode::Invalid, owner).with_remedy("give the enclave away first"));
        }
        Ok(people)
    }
}

/// What became of it.
pub(super) struct Done {
    pub(super) updated: Vec<&'static str>,
    pub(super) transfers: Vec<TentacleTransferred>,
}
