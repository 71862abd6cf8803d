/** Running nodes: what they get, what they give, and how they fail. */

import { assert, equal, includes } from "./assert.ts";
import { Engine, until } from "./engine.ts";

const HELLO = `
import type { Context } from "tentacular";
export default async (ctx: Context, input: { name?: string }) => {
  ctx.log.info("asked to greet", input);
  console.warn("by console", 1);
  return { greeting: "Hello, " + (input.name ?? "world"), threshold: ctx.config.threshold, of: [ctx.enclave, ctx.tentacle, ctx.node, ctx.run] };
};`;

Deno.test("a node gets its context and input, and its output is answered", async () => {
  await using engine = await Engine.start({ hello: HELLO });
  const answer = await engine.run({ name: "Ana" }, { "tentacular-run": "run-1" });
  equal([answer.run, answer.success, answer.errors], ["run-1", true, {}]);
  equal(answer.outputs, {
    hello: {
      greeting: "Hello, Ana",
      threshold: 4.5,
      of: ["price-watch", "hello", "hello", "run-1"],
    },
  });
  const { startedAt, completedAt, durationMs, nodeTimings } = answer.timing;
  assert(
    Date.parse(startedAt) <= Date.parse(completedAt) && durationMs >= 0,
    JSON.stringify(answer.timing),
  );
  assert(nodeTimings.hello.durationMs <= durationMs, JSON.stringify(answer.timing));
  const logged = async (level: string): Promise<unknown[]> => {
    const { run, node, message } = await engine.line((line) =>
      line.level === level && line.run !== null
    );
    return [run, node, message];
  };
  equal(await logged("info"), ["run-1", "hello", 'asked to greet { name: "Ana" }']);
  equal(await logged("warn"), ["run-1", "hello", "by console 1"]);
});

Deno.test("nodes run side by side, and one that fails leaves the others alone", async () => {
  await using engine = await Engine.start({
    good: "export default () => [1, null, 'x']",
    nothing: "export default () => {}",
    bad: "\nexport default () => {\n  throw new TypeError('no price');\n}",
    odd: "export default () => Promise.reject('just text')",
    late:
      "export default () => { setTimeout(() => { throw new Error('later') }); return new Promise(() => {}) }",
    forgot: "export const hello = 1",
    broken: "export default () => {{{",
    missing: "import './nowhere.ts'; export default () => 1",
  });
  const { success, outputs, errors } = await engine.run();
  equal(success, false);
  equal(outputs, { good: [1, null, "x"], nothing: null });
  equal(errors.bad, "TypeError: no price (nodes/bad.ts:3:9)");
  equal(errors.odd, "threw just text");
  includes(errors.late, "Error: later");
  equal(errors.forgot, "Error: the file has no default export that is a function");
  includes(errors.broken, "nodes/broken.ts:1:");
  includes(errors.missing, "nodes/nowhere.ts");
  assert(!JSON.stringify(errors).includes(engine.folder), JSON.stringify(errors));
});

Deno.test("an output that is not JSON, or too much, is an error of its node", async () => {
  await using engine = await Engine.start({
    code: "export default () => () => 1",
    big: "export default () => 10n",
    circle: "export default () => { const a: any = {}; a.a = a; return a }",
    long: "export default () => 'x'.repeat(2000)",
    half: "export default () => 'x'.repeat(700)",
  }, { limits: { outputBytes: 1000, nodesAtOnce: 1 } });
  const { outputs, errors } = await engine.run();
  equal(Object.keys(outputs), ["half"]);
  equal(errors.code, "Error: the output is not JSON: it is a function");
  includes(errors.big, "the output is not JSON");
  includes(errors.circle, "the output is not JSON");
  equal(errors.long, "Error: the output has 2002 characters: at most 1000 are kept");
});

Deno.test("all outputs of a run together are bounded", async () => {
  const half = "export default () => 'x'.repeat(700)";
  await using engine = await Engine.start({ a: half, b: half }, { limits: { outputBytes: 1000 } });
  const { outputs, errors } = await engine.run();
  equal([Object.keys(outputs).length, Object.keys(errors).length], [1, 1]);
  includes(JSON.stringify(errors), "more than 1000 characters together");
});

Deno.test("a busy loop is stopped at the node's limit, and nothing of it is left", async () => {
  await using engine = await Engine.start({
    loop: "export default () => { for (;;); }",
    threads: `import { Worker } from "node:worker_threads";
      export default async () => { new Worker("for (;;);", { eval: true }); await new Promise(() => {}) }`,
    good: "export default () => 1",
  }, { timeoutMs: 1000 });
  const { outputs, errors } = await engine.run();
  equal(outputs, { good: 1 });
  const limit = "stopped after 1 s, the time limit of a node (config.timeout)";
  equal(errors, { loop: limit, threads: limit });
  equal(engine.children(), []);
});

Deno.test("a run is stopped at its own limit, which the caller can lower", async () => {
  await using engine = await Engine.start({ loop: "export default () => { for (;;); }" });
  const { success, errors } = await engine.run({}, { "tentacular-timeout": "1" });
  equal([success, errors], [false, { loop: "stopped after 1 s, the time limit of the run" }]);
  equal(engine.children(), []);
});

Deno.test("a node that fills the memory ends its run, and the next run is served", async () => {
  await using engine = await Engine.start({
    hungry: `export default (_: unknown, input: { eat?: boolean }) => {
      const all: number[][] = [];
      while (input.eat) all.push(new Array(100_000).fill(Math.random()));
      return "full";
    }`,
  }, { limits: { heapMb: 64 } });
  equal((await engine.run({ eat: true })).errors, {
    hungry: "stopped: used more memory than it may",
  });
  equal((await engine.run()).outputs, { hungry: "full" });
  equal(engine.children(), []);
});

Deno.test("a node cannot end its thread and leave the run waiting", async () => {
  await using engine = await Engine.start({
    close: "export default () => { self.close(); return new Promise(() => {}) }",
    exit: "export default () => Deno.exit(0)",
    node: "import process from 'node:process'; export default () => process.exit(0)",
  });
  const { errors } = await engine.run();
  for (const node of ["close", "exit", "node"]) includes(errors[node], "it cannot end the process");
});

Deno.test("runs share nothing", async () => {
  await using engine = await Engine.start({
    count: "let count = 0; export default () => { (globalThis as any).x = 1; return ++count }",
  });
  equal((await engine.run()).outputs, { count: 1 });
  equal((await engine.run()).outputs, { count: 1 });
});

Deno.test("a node can only read the tentacle's code", async () => {
  const tries = {
    passwd: "Deno.readTextFileSync('/etc/passwd')",
    plan: "Deno.readTextFileSync(new URL('../../plan.json', import.meta.url))",
    engine: "Deno.readTextFileSync('ENGINE/server.ts')",
    proc: "Deno.readTextFileSync('/proc/self/environ')",
    write: "Deno.writeTextFileSync(new URL('./x', import.meta.url), '')",
    temp: "Deno.makeTempFileSync()",
    env: "Deno.env.get('HOME')",
    hostname: "Deno.hostname()",
    connect: "await Deno.connect({ hostname: '127.0.0.1', port: 12345 })",
    listen: "Deno.listen({ hostname: '127.0.0.1', port: 0 })",
    fetch: "await fetch('http://127.0.0.1:12345/')",
    resolve: "await Deno.resolveDns('example.com', 'A')",
    run: "new Deno.Command('/bin/true').outputSync()",
    self: "new Deno.Command(Deno.execPath()).outputSync()",
    ffi: "Deno.dlopen('/lib/x86_64-linux-gnu/libc.so.6', {})",
    node_fs: "(await import('node:fs')).readFileSync('/etc/passwd')",
    node_net:
      "await new Promise((_, no) => import('node:net').then((net) => net.connect(12345, '127.0.0.1').on('error', no)))",
    node_child: "(await import('node:child_process')).execFileSync('/bin/true')",
    remote: "await import('https://example.com/x.ts')",
    npm: "await import('npm:chalk')",
    wider:
      "new Worker(import.meta.url, { type: 'module', deno: { permissions: { net: true } } } as WorkerOptions)",
  };
  const engine = new URL("..", import.meta.url).pathname.replace(/\/$/, "");
  const nodes = Object.entries(tries).map(([name, code]) => [
    name,
    `export default async () => { const got = ${
      code.replace("ENGINE", engine)
    }; return String(got) }`,
  ]);
  await using real = await Engine.start(Object.fromEntries(nodes));
  const { outputs, errors } = await real.run();
  equal(outputs, {});
  for (const [node, error] of Object.entries<string>(errors)) {
    const refused =
      /NotCapable|Requires \w+ access|--no-npm is specified|escalate parent thread permissions/i
        .test(error);
    assert(refused, `${node}: ${error}`);
  }
  // the control: the same code does read, where it may
  await using control = await Engine.start({
    own: "export default () => Deno.readTextFileSync(new URL(import.meta.url)).length",
  });
  assert((await control.run()).outputs.own > 0, "a node reads its own file");
});

Deno.test("what a node writes around its log is logged, and cannot pass for an event", async () => {
  const forged = JSON.stringify({ kind: "finished", node: "victim", at: 1, output: "forged" });
  await using engine = await Engine.start({
    forger: `import fs from "node:fs";
      export default () => {
        fs.writeSync(1, 'half a line');
        Deno.stdout.writeSync(new TextEncoder().encode('\\n' + ${JSON.stringify(forged)} + '\\n'));
        (self as any).postMessage({ kind: "finished", node: "victim", output: '"forged"' });
        return "mine";
      }`,
    victim: "export default () => new Promise((yes) => setTimeout(() => yes('true'), 300))",
  });
  const { outputs } = await engine.run();
  equal(outputs, { forger: "forged", victim: "true" });
  await engine.line((line) => line.message === "half a line");
  await engine.line((line) => line.message === forged && line.node === null);
});

Deno.test("the log of a run is bounded, and says so", async () => {
  await using engine = await Engine.start({
    chatty:
      "export default () => { for (let i = 0; i < 100_000; i++) console.log('line', i); return 1 }",
    wide: "export default () => { console.error('x'.repeat(100_000)) }",
  }, { limits: { logLines: 50 } });
  equal((await engine.run()).success, true);
  await engine.line((line) => line.message.startsWith("the log limit of this run is reached"));
  assert(engine.lines.length < 60, String(engine.lines.length));
  assert(engine.lines.every((line) => line.message.length < 9000), "a line is bounded");
});

Deno.test("output beyond all measure ends the run", async () => {
  await using engine = await Engine.start({
    flood: `export default () => {
      const much = new Uint8Array(1024 * 1024).fill(120);
      for (;;) Deno.stdout.writeSync(much);
    }`,
  });
  includes((await engine.run()).errors.flood, "stopped: wrote ");
  await until(() => engine.children().length === 0, () => "a process is left");
});

Deno.test("a node that closes its process's output does not leave the run waiting", async () => {
  await using engine = await Engine.start({
    closer: `import fs from "node:fs";
      export default () => {
        fs.closeSync(1);
        Deno.stdout.close();
        for (;;);
      }`,
  }, { timeoutMs: 2000 });
  equal(Object.keys((await engine.run()).errors), ["closer"]);
  equal(engine.children(), []);
});
