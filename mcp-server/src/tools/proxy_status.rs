//! `proxy_status`: whether a proxy for modules runs, which older clients ask for. There is none, and the answer says what is
//! instead.

use super::{About, Effect, Handler, Repeat};
use crate::call::Call;
use crate::progress::Progress;
use crate::server::Server;
use policy::Action;
use wire::tools::cluster::{ProxyStatus, ProxyStatusAnswer};
use wire::{Failure, Nothing};

/// What is there instead.
const INSTEAD: &str = "no proxy runs, and none is needed: what deno.lock pins is fetched when a version is deployed, and kept with it";

impl Handler for ProxyStatus {
    const ABOUT: About = About {
        title: "Proxy for modules",
        description: "Says whether a proxy for modules runs beside the tentacles. None does: a version's modules are fetched once, \
                      when it is deployed, and kept with it; what runs fetches nothing.",
        effect: Effect::Reads,
        repeat: Repeat::Resumes,
    };
    const ACTIONS: &'static [Action] = &[Action::ClusterProfile, Action::ClusterSummary];

    async fn handle(
        server: &Server,
        call: &Call,
        _: Nothing,
        _: &Progress,
    ) -> Result<ProxyStatusAnswer, Failure> {
        let look = server.gate.look(call).await?;
        look.survey()?;
        Ok(ProxyStatusAnswer {
            installed: false,
            ready: false,
            namespace: String::new(),
            image: String::new(),
            storage: String::new(),
            told: INSTEAD.to_owned(),
        })
    }
}
