/**
 * Observing a run: what a node asks for and may not have is noted, and nothing more is allowed. So that it goes on and asks
 * for the rest, `fetch` answers a denied request by itself: 599, marked, with an empty object.
 *
 * This helps authors; it guards nothing. What is denied is denied by the thread's permissions, as in every run.
 */

import type { Wire } from "./context.ts";
import type { Attempt, NodeJob } from "./protocol.ts";
import type { Context, Dependency } from "./types.ts";

/** The most different things that one node's thread notes. */
const MOST = 100;
/** The most characters of a name that are told. */
const SHOWN = 253;
/** The most characters of a reason. */
const REASON = 300;

/** The header of an answer that nobody gave. */
export const MARK = "tentacular-observed";

/** What stands for a secret that is not given. */
export const NO_SECRET = "not-given-while-observed";

/** Where something is. */
interface Place {
  readonly host: string;
  readonly port: number;
  readonly protocol: string;
}

type Ask = (by: string, name: string | null, input: Input, init?: RequestInit) => Promise<Response>;
type Input = string | URL | Request;

/** Watches what one node does. */
export class Observer {
  readonly #job: NodeJob;
  readonly #tell: (attempt: Attempt) => void;
  readonly #noted = new Set<string>();
  readonly #ask: Ask;

  constructor(job: NodeJob, tell: (attempt: Attempt) => void) {
    this.#job = job;
    this.#tell = tell;
    this.#ask = this.#watchFetch();
    this.#watchConnections();
  }

  /** The job, with something in the place of secrets that are not given. */
  get job(): NodeJob {
    const needed = Object.values(this.#job.dependencies).flatMap(({ secret }) => secret ?? []);
    const instead = Object.fromEntries(needed.map((name) => [name, NO_SECRET]));
    return { ...this.#job, secrets: { ...instead, ...this.#job.secrets } };
  }

  /** The network, watched. */
  get wire(): Wire {
    return {
      send: (name, url, init) => this.#ask("ctx.fetch", name, url, init),
      used: (how, name) => {
        if (how === "undeclared") return;
        const allowed = how !== "secret" || Object.hasOwn(this.#job.secrets, name);
        this.#note({ by: how === "secret" ? "ctx.secret" : "ctx.dependency", name, allowed });
      },
    };
  }

  /** The context, in which asking for what the node may not use is noted and answered with nothing. */
  watch(context: Context): Context {
    const its = (name: string): boolean => Object.hasOwn(this.#job.dependencies, name);
    const secrets = this.job.secrets;
    return Object.freeze({
      ...context,
      dependency: (name: string) => its(name) ? context.dependency(name) : this.#nothingOf(name),
      secret: (name: string) => {
        if (Object.hasOwn(secrets, name)) return context.secret(name);
        this.#note({ by: "ctx.secret", name, allowed: false });
        return NO_SECRET;
      },
      fetch: (name: string, path: string | URL, init?: RequestInit) =>
        its(name) ? context.fetch(name, path, init) : this.#nothingAt(name, path),
    });
  }

  /** What a node failed with may say what it was denied. */
  thrown(error: unknown): void {
    const place = deniedBy(error);
    if (place !== null) this.#denied("code", place, null);
  }

  #note(attempt: Attempt): void {
    const { by, name, host, port, allowed } = attempt;
    const what = JSON.stringify([by === "code" ? "" : by, name, host, port, allowed]);
    const known = JSON.stringify([host, port, allowed]);
    if (this.#noted.has(what) || (by === "code" && this.#noted.has(known))) return;
    if (this.#noted.size >= 2 * MOST) return;
    this.#noted.add(what).add(known);
    this.#tell({
      ...attempt,
      ...(name === undefined ? {} : { name: name.slice(0, SHOWN) }),
      ...(host === undefined ? {} : { host: host.slice(0, SHOWN) }),
    });
  }

  #denied(by: string, place: Place, name: string | null): void {
    this.#note({ by, ...(name === null ? {} : { name }), ...place, allowed: false });
  }

  #nothingAt(name: string, path: string | URL): Promise<Response> {
    const place = URL.canParse(String(path)) ? placeOf(String(path)) : null;
    if (place === null) this.#note({ by: "ctx.fetch", name, allowed: false });
    else this.#denied("ctx.fetch", place, name);
    return Promise.resolve(nothing());
  }

  #nothingOf(name: string): Dependency {
    this.#note({ by: "ctx.dependency", name, allowed: false });
    const fetch = (path: string | URL): Promise<Response> => this.#nothingAt(name, path);
    return Object.freeze({ name, protocol: "https", fetch });
  }

  #watchFetch(): Ask {
    const real = globalThis.fetch;
    const ask: Ask = async (by, name, input, init) => {
      const asked = placeOf(input instanceof Request ? input.url : String(input));
      try {
        const response = await real(input, init);
        const reason = response.headers.get("tentacular-reason");
        if (asked !== null) {
          const refused = reason === null ? {} : { reason: reason.slice(0, REASON) };
          const its = name === null ? {} : { name };
          this.#note({ by, ...its, ...asked, ...refused, allowed: reason === null });
        }
        return response;
      } catch (error) {
        const denied = deniedBy(error);
        if (denied === null) throw error;
        // after a redirect it is another place than the one that was asked
        const same = asked !== null && asked.host === denied.host && asked.port === denied.port;
        this.#denied(by, same ? asked : denied, same ? name : null);
        return nothing();
      }
    };
    globalThis.fetch = (input, init) => ask("fetch", null, input, init);
    return ask;
  }

  /** Connections for which there is no empty answer: they are noted, and fail as in every run. */
  #watchConnections(): void {
    const failed = (by: string, error: unknown): never => {
      const place = deniedBy(error);
      if (place !== null) this.#denied(by, { ...place, protocol: "tcp" }, null);
      throw error;
    };
    const made = (by: string, { hostname = "127.0.0.1", port }: Where): void => {
      if (port === undefined) return;
      this.#note({ by, host: hostname.toLowerCase(), port, protocol: "tcp", allowed: true });
    };
    const watched = <C>(by: string, real: (options: never) => Promise<C>) => (options: Where) =>
      real(options as never).then((connection) => {
        made(by, options);
        return connection;
      }, (error) => failed(by, error));
    Object.assign(Deno, {
      connect: watched("Deno.connect", Deno.connect),
      connectTls: watched("Deno.connectTls", Deno.connectTls),
    });
    for (const name of ["WebSocket", "EventSource"] as const) {
      const construct = (target: new (...args: unknown[]) => object, args: unknown[]): object => {
        const place = placeOf(String(args[0]));
        if (place !== null && !isOpen(place)) this.#denied(name, place, null);
        return Reflect.construct(target, args);
      };
      const real = globalThis[name] as unknown as new (...args: unknown[]) => object;
      Object.assign(globalThis, { [name]: new Proxy(real, { construct }) });
    }
  }
}

interface Where {
  readonly hostname?: string;
  readonly port?: number;
}

/** What is answered in the place of one that is not asked. */
function nothing(): Response {
  const headers = { [MARK]: "denied", "content-type": "application/json" };
  return new Response("{}", { status: 599, statusText: "Denied While Observed", headers });
}

/** What a text says that it lacks, in Deno's words for a denied connection. */
export function deniedIn(text: string): Place | null {
  const found = text.match(/Requires net access to "(\[[0-9a-f:.]+\]|[^":/]+):([0-9]{1,5})"/i);
  const [, host, digits] = found ?? [];
  const port = Number(digits);
  if (host === undefined || !(port > 0 && port < 65536)) return null;
  const protocol = port === 80 ? "http" : port === 443 ? "https" : "tcp";
  return { host: host.replace(/^\[|\]$/g, "").toLowerCase(), port, protocol };
}

function deniedBy(error: unknown): Place | null {
  let at = error;
  for (let depth = 0; depth < 8 && at instanceof Error; depth += 1) {
    const place = deniedIn(at.message);
    if (place !== null) return place;
    at = at.cause;
  }
  return null;
}

/** Where an address of HTTP leads. */
function placeOf(address: string): Place | null {
  const { protocol, hostname, port } = URL.parse(address) ?? {};
  if (protocol === undefined || hostname === undefined || hostname === "") return null;
  const speaks = { "http:": "http", "https:": "https", "ws:": "ws", "wss:": "https" }[protocol];
  if (speaks === undefined) return null;
  const usual = speaks === "https" ? 443 : 80;
  const host = hostname.replace(/^\[|\]$/g, "");
  return { host, port: port === "" || port === undefined ? usual : Number(port), protocol: speaks };
}

function isOpen({ host, port }: Place): boolean {
  const at = host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
  return Deno.permissions.querySync({ name: "net", host: at }).state === "granted";
}
