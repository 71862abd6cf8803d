/** Where and with what runs are made. */

import type { Flags } from "./flags.ts";
import type { LogWriter } from "./log.ts";
import type { Modules } from "./modules.ts";
import type { Plan } from "./plan.ts";
import type { Secrets } from "./secrets.ts";
import type { Traffic } from "./traffic.ts";

export interface Workshop {
  readonly plan: Plan;
  readonly flags: Pick<Flags, "code" | "deno">;
  /** What its code imports from registries, where it does. */
  readonly modules: Modules | null;
  readonly log: LogWriter;
  readonly secrets: Secrets;
  readonly traffic: Traffic;
  /** What the engine's proxy knows runs by, which nothing else in the sandbox has. */
  readonly word: string;
}
