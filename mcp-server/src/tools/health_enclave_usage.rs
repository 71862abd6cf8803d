//! `health_enclave_usage`: how much of its share an enclave uses.

use super::wf_list::named;
use super::{About, Effect, Handler, Repeat};
use crate::call::Call;
use crate::gate::act;
use crate::progress::Progress;
use crate::server::Server;
use policy::Action;
use wire::Failure;
use wire::tools::cluster::{HealthEnclaveUsage, HealthEnclaveUsageAnswer, HealthEnclaveUsageArgs};

impl Handler for HealthEnclaveUsage {
    const ABOUT: About = About {
        title: "What an enclave uses",
        description: "How much of its share an enclave uses: processors, memory, pods, and what else is counted.",
        effect: Effect::Reads,
        repeat: Repeat::Resumes,
    };
    const ACTIONS: &'static [Action] = &[Action::Info];

    async fn handle(
        server: &Server,
        call: &Call,
        args: HealthEnclaveUsageArgs,
        _: &Progress,
    ) -> Result<HealthEnclaveUsageAnswer, Failure> {
        let look = server.gate.look(call).await?;
        let grant = look.enclave::<act::Info>(named(args.enclave)?.as_ref())?;
        let usage = server.backend.usage(&grant).await.map_err(|error| error.into_failure())?;
        let record = &grant.target().record;
        Ok(HealthEnclaveUsageAnswer {
            enclave: record.name.clone(),
            namespace: record.name.clone(),
            quota_preset: record.quota.name().to_owned(),
            resources: usage.resources,
            measured: usage.measured.to_owned(),
        })
    }
}
