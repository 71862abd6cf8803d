/** The HTTP side: who may ask, what is refused, and what health says. */

import { request } from "node:http";
import { assert, equal, includes } from "./assert.ts";
import { command, Engine, TOKEN, until } from "./engine.ts";

/** Ends when the test puts a file of the run's name beside it. */
const WAIT = `export default async (ctx: { run: string }) => {
  for (;;) {
    try {
      Deno.statSync(new URL("./" + ctx.run, import.meta.url));
      return "waited";
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}`;

async function letGo(engine: Engine, run: string): Promise<void> {
  await Deno.writeTextFile(`${engine.folder}/code/nodes/${run}`, "");
}

Deno.test("only POST with the run token runs anything", async () => {
  await using engine = await Engine.start({ hello: "export default () => 1" });
  const post = (authorization?: string): Promise<Response> =>
    fetch(`${engine.base}/run`, {
      method: "POST",
      ...(authorization === undefined ? {} : { headers: { authorization } }),
    });
  for (
    const wrong of [
      undefined,
      "Bearer",
      "Bearer x",
      "Basic secret",
      TOKEN,
      `Bearer ${TOKEN}x`,
      "Bearer ",
    ]
  ) {
    const response = await post(wrong);
    equal([response.status, response.headers.get("www-authenticate")], [401, "Bearer"]);
    await response.body?.cancel();
  }
  for (
    const [method, path, status] of [["GET", "/run", 405], ["PUT", "/run", 405], [
      "POST",
      "/health",
      405,
    ]]
  ) {
    const response = await engine.fetch(String(path), { method: String(method) });
    equal([response.status, response.headers.has("allow")], [status, true]);
    await response.body?.cancel();
  }
  for (const path of ["/", "/webhook/github", "/run/", "/constructor", "/__proto__"]) {
    const response = await engine.fetch(path, { method: "POST" });
    equal(response.status, 404);
    await response.body?.cancel();
  }
  const { runs } = await engine.health();
  equal(runs, { inFlight: 0, succeeded: 0, failed: 0, refused: 0 });
  const response = await post(`Bearer ${TOKEN}`);
  equal([response.status, (await response.json()).success], [200, true]);
});

Deno.test("loading finds what cannot be loaded, calls nothing, and is nobody's run", async () => {
  await using engine = await Engine.start({
    fine: `console.log("loaded"); export default () => { throw new Error("was called") }`,
    torn: "export default (",
    lost: `import "./nowhere.ts"; export default () => 1`,
    none: "export const hello = 1",
    slow: "await new Promise(() => {}); export default () => 1",
  }, { timeoutMs: 3000 });
  const response = await engine.fetch("/load", { method: "POST" });
  const { success, outputs, errors } = await response.json();
  equal([response.status, success, outputs], [200, false, { fine: null }]);
  equal(Object.keys(errors), ["torn", "lost", "none", "slow"]);
  includes(errors.torn, "nodes/torn.ts:1");
  includes(errors.lost, "nowhere.ts");
  includes(errors.none, "no default export");
  includes(errors.slow, "stopped after 3 s");
  await engine.line((line) => line.message === "loaded" && line.node === "fine");
  const { runs, lastRun } = await engine.health();
  equal([runs, lastRun], [{ inFlight: 0, succeeded: 0, failed: 0, refused: 0 }, null]);
  equal((await fetch(`${engine.base}/load`, { method: "POST" })).status, 401);
});

Deno.test("input that is not JSON, or too large, is refused before anything runs", async () => {
  await using engine = await Engine.start(
    { echo: "export default (_: unknown, input: unknown) => input" },
    { limits: { inputBytes: 100 } },
  );
  const post = async (body: BodyInit, headers = {}): Promise<[number, string]> => {
    const response = await engine.fetch("/run", { method: "POST", body, headers });
    return [response.status, (await response.json()).error];
  };
  equal(await post("{"), [400, "the input is not JSON"]);
  equal(await post(new Uint8Array([0x22, 0xff, 0x22])), [400, "the input is not JSON"]);
  equal(await post(JSON.stringify("x".repeat(200))), [413, "the input has more than 100 bytes"]);
  equal((await post("1", { "tentacular-timeout": "0" }))[0], 400);
  equal((await post("1", { "tentacular-run": "a b" }))[0], 400);
  equal((await engine.health()).runs, { inFlight: 0, succeeded: 0, failed: 0, refused: 0 });
  const empty = await engine.fetch("/run", { method: "POST" });
  equal((await empty.json()).outputs, { echo: {} });
  equal((await engine.run(null)).outputs, { echo: null });
});

Deno.test("health tells the truth while runs overlap", async () => {
  await using engine = await Engine.start({ wait: WAIT }, { limits: { runsAtOnce: 2 } });
  const bare = await (await fetch(`${engine.base}/health`)).json();
  equal(Object.keys(bare), ["status", "version"]);
  equal((await engine.health()).lastRun, null);

  const long = engine.run({}, { "tentacular-run": "long" });
  await until(async () => (await engine.health()).runs.inFlight === 1, () => "the long run");
  const short = engine.run({}, { "tentacular-run": "short" });
  await until(async () => (await engine.health()).runs.inFlight === 2, () => "two runs at once");

  const busy = await engine.fetch("/run", { method: "POST" });
  equal([busy.status, busy.headers.get("retry-after")], [429, "1"]);
  includes((await busy.json()).error, "too many runs");

  await letGo(engine, "short");
  await short;
  const health = await engine.health();
  equal([health.runs.inFlight, health.runs.succeeded, health.runs.refused], [1, 1, 1]);
  equal([health.lastRun.run, health.lastRun.ok], ["short", true]);

  const again = await engine.fetch("/run", {
    method: "POST",
    headers: { "tentacular-run": "long" },
  });
  equal([again.status, (await again.json()).error], [409, "a run with this id is going on"]);

  await letGo(engine, "long");
  await long;
  const last = (await engine.health()).lastRun;
  // it began first and ended last
  equal([last.run, last.startedAt <= health.lastRun.startedAt], ["long", true]);
  assert(last.endedAt >= health.lastRun.endedAt, JSON.stringify(last));
});

Deno.test("a failed run is counted as one", async () => {
  await using engine = await Engine.start({
    bad: "export default () => { throw new Error('no') }",
  });
  await engine.run();
  const { runs, lastRun } = await engine.health();
  equal([runs.failed, runs.succeeded, lastRun.ok], [1, 0, false]);
});

Deno.test("on SIGTERM runs end by themselves, and no new one begins", async () => {
  await using engine = await Engine.start({ wait: WAIT });
  const run = engine.run({}, { "tentacular-run": "patient" });
  await until(async () => (await engine.health()).runs.inFlight === 1, () => "a run");
  engine.signal("SIGTERM");
  await engine.line((line) => line.message === "ending: no new runs");
  const refused = await engine.fetch("/run", { method: "POST" });
  equal([refused.status, (await refused.json()).error], [503, "the tentacle is shutting down"]);
  const health = await engine.fetch("/health");
  equal([health.status, (await health.json()).status], [503, "draining"]);
  await letGo(engine, "patient");
  equal((await run).outputs, { wait: "waited" });
  equal((await engine.ended()).code, 0);
});

Deno.test("a run that does not end is stopped when the time to drain is over", async () => {
  await using engine = await Engine.start(
    { loop: "export default () => { for (;;); }" },
    { limits: { drainMs: 300 } },
  );
  const run = engine.run();
  await until(async () => (await engine.health()).runs.inFlight === 1, () => "a run");
  engine.signal("SIGTERM");
  equal((await run).errors, { loop: "stopped: the tentacle is shutting down" });
  equal((await engine.ended()).code, 0);
});

Deno.test("a run ends with an engine that is killed", async () => {
  await using engine = await Engine.start(
    { loop: "export default () => { console.log('busy'); for (;;); }" },
    { timeoutMs: 600_000 },
  );
  const run = engine.run().catch(() => "gone");
  await engine.line((line) => line.message === "busy");
  const [child] = engine.children();
  engine.signal("SIGKILL");
  equal(await run, "gone");
  const lives = (): boolean => {
    try {
      const stat = Deno.readTextFileSync(`/proc/${child}/stat`);
      return !/\) [ZX] /.test(stat);
    } catch {
      return false;
    }
  };
  await until(() => !lives(), () => `process ${child} lives on`);
});

Deno.test("it serves on a Unix socket, also where an engine before it has left one", async () => {
  await using engine = await Engine.start({ hello: "export default () => 1" }, { unix: true });
  const socketPath = `${engine.folder}/engine.sock`;
  const ask = (): Promise<number | undefined> =>
    new Promise((resolve, reject) => {
      const headers = { authorization: `Bearer ${TOKEN}` };
      const asked = request({ socketPath, path: "/run", method: "POST", headers }, (response) => {
        response.resume();
        response.on("end", () => resolve(response.statusCode));
      });
      asked.on("error", reject);
      asked.end();
    });
  equal(await ask(), 200);
  engine.signal("SIGKILL");
  await engine.ended();
  assert(Deno.lstatSync(socketPath).isSocket === true, "the socket is left");

  const [program, ...args] = await command(engine.folder, true);
  const next = new Deno.Command(program ?? "", {
    args,
    clearEnv: true,
    env: { DENO_DIR: "/dev/null/none", DENO_EMIT_CACHE_MODE: "disable" },
    stdout: "null",
  }).spawn();
  try {
    await until(
      () => ask().then((status) => status === 200, () => false),
      () => "the second engine",
    );
  } finally {
    next.kill("SIGTERM");
    await next.status;
  }
});

Deno.test("a plan or command line that is not understood is refused with its reason", async () => {
  await using engine = await Engine.start({ hello: "export default () => 1" });
  const good = JSON.parse(await Deno.readTextFile(`${engine.folder}/plan.json`));
  const start = async (
    plan: unknown,
    change: (args: string[]) => string[] = (args) => args,
  ): Promise<string> => {
    await Deno.writeTextFile(
      `${engine.folder}/plan.json`,
      typeof plan === "string" ? plan : JSON.stringify(plan),
    );
    const [program, ...args] = await command(engine.folder);
    const { code, stdout } = await new Deno.Command(program ?? "", {
      args: change(args),
      clearEnv: true,
      env: { DENO_DIR: "/dev/null/none", DENO_EMIT_CACHE_MODE: "disable" },
    }).output();
    equal(code, 1);
    return JSON.parse(new TextDecoder().decode(stdout)).message;
  };
  includes(await start({ ...good, plan: 1 }), "the plan has format 1, this engine reads 3");
  includes(await start({ ...good, egress: [] }), 'the unknown key "egress"');
  includes(
    await start({ ...good, nodes: [{ ...good.nodes[0], file: "../a.ts" }] }),
    "leaves the code folder",
  );
  includes(
    await start({ ...good, nodes: [{ ...good.nodes[0], after: ["hello"] }] }),
    "nodes wait for each other",
  );
  includes(
    await start(good, (args) => [...args, "--pass", "/x"]),
    "--gateway and --pass go together",
  );
  includes(await start({ ...good, runTokenSha256: "" }), "runTokenSha256");
  includes(
    await start({ ...good, limits: { ...good.limits, heapMb: 0 } }),
    "limits.heapMb must be",
  );
  const net = ["203.0.0.0/14:443"];
  includes(
    await start({ ...good, nodes: [{ ...good.nodes[0], net }] }),
    "more than 131072 addresses together",
  );
  includes(await start("{"), "cannot start: ");
  includes(await start(good, (args) => args.slice(0, -2)), "--listen is missing");
  includes(await start(good, (args) => [...args, "--plan", "/x"]), "--plan is twice");
  includes(
    await start(good, (args) => args.map((arg) => arg === "tcp:127.0.0.1:0" ? "0.0.0.0" : arg)),
    "--listen is 0.0.0.0",
  );
});

Deno.test("an engine that loads first does not listen with a node that cannot be loaded", async () => {
  await using engine = await Engine.start({ hello: "export default () => 1" });
  await Deno.writeTextFile(`${engine.folder}/code/nodes/hello.ts`, "export default 3");
  const [program, ...args] = await command(engine.folder);
  const { code, stdout } = await new Deno.Command(program ?? "", {
    args: [...args, "--load-first", "yes"],
    clearEnv: true,
    env: { DENO_DIR: "/dev/null/none", DENO_EMIT_CACHE_MODE: "disable" },
  }).output();
  equal(code, 1);
  const lines = new TextDecoder().decode(stdout);
  includes(lines, "cannot start: hello: ");
  equal(lines.includes("listening on"), false);
});
