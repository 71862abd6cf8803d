/** Testing a tentacle with its fixtures: what passes, what does not, and where code and contract have parted. */

import { assert, equal, includes } from "./assert.ts";

const here = new URL(".", import.meta.url).pathname;
const engineFolder = new URL("../", import.meta.url).pathname.replace(/\/$/, "");

// deno-lint-ignore no-explicit-any
type Line = any;

interface Tested {
  readonly code: number;
  readonly lines: Line[];
}

/** Runs the derived command over these nodes and fixtures, with the plan of the tentacle `shop`. */
async function test(
  nodes: Record<string, string>,
  fixtures: Record<string, unknown>,
  change: (plan: Line) => void = () => {},
): Promise<Tested> {
  const folder = await Deno.makeTempDir({ prefix: "fixtures-" });
  try {
    await Deno.mkdir(`${folder}/code/nodes`, { recursive: true });
    await Deno.mkdir(`${folder}/code/tests/fixtures`, { recursive: true });
    for (const [name, text] of Object.entries(nodes)) {
      await Deno.writeTextFile(`${folder}/code/nodes/${name}.ts`, text);
    }
    for (const [file, fixture] of Object.entries(fixtures)) {
      const text = typeof fixture === "string" ? fixture : JSON.stringify(fixture);
      await Deno.writeTextFile(`${folder}/code/tests/fixtures/${file}`, text);
    }
    const plan = JSON.parse(await Deno.readTextFile(`${here}reaching-plan.json`));
    change(plan);
    await Deno.writeTextFile(`${folder}/plan.json`, JSON.stringify(plan));
    const words: string[] = JSON.parse(await Deno.readTextFile(`${here}test-command.json`));
    const [program = "", ...args] = words.map((word) =>
      word.replaceAll("/DENO", Deno.execPath()).replaceAll("/ENGINE", engineFolder)
        .replaceAll("/PLAN", `${folder}/plan.json`).replaceAll("/CODE", `${folder}/code`)
    );
    const { code, stdout, stderr } = await new Deno.Command(program, {
      args,
      clearEnv: true,
      env: { NO_COLOR: "1", DENO_DIR: "/dev/null/none", DENO_EMIT_CACHE_MODE: "disable" },
    }).output();
    equal(new TextDecoder().decode(stderr), "");
    const lines = new TextDecoder().decode(stdout).trim().split("\n");
    return { code, lines: lines.map((line) => JSON.parse(line)) };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Only these dependencies are declared, so that the rest of the plan's is not dead. */
const uses = (...names: string[]) => (plan: Line): void => {
  plan.nodes[0].dependencies = names;
};

const of = (tested: Tested, kind: string): Line[] =>
  tested.lines.filter((line) => line.kind === kind);

const PRICES = `export default async (ctx, input) => {
  const answer = await ctx.fetch("shop", "/prices?of=" + input.item);
  ctx.log.info("asked with", ctx.secret("shop.key"), ctx.config.currency);
  const { price } = await answer.json();
  return { price, item: input.item, status: answer.status };
}`;
const REPORT = `export default (_, input) => ({ text: input.item + " costs " + input.price })`;

const TEA = {
  input: { item: "tea" },
  config: { currency: "EUR" },
  secrets: { "shop.key": "not a real key" },
  responses: { shop: { "GET /prices?of=tea": { body: { price: 3 } } } },
  expected: { status: 200, item: "tea", price: 3 },
};

Deno.test("fixtures pass, whatever the order of keys, and the graph is run with their answers", async () => {
  const tested = await test({ prices: PRICES, report: REPORT }, {
    "prices.json": TEA,
    "prices.soup.json": {
      input: { item: "soup" },
      responses: {
        shop: {
          "GET /prices?of=soup": { status: 203, headers: { "x-a": "b" }, body: '{"price":9}' },
        },
      },
      expected: { price: 9, item: "soup", status: 203 },
    },
    "report.json": { input: { item: "tea", price: 3 }, expected: { text: "tea costs 3" } },
  }, uses("shop"));
  const passed = of(tested, "fixture").map((line) => [line.node, line.case, line.status]);
  equal(passed, [["prices", null, "passed"], ["report", null, "passed"], [
    "prices",
    "soup",
    "passed",
  ]]);
  const [pipeline] = of(tested, "pipeline");
  equal([pipeline.status, pipeline.errors], ["passed", {}]);
  const said = of(tested, "log").map((line) => line.message);
  assert(said.includes("asked with [secret shop.key] EUR"), JSON.stringify(said));
  equal(tested.lines.at(-1), {
    kind: "summary",
    passed: 4,
    failed: 0,
    withoutFixture: 0,
    drift: 0,
    success: true,
  });
  equal(tested.code, 0);
});

Deno.test("a difference is named with its place, an error with its text", async () => {
  const tested = await test({ prices: PRICES, report: REPORT }, {
    "prices.json": { ...TEA, expected: { ...TEA.expected, price: 4 } },
    "prices.more.json": { ...TEA, expected: { ...TEA.expected, more: [1] } },
    "prices.unrecorded.json": { ...TEA, input: { item: "salt" } },
    "report.json": { input: null },
  }, uses("shop"));
  const [price, report, more, unrecorded] = of(tested, "fixture");
  equal(price.difference, { at: "$.price", expected: "4", actual: "3" });
  equal(more.difference, { at: "$.more", expected: "[1]", actual: "nothing" });
  includes(unrecorded.error, 'no answer is recorded for "GET /prices?of=salt"');
  includes(report.error, "TypeError");
  equal([tested.lines.at(-1).failed, tested.lines.at(-1).success, tested.code], [4, false, 1]);
});

Deno.test("a node without a fixture has not passed, and fixtures that fit nothing have failed", async () => {
  const tested = await test({ prices: PRICES, report: REPORT }, {
    "prices.json": TEA,
    "price.json": TEA,
    "prices.a.b.json": TEA,
    "prices.key.json": { ...TEA, outptu: 1 },
    "prices.none.json": {},
    "prices.other.json": { ...TEA, responses: { mail: {} } },
    "prices.path.json": { ...TEA, responses: { shop: { "GET prices": {} } } },
    "prices.secret.json": { ...TEA, secrets: { "mail.key": "x" } },
    "prices.torn.json": "{",
  }, uses("shop"));
  equal(of(tested, "no_fixture"), [{ kind: "no_fixture", node: "report" }]);
  const failed = of(tested, "fixture").filter((line) => line.status === "failed");
  const why = Object.fromEntries(failed.map((line) => [line.file, line.error]));
  equal(Object.keys(why).length, 8);
  includes(why["price.json"], 'there is no node "price"');
  includes(why["prices.a.b.json"], "expected <node>.json or <node>.<case>.json");
  includes(why["prices.key.json"], '"outptu"');
  includes(why["prices.none.json"], "no input");
  includes(why["prices.other.json"], "responses.mail: node prices may not use it");
  includes(why["prices.path.json"], 'expected "GET /path"');
  includes(why["prices.secret.json"], "secrets.mail.key: node prices may not use it");
  const { passed, withoutFixture } = tested.lines.at(-1);
  // the fixture and the pipeline
  equal([passed, withoutFixture], [2, 1]);
});

Deno.test("without any fixture nothing has passed", async () => {
  const tested = await test({ prices: PRICES, report: REPORT }, {});
  equal(tested.lines.map((line) => line.kind), ["no_fixture", "no_fixture", "summary"]);
  equal([tested.lines.at(-1).passed, tested.lines.at(-1).withoutFixture], [0, 2]);
});

Deno.test("where code and contract have parted is named", async () => {
  const code = `export default async (ctx) => {
    await fetch("https://shop.example/prices?key=abc").catch(() => {});
    try { ctx.dependency("mail") } catch {}
    try { ctx.secret("mail.key") } catch {}
    ctx.secret("db.password");
    return 1;
  }`;
  const tested = await test({ prices: code, report: REPORT }, {
    "prices.json": { input: {}, expected: 1 },
    "report.json": { input: {} },
  }, uses("shop", "db"));
  equal(of(tested, "drift").map((line) => [line.rule, line.node, line.name]), [
    ["direct-fetch", "prices", "fetch https://shop.example/prices"],
    ["undeclared-dependency", "prices", "mail"],
    ["undeclared-dependency", "prices", "mail.key"],
    ["dead-declaration", "prices", "shop"],
  ]);
  includes(of(tested, "drift")[0].message, 'use ctx.fetch("shop", path)');
  const { failed, drift, success } = tested.lines.at(-1);
  equal([failed, drift, success, tested.code], [0, 4, false, 1]);
});

Deno.test("nothing is called dead where a fixture did not come to its end", async () => {
  const tested = await test(
    { prices: "export default () => { throw new Error('early') }", report: REPORT },
    { "prices.json": { input: {} }, "report.json": { input: {} } },
  );
  equal(of(tested, "drift"), []);
});

Deno.test("a test has no network, and no way to it", async () => {
  const code = `import net from "node:net";
  const why = (work) => work.then(() => "reached", (error) => error.name + ": " + error.message);
  export default async () => {
    const told = [
      await why(Deno.connect({ hostname: "203.0.113.9", port: 443 })),
      await why(Deno.connect({ hostname: "db.example", port: 5432 })),
      await why(Deno.connect({ hostname: "127.0.0.1", port: 3128 })),
      await why(new Promise((yes, no) => net.connect(5432, "db.example").on("connect", yes).on("error", no))),
      await why(fetch("https://shop.example/")),
      await why((async () => new WebSocket("wss://shop.example/"))()),
      await why(Deno.readTextFile("/etc/passwd")),
    ];
    return told.map((text) => /NotCapable|EPERM/.test(text) ? "refused" : /past the context/.test(text) ? "noted" : text);
  };`;
  const expected = [...Array(4).fill("refused"), "noted", "noted", "refused"];
  const tested = await test({ prices: code, report: REPORT }, {
    "prices.json": { input: {}, expected },
  });
  const [{ error, difference }] = of(tested, "fixture");
  equal([error, difference], [null, null]);
});

Deno.test("a node that never ends is stopped, and the next fixture is run", async () => {
  const code = `export default (_, input) => { while (input.loop); return "done" }`;
  const tested = await test({ prices: code, report: REPORT }, {
    "prices.json": { input: { loop: true } },
    "prices.short.json": { input: {}, expected: "done" },
    "report.json": { input: {} },
  }, (plan) => {
    plan.nodes[0].timeoutMs = 500;
    uses()(plan);
  });
  const [loop, , short] = of(tested, "fixture");
  includes(loop.error, "stopped after 0.5 s");
  equal(short.status, "passed");
});

Deno.test("answers are given one after another, and the last one again", async () => {
  const code = `export default async (ctx) => {
    const told = [];
    for (let count = 0; count < 3; count += 1) {
      const answer = await ctx.dependency("shop").fetch("/stock", { method: "POST", body: "x" });
      told.push([answer.status, await answer.text()]);
    }
    return told;
  }`;
  const answers = [{ status: 503, body: "busy" }, { body: "ready" }];
  const tested = await test({ prices: code, report: REPORT }, {
    "prices.json": {
      input: {},
      responses: { shop: { "POST /stock": answers } },
      expected: [[503, "busy"], [200, "ready"], [200, "ready"]],
    },
  }, uses("shop"));
  equal(of(tested, "fixture")[0].difference, null);
  equal(of(tested, "fixture")[0].status, "passed");
});

Deno.test("the shared folder of a test has the fixture's files, and counts as the sidecar's use", async () => {
  const code = `export default async (ctx) => {
    await ctx.shared.write("in.txt", "of the node");
    return [await ctx.shared.list(), await ctx.shared.readText("out.txt")];
  }`;
  const beside = (plan: Line): void => {
    plan.dependencies = { render: { protocol: "http", host: "127.0.0.1", port: 9000 } };
    plan.shared = "/shared";
    const its = { dependencies: ["render"], net: ["127.0.0.1:9000"], secrets: [], shares: true };
    plan.nodes = plan.nodes.map((node: Line) => ({
      ...node,
      dependencies: [],
      net: [],
      secrets: [],
    }));
    Object.assign(plan.nodes.find(({ name }: Line) => name === "prices"), its);
  };
  const tested = await test({ prices: code, report: REPORT }, {
    "prices.json": {
      input: {},
      shared: { "out.txt": "of the sidecar" },
      expected: [["in.txt", "out.txt"], "of the sidecar"],
    },
  }, beside);
  equal(of(tested, "fixture")[0].error, null);
  equal([of(tested, "fixture")[0].difference, of(tested, "drift")], [null, []]);
});

Deno.test("what cannot be tested is told, and is no success", async () => {
  const tested = await test({}, {}, (plan) => plan.plan = 1);
  equal([tested.code, tested.lines.length], [2, 1]);
  includes(tested.lines[0].error, "cannot test: the plan has format 1");
});
