//! `review_status`: how a review of a change stands.

use super::wf_list::named;
use super::{About, Effect, Handler, Repeat};
use crate::call::Call;
use crate::gate::act;
use crate::progress::Progress;
use crate::server::Server;
use crate::state::NO_REVIEWS;
use policy::Action;
use wire::tools::review::{Proposed, ReviewStatus, ReviewStatusArgs};
use wire::{Failure, FailureCode};

impl Handler for ReviewStatus {
    const ABOUT: About = About {
        title: "How a review stands",
        description: "Who approved a change of a tentacle, who wants something else, what the checks say, and whether it is merged.",
        effect: Effect::Reads,
        repeat: Repeat::Resumes,
    };
    const ACTIONS: &'static [Action] = &[Action::Info, Action::TentacleStatus];

    async fn handle(
        server: &Server,
        call: &Call,
        args: ReviewStatusArgs,
        _: &Progress,
    ) -> Result<Proposed, Failure> {
        let named = named(args.enclave)?;
        let look = server.gate.look(call).await?;
        // One that is only proposed is the enclave's; one that is there may be shown to fewer.
        let is_there = look.tentacle_of(named.as_ref(), args.name.as_str()).as_ref() == Some(&args.name);
        let enclave = match is_there {
            true => {
                look.tentacle::<act::TentacleStatus>(named.as_ref(), &args.name)?.target().record.name.clone()
            }
            false => look.enclave::<act::Info>(named.as_ref())?.target().record.name.clone(),
        };
        let state = server.state.as_ref().ok_or_else(|| Failure::new(FailureCode::NotYet, NO_REVIEWS))?;
        let proposed = state.proposal((&enclave, &args.name), args.number).await?;
        proposed.ok_or_else(|| {
            let what = format!("there is no pull request {} that changes `{}`", args.number, args.name);
            Failure::new(FailureCode::NotFound, what)
        })
    }
}
