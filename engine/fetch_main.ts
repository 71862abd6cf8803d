/**
 * Fetches the modules of one version, in a sandbox that is there for nothing else: `GET /modules` fetches them and answers
 * the files, one JSON object a line, of which the last says how many there were.
 */

import { fetched, type Fetching, fetchModules } from "./fetch.ts";
import { readFetchFlags } from "./flags.ts";
import { carry } from "./gateway.ts";
import { LogWriter } from "./log.ts";
import { readModules } from "./modules.ts";
import { tokenCheck } from "./token.ts";
import { Traffic } from "./traffic.ts";

const log = new LogWriter();

async function answer(fetching: Fetching, traffic: Traffic): Promise<Response> {
  const why = await fetchModules(fetching);
  if (why !== null) {
    const refused = traffic.refused.map(({ reason }) => reason);
    return Response.json({ error: [why, ...refused].join(": ") }, { status: 422 });
  }
  const encoder = new TextEncoder();
  let count = 0;
  const lines = async function* (): AsyncGenerator<Uint8Array<ArrayBuffer>> {
    for await (const file of fetched(fetching.cache)) {
      count += 1;
      yield encoder.encode(JSON.stringify(file) + "\n");
    }
    yield encoder.encode(JSON.stringify({ count }) + "\n");
  };
  return new Response(ReadableStream.from(lines()));
}

try {
  const flags = readFetchFlags(Deno.args);
  const modules = await readModules(flags.wanted);
  const registries = modules?.registries ?? {};
  const holdsToken = tokenCheck(flags.tokenSha256);
  const traffic = new Traffic();
  const word = crypto.randomUUID();
  await carry(flags.gateway, [], { log, traffic, word, answers: true });
  const fetching = { ...flags, registries, word };
  const handler = async (request: Request): Promise<Response> => {
    // a probe of a cluster has no token, and needs no more than this
    if (new URL(request.url).pathname === "/health") return new Response("ok");
    if (!await holdsToken(request.headers.get("authorization"))) {
      return Response.json({ error: "the token is missing or wrong" }, { status: 401 });
    }
    try {
      return await answer(fetching, traffic);
    } catch (error) {
      return Response.json({ error: `${error}` }, { status: 500 });
    }
  };
  const { listen: at } = flags;
  await (at.kind === "unix"
    ? Deno.serve({ path: at.path, onListen: () => {} }, handler)
    : Deno.serve({ hostname: at.hostname, port: at.port, onListen: () => {} }, handler)).finished;
} catch (error) {
  log.line("error", `cannot fetch: ${error instanceof Error ? error.message : error}`);
  await log.flush();
  Deno.exit(1);
}
