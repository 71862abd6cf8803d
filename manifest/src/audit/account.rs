//! Whether a pod has the token of an account.

use super::found::Found;
use super::template::Template;

/// Why a pod has a token; none where it has none.
pub(super) fn token(found: &Found, template: &Template) -> Option<String> {
    let pod = &template.spec;
    let projected = |volume: &k8s_openapi::api::core::v1::Volume| {
        let sources = volume.projected.as_ref().and_then(|projected| projected.sources.as_deref());
        sources.unwrap_or_default().iter().any(|source| source.service_account_token.is_some())
    };
    // The token that the cluster itself puts in has a volume of this name, and is told once.
    let by_cluster = |name: &str| name.starts_with("kube-api-access-");
    if pod.volumes.iter().flatten().any(|volume| projected(volume) && !by_cluster(&volume.name)) {
        return Some("mounts a token of its account".to_owned());
    }
    let name = account_of(template);
    let account = found.accounts.iter().find(|account| account.metadata.name.as_deref() == Some(name));
    let given = pod
        .automount_service_account_token
        .or_else(|| account?.automount_service_account_token)
        .unwrap_or(true);
    given.then(|| {
        format!("is given the token of the account `{name}`, with which it can talk to the API server")
    })
}

/// The account of its pods.
pub(super) fn account_of(template: &Template) -> &str {
    template.spec.service_account_name.as_deref().filter(|name| !name.is_empty()).unwrap_or("default")
}
