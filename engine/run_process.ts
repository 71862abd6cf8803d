/** The process that a run is made in. */

import { PROXY, RUN } from "./gateway.ts";
import { heldTo, variables } from "./modules.ts";
import type { Workshop } from "./workshop.ts";

/**
 * Starts the process of a run. It may read the engine, the tentacle's code and its modules, and connect to what some node may
 * use, which goes out through the engine's proxy; what runs in the sandbox itself is connected to as it is.
 */
export function start(
  { plan, flags, modules, word }: Workshop,
  reaches: boolean,
): Deno.ChildProcess {
  const engine = new URL(".", import.meta.url).pathname;
  const net = reaches ? [...new Set(plan.nodes.flatMap((node) => node.net))] : [];
  const proxy = `http://${RUN}:${word}@${PROXY.hostname}:${PROXY.port}`;
  const shared = reaches && plan.shared !== null ? [plan.shared] : [];
  const folders = modules === null ? [] : [modules.folder];
  return new Deno.Command(flags.deno, {
    args: [
      "run",
      "--quiet",
      "--no-prompt",
      ...heldTo(modules),
      `--config=${engine}deno.json`,
      `--allow-read=${[engine, flags.code, ...folders, ...shared].join(",")}`,
      ...shared.map((folder) => `--allow-write=${folder}`),
      ...(net.length === 0 ? [] : [`--allow-net=${net.join(",")}`]),
      `--v8-flags=--max-old-space-size=${plan.limits.heapMb}`,
      `${engine}runner.ts`,
    ],
    clearEnv: true,
    env: {
      NO_COLOR: "1",
      DENO_NO_UPDATE_CHECK: "1",
      // nothing can be written where it would keep what it has compiled, and it would try for 150 ms
      DENO_EMIT_CACHE_MODE: "disable",
      ...variables(modules),
      ...(net.length === 0
        ? {}
        : { HTTP_PROXY: proxy, HTTPS_PROXY: proxy, NO_PROXY: PROXY.hostname }),
    },
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
}
