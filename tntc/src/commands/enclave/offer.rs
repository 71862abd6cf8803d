//! `tntc enclave offer`.

use crate::commands::{Context, Effect};
use crate::failed::Failed;
use crate::output::View;
use wire::tools::ownership::{EnclaveOffer, EnclaveOfferAnswer, EnclaveOfferArgs};
use workflow::EnclaveName;

/// Which enclave, and to whom.
#[derive(Debug, clap::Args)]
pub(crate) struct Offer {
    /// The enclave's name
    name: EnclaveName,
    /// A full member of it: a Slack user, an e-mail address, a subject or a name
    to: String,
}

impl Offer {
    pub(crate) async fn run(&self, context: &Context) -> Result<(), Failed> {
        let args = EnclaveOfferArgs { name: Some(self.name.clone()), to: self.to.clone() };
        let answer = context.call::<EnclaveOffer>(Effect::Writes, &args).await?;
        Ok(context.output.show(&answer, view)?)
    }
}

fn view(done: &EnclaveOfferAnswer) -> View {
    let EnclaveOfferAnswer { enclave, to, expires_at, page, .. } = done;
    let place = page.as_deref().map_or("in Slack".to_owned(), |page| format!("in Slack or at {page}"));
    View::new().verdict(true, format!("{enclave} is offered to {to}, who accepts {place} until {expires_at}"))
}
