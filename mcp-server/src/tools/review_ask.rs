//! `review_ask`: a change of a tentacle that lies on a branch of its own is to be reviewed.

use super::wf_list::named;
use super::{About, Effect, Handler, Repeat};
use crate::call::Call;
use crate::progress::Progress;
use crate::server::Server;
use crate::state::NO_REVIEWS;
use policy::Action;
use wire::tools::review::{Proposed, ReviewAsk, ReviewAskArgs};
use wire::{Failure, FailureCode};

impl Handler for ReviewAsk {
    const ABOUT: About = About {
        title: "Ask for a review",
        description: "Opens a pull request for a branch of the state repo that changes one tentacle, unless there is one, and says \
                      how it stands. Whoever may deploy may ask. Nothing is deployed by that.",
        effect: Effect::Changes,
        repeat: Repeat::Resumes,
    };
    const ACTIONS: &'static [Action] = &[Action::Apply, Action::ApplyNew];

    async fn handle(
        server: &Server,
        call: &Call,
        args: ReviewAskArgs,
        _: &Progress,
    ) -> Result<Proposed, Failure> {
        let named = named(args.enclave)?;
        let (change, grant) = server.gate.change(call).await?.deploy(named.as_ref(), &args.name).await?;
        let enclave = grant.target().record.name.clone();
        let by = call.initiator().map_or_else(|| "somebody".to_owned(), |initiator| initiator.shown);
        let changing = change.decided();
        let Some(state) = &server.state else {
            return Err(changing.failed(Failure::new(FailureCode::NotYet, NO_REVIEWS)).await);
        };
        let effect = changing.begin("").await?;
        match state.propose((&enclave, &args.name), &args.branch, (&args.summary, &by)).await {
            Ok(proposed) => {
                effect.end().await?.done().await?;
                Ok(proposed)
            }
            Err(failure) => Err(effect.failed(failure).await),
        }
    }
}
