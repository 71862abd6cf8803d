//! Which version of which tentacle an object is of, and what for.

use super::spec::Purpose;
use crate::annotation::{REVISION, TENTACLE};
use crate::spec::labels;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use std::collections::BTreeMap;
use workflow::{ContentHash, EnclaveName, TentacleName, TentacleRef};

/// What the objects of a version that is made for something have in common.
#[derive(Debug, Clone)]
pub(super) struct Named<'a> {
    enclave: &'a EnclaveName,
    tentacle: &'a TentacleName,
    /// Which of the tentacle's versions it is, in names and labels.
    revision: String,
}

impl<'a> Named<'a> {
    pub(super) fn new(tentacle: &'a TentacleRef, version: &ContentHash, purpose: Purpose) -> Self {
        let TentacleRef { enclave, tentacle } = tentacle;
        Self { enclave, tentacle, revision: purpose.revision(version) }
    }

    /// The name of each of its objects: at most 54 characters.
    pub(super) fn name(&self) -> String {
        named(self.tentacle, &self.revision)
    }

    /// The metadata of each of its objects.
    pub(super) fn meta(&self) -> ObjectMeta {
        ObjectMeta {
            name: Some(self.name()),
            namespace: Some(self.enclave.to_string()),
            labels: Some(self.labels()),
            ..ObjectMeta::default()
        }
    }

    /// The labels of its objects and its pods.
    pub(super) fn labels(&self) -> BTreeMap<String, String> {
        labels([
            ("app.kubernetes.io/name", self.tentacle.as_str()),
            (TENTACLE, self.tentacle.as_str()),
            (REVISION, &self.revision),
        ])
    }

    /// The labels by which its pods are found, and no others.
    pub(super) fn selector(&self) -> BTreeMap<String, String> {
        let labels = [(TENTACLE, self.tentacle.as_str()), (REVISION, &self.revision)];
        labels.into_iter().map(|(key, value)| (key.to_owned(), value.to_owned())).collect()
    }
}

/// The name of the objects of a revision.
pub(super) fn named(tentacle: &TentacleName, revision: &str) -> String {
    format!("{tentacle}-{revision}")
}
