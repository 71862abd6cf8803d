/** Stages: who waits for whom, what they are given, what a failure stops, and trying again. */

import { assert, equal, includes } from "./assert.ts";
import { Engine } from "./engine.ts";

const echo = (name: string): string => `export default (_ctx, input) => ({ of: "${name}", input })`;

Deno.test("outputs go along the edges", async () => {
  const nodes = { a: echo("a"), b: echo("b"), c: echo("c"), d: echo("d") };
  const after = { b: ["a"], c: ["a"], d: ["b", "c"] };
  await using engine = await Engine.start(nodes, { after });
  const { success, outputs } = await engine.run({ n: 1 });
  equal(success, true);
  const a = { of: "a", input: { n: 1 } };
  const [b, c] = [{ of: "b", input: a }, { of: "c", input: a }];
  equal(outputs, { a, b, c, d: { of: "d", input: { b, c } } });
});

Deno.test("a failure stops what depends on it and nothing else", async () => {
  const nodes = {
    bad: "export default () => { throw new Error('no price') }",
    after_bad: echo("x"),
    last: echo("y"),
    beside: echo("z"),
    after_beside: echo("w"),
  };
  const after = { after_bad: ["bad"], last: ["after_bad", "beside"], after_beside: ["beside"] };
  await using engine = await Engine.start(nodes, { after });
  const { success, outputs, errors } = await engine.run();
  equal(success, false);
  equal(Object.keys(outputs).sort(), ["after_beside", "beside"]);
  includes(errors.bad, "no price");
  equal([errors.after_bad, errors.last], ["not run: bad failed", "not run: after_bad failed"]);
});

Deno.test("no more nodes work at the same time than may", async () => {
  const busy = `export default async () => {
    const start = Date.now();
    await new Promise((resolve) => setTimeout(resolve, 300));
    return [start, Date.now()];
  }`;
  const nodes = Object.fromEntries(["a", "b", "c", "d", "e"].map((name) => [name, busy]));
  await using engine = await Engine.start(nodes, { limits: { nodesAtOnce: 2 } });
  const { outputs } = await engine.run();
  const spans = Object.values(outputs) as [number, number][];
  const most = Math.max(
    ...spans.map(([at]) => spans.filter(([from, to]) => from <= at && at < to).length),
  );
  equal(most, 2);
});

/** Counts its tries in a file that only the test can make: the folder of code cannot be written to. */
const FLAKY = `
let tries = 0;
export default async (ctx) => {
  ctx.log.info("try in a fresh thread", ++tries);
  const enough = (() => { try { Deno.statSync(new URL("./enough", import.meta.url)); return true } catch { return false } })();
  if (!enough) throw new Error("not yet");
  return "at last";
};`;

Deno.test("a node that failed is tried again, in a fresh thread, until it succeeds", async () => {
  await using engine = await Engine.start({ flaky: FLAKY }, { retries: 6 });
  const running = engine.run();
  await engine.line((line) => line.node === "flaky");
  await Deno.writeTextFile(`${engine.folder}/code/nodes/enough`, "");
  const { success, outputs } = await running;
  equal([success, outputs], [true, { flaky: "at last" }]);
  const said = engine.lines.filter((line) => line.node === "flaky").map((line) => line.message);
  assert(said.length >= 2, JSON.stringify(said));
  assert(said.every((message) => message === "try in a fresh thread 1"), JSON.stringify(said));
});

Deno.test("a try that takes too long is gone before the next begins", async () => {
  const stuck = `export default async (ctx) => {
    ctx.log.info("begun");
    for (;;) {
      await new Promise((resolve) => setTimeout(resolve, 50));
      ctx.log.info("at work");
    }
  };`;
  await using engine = await Engine.start({ stuck }, { retries: 1, timeoutMs: 500 });
  const { errors } = await engine.run();
  includes(errors.stuck, "stopped after 0.5 s");
  const said = engine.lines.filter((line) => line.node === "stuck").map((line) => line.message);
  equal(said.filter((message) => message === "begun").length, 2);
  // Between the last word of the first try and the first of the second nothing of the first is heard.
  const second = said.lastIndexOf("begun");
  assert(second > 0 && said[second - 1] === "at work", JSON.stringify(said));
});

Deno.test("a try that cannot be ended is the last one", async () => {
  const loop = "export default (ctx) => { ctx.log.info('begun'); for (;;); }";
  await using engine = await Engine.start({ loop }, { retries: 3, timeoutMs: 500 });
  const { errors } = await engine.run();
  includes(errors.loop, "stopped after 0.5 s");
  includes(errors.loop, "is not tried again");
  equal(engine.lines.filter((line) => line.message === "begun").length, 1);
  equal(engine.children(), []);
});

Deno.test("whoever watches is told of each step, and of the end", async () => {
  const nodes = {
    a: "export default (ctx) => { ctx.log.info('hello'); return 1 }",
    b: "export default () => { throw new Error('no') }",
  };
  await using engine = await Engine.start(nodes, { after: { b: ["a"] }, retries: 1 });
  const response = await engine.fetch("/run", {
    method: "POST",
    body: "{}",
    headers: { accept: "application/x-ndjson", "tentacular-run": "r1" },
  });
  equal(response.headers.get("content-type"), "application/x-ndjson");
  const told = (await response.text()).trim().split("\n").map((line) => JSON.parse(line));
  const short = told.map((event) =>
    [event.kind, event.node ?? event.run, event.attempt ?? event.message ?? ""].join(" ").trim()
  );
  equal(short, [
    "started r1",
    "node_started a 1",
    "log a hello",
    "node_finished a",
    "node_started b 1",
    "node_failed b 1",
    "node_started b 2",
    "node_failed b 2",
    "outcome r1",
  ]);
  equal([told.at(-1).success, told.at(-1).outputs], [false, { a: 1 }]);
  equal([told[5].willRetry, told[7].willRetry], [true, false]);
});
