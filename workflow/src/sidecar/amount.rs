//! How much a sidecar may use: `resources`, in the words of Kubernetes.

use crate::fields::Fields;
use crate::name::shown;
use crate::problem::Rule;
use crate::yaml::Yaml;

/// Memory and processor time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Amounts {
    /// Memory, in MiB.
    pub memory_mib: u32,
    /// Processor time, in thousandths of one processor.
    pub cpu_millis: u32,
}

/// What a sidecar may use when its author does not say.
const USUAL: Amounts = Amounts { memory_mib: 256, cpu_millis: 250 };
/// What it is given at least when its author does not say: one that waits.
const WAITING: Amounts = Amounts { memory_mib: 64, cpu_millis: 25 };
/// What one, and all of a tentacle together, may use at most: what fits into the smallest enclave beside an engine.
pub(super) const MOST: Amounts = Amounts { memory_mib: 1024, cpu_millis: 1000 };
/// The least that makes sense.
const LEAST: Amounts = Amounts { memory_mib: 16, cpu_millis: 10 };

const KEYS: &[&str] = &["cpu", "memory"];

/// What it is given, and what it may use at most.
pub(super) fn read(fields: &Fields<'_>) -> (Amounts, Amounts) {
    let resources = fields
        .value("resources")
        .and_then(|yaml| Fields::of(yaml, fields.part.clone(), &["requests", "limits"], fields.report));
    let given = |key| resources.as_ref().and_then(|resources| resources.value(key));
    let limits = given("limits").and_then(|yaml| of(yaml, fields));
    let memory_mib = limits.as_ref().and_then(memory).unwrap_or(USUAL.memory_mib);
    let cpu_millis = limits.as_ref().and_then(cpu).unwrap_or(USUAL.cpu_millis);
    let limits = Amounts { memory_mib, cpu_millis };
    let requests = given("requests").and_then(|yaml| of(yaml, fields));
    let waiting = Amounts {
        memory_mib: WAITING.memory_mib.min(limits.memory_mib),
        cpu_millis: WAITING.cpu_millis.min(limits.cpu_millis),
    };
    let asked = Amounts {
        memory_mib: requests.as_ref().and_then(memory).unwrap_or(waiting.memory_mib),
        cpu_millis: requests.as_ref().and_then(cpu).unwrap_or(waiting.cpu_millis),
    };
    for (key, asked, limit) in
        [("memory", asked.memory_mib, limits.memory_mib), ("cpu", asked.cpu_millis, limits.cpu_millis)]
    {
        if asked > limit {
            fields.add(fields.key_at("resources").unwrap_or(fields.at), Rule::SidecarRequest(key));
        }
    }
    (asked, limits)
}

fn of<'a>(yaml: &'a Yaml, fields: &Fields<'a>) -> Option<Fields<'a>> {
    Fields::of(yaml, fields.part.clone(), KEYS, fields.report)
}

fn memory(fields: &Fields<'_>) -> Option<u32> {
    bounded(fields, "memory", mib, [LEAST.memory_mib, MOST.memory_mib], "MiB, such as 256Mi")
}

fn cpu(fields: &Fields<'_>) -> Option<u32> {
    bounded(
        fields,
        "cpu",
        millis,
        [LEAST.cpu_millis, MOST.cpu_millis],
        "thousandths of a processor, such as 250m",
    )
}

fn bounded(
    fields: &Fields<'_>,
    key: &'static str,
    read: fn(&str) -> Option<u32>,
    [least, most]: [u32; 2],
    unit: &'static str,
) -> Option<u32> {
    let text = fields.text(key)?;
    let amount = read(text.text).filter(|amount| (least..=most).contains(amount));
    if amount.is_none() {
        fields.add(text.at, Rule::SidecarAmount { key, got: shown(text.text), least, most, unit });
    }
    amount
}

/// `256Mi`, `1Gi`: whole MiB.
fn mib(text: &str) -> Option<u32> {
    match (text.strip_suffix("Mi"), text.strip_suffix("Gi")) {
        (Some(digits), _) => digits.parse().ok(),
        (_, Some(digits)) => digits.parse::<u32>().ok()?.checked_mul(1024),
        _ => None,
    }
}

/// `250m`, `1`, `0.5`: thousandths of a processor.
fn millis(text: &str) -> Option<u32> {
    if let Some(digits) = text.strip_suffix('m') {
        return digits.parse().ok();
    }
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    let part_fits = part.len() <= 3 && part.bytes().all(|byte| byte.is_ascii_digit());
    let part = format!("{part:0<3}").parse::<u32>().ok().filter(|_| part_fits)?;
    whole.parse::<u32>().ok()?.checked_mul(1000)?.checked_add(part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_read_as_a_cluster_reads_them() {
        assert_eq!(
            [mib("64Mi"), mib("1Gi"), mib("64M"), mib("64"), mib("-1Mi")],
            [Some(64), Some(1024), None, None, None]
        );
        let read = ["250m", "1", "0.5", "0.25", "1.0005", "x", ".5", "0.-1"].map(millis);
        assert_eq!(read, [Some(250), Some(1000), Some(500), Some(250), None, None, None, None]);
    }
}
