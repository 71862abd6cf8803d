/** The engine: runs the nodes of one tentacle when the server asks. */

import { readFlags } from "./flags.ts";
import { LogWriter } from "./log.ts";
import { readPlan } from "./plan.ts";
import { Runs } from "./runs.ts";
import { listen } from "./listen.ts";
import { makeHandler } from "./server.ts";

const log = new LogWriter();
try {
  const flags = readFlags(Deno.args);
  const plan = readPlan(await Deno.readTextFile(flags.plan));
  const workshop = { plan, flags, log };
  const runs = new Runs(workshop);
  await listen(flags.listen, makeHandler(workshop, runs), runs, log);
  await log.flush();
} catch (error) {
  log.line("error", `cannot start: ${error instanceof Error ? error.message : error}`);
  await log.flush();
  Deno.exit(1);
}
