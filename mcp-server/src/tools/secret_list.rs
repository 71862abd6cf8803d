//! `secret_list`: which secrets an enclave has; never what they are.

use super::wf_list::named;
use super::{About, Effect, Handler, Repeat};
use crate::call::Call;
use crate::gate::{act, unavailable};
use crate::progress::Progress;
use crate::server::Server;
use policy::Action;
use wire::Failure;
use wire::tools::secret::{SecretEntry, SecretList, SecretListAnswer, SecretListArgs};

impl Handler for SecretList {
    const ABOUT: About = About {
        title: "List secrets",
        description: "Says which secrets an enclave has, who set them and when; never what they are.",
        effect: Effect::Reads,
        repeat: Repeat::Resumes,
    };
    const ACTIONS: &'static [Action] = &[Action::Info];

    async fn handle(
        server: &Server,
        call: &Call,
        args: SecretListArgs,
        _: &Progress,
    ) -> Result<SecretListAnswer, Failure> {
        let named = named(args.enclave)?;
        let look = server.gate.look(call).await?;
        let grant = look.enclave::<act::Info>(named.as_ref())?;
        let secrets = server.store.secrets(&grant).await.map_err(|error| unavailable(&error))?;
        Ok(SecretListAnswer {
            enclave: grant.target().record.name.clone(),
            secrets: secrets
                .into_iter()
                .map(|secret| SecretEntry { name: secret.name, set_by: secret.set_by, set_at: secret.set_at })
                .collect(),
        })
    }
}
