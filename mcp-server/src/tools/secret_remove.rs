//! `secret_remove`: removes a secret of an enclave.

use super::enclave_deprovision::unconfirmed;
use super::wf_list::named;
use super::{About, Effect, Handler, Repeat};
use crate::call::Call;
use crate::gate::{act, unavailable};
use crate::progress::Progress;
use crate::server::Server;
use policy::Action;
use wire::tools::secret::{SecretAnswer, SecretRemove, SecretRemoveArgs};
use wire::{Failure, FailureCode};

impl Handler for SecretRemove {
    const ABOUT: About = About {
        title: "Remove a secret",
        description: "Removes a secret of an enclave for good. Tentacles that read it cannot be deployed or started until it is \
                      set again. `confirm` must be the secret's name.",
        effect: Effect::Destroys,
        repeat: Repeat::Resumes,
    };
    const ACTIONS: &'static [Action] = &[Action::SetSecret];

    async fn handle(
        server: &Server,
        call: &Call,
        args: SecretRemoveArgs,
        _: &Progress,
    ) -> Result<SecretAnswer, Failure> {
        let named = named(args.enclave)?;
        let (change, grant) =
            server.gate.change(call).await?.enclave::<act::SetSecret>(named.as_ref()).await?;
        let record = &grant.target().record;
        let mut changing = change.decided();
        if let Some(failure) = unconfirmed(call, args.confirm.as_deref(), args.name.as_str()) {
            return Err(changing.failed(failure).await);
        }
        let there =
            changing.tx().forget_secret(&grant, &args.name).await.map_err(|error| unavailable(&error))?;
        if !there {
            let what = format!("there is no secret `{}` in `{}`", args.name, record.name);
            return Err(changing.failed(Failure::new(FailureCode::NotFound, what)).await);
        }
        changing.done().await?;
        server.backend.secret_changed(&grant, &args.name).await;
        Ok(SecretAnswer { enclave: record.name.clone(), name: args.name, status: "removed".to_owned() })
    }
}
