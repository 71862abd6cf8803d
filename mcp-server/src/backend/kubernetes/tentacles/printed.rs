//! What tentacles and their sidecars print.

use super::running::not_here;
use super::{Tentacles, recorded};
use crate::backend::log_line::LogLine;
use crate::backend::{BackendError, LogOrder, LogStream, Logs};
use crate::gate::Authorized;
use crate::gate::act::TentacleLogs;
use crate::gate::target::OnTentacle;
use futures::stream::{self, StreamExt};
use k8s_openapi::api::core::v1::Pod;
use kube::core::ResourceExt;
use std::sync::Arc;

impl Tentacles {
    /// The last lines that its newest pod printed.
    pub(in super::super) async fn logs(
        &self,
        grant: &Authorized<TentacleLogs>,
        what: &LogOrder,
    ) -> Result<Logs, BackendError> {
        let target = grant.target();
        let lines = what.lines;
        let Some(pod) = self.newest(target).await? else { return Ok(Logs::default()) };
        let (copy, part) = (pod.name_any(), part(&pod, what)?);
        let said = self.cluster.log(target.record.name.as_str(), [&copy, part], lines + 1).await?;
        let mut shown: Vec<String> = said.lines().flat_map(|line| LogLine::read(line).readable()).collect();
        let more = shown.len().saturating_sub(lines);
        Ok(Logs { copy, lines: shown.split_off(more), truncated: more > 0 })
    }

    /// The same, and what that pod prints from then on.
    pub(in super::super) async fn follow(
        &self,
        grant: &Authorized<TentacleLogs>,
        what: &LogOrder,
    ) -> Result<LogStream, BackendError> {
        let target = grant.target();
        let Some(pod) = self.newest(target).await? else { return Ok(stream::empty().boxed()) };
        let (copy, part) = (pod.name_any(), part(&pod, what)?);
        let said = self.cluster.follow_log(target.record.name.as_str(), [&copy, part], what.lines).await?;
        Ok(said.flat_map(|line| stream::iter(LogLine::read(&line).readable())).boxed())
    }

    /// The pod that serves, or else the newest one.
    async fn newest(&self, target: &OnTentacle) -> Result<Option<Arc<Pod>>, BackendError> {
        let workload = self.workloads.read(&target.record.name).await?;
        let version = recorded(target).ok_or_else(not_here)?;
        let seen = workload.version(&target.name, &version.short());
        Ok(seen.serving().or_else(|| seen.pods.first()).cloned())
    }
}

/// The container that is meant.
fn part<'a>(pod: &Pod, what: &'a LogOrder) -> Result<&'a str, BackendError> {
    let Some(name) = what.sidecar.as_ref().map(|name| name.as_str()) else { return Ok(manifest::CONTAINER) };
    let containers = pod.spec.iter().flat_map(|spec| &spec.containers);
    let is_there = containers.into_iter().any(|container| container.name == name);
    is_there.then_some(name).ok_or_else(|| BackendError::NoSidecar(name.to_owned()))
}
