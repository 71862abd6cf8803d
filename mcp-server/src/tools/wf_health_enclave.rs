//! `wf_health_enclave`: how the tentacles of an enclave are that the caller may see.

use super::wf_list::named;
use super::{About, Effect, Handler, Repeat, wf_health};
use crate::call::Call;
use crate::gate::{act, unavailable};
use crate::progress::Progress;
use crate::server::Server;
use policy::Action;
use wire::Failure;
use wire::tools::health::{
    HealthEntry, HealthSummary, WfHealthEnclave, WfHealthEnclaveAnswer, WfHealthEnclaveArgs,
};

impl Handler for WfHealthEnclave {
    const ABOUT: About = About {
        title: "Health of an enclave's tentacles",
        description: "How the tentacles of an enclave are that the caller may see, each green, amber or red, as `wf_health` says it.",
        effect: Effect::Reads,
        repeat: Repeat::Resumes,
    };
    const ACTIONS: &'static [Action] = &[Action::List, Action::TentacleHealth];

    async fn handle(
        server: &Server,
        call: &Call,
        args: WfHealthEnclaveArgs,
        _: &Progress,
    ) -> Result<WfHealthEnclaveAnswer, Failure> {
        let look = server.gate.look(call).await?;
        let listed = look.enclave::<act::List>(named(args.enclave)?.as_ref())?;
        let cursor = args.page.cursor.as_deref();
        let mut seen = look
            .tentacles::<act::TentacleHealth>(listed)
            .filter(|grant| cursor.is_none_or(|cursor| grant.target().name.as_str() > cursor));
        let page: Vec<_> = seen.by_ref().take(args.page.size()).collect();
        let truncated = seen.next().is_some();
        let ended = server.store.last_ended(&page).await.map_err(|error| unavailable(&error))?;
        let (mut workflows, mut summary) = (Vec::new(), HealthSummary::default());
        for grant in &page {
            let health = wf_health::of(server, grant, ended.get(&grant.target().name));
            let count = match health.status {
                "green" => &mut summary.green,
                "amber" => &mut summary.amber,
                _ => &mut summary.red,
            };
            *count += 1;
            let name = grant.target().name.clone();
            workflows.push(HealthEntry { name, status: health.status.to_owned(), reason: health.reason });
        }
        Ok(WfHealthEnclaveAnswer {
            total: workflows.len() as u64,
            next_cursor: workflows.last().filter(|_| truncated).map(|last| last.name.to_string()),
            workflows,
            summary,
            truncated,
        })
    }
}
