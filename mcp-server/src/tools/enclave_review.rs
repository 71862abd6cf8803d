//! `enclave_review`: the owner says whether what comes to run must have been reviewed by somebody else.

use super::{About, Effect, Handler, Repeat};
use crate::call::Call;
use crate::gate::{ReviewGrant, unavailable};
use crate::progress::Progress;
use crate::server::Server;
use crate::state::NO_REVIEWS;
use crate::store::Review;
use policy::Action;
use wire::tools::review::{EnclaveReview, EnclaveReviewAnswer, EnclaveReviewArgs};
use wire::{Failure, FailureCode};

impl Handler for EnclaveReview {
    const ABOUT: About = About {
        title: "Review of changes",
        description: "Says whether a change of a tentacle must have been reviewed before it runs: by a pull request at the place where \
                      the state repo is kept, approved by somebody else, and merged.",
        effect: Effect::Changes,
        repeat: Repeat::Resumes,
    };
    const ACTIONS: &'static [Action] = &[Action::WaiveReview, Action::RequireReview];

    async fn handle(
        server: &Server,
        call: &Call,
        args: EnclaveReviewArgs,
        _: &Progress,
    ) -> Result<EnclaveReviewAnswer, Failure> {
        let wanted = if args.required { Review::Required } else { Review::None };
        let (change, grant) = server.gate.change(call).await?.review(args.name.as_ref(), wanted).await?;
        let mut changing = change.decided();
        let has_reviews = server.state.as_ref().is_some_and(|state| state.has_reviews());
        let done = match &grant {
            ReviewGrant::Waive(grant) => changing.tx().waive_review(grant).await,
            // Else nothing could ever be deployed again.
            ReviewGrant::Require(_) if !has_reviews => {
                let refused = Failure::new(FailureCode::Conflict, NO_REVIEWS).with_remedy(
                    "an operator starts the server with a `--state-repo` at GitHub and `--github-app`",
                );
                return Err(changing.failed(refused).await);
            }
            ReviewGrant::Require(grant) => changing.tx().require_review(grant).await,
        };
        done.map_err(|error| unavailable(&error))?;
        changing.done().await?;
        let record = grant.record();
        Ok(EnclaveReviewAnswer {
            name: record.name.clone(),
            before: record.review == Review::Required,
            required: args.required,
        })
    }
}
