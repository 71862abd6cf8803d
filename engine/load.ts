/** Whether every node can be loaded, asked before the engine listens. */

import type { Runs } from "./runs.ts";

/** How long loading may take. */
const LIMIT_MS = 60_000;

/** Loads every node, as a run would; what went wrong, with the nodes' names, or null. */
export async function whyNotLoaded(runs: Runs): Promise<string | null> {
  const order = { id: crypto.randomUUID(), input: {}, limitMs: LIMIT_MS, loadOnly: true };
  const outcome = await runs.begin(order);
  if (typeof outcome === "string") return outcome;
  if (outcome.success) return null;
  const failed = Object.entries(outcome.errors).map(([node, error]) => `${node}: ${error}`);
  return failed.join("; ");
}
