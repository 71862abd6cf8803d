//! `notices`: what channels must hear, until the relay says that they have.

use super::{About, Effect, Handler, Repeat};
use crate::call::Call;
use crate::gate::{act, unavailable};
use crate::progress::Progress;
use crate::server::Server;
use policy::Action;
use wire::Failure;
use wire::tools::channel::{Notices, NoticesAnswer, NoticesArgs};

impl Handler for Notices {
    const ABOUT: About = About {
        title: "Notices to deliver",
        description: "For the relay: acknowledges notices that stand in their channel, and answers those that do not yet.",
        effect: Effect::Changes,
        repeat: Repeat::Resumes,
    };
    const ACTIONS: &'static [Action] = &[Action::Notices];

    async fn handle(
        server: &Server,
        call: &Call,
        args: NoticesArgs,
        _: &Progress,
    ) -> Result<NoticesAnswer, Failure> {
        let failed = |error: crate::store::StoreError| unavailable(&error);
        let grant = if args.acknowledge.is_empty() {
            // Asking is a look: the relay asks every few seconds, and there is mostly nothing.
            server.gate.look(call).await?.itself::<act::Notices>()?
        } else {
            let (change, grant) = server.gate.change(call).await?.itself::<act::Notices>().await?;
            let mut changing = change.decided();
            changing.tx().acknowledge(&grant, &args.acknowledge).await.map_err(failed)?;
            changing.done().await?;
            grant
        };
        Ok(NoticesAnswer { notices: server.store.notices(&grant).await.map_err(failed)? })
    }
}
