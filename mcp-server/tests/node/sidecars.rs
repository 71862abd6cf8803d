//! Sidecars in a pod: a node uses one by `ctx.fetch` and shares files with it, and neither gets anything of the other's that
//! it was not given.

use crate::conformance::sidecars::{ASKS, SHELL};
use crate::inside::inside;
use crate::outside;
use crate::place::node;
use crate::site::Site;
use serde_json::{Value, json};

mod trouble;

/// The lines of a sidecar `shell` on port 9000, which is the shell that was meant, and `more` of its keys.
fn shell(more: &str) -> String {
    let command = json!(["/bin/busybox", "nc", "-ll", "-p", "9000", "-e", "/bin/busybox", "sh", "-c", SHELL]);
    sidecar(&command, more)
}

fn sidecar(command: &Value, more: &str) -> String {
    format!(
        "sidecars:\n  - {{name: shell, image: '{}', command: {command}, port: 9000{more}}}\n",
        node().probe
    )
}

/// What each node of a test begins with.
const TRIED: &str = include_str!("../shared/reaching.js");

/// Asks the shell for everything that it should not have, and shares files with it.
const USER: &str = r#"
export default async (ctx, { host, gateway }) => {
  const has = (script) => sh(ctx, `(${script}) >/dev/null 2>&1 && echo yes || echo no`);
  const reaches = (address, port) => has(`nc -w 3 ${address} ${port} -e /bin/busybox true`);
  await ctx.shared.write("in.txt", "of the node");
  const told = await sh(ctx, "cat /shared/in.txt; echo of the sidecar > /shared/out.txt");
  await sh(ctx, "ln -s /supply/egress.pass /shared/pass; ln -s /secrets/shop.key /shared/key");
  const proxy = "printf 'GET http://shop.example:8001/ HTTP/1.1\\r\\nhost: shop.example:8001\\r\\n\\r\\n'";
  return {
    told,
    shared: await ctx.shared.readText("out.txt"),
    shop: await tried(async () => (await ctx.fetch("shop", "/beside")).text()),
    pass: await tried(() => ctx.shared.readText("pass")),
    key: await tried(() => ctx.shared.readText("key")),
    direct: await tried(() => Deno.readTextFile("/shared/out.txt")),
    user: await sh(ctx, "id -u"),
    files: await sh(ctx, "ls -d /supply /secrets /code /engine /var/run/secrets 2>/dev/null"),
    word: await sh(ctx, "echo \"$WORD\""),
    variables: await sh(ctx, "env | cut -d = -f 1 | grep -vE '^(KUBERNETES_.*|HOME|HOSTNAME|PATH|PWD|SHLVL|WORD)$'"),
    processes: await sh(ctx, "ps | grep -c '[d]eno'"),
    root: await has("echo x > /file"),
    mounts: await has("mount -t tmpfs none /tmp"),
    proxy: await sh(ctx, `${proxy} | nc -w 3 127.0.0.1 3128 | head -n 1`),
    shopItself: await reaches(host, 8001),
    metadata: await reaches("169.254.169.254", 80),
    names: await has("timeout 3 nslookup kubernetes.default.svc.cluster.local"),
    gateway: await sh(ctx, `${proxy} | nc -w 3 ${gateway} 3128 | head -n 1`),
    scratch: await has("dd if=/dev/zero of=/tmp/x bs=1M count=8"),
    filled: await has("dd if=/dev/zero of=/tmp/x bs=1M count=64"),
    fullShare: await has("dd if=/dev/zero of=/shared/x bs=1M count=128"),
  };
};
"#;

/// A node that may not use it.
const OTHER: &str = r#"
export default async (ctx) => ({
  fetch: await tried(() => ctx.fetch("shell", "/health")),
  around: await tried(async () => (await fetch("http://127.0.0.1:9000/health")).text()),
  shared: await tried(() => ctx.shared.readText("out.txt")),
  direct: await tried(() => Deno.readTextFile("/shared/out.txt")),
});
"#;

fn files() -> Value {
    let workflow = format!(
        "name: buyer\nversion: '1.0'\ntriggers: [{{type: manual}}]\nnodes:\n  \
         buy: {{path: nodes/buy.ts, description: Buys, uses: [shop, shell]}}\n  \
         other: {{path: nodes/other.ts, description: Other, uses: [shop]}}\n\
         edges: [{{from: buy, to: other}}]\nconfig: {{timeout: 120s}}\n\
         contract:\n  version: '1'\n  dependencies:\n    \
         shop: {{protocol: http, host: shop.example, port: 8001, auth: {{type: api-token, secret: shop.key}}}}\n{}",
        shell(", healthPath: /health, env: {WORD: a $(b) $$c}")
    );
    let (buy, other) = (format!("{TRIED}{ASKS}{USER}"), format!("{TRIED}{OTHER}"));
    json!({"workflow.yaml": workflow, "nodes/buy.ts": buy, "nodes/other.ts": other})
}

impl Site {
    /// Deploys what has to be approved, and approves it. How an owner says so is another test's.
    pub(crate) async fn approved(
        &self,
        enclave: &str,
        name: &str,
        files: &Value,
    ) -> Result<Value, wire::Failure> {
        let asked = self.deploy(enclave, name, files).await?;
        assert_eq!(asked["status"], "needs_approval", "{asked}");
        self.execute("UPDATE approval SET state = 'approved'").await;
        self.deploy(enclave, name, files).await
    }
}

#[test]
fn a_sidecar_serves_the_node_that_uses_it_and_gets_nothing_else() {
    inside(async {
        let (site, outside) = (Site::start("heads").await, outside::get());
        let enclave = &outside.beside;
        site.call("ana", "enclave_provision", json!({"name": enclave})).await.unwrap();
        let secret = json!({"enclave": enclave, "name": "shop.key", "value": "sword-fish"});
        site.call("ana", "secret_set", secret).await.unwrap();
        let deployed = site.approved(enclave, "buyer", &files()).await.unwrap();
        assert_eq!(deployed["status"], "deployed", "{deployed}");
        its_log_is_told_by_its_name(&site, enclave).await;

        let gateway = outside.gateway.trim_end_matches(":3128");
        let input = json!({"host": outside.host, "gateway": gateway});
        let ran = site.run_it(enclave, "buyer", input).await.unwrap();
        let outputs = &ran["output"]["outputs"];
        let refused = "HTTP/1.1 407 Proxy Authentication Required\r";
        let held = json!({
            "told": "of the node", "shared": "of the sidecar\n", "shop": "shop", "word": "a $(b) $$c",
            // what a link leads to is not what it shows, and nothing else of the folder is the node's to open
            "pass": "Error", "key": "Error", "direct": "NotCapable",
            "user": "65534", "files": "", "variables": "", "processes": "0", "root": "no", "mounts": "no",
            "proxy": refused, "gateway": refused, "shopItself": "no", "metadata": "no", "names": "no",
            "scratch": "yes", "filled": "no", "fullShare": "no",
        });
        assert_eq!(outputs["buy"], held, "{ran}");
        let nothing =
            json!({"fetch": "Error", "around": "NotCapable", "shared": "Error", "direct": "NotCapable"});
        assert_eq!(outputs["other"], nothing, "{ran}");
        let got = outside.got().await;
        assert!(got.contains("GET /beside") && !got.contains("canary: "), "{got}");
        site.deprovision("ana", enclave).await;
    });
}

async fn its_log_is_told_by_its_name(site: &Site, enclave: &str) {
    let logs = async |container: &str| {
        let args = json!({"enclave": enclave, "name": "buyer", "container": container});
        site.call("ana", "wf_logs", args).await
    };
    let (own, beside) = (logs("engine").await.unwrap(), logs("shell").await.unwrap());
    assert!(own["lines"].to_string().contains("listening on"), "{own}");
    assert_eq!((&own["container"], &beside["container"]), (&json!("engine"), &json!("shell")));
    assert!(beside["lines"].to_string().contains("asked for health"), "{beside}");
    let none = logs("render").await.unwrap_err();
    assert!(none.message.contains("it has no sidecar `render`"), "{none:?}");
}
