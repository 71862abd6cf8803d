//! `state_repair`: puts back what somebody changed where a tentacle runs. It is as much as deploying the same version again,
//! and decided as that is.

use super::wf_list::named;
use super::{About, Effect, Handler, Repeat};
use crate::call::Call;
use crate::gate::{PutBack, act};
use crate::progress::Progress;
use crate::putting_back;
use crate::server::Server;
use policy::Action;
use wire::Failure;
use wire::tools::drift::{StateRepair, StateRepairAnswer, StateRepairArgs};

impl Handler for StateRepair {
    const ABOUT: About = About {
        title: "Put the cluster back",
        description: "Makes what there is of a tentacle where it runs as it was deployed: whatever somebody changed or took away \
                      past this server is put back, from the version that the record names. Where nothing is different \
                      nothing is written.",
        effect: Effect::Changes,
        repeat: Repeat::Resumes,
    };
    const ACTIONS: &'static [Action] = &[Action::Apply];

    async fn handle(
        server: &Server,
        call: &Call,
        args: StateRepairArgs,
        _: &Progress,
    ) -> Result<StateRepairAnswer, Failure> {
        let named = named(args.enclave)?;
        let (change, grant) =
            server.gate.change(call).await?.tentacle::<act::Apply>(named.as_ref(), &args.name).await?;
        let (changing, grant) = (change.decided(), PutBack::from(grant));
        let source = match putting_back::source(server, grant.target()).await {
            Ok(source) => source,
            Err(failure) => return Err(changing.failed(failure).await),
        };
        let effect = changing.begin(&source.payload).await?;
        let put_back = putting_back::put_back(server, &grant, effect, &source).await?;
        let enclave = grant.target().record.name.clone();
        let version = source.version.hash.clone();
        Ok(StateRepairAnswer { name: args.name, namespace: enclave.clone(), enclave, version, put_back })
    }
}
