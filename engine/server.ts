/** The HTTP side of the engine: `POST /run`, `POST /load`, `POST /observe`, `POST /rehearse`, `GET /beside` and
 * `GET /health`. */

import { isWell } from "./beside.ts";
import { rehearse } from "./rehearsal.ts";
import type { Order } from "./run.ts";
import type { Refusal, Runs } from "./runs.ts";
import { prove, tokenCheck } from "./token.ts";
import type { Outcome, Told } from "./told.ts";
import type { Json } from "./types.ts";
import type { Workshop } from "./workshop.ts";

/** What whoever watches a run accepts. */
const NDJSON = "application/x-ndjson";

/** How long a caller may take to send its input. */
const BODY_MS = 30_000;

const REFUSALS: Record<Refusal, [number, string]> = {
  busy: [429, "too many runs of this tentacle are going on: try again when one has ended"],
  draining: [503, "the tentacle is shutting down"],
  "same-id": [409, "a run with this id is going on"],
};

const BAD_TIMEOUT = { error: "tentacular-timeout must be a whole number of seconds" };

/** Makes the function that answers requests. */
export function makeHandler(
  workshop: Workshop,
  runs: Runs,
): (request: Request) => Promise<Response> {
  const holdsToken = tokenCheck(workshop.plan.runTokenSha256);
  const started = new Date().toISOString();

  const health = async (request: Request): Promise<Response> => {
    const status = runs.draining ? "draining" : "ok";
    const code = runs.draining ? 503 : 200;
    const { version } = workshop.plan;
    const proof = prove(workshop.plan.runTokenSha256, request.headers.get("tentacular-challenge"));
    // a probe of the cluster has no token, and needs no more than this
    if (!await holdsToken(request.headers.get("authorization"))) {
      return json(code, { status, version }, proof === null ? {} : { "tentacular-proof": proof });
    }
    return json(code, {
      status,
      version,
      startedAt: started,
      runs: { ...runs.counts },
      lastRun: runs.last,
    });
  };

  /** How long a request may take; null where it says something else than seconds. */
  const limitOf = (request: Request): number | null => {
    const { runMs } = workshop.plan.limits;
    const seconds = request.headers.get("tentacular-timeout");
    if (seconds === null) return runMs;
    return /^[1-9][0-9]{0,5}$/.test(seconds) ? Math.min(runMs, Number(seconds) * 1000) : null;
  };

  const fixtures = async (request: Request): Promise<Response> => {
    if (!await holdsToken(request.headers.get("authorization"))) return unauthorized();
    const limitMs = limitOf(request);
    if (limitMs === null) return json(400, BAD_TIMEOUT);
    return json(200, await rehearse(workshop, limitMs));
  };

  const beside = async (request: Request): Promise<Response> => {
    if (!await holdsToken(request.headers.get("authorization"))) return unauthorized();
    const asked = new URL(request.url).searchParams;
    const [port, path] = [Number(asked.get("port")), asked.get("path")];
    const well = Number.isInteger(port) && await isWell(port, path);
    return json(well ? 200 : 503, { well });
  };

  const begin =
    (how: "run" | "load" | "observe") => async (request: Request): Promise<Response> => {
      if (!await holdsToken(request.headers.get("authorization"))) return unauthorized();
      const id = request.headers.get("tentacular-run") ?? crypto.randomUUID();
      if (!/^[A-Za-z0-9-]{1,64}$/.test(id)) {
        return json(400, { error: "tentacular-run must be letters, digits and hyphens" });
      }
      const { inputBytes } = workshop.plan.limits;
      const limitMs = limitOf(request);
      if (limitMs === null) return json(400, BAD_TIMEOUT);
      const input = await readInput(request, inputBytes);
      if ("refused" in input) return input.refused;
      const loadOnly = how === "load";
      const observe = how === "observe";
      const order = { id, input: input.value, limitMs, loadOnly, observe };
      const watched = request.headers.get("accept") === NDJSON;
      const begun = watched ? watch(runs, order) : runs.begin(order);
      if (begun instanceof Response) return begun;
      if (typeof begun !== "string") return json(200, await begun);
      const [code, error] = REFUSALS[begun];
      return json(code, { error }, code === 409 ? {} : { "retry-after": "1" });
    };

  const routes: Record<string, [string, (request: Request) => Promise<Response>]> = {
    "/health": ["GET", health],
    "/run": ["POST", begin("run")],
    "/load": ["POST", begin("load")],
    "/observe": ["POST", begin("observe")],
    "/rehearse": ["POST", fixtures],
    "/beside": ["GET", beside],
  };
  return async (request) => {
    const route = routes[new URL(request.url).pathname];
    if (route === undefined) {
      return json(404, {
        error: "there is only /run, /load, /observe, /rehearse, /beside and /health",
      });
    }
    const [method, answer] = route;
    if (request.method === method) return await answer(request);
    return json(405, { error: `only ${method} is allowed here` }, { allow: method });
  };
}

function unauthorized(): Response {
  const headers = { "www-authenticate": "Bearer" };
  return json(401, { error: "the run token is missing or wrong" }, headers);
}

/**
 * Begins a run and answers its events as they happen, one JSON object a line; the last one is the outcome. Whoever stops
 * listening does not stop the run.
 */
function watch(runs: Runs, order: Order): Response | Refusal {
  const encoder = new TextEncoder();
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
  const writer = writable.getWriter();
  const line = (value: object): void => {
    writer.write(encoder.encode(JSON.stringify(value) + "\n")).catch(() => {});
  };
  const begun = runs.begin({ ...order, tell: (told: Told) => line(told) });
  if (typeof begun === "string") return begun;
  begun.then((outcome: Outcome) => {
    line({ kind: "outcome", ...outcome });
    writer.close().catch(() => {});
  });
  const headers = { "content-type": NDJSON, "cache-control": "no-store" };
  return new Response(readable, { headers });
}

/** The input as JSON; an empty body is `{}`. */
async function readInput(
  request: Request,
  most: number,
): Promise<{ value: Json } | { refused: Response }> {
  const bytes = await readBody(request, most);
  if (bytes === "too-large") {
    return { refused: json(413, { error: `the input has more than ${most} bytes` }) };
  }
  if (bytes === "broken") return { refused: json(400, { error: "the input did not arrive" }) };
  if (bytes.length === 0) return { value: {} };
  try {
    return { value: JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes)) };
  } catch {
    return { refused: json(400, { error: "the input is not JSON" }) };
  }
}

async function readBody(
  request: Request,
  most: number,
): Promise<Uint8Array | "too-large" | "broken"> {
  if (request.body === null) return new Uint8Array();
  const reader = request.body.getReader();
  const timer = setTimeout(() => reader.cancel("too slow").catch(() => {}), BODY_MS);
  const late = Date.now() + BODY_MS;
  const chunks: Uint8Array[] = [];
  let size = 0;
  try {
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      size += part.value.length;
      if (size > most) {
        reader.cancel("too large").catch(() => {});
        return "too-large";
      }
      chunks.push(part.value);
    }
  } catch {
    return "broken";
  } finally {
    clearTimeout(timer);
  }
  if (Date.now() >= late) return "broken";
  const body = new Uint8Array(size);
  let at = 0;
  for (const chunk of chunks) {
    body.set(chunk, at);
    at += chunk.length;
  }
  return body;
}

function json(status: number, body: object, headers: Record<string, string> = {}): Response {
  return Response.json(body, { status, headers: { "cache-control": "no-store", ...headers } });
}
