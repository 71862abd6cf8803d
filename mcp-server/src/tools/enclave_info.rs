//! `enclave_info`: what an enclave is, and who belongs to it.

use super::people::{caller_word, info};
use super::{About, Effect, Handler, Repeat};
use crate::call::Call;
use crate::gate::{act, unavailable};
use crate::progress::Progress;
use crate::server::Server;
use policy::Action;
use wire::Failure;
use wire::tools::enclave::{EnclaveArgs, EnclaveInfo, EnclaveInfoAnswer};

impl Handler for EnclaveInfo {
    const ABOUT: About = About {
        title: "About an enclave",
        description: "Says what an enclave is: its state, mode, size, owner and people, and what its backend cannot enforce; to \
                      its owner also who waits to be let in.",
        effect: Effect::Reads,
        repeat: Repeat::Resumes,
    };
    const ACTIONS: &'static [Action] = &[Action::Info];

    async fn handle(
        server: &Server,
        call: &Call,
        args: EnclaveArgs,
        _: &Progress,
    ) -> Result<EnclaveInfoAnswer, Failure> {
        let look = server.gate.look(call).await?;
        let grant = look.enclave::<act::Info>(args.name.as_ref())?;
        let record = &grant.target().record;
        let yours = caller_word(call, &look, record);
        let mut answer = info(record, yours, look.rights(), server.backend.as_ref());
        if let Some(grant) = look.also::<_, act::Waiting>(&grant) {
            let waiting = server.store.waiting_at(&grant).await;
            (answer.joins, answer.invitations) = waiting.map_err(|error| unavailable(&error))?;
        }
        Ok(answer)
    }
}
