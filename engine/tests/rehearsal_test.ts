/** A version's fixtures, run by the engine that is to serve. */

import { equal, includes } from "./assert.ts";
import { Engine } from "./engine.ts";

/** Asks a whole engine to run its fixtures. */
// deno-lint-ignore no-explicit-any
async function rehearse(engine: Engine, headers: Record<string, string> = {}): Promise<any> {
  const response = await engine.fetch("/rehearse", { method: "POST", headers });
  return await response.json();
}

const SHOUT = `export default (ctx, input) => {
  ctx.log.info("shouting " + input);
  if (input === "loop") for (;;);
  return String(input).toUpperCase();
}`;

Deno.test("an engine runs its fixtures when whoever holds the token asks", async () => {
  await using engine = await Engine.start({ shout: SHOUT }, {
    secrets: { "shop.key": "hidden" },
    fixtures: {
      "shout.json": { input: "tea", expected: "TEA" },
      "shout.milk.json": { input: "milk", expected: "MLIK" },
    },
  });
  const told = await rehearse(engine);
  equal(told, {
    success: false,
    passed: 1,
    failed: 1,
    errors: { "shout.milk.json": '$: expected "MLIK", got "MILK"' },
    drift: [],
  });
  equal(engine.lines.filter((line) => line.message.startsWith("shouting")), []);
  const stranger = await fetch(`${engine.base}/rehearse`, { method: "POST" });
  equal([stranger.status, await stranger.json()], [401, {
    error: "the run token is missing or wrong",
  }]);
  // fixtures are nobody's runs
  equal((await engine.health()).runs, { inFlight: 0, succeeded: 0, failed: 0, refused: 0 });
});

Deno.test("all fixtures together have one time limit", async () => {
  await using engine = await Engine.start({ shout: SHOUT }, {
    fixtures: {
      "shout.json": { input: "loop" },
      "shout.later.json": { input: "tea", expected: "TEA" },
    },
  });
  const told = await rehearse(engine, { "tentacular-timeout": "1" });
  equal([told.success, told.failed], [false, 2]);
  includes(told.errors["shout.json"], "stopped after");
  includes(told.errors["shout.later.json"], "stopped after");
  equal((await engine.run("tea")).outputs.shout, "TEA");
});

Deno.test("where code and contract have parted is told, and stops nothing", async () => {
  const code = `export default async () => {
    await fetch("https://shop.example/").catch(() => {});
    return 1;
  }`;
  await using engine = await Engine.start({ buy: code }, {
    fixtures: { "buy.json": { input: {}, expected: 1 } },
  });
  const told = await rehearse(engine);
  equal([told.success, told.passed, told.drift.length], [true, 1, 1]);
  includes(told.drift[0], "past its context");
});
