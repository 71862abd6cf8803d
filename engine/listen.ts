/** Serving until told to end. */

import type { Listen } from "./flags.ts";
import type { LogWriter } from "./log.ts";
import type { Runs } from "./runs.ts";

type Handler = (request: Request) => Promise<Response>;

/** Serves requests until SIGTERM or SIGINT, then lets the runs that go on end, and returns. */
export async function listen(
  at: Listen,
  handler: Handler,
  runs: Runs,
  log: LogWriter,
): Promise<void> {
  const onListen = (address: Deno.Addr): void => {
    const place = address.transport === "tcp"
      ? `tcp:${address.hostname}:${address.port}`
      : "unix socket";
    log.line("info", `listening on ${place}`);
  };
  const onError = (error: unknown): Response => {
    log.line("error", `a request failed: ${error instanceof Error ? error.message : error}`);
    return Response.json({ error: "the engine failed" }, { status: 500 });
  };
  if (at.kind === "unix") await removeSocket(at.path);
  const server = at.kind === "unix"
    ? Deno.serve({ path: at.path, onListen, onError }, handler)
    : Deno.serve({ hostname: at.hostname, port: at.port, onListen, onError }, handler);

  let ending = false;
  const end = async (): Promise<void> => {
    if (ending) return;
    ending = true;
    log.line("info", "ending: no new runs");
    await runs.drain();
    await server.shutdown();
  };
  Deno.addSignalListener("SIGTERM", end);
  Deno.addSignalListener("SIGINT", end);
  await server.finished;
}

/** Takes away the socket that an engine before this one has left. Anything else at its place is an error. */
async function removeSocket(path: string): Promise<void> {
  try {
    if ((await Deno.lstat(path)).isSocket) await Deno.remove(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}
