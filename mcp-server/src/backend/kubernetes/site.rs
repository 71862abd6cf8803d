//! What the operator's configuration gives tentacles on this cluster.

use crate::backend::BackendError;
use crate::backend::beside::Allowed;
use crate::config::KubernetesArgs;
use k8s_openapi::api::apps::v1::Deployment;
use manifest::{Behind, ClusterSpec, ServerAccount};
use std::net::{SocketAddr, SocketAddrV4};
use wire::enforcement::{Enforcement, Held, Property, Walls};
use workflow::Sandbox;

/// What answers where no image is configured.
const NO_IMAGE: &str =
    "this server makes enclaves and runs nothing in them: it was started without --engine-image";

/// What is configured.
#[derive(Debug)]
pub(super) struct Site {
    image: Option<String>,
    behind: Behind,
    gateway: Option<String>,
    account: ServerAccount,
    images: Allowed,
}

impl Site {
    pub(super) fn new(args: &KubernetesArgs, images: Allowed) -> Self {
        let class = args.class().map(|class| Behind::RuntimeClass(class.to_owned()));
        let (namespace, name) = args.account().unwrap_or_default();
        Self {
            image: args.engine_image.clone(),
            behind: class.unwrap_or(Behind::Nothing),
            gateway: args.gateway.clone(),
            account: ServerAccount { namespace: namespace.to_owned(), name: name.to_owned() },
            images,
        }
    }

    /// Whether a sandbox has only images that may run.
    pub(super) fn takes(&self, sandbox: &Sandbox) -> Result<(), BackendError> {
        self.images.check(sandbox)
    }

    /// The server's own account.
    pub(super) const fn account(&self) -> &ServerAccount {
        &self.account
    }

    /// What holds a tentacle.
    pub(super) fn sandbox(&self) -> &str {
        match &self.behind {
            Behind::RuntimeClass(class) => class,
            Behind::Nothing => "none: the node's own kernel",
        }
    }

    /// Whether tentacles have an image to run on.
    pub(super) const fn has_image(&self) -> bool {
        self.image.is_some()
    }

    /// Where the gateway is, as it is configured; empty where there is none.
    pub(super) fn gateway_named(&self) -> &str {
        self.gateway.as_deref().unwrap_or_default()
    }

    /// Whether there is a gateway.
    pub(super) const fn has_gateway(&self) -> bool {
        self.gateway.is_some()
    }

    /// The runtime class, where there is to be one.
    pub(super) fn class(&self) -> Option<&str> {
        match &self.behind {
            Behind::RuntimeClass(class) => Some(class),
            Behind::Nothing => None,
        }
    }

    /// Whether a deployment was made as it would be made now: on this engine, behind this runtime class.
    pub(super) fn made(&self, deployment: &Deployment) -> bool {
        let pod = deployment.spec.as_ref().and_then(|spec| spec.template.spec.as_ref());
        let image = pod.and_then(|pod| pod.containers.first()?.image.as_ref());
        let class = pod.and_then(|pod| pod.runtime_class_name.as_deref());
        image == self.image.as_ref() && class == self.class()
    }

    /// What is enforced, as it is configured.
    pub(super) fn enforces(&self) -> Enforcement {
        let mut enforcement = Enforcement::of(Walls::Kubernetes);
        if self.behind == Behind::Nothing {
            let why = "tentacles run on the nodes' own kernel: `--runtime-class none`";
            let calls = Held::Enforced("the runtime's filter, and no capabilities".into());
            let processes = Held::Relies(
                "the node's `podPidsLimit`".into(),
                "how many processes a tentacle may have is the nodes' own limit (podPidsLimit of the kubelet)".into(),
            );
            enforcement = enforcement
                .without(Property::OwnKernel, why)
                .with(Property::SystemCalls, &calls)
                .with(Property::ProcessLimit, &processes);
        }
        if self.image.is_none() {
            enforcement = enforcement.noting(NO_IMAGE);
        }
        enforcement
    }

    /// The same for the objects of a version that reaches something, or nothing.
    pub(super) async fn spec(&self, reaches: bool) -> Result<ClusterSpec, BackendError> {
        let image = self.image.clone().ok_or(BackendError::NotYet(NO_IMAGE))?;
        let gateway = if reaches { Some(self.gateway().await?) } else { None };
        Ok(ClusterSpec { image, behind: self.behind.clone(), gateway, server: self.account.clone() })
    }

    /// Where the gateway is: pods ask no name service.
    async fn gateway(&self) -> Result<SocketAddrV4, BackendError> {
        let none = || BackendError::NoGateway("the server was started without --gateway".to_owned());
        let named = self.gateway.as_deref().ok_or_else(none)?;
        let unknown = |why: String| BackendError::NoGateway(format!("`{named}` leads nowhere: {why}"));
        let found = tokio::net::lookup_host(named).await.map_err(|error| unknown(error.to_string()))?;
        let v4 = found.filter_map(|address| match address {
            SocketAddr::V4(address) => Some(address),
            SocketAddr::V6(_) => None,
        });
        v4.min().ok_or_else(|| unknown("it has no IPv4 address".to_owned()))
    }
}
