//! Law 1: no door without a check. An effect takes the proof of a decision that only the gate can make, so that what
//! forgets to ask, or asks for something else, does not compile.
//!
//! Each case is what a hurried or a malicious author might write; its `.stderr` is why the compiler refuses.

use mcp_server::backend::{Backend, BackendError, EnclaveView};
use mcp_server::gate::act::{Deprovision, Freeze};
use mcp_server::gate::{Authorized, Changed};

#[test]
fn nothing_gets_past_the_gate() {
    trybuild::TestCases::new().compile_fail("tests/compile_fail/*.rs");
}

/// What the cases come close to and what compiles: an effect with the proof of the decision that it needs.
#[expect(dead_code, reason = "it is here to be compiled")]
async fn asked(
    backend: &dyn Backend,
    removal: &Authorized<Deprovision>,
    freeze: &Authorized<Freeze>,
    enclave: &EnclaveView,
) -> Result<(), BackendError> {
    let change: &dyn Changed = freeze;
    backend.mirror(change, enclave).await?;
    backend.deprovision(removal).await
}
