//! `health_cluster_summary`: how the cluster is, in numbers that tell nothing of others.

use super::{About, Effect, Handler, Repeat};
use crate::backend::Survey;
use crate::call::Call;
use crate::progress::Progress;
use crate::server::Server;
use policy::Action;
use wire::tools::cluster::{HealthClusterSummary, HealthClusterSummaryAnswer};
use wire::{Failure, Nothing};

impl Handler for HealthClusterSummary {
    const ABOUT: About = About {
        title: "Health of the cluster",
        description: "How the cluster is, in numbers. Operators hear how many enclaves and tentacles there are, too.",
        effect: Effect::Reads,
        repeat: Repeat::Resumes,
    };
    const ACTIONS: &'static [Action] = &[Action::ClusterProfile, Action::ClusterSummary];

    async fn handle(
        server: &Server,
        call: &Call,
        _: Nothing,
        _: &Progress,
    ) -> Result<HealthClusterSummaryAnswer, Failure> {
        let look = server.gate.look(call).await?;
        let grant = look.survey()?;
        let survey = server.backend.survey(&grant).await.map_err(|error| error.into_failure())?;
        let (status, reason) = verdict(&survey);
        let counts = grant.is_whole().then(|| {
            let all = look.rights().enclaves_after(None);
            all.fold((0, 0), |(enclaves, tentacles), record| {
                (enclaves + 1, tentacles + record.tentacles.len() as u64)
            })
        });
        Ok(HealthClusterSummaryAnswer {
            backend: server.backend.name().to_owned(),
            status: status.to_owned(),
            reason,
            nodes: survey.nodes.len() as u64,
            nodes_ready: ready(&survey),
            enclaves: counts.map(|(enclaves, _)| enclaves),
            tentacles: counts.map(|(_, tentacles)| tentacles),
            index_age_seconds: server.backend.index_age().map(|age| age.as_secs()),
        })
    }
}

fn ready(survey: &Survey) -> u64 {
    survey.nodes.iter().filter(|node| node.ready).count() as u64
}

fn verdict(survey: &Survey) -> (&'static str, String) {
    let (ready, all) = (ready(survey), survey.nodes.len() as u64);
    match (ready, all) {
        (0, 0) => ("red", "no node is there, or the server may not see any".to_owned()),
        (0, _) => ("red", "no node takes work".to_owned()),
        (ready, all) if ready == all => ("green", "every node takes work".to_owned()),
        (ready, all) => ("amber", format!("{ready} of {all} nodes take work")),
    }
}
