//! `tntc enclave drift`.

use super::Named;
use crate::commands::{Context, Effect};
use crate::failed::Failed;
use crate::output::View;
use wire::tools::drift::{EnclaveDrift, EnclaveDriftAnswer, EnclaveDriftArgs};

/// Which enclave, and what becomes of it.
#[derive(Debug, clap::Args)]
pub(crate) struct Drift {
    #[command(flatten)]
    named: Named,
    /// Whether it is only told, or put back
    #[arg(value_parser = ["report", "repair"])]
    drift: String,
}

impl Drift {
    pub(crate) async fn run(&self, context: &Context) -> Result<(), Failed> {
        let args = EnclaveDriftArgs { name: Some(self.named.name.clone()), drift: self.drift.clone() };
        let answer = context.call::<EnclaveDrift>(Effect::Writes, &args).await?;
        Ok(context.output.show(&answer, view)?)
    }
}

fn view(done: &EnclaveDriftAnswer) -> View {
    let how = match done.drift.as_str() {
        "repair" => "put back, and told in the channel",
        _ => "told in the channel",
    };
    View::new().verdict(true, format!("what somebody changes by hand in {} is {how}", done.name))
}
