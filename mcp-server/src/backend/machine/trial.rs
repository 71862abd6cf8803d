//! One run of a version that serves nobody: in a sandbox of its own, of which nothing is left afterwards.

use super::engine::Engine;
use super::log_book::LogBook;
use super::places::{Places, TentaclePlace};
use super::tentacle::{Workshop, blocking};
use super::{disk, fault, modules, version};
use crate::backend::{BackendError, RunOrder, RunReport, Version};
use std::sync::Arc;

/// Starts a version, has it observed once, and takes it away, however that ends.
pub(super) async fn observe(
    workshop: &Workshop,
    new: &Version,
    order: &RunOrder,
) -> Result<RunReport, BackendError> {
    let (places, place) = (workshop.places.clone(), workshop.places.trial());
    let report = run(workshop, &place, new, order).await;
    let removed = blocking(move || remove(&places, &place)).await;
    let report = report?;
    removed?;
    Ok(report)
}

async fn run(
    workshop: &Workshop,
    place: &TentaclePlace,
    new: &Version,
    order: &RunOrder,
) -> Result<RunReport, BackendError> {
    let parts = workshop.parts()?;
    let hash = new.sandbox.version;
    let (places, stored, bundle) = (workshop.places.clone(), place.clone(), new.bundle.clone());
    blocking(move || version::store(&places, &stored, &hash, &bundle).map_err(fault)).await?;
    let of = &new.sandbox.tentacle;
    let kept = workshop.places.enclave(&of.enclave).tentacle(&of.tentacle);
    let modules = modules::ready(workshop, &new.sandbox, &kept, place).await?;
    let (sandbox, code) = (new.sandbox.clone(), place.version(&hash));
    let secrets = new.secrets.clone();
    let release = version::Release { sandbox, code, modules, observe: true, secrets };
    let log = Arc::new(LogBook::new(place.log()));
    let name = workshop.name(&new.sandbox.tentacle);
    let engine = Engine::start(parts, &release, name, Arc::clone(&log)).await?;
    let report = engine.observe(order).await;
    engine.end().await;
    log.close();
    report
}

fn remove(places: &Places, place: &TentaclePlace) -> Result<(), BackendError> {
    disk::remove(&place.folder, &places.removing()).map_err(fault)
}
