/** Tests a tentacle with its fixtures: says what it finds, and ends with 0 only when nothing is wrong. */

import { readTestFlags } from "./flags.ts";
import { readModules } from "./modules.ts";
import { readPlan } from "./plan.ts";
import { type Report, Testing } from "./testing.ts";

function emit(report: Report | { kind: "error"; error: string }): void {
  let bytes = new TextEncoder().encode(JSON.stringify(report) + "\n");
  while (bytes.length > 0) bytes = bytes.subarray(Deno.stdout.writeSync(bytes));
}

let code = 2;
try {
  const flags = readTestFlags(Deno.args);
  const plan = readPlan(await Deno.readTextFile(flags.plan));
  const place = { flags, modules: await readModules(flags.modules) };
  code = await new Testing(plan, place, emit).all() ? 0 : 1;
} catch (error) {
  emit({ kind: "error", error: `cannot test: ${error instanceof Error ? error.message : error}` });
}
Deno.exit(code);
