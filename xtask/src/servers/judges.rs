//! Two programs of other people that judge Kubernetes objects: whether they are what the schemas say, and how safe they are.

use std::path::PathBuf;

use anyhow::Result;

use super::python;
use crate::place::Place;

/// A Python that has them.
pub(super) fn install(place: &Place) -> Result<PathBuf> {
    let announcement =
        "a Python environment with `kubernetes-validate` and `checkov`, by pip, 400 MB, about 1 min";
    python::environment("judges", "judges", announcement, place)
}
