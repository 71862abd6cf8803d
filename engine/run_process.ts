/** The process that a run is made in. */

import { PROXY } from "./gateway.ts";
import { heldTo, variables } from "./modules.ts";
import type { Workshop } from "./workshop.ts";

/**
 * Starts the process of a run. It may read the engine, the tentacle's code and its modules, and connect to what some node may use,
 * which goes out through the engine's proxy.
 */
export function start({ plan, flags, modules }: Workshop, reaches: boolean): Deno.ChildProcess {
  const engine = new URL(".", import.meta.url).pathname;
  const net = reaches ? [...new Set(plan.nodes.flatMap((node) => node.net))] : [];
  const folders = modules === null ? [] : [modules.folder];
  const proxy = `http://${PROXY.hostname}:${PROXY.port}`;
  return new Deno.Command(flags.deno, {
    args: [
      "run",
      "--quiet",
      "--no-prompt",
      ...heldTo(modules),
      `--config=${engine}deno.json`,
      `--allow-read=${[engine, flags.code, ...folders].join(",")}`,
      ...(net.length === 0 ? [] : [`--allow-net=${net.join(",")}`]),
      `--v8-flags=--max-old-space-size=${plan.limits.heapMb}`,
      `${engine}runner.ts`,
    ],
    clearEnv: true,
    env: {
      NO_COLOR: "1",
      DENO_NO_UPDATE_CHECK: "1",
      ...variables(modules),
      ...(net.length === 0 ? {} : { HTTP_PROXY: proxy, HTTPS_PROXY: proxy }),
    },
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
}
