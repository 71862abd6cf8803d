//! A sidecar: a program of any image beside a tentacle's code, in whose place a shell tries what it should not get.

use super::walls::held_by_the_server;
use super::{Outcome, Site, Tried};
use serde_json::{Value, json};
use std::net::Ipv4Addr;

/// A sidecar that does what it is asked: a shell over HTTP. The path is a script in base 64.
pub(crate) const SHELL: &str = concat!(
    r#"cr=$(printf '\r'); while read -r line; do line=${line%$cr}; [ -z "$line" ] && break; "#,
    r#"[ -z "$path" ] && path=$line; done; path=${path#* /}; path=${path%% *}; "#,
    r#"echo "asked for $path" >&2; [ "$path" = health ] && out=well || out=$(echo "$path" | base64 -d | sh 2>&1); "#,
    r#"printf 'HTTP/1.1 200 OK\r\ncontent-length: %s\r\nconnection: close\r\n\r\n%s' ${#out} "$out""#
);

/// What a node needs to ask the shell.
pub(crate) const ASKS: &str =
    "const sh = async (ctx, script) => (await ctx.fetch('shell', '/' + btoa(script))).text();\n";

/// Has the shell try one script after the other.
const CODE: &str = "export default async (ctx, { scripts }) => {
  const tried = [];
  for (const script of scripts) {
    tried.push((await sh(ctx, `(${script}\n) >/dev/null 2>&1 && echo done || echo stopped`)).trim());
  }
  return tried;
};
";

/// Something that is tried in a sidecar, and the same where nothing stops it.
struct Attempt {
    within: String,
    outside: String,
}

pub(super) async fn held(site: &impl Site) -> Outcome {
    let own = tempfile::tempdir().unwrap();
    let attempts = attempts(site, &own.path().display().to_string());
    let busybox = std::env::var("TENTACULAR_TEST_BUSYBOX").unwrap();
    let outside: Vec<Value> = attempts
        .iter()
        .map(|attempt| format!("BUSYBOX={busybox}\n{}", attempt.outside))
        .map(|script| json!({"attempt": "program", "words": [busybox, "sh", "-c", script]}))
        .collect();
    let Tried::Got(controls) = site.outside(&json!(outside)).await else { panic!("nothing is done outside") };
    for (attempt, control) in attempts.iter().zip(controls.as_array().unwrap()) {
        assert_eq!(control, "done", "outside, {} shows nothing", attempt.outside);
    }
    site.approved("sidecar", &files(&site.busybox())).await;
    let scripts: Vec<String> =
        attempts.iter().map(|attempt| format!("BUSYBOX=/bin/busybox\n{}", attempt.within)).collect();
    // What it may do shows that the shell is there, and does what it is asked.
    let may = ["true", ": > /shared/file && : > /tmp/file", "[ \"$(id -u)\" = 65534 ]", "$BUSYBOX ps"]
        .map(|script| format!("BUSYBOX=/bin/busybox\n{script}"));
    let all = [&may[..], &scripts].concat();
    let input = json!({"scripts": all});
    let tried = site.run("sidecar", input, 300).await.unwrap();
    let tried = tried.as_array().unwrap();
    assert_eq!(tried.len(), may.len() + scripts.len());
    let (may, tried) = tried.split_at(may.len());
    assert!(may.iter().all(|tried| tried == "done"), "{may:?}");
    let done: Vec<&str> = attempts
        .iter()
        .zip(tried)
        .filter(|(_, tried)| *tried != "stopped")
        .map(|(attempt, _)| attempt.within.as_str())
        .collect();
    if done.is_empty() { Outcome::Held } else { Outcome::Breached(done.join(", ")) }
}

/// A tentacle whose one node has the shell beside it.
fn files(image: &str) -> Value {
    let command = json!(["/bin/busybox", "nc", "-ll", "-p", "9000", "-e", "/bin/busybox", "sh", "-c", SHELL]);
    let workflow = format!(
        "name: sidecar\nversion: '1.0'\ntriggers: [{{type: manual}}]\nnodes:\n  \
         node: {{path: nodes/node.ts, description: N, uses: [shell]}}\nconfig: {{timeout: 300s}}\n\
         sidecars:\n  - {{name: shell, image: '{image}', command: {command}, port: 9000, healthPath: /health}}\n"
    );
    json!({"workflow.yaml": workflow, "nodes/node.ts": format!("{ASKS}{CODE}")})
}

fn attempts(site: &impl Site, own: &str) -> Vec<Attempt> {
    let around = site.surroundings();
    let same = |script: String| Attempt { within: script.clone(), outside: script };
    // The same where there is a folder to do it in.
    let at = |folder: &str, script: &dyn Fn(&str) -> String| Attempt {
        within: script(folder),
        outside: script(own),
    };
    let mut all = Vec::new();
    for connection in &around.connections {
        let hostname = connection["hostname"].as_str().unwrap_or_default();
        if let Ok(address) = hostname.parse::<Ipv4Addr>() {
            all.push(same(format!("nc -w 3 {address} {} -e $BUSYBOX true", connection["port"])));
        }
    }
    for path in around.files.iter().chain(&around.credentials) {
        all.push(same(match held_by_the_server(path) {
            // Whoever looks for it does not find itself.
            Some(held) => format!("grep -q -- '[{}]{}' {path}", &held[..1], &held[1..]),
            None => format!("head -c 1 {path} | grep -q ."),
        }));
    }
    for name in &around.processes {
        // Whoever looks for it does not find itself.
        all.push(same(format!("ps | grep -q '[{}]{}'", &name[..1], &name[1..])));
    }
    for folder in ["/", "/bin", "/dev", "/proc"] {
        all.push(at(folder, &|folder| format!(": > {folder}/hostile")));
    }
    all.extend([
        at("/tmp", &|folder| format!("mount -t tmpfs none {folder}")),
        at("/tmp", &|folder| format!("mknod {folder}/device c 1 1")),
        at("/tmp", &|folder| format!(": > {folder}/own && chown 0 {folder}/own")),
        same("chroot / $BUSYBOX true".to_owned()),
        // More than it may write, into what is its own and into what it shares.
        at("/tmp", &|folder| format!("dd if=/dev/zero of={folder}/fill bs=1M count=64")),
        at("/shared", &|folder| format!("dd if=/dev/zero of={folder}/fill bs=1M count=128")),
    ]);
    all
}
