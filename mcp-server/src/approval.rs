//! New reach: a version that touches more than the running one waits for the enclave's owner.

use crate::gate::act::Apply;
use crate::gate::{Authorized, Changing, unavailable};
use crate::page::Matter;
use crate::server::Server;
use crate::store::{Approval, StoreError, Wanted};
use wire::Failure;
use wire::tools::approval::ApprovalAsked;

/// Where what is wanted was not approved it is asked for, in the same transaction, and that question is answered; `None` when
/// nothing is missing.
pub(crate) async fn missing(
    server: &Server,
    changing: &mut Changing<'_>,
    grant: &Authorized<Apply>,
    wanted: &Wanted<'_>,
) -> Result<Option<ApprovalAsked>, Failure> {
    let failed = |error: StoreError| unavailable(&error);
    if wanted.new.is_empty() || changing.tx().is_approved(grant, wanted).await.map_err(failed)? {
        return Ok(None);
    }
    let (approval, is_new) = changing.tx().ask_approval(grant, wanted).await.map_err(failed)?;
    let record = &grant.target().record;
    // Whoever asks in the channel sees the question there; for the others it is brought to the channel.
    let is_here = changing.call().channel().is_some_and(|(team, channel)| {
        record.channel.as_ref().is_some_and(|own| own.team == team && own.id == channel.id)
    });
    if is_new && !is_here {
        let told = in_words(&approval);
        changing.tx().notify_with(record, &told, approval.id).await.map_err(failed)?;
    }
    let rights = server.store.rights().await.map_err(failed)?;
    Ok(Some(ApprovalAsked {
        id: approval.id,
        changes: approval.changes.iter().map(ToString::to_string).collect(),
        owner: rights.shown(&record.owner).to_owned(),
        page: server.on_page(&Matter::Approval(approval.id)),
        expires_at: approval.expires_at,
    }))
}

/// The question, for the channel.
fn in_words(approval: &Approval) -> String {
    let Approval { asked_by, tentacle, changes, .. } = approval;
    format!("{asked_by} asks to deploy {tentacle}. It would newly do this:\n{changes}")
}
