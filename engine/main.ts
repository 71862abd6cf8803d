/** The engine: runs the nodes of one tentacle when the server asks. */

import { readFlags } from "./flags.ts";
import { carry } from "./gateway.ts";
import { LogWriter } from "./log.ts";
import { readModules } from "./modules.ts";
import { readPlan } from "./plan.ts";
import { Runs } from "./runs.ts";
import { listen } from "./listen.ts";
import { readSecrets } from "./secrets.ts";
import { makeHandler } from "./server.ts";
import { Traffic } from "./traffic.ts";
import { whyNotLoaded } from "./load.ts";

const log = new LogWriter();
try {
  const flags = readFlags(Deno.args);
  const plan = readPlan(await Deno.readTextFile(flags.plan));
  const names = new Set(plan.nodes.flatMap((node) => node.secrets));
  const secrets = await readSecrets(flags.secrets, names);
  log.hides(secrets);
  const traffic = new Traffic();
  const word = crypto.randomUUID();
  if (flags.gateway !== null) {
    await carry(flags.gateway, plan.forwards, { log, traffic, word });
  }
  const modules = await readModules(flags.modules);
  const workshop = { plan, flags, modules, log, secrets, traffic, word };
  const runs = new Runs(workshop);
  const why = flags.loadFirst ? await whyNotLoaded(runs) : null;
  if (why !== null) throw new Error(why);
  await listen(flags.listen, makeHandler(workshop, runs), runs, log);
  await log.flush();
  // connections to the gateway would keep it
  Deno.exit(0);
} catch (error) {
  log.line("error", `cannot start: ${error instanceof Error ? error.message : error}`);
  await log.flush();
  Deno.exit(1);
}
