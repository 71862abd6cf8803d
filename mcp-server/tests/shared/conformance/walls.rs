//! What stands between code and what is not its own.

use super::{Outcome, Site, Tried, all_are_stopped};
use serde_json::{Value, json};

/// Names of variables that say nothing of anybody.
const KNOWN: [&str; 16] = [
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "NO_PROXY",
    "DENO_DIR",
    "DENO_EMIT_CACHE_MODE",
    "DENO_NO_UPDATE_CHECK",
    "NO_COLOR",
    "PWD",
    "HOME",
    "PATH",
    "HOSTNAME",
    "TERM",
    "LANG",
    "SHLVL",
    "OLDPWD",
    "_",
];

pub(super) async fn own_kernel(site: &impl Site) -> Outcome {
    let what = json!({"attempt": "kernel"});
    match (site.within(&what).await, site.outside(&what).await) {
        (Tried::Got(within), Tried::Got(outside)) if within == outside => {
            Outcome::Breached(format!("it calls {within}"))
        }
        (Tried::Got(_), Tried::Got(_)) => Outcome::Held,
        other => panic!("a kernel that says nothing of itself: {other:?}"),
    }
}

pub(super) async fn system_calls(site: &impl Site) -> Outcome {
    let folder = tempfile::tempdir().unwrap();
    all_are_stopped(site, &calls("/"), &calls(&folder.path().display().to_string())).await
}

/// System calls by their numbers on x86_64, with arguments with which they do no harm where they succeed: outside, in namespaces of
/// their own. What gVisor's kernel does for a process by itself, without the machine's, shows nothing and is left out.
pub(crate) fn calls(folder: &str) -> Vec<Value> {
    let (inet, packet, vsock, stream, raw) = (2, 17, 40, 1, 3);
    let device = format!("{folder}/device");
    let all = [
        json!([133, device, 0o060_600, 0xfe00]),
        json!([165, "none", folder, "tmpfs", 0]),
        json!([161, "/"]),
        json!([170, "x", 1]),
        json!([105, 0]),
        json!([106, 0]),
        json!([41, inet, raw, 1]),
        json!([41, packet, raw, 0]),
        json!([41, vsock, stream, 0]),
        json!([323, 0]),
        json!([300, 0, 0]),
        json!([272, 0x0002_0000]),
        json!([272, 0x0400_0000]),
        json!([272, 0x4000_0000]),
    ];
    all.into_iter().map(|words| json!({"attempt": "call", "words": words})).collect()
}

pub(super) async fn read_only_files(site: &impl Site) -> Outcome {
    let own = tempfile::tempdir().unwrap();
    let write = |path: &str| json!({"attempt": "write", "path": path});
    let within: Vec<Value> = site.surroundings().folders.iter().map(|path| write(path)).collect();
    let outside = vec![write(&own.path().display().to_string()); within.len()];
    all_are_stopped(site, &within, &outside).await
}

pub(super) async fn others_files(site: &impl Site) -> Outcome {
    let files: Vec<Value> = site.surroundings().files.iter().map(|path| read(path)).collect();
    all_are_stopped(site, &files, &files).await
}

fn read(path: &str) -> Value {
    json!({"attempt": "read", "path": path, "holds": held_by_the_server(path)})
}

/// What tells a process of the server from one within that happens to have the same number.
pub(crate) fn held_by_the_server(path: &str) -> Option<&'static str> {
    let of_a_process = path.strip_prefix("/proc/")?;
    match of_a_process.split_once('/')?.1 {
        "environ" => Some("TENTACULAR_DENO="),
        "cmdline" => Some("--oidc-issuer"),
        _ => None,
    }
}

pub(super) async fn others_processes(site: &impl Site) -> Outcome {
    let seen = |name: &&str| json!({"attempt": "process", "name": name});
    let seen: Vec<Value> = site.surroundings().processes.iter().map(seen).collect();
    all_are_stopped(site, &seen, &seen).await
}

/// What only root may do, by their numbers on x86_64: another user, another group, another root, another owner of a file.
pub(super) async fn no_rights(site: &impl Site) -> Outcome {
    let calls = [json!([105, 0]), json!([106, 0]), json!([161, "/"]), json!([92, "/", 0, 0])];
    let calls = calls.map(|words| json!({"attempt": "call", "words": words}));
    all_are_stopped(site, &calls, &calls).await
}

pub(super) async fn no_credentials(site: &impl Site) -> Outcome {
    let variables = |tried: Tried| match tried {
        Tried::Got(Value::Array(names)) => names,
        other => panic!("an environment is {other:?}"),
    };
    let what = json!({"attempt": "environment"});
    let (within, outside) = (variables(site.within(&what).await), variables(site.outside(&what).await));
    assert!(outside.iter().any(|name| name == "TENTACULAR_CONTROL"), "{outside:?}");
    // Where the cluster's API is is no secret, and it is not reached.
    let is_known = |name: &str| KNOWN.contains(&name) || name.starts_with("KUBERNETES_");
    let unknown: Vec<_> = within.iter().filter(|name| !is_known(name.as_str().unwrap())).collect();
    if !unknown.is_empty() {
        return Outcome::Breached(format!("it sees the variables {unknown:?}"));
    }
    let files: Vec<Value> = site.surroundings().credentials.iter().map(|path| read(path)).collect();
    let token = read("/var/run/secrets/kubernetes.io/serviceaccount/token");
    match site.within(&json!([token])).await {
        Tried::Got(got) if got[0] == "done" => Outcome::Breached("it has an account's token".to_owned()),
        _ => all_are_stopped(site, &files, &files).await,
    }
}
