//! What channels hear of an operator's change that is about somebody, and not about one enclave.

use crate::gate::Changing;
use crate::store::{AccountId, EnclaveRecord, PersonId, Rights, StoreError};

/// Tells every enclave in which somebody counts, by their account or by their identity.
pub(super) async fn tell(
    changing: &mut Changing<'_>,
    rights: &Rights,
    (account, person): (&AccountId, Option<&PersonId>),
    did: &str,
) -> Result<(), StoreError> {
    let Some(told) = changing.call().emergency(did) else { return Ok(()) };
    for record in rights.enclaves().filter(|record| counts(record, account, person)) {
        changing.tx().notify(record, &told).await?;
    }
    Ok(())
}

/// Whether somebody is in the enclave's channel, or owns it or something in it.
fn counts(record: &EnclaveRecord, account: &AccountId, person: Option<&PersonId>) -> bool {
    let owns = |person: &PersonId| {
        record.owner == *person || record.tentacles.values().any(|tentacle| tentacle.owner == *person)
    };
    let is_in = record.account_shown(&account.user).is_some();
    record.team() == Some(account.team.as_str()) && (is_in || person.is_some_and(owns))
}

/// The name to show for an account: that of whoever it is bound to, else the one that a channel knows, else its id.
pub(super) fn shown<'a>(account: &'a AccountId, rights: &'a Rights) -> &'a str {
    let bound = rights.person_of(&account.team, &account.user).map(|person| rights.shown(person));
    let here = |record: &&'a std::sync::Arc<EnclaveRecord>| record.team() == Some(account.team.as_str());
    let known = || rights.enclaves().filter(here).find_map(|record| record.account_shown(&account.user));
    bound.or_else(known).unwrap_or(&account.user)
}
