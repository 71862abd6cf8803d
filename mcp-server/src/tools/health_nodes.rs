//! `health_nodes`: how each node is.

use super::{About, Effect, Handler, Repeat};
use crate::call::Call;
use crate::gate::{SurveyGrant, act};
use crate::progress::Progress;
use crate::server::Server;
use policy::Action;
use wire::tools::cluster::{HealthNodes, HealthNodesAnswer};
use wire::{Failure, Nothing};

impl Handler for HealthNodes {
    const ABOUT: About = About {
        title: "Health of the nodes",
        description: "How each node is: whether it takes work, and what is wrong with it. For operators.",
        effect: Effect::Reads,
        repeat: Repeat::Resumes,
    };
    const ACTIONS: &'static [Action] = &[Action::ClusterProfile];

    async fn handle(
        server: &Server,
        call: &Call,
        _: Nothing,
        _: &Progress,
    ) -> Result<HealthNodesAnswer, Failure> {
        let look = server.gate.look(call).await?;
        let grant = SurveyGrant::Whole(look.itself::<act::ClusterProfile>()?);
        let survey = server.backend.survey(&grant).await.map_err(|error| error.into_failure())?;
        let nodes = survey.nodes;
        let ready = nodes.iter().filter(|node| node.ready).count() as u64;
        Ok(HealthNodesAnswer { ready, total: nodes.len() as u64, nodes })
    }
}
