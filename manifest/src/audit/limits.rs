//! Whether an enclave, and each container in it, may use no more than was given.

use super::container::containers;
use super::finding::{Finding, Place, Severity, make, replace};
use super::found::Found;
use super::quantity::thousandths;
use super::template::Template;
use crate::quota::{limits as wanted_limits, quota as wanted_quota};
use crate::spec::EnclaveSpec;
use k8s_openapi::api::core::v1::{LimitRange, LimitRangeItem, ResourceQuota};
use k8s_openapi::apimachinery::pkg::api::resource::Quantity;
use std::collections::BTreeMap;

type Amounts = BTreeMap<String, Quantity>;

/// What is amiss with what an enclave may use.
#[must_use]
pub fn limits(spec: &EnclaveSpec, found: &Found) -> Vec<Finding> {
    let mut findings: Vec<Finding> =
        of_quota(spec, found).into_iter().chain(of_limit_range(spec, found)).collect();
    findings.extend(found.templates.iter().flat_map(|template| of_template(spec, template)));
    findings
}

fn of_quota(spec: &EnclaveSpec, found: &Found) -> Option<Finding> {
    let wanted = wanted_quota(spec);
    let place = Place::of(spec, &wanted);
    let size = spec.quota.name();
    let Some(there) = found.quotas.iter().find(|quota| quota.metadata.name == wanted.metadata.name) else {
        let message = "the quota is gone: the enclave may use all that the cluster has".to_owned();
        return Some(place.finding("quota-missing", Severity::High, message, make(&wanted)));
    };
    let hard = |quota: &ResourceQuota| -> Amounts {
        quota.spec.as_ref().and_then(|spec| spec.hard.clone()).unwrap_or_default()
    };
    let scoped =
        there.spec.as_ref().is_some_and(|spec| spec.scopes.is_some() || spec.scope_selector.is_some());
    let wider = wider(&hard(there), &hard(&wanted));
    if scoped || !wider.is_empty() {
        let what = if scoped { "it counts only some pods".to_owned() } else { wider.join(", ") };
        let message = format!("the quota is not that of a {size} enclave any more: {what}");
        return Some(place.finding("quota-raised", Severity::High, message, replace(&wanted)));
    }
    let narrower = self::wider(&hard(&wanted), &hard(there));
    (!narrower.is_empty()).then(|| {
        let message = format!("the quota is less than a {size} enclave has: {}", narrower.join(", "));
        place.finding("quota-lowered", Severity::Low, message, replace(&wanted))
    })
}

fn of_limit_range(spec: &EnclaveSpec, found: &Found) -> Option<Finding> {
    let wanted = wanted_limits(spec);
    let place = Place::of(spec, &wanted);
    let Some(there) = found.limits.iter().find(|range| range.metadata.name == wanted.metadata.name) else {
        let message = "the limit range is gone: a container that names no limit has none".to_owned();
        return Some(place.finding("limits-missing", Severity::High, message, make(&wanted)));
    };
    let items = |range: &LimitRange| -> Vec<LimitRangeItem> {
        range.spec.as_ref().map(|spec| spec.limits.clone()).unwrap_or_default()
    };
    let theirs = items(there);
    let of = |type_: &str, amounts: fn(&LimitRangeItem) -> &Option<Amounts>| -> Amounts {
        let item = theirs.iter().find(|item| item.type_ == type_);
        item.and_then(|item| amounts(item).clone()).unwrap_or_default()
    };
    let what: Vec<String> = items(&wanted)
        .iter()
        .flat_map(|item| {
            let most = wider(&of(&item.type_, |item| &item.max), &item.max.clone().unwrap_or_default());
            let usual =
                wider(&of(&item.type_, |item| &item.default), &item.default.clone().unwrap_or_default());
            most.into_iter().chain(usual)
        })
        .collect();
    (!what.is_empty()).then(|| {
        let message =
            format!("the limit range lets a container have more than it was made for: {}", what.join(", "));
        place.finding("limits-raised", Severity::High, message, replace(&wanted))
    })
}

/// Where `there` allows more than `wanted`, in words.
fn wider(there: &Amounts, wanted: &Amounts) -> Vec<String> {
    let one = |(name, most): (&String, &Quantity)| match there.get(name) {
        None => Some(format!("{name} is not limited")),
        Some(amount) => {
            let more = thousandths(amount).zip(thousandths(most)).is_none_or(|(is, may)| is > may);
            more.then(|| format!("{name} is {} and not {}", amount.0, most.0))
        }
    };
    wanted.iter().filter_map(one).collect()
}

fn of_template(spec: &EnclaveSpec, template: &Template) -> Vec<Finding> {
    // what makes it is looked at, and shows it
    if template.is_made {
        return Vec::new();
    }
    let place = template.place(spec);
    let unlimited = |name: &str, limits: Option<&Amounts>| {
        let has = |what: &str| limits.is_some_and(|limits| limits.contains_key(what));
        let missing: Vec<&str> = ["memory", "cpu"].into_iter().filter(|what| !has(what)).collect();
        (!missing.is_empty()).then(|| {
            let message = format!(
                "the container `{name}` of {} has no limit of {}",
                template.shown(),
                missing.join(" and ")
            );
            place.finding("container-without-limits", Severity::Medium, message, place.delete())
        })
    };
    let limits = containers(&template.spec)
        .map(|container| (container.name, container.resources.and_then(|all| all.limits.as_ref())));
    limits.filter_map(|(name, limits)| unlimited(name, limits)).collect()
}
