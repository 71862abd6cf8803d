//! Too much of something.

use super::{LIMITS, Outcome, Site, Tried, is_stopped};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// How much more than a sandbox's memory is taken, in MiB.
const TOO_MUCH: u64 = LIMITS.memory_mib + 256;

/// A little is had within, so that it is the amount that is stopped and nothing else; too much is not.
async fn is_bounded(site: &impl Site, little: u64, much: u64, attempt: impl Fn(u64) -> Value) -> Outcome {
    let control = site.within(&attempt(little)).await;
    assert!(matches!(control, Tried::Got(_)), "{} is stopped: {control:?}", attempt(little));
    is_stopped(site, attempt(much)).await
}

pub(super) async fn memory(site: &impl Site) -> Outcome {
    is_bounded(site, 32, TOO_MUCH, |mebibytes| json!({"attempt": "memory", "mebibytes": mebibytes})).await
}

/// More files than a process may have open, and fewer than a kernel has.
pub(super) async fn open_files(site: &impl Site) -> Outcome {
    is_bounded(site, 100, 4000, |count| json!({"attempt": "files", "count": count})).await
}

/// More private memory than a process may map; none of it is used.
pub(super) async fn mapped_memory(site: &impl Site) -> Outcome {
    let (mmap, read_write, private_unreserved) = (9, 3, 0x4022);
    let map = |mebibytes: u64| {
        let words = json!([mmap, 0, mebibytes << 20, read_write, private_unreserved, -1, 0]);
        json!({"attempt": "call", "words": words})
    };
    is_bounded(site, 1, 6 << 10, map).await
}

pub(super) async fn processes(site: &impl Site) -> Outcome {
    is_bounded(site, 10, LIMITS.processes, |count| json!({"attempt": "forks", "count": count})).await
}

/// What cannot be written to is bounded; what can holds less than was tried, or ends the sandbox.
pub(super) async fn disk(site: &impl Site) -> Outcome {
    let kib = TOO_MUCH * 1024;
    let fill = |path: &str| json!({"attempt": "fill", "path": path, "kib": kib});
    let own = tempfile::tempdir().unwrap();
    let control = site.outside(&fill(&own.path().display().to_string())).await;
    assert_eq!(control, Tried::Got(json!(kib)), "outside, filling a folder shows nothing");
    let places = ["/tmp", "/dev", "/dev/shm", "/run", "/run/tentacle", "/var/tmp"];
    for path in places.iter().chain(&site.surroundings().folders) {
        match site.within(&fill(path)).await {
            Tried::Got(got) if got.as_u64().unwrap() >= kib => {
                return Outcome::Breached(format!("{path} took {got} KiB"));
            }
            Tried::NoCode => return Outcome::NoCode,
            Tried::Got(_) | Tried::Stopped(_) => {}
        }
        super::goes_on(site, wire::enforcement::Property::DiskLimit).await;
    }
    Outcome::Held
}

/// How much of a processor is used is counted outside, where nobody can deceive whoever counts.
pub(super) async fn processor(site: &impl Site) -> Outcome {
    let most = LIMITS.cpu_millis * 6 / 5;
    let spin =
        |seconds: u32, threads: u32| json!({"attempt": "spin", "seconds": seconds, "threads": threads});
    let mut control = 0.0;
    // Where others keep the machine busy, a few threads get no more of it than they are limited to within.
    for threads in [4, 8, 16, 32, 64, 64, 64, 64] {
        control = match site.outside(&spin(4, threads)).await {
            Tried::Got(share) => share.as_f64().unwrap() * 1000.0,
            other => panic!("outside, using a processor shows nothing: {other:?}"),
        };
        if control > most as f64 {
            break;
        }
    }
    assert!(
        control > most as f64,
        "outside, {control} thousandths of a processor are used, not more than {most}"
    );
    let spun = spin(10, 4);
    let (tried, used) = tokio::join!(site.within(&spun), rate(site));
    if tried == Tried::NoCode {
        return Outcome::NoCode;
    }
    assert!(used > 100, "it uses nothing: {used} thousandths, {tried:?}");
    if used <= most {
        Outcome::Held
    } else {
        Outcome::Breached(format!("it uses {used} thousandths of a processor"))
    }
}

/// How many thousandths of a processor are used, once something uses it.
async fn rate(site: &impl Site) -> u64 {
    let began = Instant::now();
    let first = site.used();
    while site.used() < first + 300 && began.elapsed() < Duration::from_secs(8) {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let (before, began) = (site.used(), Instant::now());
    tokio::time::sleep(Duration::from_secs(4)).await;
    let elapsed = u64::try_from(began.elapsed().as_millis()).unwrap();
    site.used().saturating_sub(before) * 1000 / elapsed
}

/// The run may end well or not; what counts is that nothing fills up.
pub(super) async fn log(site: &impl Site) -> Outcome {
    let around = site.surroundings();
    let flood = json!({"attempt": "flood", "mebibytes": 64, "path": around.log});
    let control = site.outside(&json!({"attempt": "flood", "mebibytes": 64})).await;
    assert_eq!(control, Tried::Got(json!(64)), "outside, printing shows nothing");
    let tried = site.within(&flood).await;
    if tried == Tried::NoCode {
        return Outcome::NoCode;
    }
    let mut bytes = 0;
    // Whoever turns a log over looks at it now and then.
    for _ in 0..60 {
        bytes = site.log_bytes();
        if bytes > 0 && bytes <= around.most_log {
            return Outcome::Held;
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    Outcome::Breached(format!("{bytes} bytes are kept"))
}
