//! `tntc enclave review`.

use super::Named;
use crate::commands::{Context, Effect};
use crate::failed::Failed;
use crate::output::View;
use wire::tools::review::{EnclaveReview, EnclaveReviewAnswer, EnclaveReviewArgs};

/// Which enclave, and what it asks of changes.
#[derive(Debug, clap::Args)]
pub(crate) struct Review {
    #[command(flatten)]
    named: Named,
    /// Whether a change must have been reviewed by somebody else
    #[arg(value_parser = ["required", "none"])]
    review: String,
}

impl Review {
    pub(crate) async fn run(&self, context: &Context) -> Result<(), Failed> {
        let required = self.review == "required";
        let args = EnclaveReviewArgs { name: Some(self.named.name.clone()), required };
        let answer = context.call::<EnclaveReview>(Effect::Writes, &args).await?;
        Ok(context.output.show(&answer, view)?)
    }
}

fn view(done: &EnclaveReviewAnswer) -> View {
    let how = match done.required {
        true => "runs once somebody else has approved it and it is merged",
        false => "runs without a review",
    };
    View::new().verdict(true, format!("what is deployed to {} {how}", done.name))
}
