//! `account_unlink`: a Slack account belongs to nobody any more. Whatever rested on it is lost at once.

use super::{About, Effect, Handler, Repeat, emergency};
use crate::call::Call;
use crate::gate::{Authorized, Change, act, unavailable};
use crate::progress::Progress;
use crate::server::Server;
use crate::store::{AccountId, EnclaveRecord, PersonId, Rights, StoreError, Tx};
use policy::Action;
use std::sync::Arc;
use wire::tools::person::{AccountUnlink, AccountUnlinkAnswer, AccountUnlinkArgs, SlackAccount};
use wire::{Failure, FailureCode};

impl Handler for AccountUnlink {
    const ABOUT: About = About {
        title: "End the binding of a Slack account",
        description: "Ends the binding of the caller's Slack account to their identity: they are a visitor in every enclave of that \
                      workspace until they sign in again, and their tentacles pass to the enclaves' owners. An operator names \
                      the account.",
        effect: Effect::Changes,
        repeat: Repeat::Resumes,
    };
    const ACTIONS: &'static [Action] = &[Action::Unlink];

    async fn handle(
        server: &Server,
        call: &Call,
        args: AccountUnlinkArgs,
        _: &Progress,
    ) -> Result<AccountUnlinkAnswer, Failure> {
        let failed = |error: StoreError| unavailable(&error);
        let (mut change, grant) = server.gate.change(call).await?.itself::<act::Unlink>().await?;
        let rights = server.store.rights().await.map_err(failed)?;
        let bound = meant(call, args.account.as_ref(), &rights);
        let mut reown = Vec::new();
        for (account, person) in bound.iter().flatten() {
            let (next, owned) = reowned(change, &rights, account, person).await?;
            change = next;
            reown.extend(owned);
        }
        let mut changing = change.decided();
        let bound = match bound {
            Ok(bound) => bound,
            Err(failure) => return Err(changing.failed(failure).await),
        };
        let tx = changing.tx();
        for (account, person) in &bound {
            tx.unlink(&grant, call, (account, person)).await.map_err(failed)?;
        }
        for owned in &reown {
            pass_on(tx, owned, &rights).await.map_err(failed)?;
        }
        for (account, person) in &bound {
            let (whose, to) = (emergency::shown(account, &rights), rights.shown(person));
            let did = format!("ended the binding of the Slack account of {whose} to the identity {to}");
            let told = emergency::tell(&mut changing, &rights, (account, Some(person)), &did).await;
            told.map_err(failed)?;
        }
        changing.done().await?;
        let accounts =
            bound.into_iter().map(|(account, _)| SlackAccount { team: account.team, user: account.user });
        let mut passed_on: Vec<_> = reown.iter().map(|owned| owned.record.name.clone()).collect();
        passed_on.dedup();
        Ok(AccountUnlinkAnswer { accounts: accounts.collect(), passed_on })
    }
}

/// The bindings that are meant: in Slack the account that asks, for a client of their own all of the person's, and for an
/// operator the one that is named.
fn meant(
    call: &Call,
    named: Option<&SlackAccount>,
    rights: &Rights,
) -> Result<Vec<(AccountId, PersonId)>, Failure> {
    let none = |what: &str| Failure::new(FailureCode::NotFound, what);
    let named = named.map(|named| AccountId { team: named.team.clone(), user: named.user.clone() });
    let Some(person) = call.person_id() else {
        let account = named.ok_or_else(|| {
            Failure::new(FailureCode::Invalid, "which Slack account is meant was not said")
                .with_remedy("name its workspace and user")
        })?;
        let bound = rights.person_of(&account.team, &account.user).cloned();
        let bound = bound.ok_or_else(|| none("this Slack account is bound to nobody"))?;
        return Ok(vec![(account, bound)]);
    };
    let here = call.via.as_ref().map(|via| (via.team.as_str(), via.user.id.as_str()));
    let mut accounts: Vec<AccountId> = rights.accounts_of(person).to_vec();
    accounts.retain(|account| here.is_none_or(|here| here == (account.team.as_str(), account.user.as_str())));
    accounts.retain(|account| named.as_ref().is_none_or(|named| named == account));
    if accounts.is_empty() {
        return Err(Failure::new(FailureCode::Conflict, "no Slack account of yours is meant by that"));
    }
    Ok(accounts.into_iter().map(|account| (account, person.clone())).collect())
}

/// The enclaves of the account's workspace in which the person owns tentacles and not the enclave.
fn owning(rights: &Rights, account: &AccountId, person: &PersonId) -> Vec<Arc<EnclaveRecord>> {
    let owns = |record: &&Arc<EnclaveRecord>| {
        record.team() == Some(account.team.as_str())
            && record.owner != *person
            && record.tentacles.values().any(|tentacle| tentacle.owner == *person)
    };
    rights.enclaves().filter(owns).cloned().collect()
}

/// What somebody whose binding ends owns in an enclave, and the right to pass it on.
pub(super) struct Owned {
    grant: Authorized<act::Reown>,
    record: Arc<EnclaveRecord>,
    person: PersonId,
}

/// The reconciler's right to pass on what they own.
pub(super) async fn reowned<'g>(
    mut change: Change<'g>,
    rights: &Rights,
    account: &AccountId,
    person: &PersonId,
) -> Result<(Change<'g>, Vec<Owned>), Failure> {
    let mut owned = Vec::new();
    for record in owning(rights, account, person) {
        let (next, grant) = change.housekeeping::<act::Reown>(&record).await?;
        change = next;
        owned.push(Owned { grant, record, person: person.clone() });
    }
    Ok((change, owned))
}

/// Passes it on, and tells the channel.
pub(super) async fn pass_on(tx: &mut Tx, owned: &Owned, rights: &Rights) -> Result<(), StoreError> {
    let Owned { grant, record, person } = owned;
    let passed = tx.reown(grant, person).await?;
    let (who, owner) = (rights.shown(person), rights.shown(&record.owner));
    let names = super::channel_report::names(&passed);
    tx.notify(record, &format!("{who} is not signed in here any more. {names} {owner}'s now.")).await?;
    tracing::info!(enclave.name = %record.name, passed = passed.len(), "tentacles passed to the owner");
    Ok(())
}
