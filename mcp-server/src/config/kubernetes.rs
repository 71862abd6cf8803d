//! The flags of `--backend kubernetes`.

use clap::Args;
use std::path::PathBuf;

/// The word for no runtime class.
const NONE: &str = "none";

/// What the server has to know of its cluster.
#[derive(Debug, Clone, Args)]
pub struct KubernetesArgs {
    /// With `--backend kubernetes`: the kubeconfig; the pod's own account when left out.
    #[arg(long, env = "TENTACULAR_KUBECONFIG")]
    pub kubeconfig: Option<PathBuf>,
    /// With `--backend kubernetes`: the server's own account, as `namespace/name`. Server and gateway run in its namespace.
    #[arg(long, env = "TENTACULAR_SERVER_ACCOUNT", default_value = "tentacular-system/mcp-server")]
    pub server_account: String,
    /// With `--backend kubernetes`: the engine's image, by digest (`registry/engine@sha256:…`). Without it enclaves are made
    /// and nothing runs in them.
    #[arg(long, env = "TENTACULAR_ENGINE_IMAGE")]
    pub engine_image: Option<String>,
    /// With `--backend kubernetes`: the runtime class of tentacles' pods, which has to be a sandbox such as gVisor's. `none`
    /// puts them on the nodes' own kernel, and every status says so.
    #[arg(long, env = "TENTACULAR_RUNTIME_CLASS", default_value = "gvisor")]
    pub runtime_class: String,
    /// With `--backend kubernetes`: where pods reach the egress gateway, as `host:port`. Without it nothing gets out.
    #[arg(long, env = "TENTACULAR_GATEWAY")]
    pub gateway: Option<String>,
}

impl KubernetesArgs {
    /// The runtime class, unless there is to be none.
    #[must_use]
    pub fn class(&self) -> Option<&str> {
        Some(self.runtime_class.as_str()).filter(|class| *class != NONE)
    }

    /// The server's account: its namespace and its name.
    #[must_use]
    pub fn account(&self) -> Option<(&str, &str)> {
        self.server_account.split_once('/').filter(|(space, name)| !space.is_empty() && !name.is_empty())
    }

    /// Adds what cannot be used.
    pub(super) fn check(&self, problems: &mut Vec<String>) {
        if self.account().is_none() {
            problems.push(format!("--server-account `{}` is not `namespace/name`", self.server_account));
        }
        if let Some(image) = self.engine_image.as_deref().filter(|image| !is_by_digest(image)) {
            problems.push(format!(
                "--engine-image `{image}` is not named by its digest: a tag can be moved to other content; write \
                 `name@sha256:<64 hexadecimal digits>`"
            ));
        }
        let port = |gateway: &str| gateway.rsplit_once(':').and_then(|(_, port)| port.parse::<u16>().ok());
        if let Some(gateway) = self.gateway.as_deref().filter(|gateway| port(gateway).is_none()) {
            problems.push(format!("--gateway `{gateway}` is not `host:port`"));
        }
    }
}

fn is_by_digest(image: &str) -> bool {
    let digest = image.split_once("@sha256:").map(|(_, digest)| digest);
    digest.is_some_and(|digest| digest.len() == 64 && digest.bytes().all(|byte| byte.is_ascii_hexdigit()))
}
