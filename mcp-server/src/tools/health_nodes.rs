//! `health_nodes`: how each node is.

use super::{About, Effect, Handler, Repeat};
use crate::call::Call;
use crate::gate::{SurveyGrant, act};
use crate::progress::Progress;
use crate::server::Server;
use policy::Action;
use wire::Failure;
use wire::tools::cluster::{HealthNodes, HealthNodesAnswer, HealthNodesArgs};

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
        args: HealthNodesArgs,
        _: &Progress,
    ) -> Result<HealthNodesAnswer, Failure> {
        let look = server.gate.look(call).await?;
        let grant = SurveyGrant::Whole(look.itself::<act::ClusterProfile>()?);
        let survey = server.backend.survey(&grant).await.map_err(|error| error.into_failure())?;
        let mut nodes = survey.nodes;
        let (ready, total) = (nodes.iter().filter(|node| node.ready).count() as u64, nodes.len() as u64);
        nodes.sort_by(|a, b| a.name.cmp(&b.name));
        nodes.retain(|node| args.page.cursor.as_deref().is_none_or(|cursor| node.name.as_str() > cursor));
        let more = nodes.len() > args.page.size();
        nodes.truncate(args.page.size());
        let next_cursor = nodes.last().filter(|_| more).map(|last| last.name.clone());
        Ok(HealthNodesAnswer { nodes, ready, total, next_cursor })
    }
}
