//! `secret_set`: sets a secret of an enclave. What is set never comes back.

use super::wf_list::named;
use super::{About, Effect, Handler, Repeat};
use crate::call::Call;
use crate::gate::{act, unavailable};
use crate::progress::Progress;
use crate::server::Server;
use crate::store::StoreError;
use crate::supply::SupplyError;
use policy::Action;
use secrecy::SecretString;
use wire::tools::secret::{SecretAnswer, SecretSet, SecretSetArgs};
use wire::{Failure, FailureCode};
use workflow::SecretName;

/// The most bytes of a secret's value.
const MOST_BYTES: usize = 16 * 1024;

/// The most secrets of one enclave.
const MOST: usize = 200;

impl Handler for SecretSet {
    const ABOUT: About = About {
        title: "Set a secret",
        description: "Sets a secret of an enclave, by the name that contracts say (`service.key`). It is kept encrypted, handed \
                      to tentacles whose approved contract names it, and shown to nobody. Prefer the command line or the \
                      channel's form: what a model is told is not secret any more.",
        effect: Effect::Changes,
        repeat: Repeat::Resumes,
    };
    const ACTIONS: &'static [Action] = &[Action::SetSecret];

    async fn handle(
        server: &Server,
        call: &Call,
        args: SecretSetArgs,
        _: &Progress,
    ) -> Result<SecretAnswer, Failure> {
        let named = named(args.enclave)?;
        let (change, grant) =
            server.gate.change(call).await?.enclave::<act::SetSecret>(named.as_ref()).await?;
        let record = &grant.target().record;
        let failed = |error: StoreError| unavailable(&error);
        let mut changing = change.decided();
        let sealed = match sealed(server, &args.name, args.value) {
            Ok(sealed) => sealed,
            Err(failure) => return Err(changing.failed(failure).await),
        };
        if changing.tx().other_secrets(&grant, &args.name).await.map_err(failed)? >= MOST {
            let failure =
                Failure::new(FailureCode::Conflict, format!("an enclave holds {MOST} secrets at most"));
            return Err(changing.failed(failure.with_remedy("remove one that is not used")).await);
        }
        changing.tx().put_secret(&grant, &args.name, &sealed, &call.shown()).await.map_err(failed)?;
        changing.done().await?;
        server.backend.secret_changed(&grant, &args.name).await;
        Ok(SecretAnswer { enclave: record.name.clone(), name: args.name, status: "set".to_owned() })
    }
}

fn sealed(server: &Server, name: &SecretName, value: String) -> Result<String, Failure> {
    if value.is_empty() || value.len() > MOST_BYTES {
        let what = format!("a secret has 1 to {MOST_BYTES} bytes; this one has {}", value.len());
        return Err(Failure::new(FailureCode::Invalid, what));
    }
    server.supply.seal(name, &SecretString::from(value)).map_err(SupplyError::into_failure)
}
