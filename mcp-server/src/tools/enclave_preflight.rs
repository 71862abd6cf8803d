//! `enclave_preflight`: what is missing to run anything, and the command that brings it.

use super::{About, Effect, Handler, Repeat};
use crate::call::Call;
use crate::gate::act;
use crate::progress::Progress;
use crate::server::Server;
use policy::Action;
use wire::tools::cluster::{EnclavePreflight, EnclavePreflightAnswer, EnclavePreflightArgs};
use wire::{Failure, FailureCode};
use workflow::{EnclaveName, NameError};

impl Handler for EnclavePreflight {
    const ABOUT: About = About {
        title: "What is missing",
        description: "Looks whether everything is there that enclaves and tentacles need, and with an enclave, whether it is whole. \
                      What is missing comes with the command that brings it.",
        effect: Effect::Reads,
        repeat: Repeat::Resumes,
    };
    const ACTIONS: &'static [Action] = &[Action::ClusterProfile, Action::ClusterSummary, Action::Info];

    async fn handle(
        server: &Server,
        call: &Call,
        args: EnclavePreflightArgs,
        _: &Progress,
    ) -> Result<EnclavePreflightAnswer, Failure> {
        let named = named(args)?;
        let look = server.gate.look(call).await?;
        let of = match &named {
            Some(_) => Some(look.enclave::<act::Info>(named.as_ref())?),
            None => None,
        };
        let grant = look.survey()?;
        let checks = server.backend.preflight(&grant, of.as_ref()).await;
        let all_pass = checks.iter().all(|check| check.passed);
        Ok(EnclavePreflightAnswer { results: checks.clone(), checks, all_pass })
    }
}

/// The enclave that is meant. A name that no enclave may have is what older command lines send when they mean none.
fn named(args: EnclavePreflightArgs) -> Result<Option<EnclaveName>, Failure> {
    let EnclavePreflightArgs { enclave, namespace } = args;
    if let (Some(one), Some(other)) = (&enclave, &namespace)
        && one != other
    {
        let what =
            format!("`enclave` is `{one}` but `namespace`, its older name, is `{other}`: give one of them");
        return Err(Failure::new(FailureCode::Invalid, what));
    }
    let Some(text) = enclave.or(namespace) else { return Ok(None) };
    match text.parse() {
        Ok(name) => Ok(Some(name)),
        Err(NameError::Reserved(_)) => Ok(None),
        Err(error) => Err(Failure::new(FailureCode::Invalid, error.to_string())),
    }
}
