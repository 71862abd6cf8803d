//! The containers of a pod, of every kind.

use k8s_openapi::api::core::v1::{ContainerPort, PodSpec, ResourceRequirements, SecurityContext};

/// One container, as far as it is looked at.
#[derive(Debug, Clone, Copy)]
pub(super) struct Container<'a> {
    pub(super) name: &'a str,
    pub(super) image: Option<&'a str>,
    pub(super) security: Option<&'a SecurityContext>,
    pub(super) resources: Option<&'a ResourceRequirements>,
    pub(super) ports: &'a [ContainerPort],
    /// Put into a pod that runs already.
    pub(super) is_ephemeral: bool,
}

/// Every container of a pod.
pub(super) fn containers(pod: &PodSpec) -> impl Iterator<Item = Container<'_>> {
    let usual = pod.init_containers.iter().flatten().chain(&pod.containers).map(|it| Container {
        name: &it.name,
        image: it.image.as_deref(),
        security: it.security_context.as_ref(),
        resources: it.resources.as_ref(),
        ports: it.ports.as_deref().unwrap_or_default(),
        is_ephemeral: false,
    });
    let ephemeral = pod.ephemeral_containers.iter().flatten().map(|it| Container {
        name: &it.name,
        image: it.image.as_deref(),
        security: it.security_context.as_ref(),
        resources: it.resources.as_ref(),
        ports: it.ports.as_deref().unwrap_or_default(),
        is_ephemeral: true,
    });
    usual.chain(ephemeral)
}
