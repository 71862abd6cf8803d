//! `tntc why`.

use super::{Context, Effect};
use crate::cli::InEnclave;
use crate::failed::Failed;
use crate::output::View;
use wire::tools::person::{WhyAnswer, WhyArgs};
use workflow::TentacleName;

/// Which decision.
#[derive(Debug, clap::Args)]
pub(crate) struct Why {
    /// What is asked for: a word such as `run`, `deploy` or `freeze`, or an action such as `tentacle.run`
    action: String,
    /// The tentacle that it is about
    tentacle: Option<TentacleName>,
    #[command(flatten)]
    within: InEnclave,
    /// Who asks: a Slack user (`U…`), a subject, an address or a name; you when left out
    #[arg(long, value_name = "PERSON")]
    person: Option<String>,
}

impl Why {
    pub(crate) async fn run(&self, context: &Context) -> Result<(), Failed> {
        let args = WhyArgs {
            person: self.person.clone(),
            action: self.action.clone(),
            tentacle: self.tentacle.clone(),
            enclave: Some(self.within.enclave.clone()),
        };
        let answer = context.call::<wire::tools::person::Why>(Effect::Reads, &args).await?;
        Ok(context.output.show(&answer, view)?)
    }
}

fn view(why: &WhyAnswer) -> View {
    let verdict = View::new().verdict(why.allowed, why.verdict.as_str());
    let steps = why.steps.iter().fold(verdict, |view, step| view.line(format!("  - {step}")));
    match &why.remedy {
        Some(remedy) => steps.line(format!("  next: {remedy}")),
        None => steps,
    }
}
