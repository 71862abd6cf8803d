//! `tntc enclave preflight`.

use super::Named;
use crate::commands::{Context, cluster};
use crate::failed::Failed;

/// Which enclave.
#[derive(Debug, clap::Args)]
pub(crate) struct Preflight {
    #[command(flatten)]
    named: Named,
}

impl Preflight {
    pub(crate) async fn run(&self, context: &Context) -> Result<(), Failed> {
        cluster::checks(context, Some(&self.named.name)).await
    }
}
