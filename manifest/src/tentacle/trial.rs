//! The pod of a version that is run once to be looked at, and serves nobody.

use super::pod;
use super::spec::TentacleSpec;
use crate::render::RenderError;
use k8s_openapi::api::core::v1::{Pod, PodSpec};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use std::time::Duration;

/// The pod, as one of a deployment is. It is started once, and the cluster ends it after `lasts`, whatever becomes of the
/// server.
///
/// # Errors
/// As of [`super::deployment`].
pub fn trial_pod(spec: &TentacleSpec<'_>, lasts: Duration) -> Result<Pod, RenderError> {
    Ok(Pod {
        metadata: ObjectMeta { annotations: Some(pod::annotations(spec)), ..spec.named().meta() },
        spec: Some(PodSpec {
            restart_policy: Some("Never".to_owned()),
            active_deadline_seconds: i64::try_from(lasts.as_secs()).ok(),
            ..pod::pod(spec)?
        }),
        ..Pod::default()
    })
}
