//! `enclave_invite`: the owner invites somebody by their e-mail address. Nobody is a member by it.

use super::{About, Effect, Handler, Repeat};
use crate::call::Call;
use crate::gate::{act, unavailable};
use crate::progress::Progress;
use crate::server::Server;
use crate::store::{MOST_INVITATIONS, StoreError};
use policy::Action;
use wire::tools::joining::{EnclaveInvite, EnclaveInviteAnswer, EnclaveInviteArgs};
use wire::{Failure, FailureCode};

impl Handler for EnclaveInvite {
    const ABOUT: About = About {
        title: "Invite to an enclave",
        description: "Invites an e-mail address for a week: whoever signs in with it, verified by the issuer, may ask to be let \
                      in, once, and the owner answers. Takes an invitation back with `withdraw`. Only for the owner.",
        effect: Effect::Changes,
        repeat: Repeat::Resumes,
    };
    const ACTIONS: &'static [Action] = &[Action::AddMember];

    async fn handle(
        server: &Server,
        call: &Call,
        args: EnclaveInviteArgs,
        _: &Progress,
    ) -> Result<EnclaveInviteAnswer, Failure> {
        let failed = |error: StoreError| unavailable(&error);
        let email = address(&args.email)?;
        let change = server.gate.change(call).await?;
        let (change, grant) = change.enclave::<act::AddMember>(args.name.as_ref()).await?;
        let enclave = grant.target().record.name.clone();
        let mut changing = change.decided();
        let tx = changing.tx();
        let expires_at = if args.withdraw {
            if !tx.withdraw_invitation(&grant, email).await.map_err(failed)? {
                let none = format!("`{email}` is not invited to {enclave}, or has asked already");
                return Err(changing.failed(Failure::new(FailureCode::NotFound, none)).await);
            }
            None
        } else {
            let Some(until) = tx.invite(&grant, email, &call.shown()).await.map_err(failed)? else {
                let many = format!("{MOST_INVITATIONS} invitations to {enclave} wait already");
                let failure = Failure::new(FailureCode::Conflict, many);
                return Err(changing.failed(failure.with_remedy("take one back, or wait")).await);
            };
            Some(until)
        };
        changing.done().await?;
        Ok(EnclaveInviteAnswer { enclave, email: email.to_owned(), expires_at })
    }
}

/// The longest address that mail takes, in bytes (RFC 5321, 4.5.3.1.3, without the brackets).
const LONGEST: usize = 254;

/// An address as the issuer will tell it: compared byte by byte, so nothing of it is made alike.
fn address(text: &str) -> Result<&str, Failure> {
    let text = text.trim();
    let odd = |c: char| c.is_whitespace() || c.is_control();
    let parts = text.split_once('@');
    let whole = parts.is_some_and(|(name, host)| !name.is_empty() && !host.is_empty() && !host.contains('@'));
    if !whole || text.len() > LONGEST || text.contains(odd) {
        return Err(Failure::new(FailureCode::Invalid, "`email` is not an e-mail address")
            .with_remedy("write it as the person signs in with it, such as ben@example.org"));
    }
    Ok(text)
}
