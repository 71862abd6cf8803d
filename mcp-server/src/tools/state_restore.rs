//! `state_restore`: one enclave comes back from git.

use super::{About, Effect, Handler, Repeat};
use crate::call::Call;
use crate::progress::Progress;
use crate::restoring;
use crate::server::Server;
use policy::Action;
use wire::Failure;
use wire::tools::restore::{StateRestore, StateRestoreAnswer, StateRestoreArgs};

impl Handler for StateRestore {
    const ABOUT: About = About {
        title: "Restore an enclave",
        description: "Makes an enclave again that the server or the cluster lost: its rights from its signed record in git, its \
                      tentacles at the versions that ran. What is there is left as it is. A record that is not proven needs \
                      `confirm`, the digest that `state_restorable` tells with the difference. For operators.",
        effect: Effect::Changes,
        repeat: Repeat::Resumes,
    };
    const ACTIONS: &'static [Action] = &[Action::ConfirmRestore];

    async fn handle(
        server: &Server,
        call: &Call,
        args: StateRestoreArgs,
        progress: &Progress,
    ) -> Result<StateRestoreAnswer, Failure> {
        restoring::enclave(server, call, &args, progress).await
    }
}
