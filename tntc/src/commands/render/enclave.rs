//! `tntc render enclave`.

use super::RenderError;
use crate::commands::Context;
use crate::failed::Failed;
use manifest::{EnclaveSpec, Mirror, QuotaPreset, ServerAccount, Status, render_all};
use serde_json::json;
use workflow::EnclaveName;

/// Which enclave.
#[derive(Debug, clap::Args)]
pub(crate) struct Enclave {
    /// The enclave's name
    name: EnclaveName,
    /// How much it may use: `small`, `medium` or `large`
    #[arg(long, value_name = "SIZE", default_value = "medium")]
    quota: QuotaPreset,
    /// The namespace and name of the server's own account, which gets its rights there
    #[arg(long, value_name = "NAMESPACE/NAME", value_parser = account)]
    server_account: Option<ServerAccount>,
    /// The id of its record, which the server makes at provision
    #[arg(long, default_value = "made-at-provision")]
    id: String,
}

fn account(text: &str) -> Result<ServerAccount, String> {
    match text.split_once('/') {
        Some((namespace, name)) if !namespace.is_empty() && !name.is_empty() && !name.contains('/') => {
            Ok(ServerAccount { namespace: namespace.to_owned(), name: name.to_owned() })
        }
        _ => Err("expected a namespace and a name, such as `tentacular-system/mcp-server`".to_owned()),
    }
}

impl Enclave {
    pub(crate) fn run(&self, context: &Context) -> Result<(), Failed> {
        let spec = EnclaveSpec {
            name: self.name.clone(),
            id: self.id.clone(),
            quota: self.quota,
            mirror: Mirror::default(),
            server: self.server_account.clone().unwrap_or_default(),
        };
        let objects = render_all(&spec, Status::Active).map_err(RenderError::from)?;
        let list = json!({"apiVersion": "v1", "kind": "List", "items": objects});
        Ok(context.output.documents(&list, &objects)?)
    }
}
