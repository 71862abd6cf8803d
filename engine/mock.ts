/** The network of a test: recorded answers, and a note of everything that code asks for. */

import type { Wire } from "./context.ts";
import type { Recorded, Responses } from "./fixture.ts";
import type { Use } from "./protocol.ts";

/** The most characters of an address that are told. */
const SHOWN = 200;
/** The most different things that are noted. */
const MOST = 200;

/** Makes the wire of a test, and takes away the ways around it. */
export function makeMock(responses: Responses, tell: (how: Use, name: string) => void): Wire {
  const noted = new Set<string>();
  const used = (how: Use, name: string): void => {
    const what = `${how} ${name}`;
    if (noted.has(what) || noted.size >= MOST) return;
    noted.add(what);
    tell(how, name.slice(0, SHOWN));
  };
  closeWaysAround((name) => used("direct", name));
  const given = new Map<string, number>();
  const send = (dependency: string, url: URL, init: RequestInit): Promise<Response> => {
    const request = `${(init.method ?? "GET").toUpperCase()} ${url.pathname}${url.search}`;
    const all = own(own(responses, dependency) ?? {}, request);
    const which = `${dependency} ${request}`;
    const turn = given.get(which) ?? 0;
    given.set(which, turn + 1);
    // the last one is given again and again
    const answer = all?.at(Math.min(turn, all.length - 1));
    if (answer !== undefined) return Promise.resolve(respond(answer));
    const where = `responses.${dependency} of the fixture`;
    return Promise.reject(new Error(`no answer is recorded for "${request}": add it to ${where}`));
  };
  return { send, used };
}

function own<T>(record: { readonly [key: string]: T }, key: string): T | undefined {
  return Object.hasOwn(record, key) ? record[key] : undefined;
}

function respond({ status, headers, body }: Recorded): Response {
  const empty = [204, 205, 304].includes(status);
  if (empty || body === null) return new Response(null, { status, headers });
  if (typeof body === "string") return new Response(body, { status, headers });
  const all = { "content-type": "application/json", ...headers };
  return new Response(JSON.stringify(body), { status, headers: all });
}

/** What goes out past the context is noted and refused. The thread's permissions refuse whatever is not listed here. */
function closeWaysAround(note: (name: string) => void): void {
  const refuse = (what: string, where: string): Error => {
    note(`${what} ${where}`);
    return new Error(
      `${what} goes past the context: use ctx.fetch(dependency, path), which a test can answer`,
    );
  };
  globalThis.fetch = (input) => {
    const where = input instanceof Request ? input.url : String(input);
    return Promise.reject(refuse("fetch", withoutQuery(where)));
  };
  for (const name of ["WebSocket", "EventSource"] as const) {
    const closed = function (url: string | URL): never {
      throw refuse(name, withoutQuery(String(url)));
    };
    Object.assign(globalThis, { [name]: closed });
  }
}

/** Addresses may hold what should not be told. */
function withoutQuery(address: string): string {
  return address.split(/[?#]/)[0] ?? "";
}
