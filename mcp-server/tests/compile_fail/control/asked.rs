//! What the cases come close to and what compiles: an effect with the proof of the decision that it needs, and what a proof says.

use mcp_server::LastTurn;
use mcp_server::backend::{Backend, BackendError, EnclaveView};
use mcp_server::gate::act::{Act, Deprovision, Freeze};
use mcp_server::gate::{Authorized, Changed, MayRun};

async fn asked(
    backend: &dyn Backend,
    turn: &LastTurn,
    removal: &Authorized<Deprovision>,
    freeze: &Authorized<Freeze>,
    enclave: &EnclaveView,
) -> Result<(), BackendError> {
    let change: &dyn Changed = freeze;
    backend.mirror(change, enclave).await?;
    backend.deprovision(turn, removal).await
}

fn id(run: &dyn MayRun) -> uuid::Uuid {
    run.id()
}

fn action<A: Act>() -> policy::Action {
    A::ACTION
}

fn main() {}
