//! `tntc enclave let-in`.

use crate::commands::{Context, Effect};
use crate::failed::Failed;
use crate::output::View;
use uuid::Uuid;
use wire::tools::joining::{JoinDecide, JoinDecideAnswer, JoinDecideArgs};
use workflow::EnclaveName;

/// Which request, and the answer to it.
#[derive(Debug, clap::Args)]
pub(crate) struct LetIn {
    /// The enclave's name
    name: EnclaveName,
    /// The request, as `tntc enclave info` lists it
    request: Uuid,
    /// Do not let them in
    #[arg(long)]
    no: bool,
}

impl LetIn {
    pub(crate) async fn run(&self, context: &Context) -> Result<(), Failed> {
        let args = JoinDecideArgs { name: Some(self.name.clone()), request: self.request, allow: !self.no };
        let answer = context.call::<JoinDecide>(Effect::Writes, &args).await?;
        Ok(context.output.show(&answer, view)?)
    }
}

fn view(decided: &JoinDecideAnswer) -> View {
    let JoinDecideAnswer { enclave, person, allowed, bring } = decided;
    let told = match (allowed, bring) {
        (false, _) => format!("{person} is not let into {enclave}, and can ask again after a day"),
        (true, None) => format!("{person} is let into {enclave}"),
        (true, Some(_)) => format!("{person} is let into {enclave}: invite them to its channel"),
    };
    View::new().verdict(true, told)
}
