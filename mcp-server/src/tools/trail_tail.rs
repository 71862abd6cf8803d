//! `trail_tail`: what was decided and done.

use super::{About, Effect, Handler, Repeat, bounds};
use crate::call::Call;
use crate::gate::{act, unavailable};
use crate::progress::Progress;
use crate::server::Server;
use crate::store::StoreError;
use policy::Action;
use wire::tools::trail::{TrailTail, TrailTailAnswer, TrailTailArgs};
use wire::{Failure, FailureCode, Page};

impl Handler for TrailTail {
    const ABOUT: About = About {
        title: "Read the trail",
        description: "Answers what was decided and what became of it: of one enclave to its owner, of everything to operators. \
                      With `export` operators get whole chains and their signed heads, for `tntc trail verify`.",
        effect: Effect::Reads,
        repeat: Repeat::Resumes,
    };
    const ACTIONS: &'static [Action] = &[Action::Trail];

    async fn handle(
        server: &Server,
        call: &Call,
        args: TrailTailArgs,
        _: &Progress,
    ) -> Result<TrailTailAnswer, Failure> {
        let failed = |error: StoreError| unavailable(&error);
        let limit = Page { cursor: None, limit: args.limit }.size();
        let look = server.gate.look(call).await?;
        if args.enclave.is_some() || call.channel().is_some() {
            let grant = look.enclave::<act::Trail>(args.enclave.as_ref())?;
            let records = server.store.tail_of(&grant, limit).await.map_err(failed)?;
            return Ok(TrailTailAnswer { records, heads: Vec::new(), next_cursor: None });
        }
        let grant = look.itself::<act::WholeTrail>()?;
        if !args.export {
            let records = server.store.tail_of_all(&grant, limit).await.map_err(failed)?;
            return Ok(TrailTailAnswer { records, heads: Vec::new(), next_cursor: None });
        }
        // The heads first: what they sign for is in the store by then, so a chain that grows meanwhile is no fault.
        server.trail.sign().await.map_err(|error| heads_failed(&error))?;
        let heads = server.trail.heads().newest().map_err(|error| heads_failed(&error))?;
        let after = args.cursor.as_deref().map_or(Ok(Default::default()), place)?;
        let page = server.store.export_trail(&grant, after, limit).await.map_err(failed)?;
        let next_cursor = page.next.map(|(writer, seq)| format!("{writer}:{seq}"));
        Ok(TrailTailAnswer { records: page.records, heads, next_cursor })
    }
}

fn place(cursor: &str) -> Result<(String, u64), Failure> {
    let place = cursor.split_once(':').and_then(|(writer, seq)| Some((writer.to_owned(), seq.parse().ok()?)));
    place.ok_or_else(bounds::cursor)
}

fn heads_failed(error: &crate::trail::HeadsError) -> Failure {
    tracing::error!(%error, "the trail's heads cannot be kept");
    Failure::new(FailureCode::Unavailable, "the trail's signed heads cannot be read at the moment")
}
