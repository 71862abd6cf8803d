//! Sidecars beside a tentacle's code, behind both walls: a node uses one by `ctx.fetch` and shares files with it, and neither gets
//! anything of the other's that it was not given.

mod hostile;
mod layout;
mod life;
mod trouble;

pub(crate) use self::layout::{Layout, digest};
use crate::caller::ENCLAVE;
use crate::conformance::sidecars::{ASKS, SHELL};
use crate::server::{Server, Walls, engine};
use serde_json::{Value, json};
use std::net::TcpListener;

/// What each node of a test begins with.
const TRIED: &str = include_str!("../shared/reaching.js");

/// Asks the shell for everything that it should not have, and shares files with it.
const USER: &str = r#"
export default async (ctx, { port, mark }) => {
  const has = (script) => sh(ctx, `(${script}) >/dev/null 2>&1 && echo yes || echo no`);
  await ctx.shared.write("in.txt", "of the node");
  const told = await sh(ctx, "cat /shared/in.txt; echo of the sidecar > /shared/out.txt");
  await sh(ctx, "ln -s /plan.json /shared/plan; ln -s /run/tentacle/engine.sock /shared/socket");
  return {
    told,
    shared: await ctx.shared.readText("out.txt"),
    plan: await tried(() => ctx.shared.readText("plan")),
    direct: await tried(() => Deno.readTextFile("/shared/out.txt")),
    user: await sh(ctx, "id -u"),
    root: await sh(ctx, "ls /"),
    files: await sh(ctx, "ls -d /plan.json /secrets /code /engine /run /egress /modules /home /root 2>/dev/null"),
    variables: await sh(ctx, "env | cut -d = -f 1 | grep -vE '^(HOME|PATH|PWD|SHLVL|WORD|OF_IMAGE)$'"),
    word: await sh(ctx, "echo \"$WORD\""),
    processes: await sh(ctx, "ps | grep -c '[d]eno'"),
    marks: await sh(ctx, `cat /proc/[0-9]*/cmdline /proc/[0-9]*/environ 2>/dev/null | grep -c '${mark}'`),
    looked: await has("cat /proc/[0-9]*/environ 2>/dev/null | grep -q WORD="),
    setuid: await sh(ctx, "ls -l /bin/busybox | cut -c 1-10"),
    writes: await has("echo x > /file || echo x > /bin/file || echo x > /dev/file"),
    mounts: await has("mount -t tmpfs none /tmp"),
    device: await has("mknod /tmp/d c 1 1"),
    host: await has(`nc -w 3 127.0.0.1 ${port} -e /bin/busybox true`),
    metadata: await has("nc -w 3 169.254.169.254 80 -e /bin/busybox true"),
    names: await has("timeout 3 nslookup example.org"),
    scratch: await has("dd if=/dev/zero of=/tmp/x bs=1M count=8"),
    filled: await has("dd if=/dev/zero of=/tmp/x bs=1M count=64"),
    fullShare: await has("dd if=/dev/zero of=/shared/x bs=1M count=128"),
    manyShared: await has("for i in $(seq 5000); do : > /shared/f$i || exit 1; done"),
  };
};
"#;

/// A node that may not use it.
const OTHER: &str = r#"
export default async (ctx) => ({
  fetch: await tried(() => ctx.fetch("shell", "/health")),
  around: await tried(async () => (await fetch("http://127.0.0.1:9000/health")).text()),
  shared: await tried(() => ctx.shared.readText("out.txt")),
});
"#;

/// The command of the shell.
fn shell() -> Value {
    json!(["/bin/busybox", "nc", "-ll", "-p", "9000", "-e", "/bin/busybox", "sh", "-c", SHELL])
}

/// The lines of a sidecar of this image with this command, and `more` of its keys.
fn sidecar(image: &Value, command: &Value, more: &str) -> String {
    let image = format!("r.example/team/shell@{}", digest(image));
    format!("sidecars:\n  - {{name: shell, image: '{image}', command: {command}, port: 9000{more}}}\n")
}

/// A tentacle whose one node has the shell do `script`.
fn asker(sidecars: &str) -> Value {
    let workflow = format!(
        "name: asker\nversion: '1.0'\ntriggers: [{{type: manual}}]\nnodes:\n  \
         ask: {{path: nodes/ask.ts, description: A, uses: [shell]}}\n{sidecars}"
    );
    let code = format!("{TRIED}{ASKS}export default (ctx, input) => sh(ctx, input.script ?? 'echo well');");
    json!({"workflow.yaml": workflow, "nodes/ask.ts": code})
}

/// A server with an enclave and this layout.
async fn with(walls: Walls, layout: &Layout) -> Server {
    let server = Server::start_with(walls, &engine(), &[&layout.flag()]).await;
    server.provision(ENCLAVE).await;
    server
}

impl Server {
    /// Deploys what has to be approved, and approves it. How an owner says so is another test's.
    pub(crate) async fn approved(&self, name: &str, files: &Value) -> Result<Value, wire::Failure> {
        let asked = self.deploy(name, files).await?;
        assert_eq!(asked["status"], "needs_approval", "{asked}");
        self.execute("UPDATE approval SET state = 'approved'").await;
        self.deploy(name, files).await
    }
}

async fn a_sidecar_serves_the_node_that_uses_it_and_gets_nothing_else(walls: Walls) {
    let layout = Layout::new();
    let image = layout.index(layout.busybox());
    let mut server = with(walls, &layout).await;
    let workflow = format!(
        "name: user\nversion: '1.0'\ntriggers: [{{type: manual}}]\nnodes:\n  \
         use: {{path: nodes/use.ts, description: Uses, uses: [shell]}}\n  \
         other: {{path: nodes/other.ts, description: Other, uses: []}}\n\
         edges: [{{from: use, to: other}}]\nconfig: {{timeout: 120s}}\n{}",
        sidecar(&image, &shell(), ", healthPath: /health, env: {WORD: a $(b) $$c}")
    );
    let (user, other) = (format!("{TRIED}{ASKS}{USER}"), format!("{TRIED}{OTHER}"));
    let files = json!({"workflow.yaml": workflow, "nodes/use.ts": user, "nodes/other.ts": other});
    let deployed = server.approved("user", &files).await.unwrap();
    assert_eq!(deployed["status"], "deployed", "{deployed}");

    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let mark = server.machine_dir().parent().unwrap().file_name().unwrap().to_str().unwrap().to_owned();
    // Whoever looks for it does not find itself.
    let mark = format!("[{}]{}", &mark[..1], &mark[1..]);
    let input = json!({"port": listener.local_addr().unwrap().port(), "mark": mark});
    let ran = server.run_tentacle("user", input.clone()).await.unwrap();
    let held = json!({
        "told": "of the node", "shared": "of the sidecar\n", "word": "a $(b) $$c",
        "plan": "Error", "direct": "NotCapable",
        "user": "65534", "root": "bin\ndev\nproc\nshared\nsys\ntmp", "files": "", "variables": "",
        "processes": "0", "marks": "0", "looked": "yes", "setuid": "-r-xr-xr-x", "writes": "no", "mounts": "no", "device": "no",
        "host": "no", "metadata": "no", "names": "no", "scratch": "yes", "filled": "no", "fullShare": "no",
        "manyShared": "no",
    });
    assert_eq!(ran["output"]["outputs"]["use"], held, "{ran}");
    let nothing = json!({"fetch": "Error", "around": "NotCapable", "shared": "Error"});
    assert_eq!(ran["output"]["outputs"]["other"], nothing, "{ran}");
    its_log_is_told_by_its_name(&server).await;

    // Another server finds it again, and nothing of the one before is left.
    server.kill();
    server.until_nothing_is_left().await;
    server.run().await;
    let ran = server.run_tentacle("user", input).await.unwrap();
    assert_eq!(ran["success"], true, "{ran}");
    server.call("wf_remove", json!({"enclave": ENCLAVE, "name": "user", "confirm": "user"})).await.unwrap();
    assert!(server.left().groups.iter().all(|group| !group.join(ENCLAVE).join("user").exists()));
    assert!(server.left().folders.is_empty(), "{:?}", server.left());
    server.stop();
    server.until_nothing_is_left().await;
}

async fn its_log_is_told_by_its_name(server: &Server) {
    let logs = async |container: &str| {
        let args = json!({"enclave": ENCLAVE, "name": "user", "container": container});
        server.call("wf_logs", args).await
    };
    let (own, beside) = (logs("engine").await.unwrap(), logs("shell").await.unwrap());
    assert!(own["lines"].to_string().contains("listening on"), "{own}");
    assert!(!own["lines"].to_string().contains("asked for"), "{own}");
    assert_eq!((&own["container"], &beside["container"]), (&json!("engine"), &json!("shell")));
    assert!(beside["lines"].to_string().contains("asked for health"), "{beside}");
    let none = logs("render").await.unwrap_err();
    assert!(none.message.contains("it has no sidecar `render`"), "{none:?}");
}

#[tokio::test]
async fn a_sidecar_serves_the_node_that_uses_it_and_gets_nothing_else_under_bwrap() {
    a_sidecar_serves_the_node_that_uses_it_and_gets_nothing_else(Walls::Bwrap).await;
}

#[tokio::test]
async fn a_sidecar_serves_the_node_that_uses_it_and_gets_nothing_else_under_runsc() {
    a_sidecar_serves_the_node_that_uses_it_and_gets_nothing_else(Walls::Runsc).await;
}
