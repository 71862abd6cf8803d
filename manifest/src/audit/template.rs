//! Pods, and whatever makes pods: they are looked at alike.

use crate::annotation::TENTACLE;
use k8s_openapi::api::apps::v1::{DaemonSet, Deployment, ReplicaSet, StatefulSet};
use k8s_openapi::api::batch::v1::{CronJob, Job};
use k8s_openapi::api::core::v1::{Pod, PodSpec, PodTemplateSpec};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{LabelSelector, ObjectMeta};
use std::collections::BTreeMap;

/// A pod, or what makes some.
#[derive(Debug, Clone)]
pub struct Template {
    /// What it is, such as `Deployment`.
    pub(super) kind: &'static str,
    pub(super) name: String,
    /// The labels of its pods.
    pub(super) labels: BTreeMap<String, String>,
    /// Whether something else that is looked at makes it.
    pub(super) is_made: bool,
    /// What its pods are.
    pub(super) spec: PodSpec,
}

impl Template {
    fn new(
        kind: &'static str,
        meta: &ObjectMeta,
        labels: Option<&BTreeMap<String, String>>,
        spec: PodSpec,
    ) -> Self {
        let owners = meta.owner_references.iter().flatten();
        Self {
            kind,
            name: meta.name.clone().unwrap_or_default(),
            labels: labels.cloned().unwrap_or_default(),
            is_made: owners.into_iter().any(|owner| owner.controller == Some(true)),
            spec,
        }
    }

    fn within(kind: &'static str, meta: &ObjectMeta, template: Option<&PodTemplateSpec>) -> Self {
        let labels = template.and_then(|template| template.metadata.as_ref()?.labels.as_ref());
        let spec = template.and_then(|template| template.spec.clone()).unwrap_or_default();
        Self::new(kind, meta, labels, spec)
    }

    /// The tentacle that its pods say they are of.
    pub(super) fn tentacle(&self) -> Option<&String> {
        self.labels.get(TENTACLE)
    }

    /// Whether a selector means its pods.
    pub(super) fn is_selected_by(&self, selector: &LabelSelector) -> bool {
        let is = |key: &String, value: &String| self.labels.get(key) == Some(value);
        let equal = selector.match_labels.iter().flatten().all(|(key, value)| is(key, value));
        let among = selector.match_expressions.iter().flatten().all(|rule| {
            let values = rule.values.as_deref().unwrap_or_default();
            let own = self.labels.get(&rule.key);
            match rule.operator.as_str() {
                "In" => own.is_some_and(|own| values.contains(own)),
                "NotIn" => own.is_none_or(|own| !values.contains(own)),
                "Exists" => own.is_some(),
                "DoesNotExist" => own.is_none(),
                _ => false,
            }
        });
        equal && among
    }
}

impl From<&Pod> for Template {
    fn from(pod: &Pod) -> Self {
        let labels = pod.metadata.labels.as_ref();
        Self::new("Pod", &pod.metadata, labels, pod.spec.clone().unwrap_or_default())
    }
}

impl From<&Deployment> for Template {
    fn from(it: &Deployment) -> Self {
        Self::within("Deployment", &it.metadata, it.spec.as_ref().map(|spec| &spec.template))
    }
}

impl From<&ReplicaSet> for Template {
    fn from(it: &ReplicaSet) -> Self {
        Self::within("ReplicaSet", &it.metadata, it.spec.as_ref().and_then(|spec| spec.template.as_ref()))
    }
}

impl From<&StatefulSet> for Template {
    fn from(it: &StatefulSet) -> Self {
        Self::within("StatefulSet", &it.metadata, it.spec.as_ref().map(|spec| &spec.template))
    }
}

impl From<&DaemonSet> for Template {
    fn from(it: &DaemonSet) -> Self {
        Self::within("DaemonSet", &it.metadata, it.spec.as_ref().map(|spec| &spec.template))
    }
}

impl From<&Job> for Template {
    fn from(it: &Job) -> Self {
        Self::within("Job", &it.metadata, it.spec.as_ref().map(|spec| &spec.template))
    }
}

impl From<&CronJob> for Template {
    fn from(it: &CronJob) -> Self {
        let job = it.spec.job_template.spec.as_ref();
        Self::within("CronJob", &it.metadata, job.map(|job| &job.template))
    }
}
