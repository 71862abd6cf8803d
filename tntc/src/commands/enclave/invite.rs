//! `tntc enclave invite`.

use crate::commands::{Context, Effect};
use crate::failed::Failed;
use crate::output::{View, words};
use wire::tools::joining::{EnclaveInvite, EnclaveInviteAnswer, EnclaveInviteArgs};
use workflow::EnclaveName;

/// Whom, and to which enclave.
#[derive(Debug, clap::Args)]
pub(crate) struct Invite {
    /// The enclave's name
    name: EnclaveName,
    /// The e-mail address, as the issuer has verified it for them
    email: String,
    /// Take the invitation back
    #[arg(long)]
    withdraw: bool,
}

impl Invite {
    pub(crate) async fn run(&self, context: &Context) -> Result<(), Failed> {
        let args = EnclaveInviteArgs {
            name: Some(self.name.clone()),
            email: self.email.clone(),
            withdraw: self.withdraw,
        };
        let answer = context.call::<EnclaveInvite>(Effect::Writes, &args).await?;
        Ok(context.output.show(&answer, view)?)
    }
}

fn view(done: &EnclaveInviteAnswer) -> View {
    let EnclaveInviteAnswer { enclave, email, expires_at } = done;
    let Some(until) = expires_at else {
        return View::new().verdict(true, format!("{email} is not invited to {enclave} any more"));
    };
    View::new().verdict(true, format!("{email} is invited to {enclave} until {}", words::time(*until))).line(
        format!("Tell them: `tntc login`, then `tntc enclave join {enclave}`. You let them in, or not."),
    )
}
