//! What an engine is given besides its plan and its code: the way out, and its secrets.

use super::super::confine::{Bind, Text};
use super::super::gateway::{self, GATEWAY_FOLDER, PASS};
use super::super::places::GATEWAY_SOCKET;
use super::Parts;
use crate::backend::BackendError;
use secrecy::{ExposeSecret, SecretString};
use std::collections::BTreeMap;
use std::path::Path;
use workflow::{Gateway, Layout, Sandbox, SecretName};

/// Where a sandbox sees its secrets, and its modules.
const SECRETS: &str = "/secrets";
pub(in super::super) const MODULES: &str = "/modules";

/// What is collected for a sandbox.
pub(super) struct Given {
    pub(super) layout: Layout,
    pub(super) files: Vec<Bind>,
    pub(super) texts: Vec<Text>,
}

impl Given {
    /// The gateway, the pass, and the names of what is reached by name; nothing for a sandbox that reaches nothing.
    pub(super) fn way_out(
        &mut self,
        parts: &Parts,
        sandbox: &Sandbox,
        observe: bool,
    ) -> Result<(), BackendError> {
        let Some(pass) = parts.supply.pass(sandbox, observe)? else { return Ok(()) };
        let gateway = parts.gateway.as_ref().as_ref().map_err(|why| gateway::missing(why))?;
        let folder = gateway.socket().parent().unwrap_or_else(|| Path::new("/"));
        self.files.push(Bind { from: folder.to_path_buf(), at: GATEWAY_FOLDER.to_owned() });
        self.text(PASS, pass.expose_secret());
        self.text("/etc/hosts", &hosts(sandbox));
        self.text("/etc/nsswitch.conf", "hosts: files\n");
        let socket = Gateway::Unix(format!("{GATEWAY_FOLDER}/{GATEWAY_SOCKET}"));
        self.layout = self.layout.clone().with_gateway(socket, PASS).map_err(fault)?;
        Ok(())
    }

    /// What its code imports from registries.
    pub(super) fn modules(&mut self, folder: Option<&Path>) -> Result<(), BackendError> {
        let Some(folder) = folder else { return Ok(()) };
        self.files.push(Bind { from: folder.to_path_buf(), at: MODULES.to_owned() });
        self.layout = self.layout.clone().with_modules(MODULES).map_err(fault)?;
        Ok(())
    }

    /// Each secret as a file of its name, which the engine alone reads.
    pub(super) fn secrets(
        &mut self,
        values: &BTreeMap<SecretName, SecretString>,
    ) -> Result<(), BackendError> {
        if values.is_empty() {
            return Ok(());
        }
        for (name, value) in values {
            self.text(&format!("{SECRETS}/{name}"), value.expose_secret());
        }
        self.layout = self.layout.clone().with_secrets(SECRETS).map_err(fault)?;
        Ok(())
    }

    fn text(&mut self, at: &str, text: &str) {
        self.texts.push(Text { at: at.to_owned(), bytes: text.as_bytes().to_vec() });
    }
}

/// Names that lead to the engine's own listeners, from where it goes on through the gateway.
fn hosts(sandbox: &Sandbox) -> String {
    let own = ["127.0.0.1 localhost".to_owned()];
    let forwards = sandbox.forwards().into_iter().map(|forward| format!("{} {}", forward.at, forward.host));
    own.into_iter().chain(forwards).map(|line| line + "\n").collect()
}

fn fault(error: workflow::LayoutError) -> BackendError {
    BackendError::Fault(error.to_string())
}
