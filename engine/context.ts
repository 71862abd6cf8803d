/** What a node's code is given: its dependencies, its secrets, and requests that are bound to a dependency. */

import type { PlannedDependency } from "./plan.ts";
import type { NodeJob, Use } from "./protocol.ts";
import type { Asking, SharedAnswer, SharedAsk } from "./shared.ts";
import type { Context, Dependency, Log, Shared } from "./types.ts";

/** The most redirects that are followed within a dependency. */
const REDIRECTS = 5;

/** What is spoken where `fetch` is of use. */
const HTTP = ["http", "https", "blob", "s3"];

/** What a context stands on: the network, or in a test what was recorded of it. */
export interface Wire {
  send(dependency: string, url: URL, init: RequestInit): Promise<Response>;
  /** Is told what code asks for. */
  used(how: Use, name: string): void;
}

export const REAL: Wire = { send: (_, url, init) => fetch(url, init), used: () => {} };

/** Makes the context of a node. */
export function makeContext(job: NodeJob, log: Log, wire: Wire, asking: Asking): Context {
  const ask: Ask = { job, wire };
  const dependency = (name: string): Dependency => {
    const found = find(ask, name);
    const { host, port, details, auth, secret, protocol } = found;
    return Object.freeze({
      name,
      protocol,
      ...details,
      ...(host === undefined ? {} : { host }),
      ...(port === undefined ? {} : { port }),
      ...(auth === undefined ? {} : { auth }),
      ...(secret === undefined ? {} : { secret: secretOf(job, secret) }),
      fetch: (path: string | URL, init?: RequestInit) => request(ask, name, path, init),
    });
  };
  return Object.freeze({
    ...job.context,
    log,
    shared: sharedOf(ask, asking),
    dependency,
    secret: (name: string) => {
      wire.used(Object.hasOwn(job.secrets, name) ? "secret" : "undeclared", name);
      return secretOf(job, name);
    },
    fetch: (name: string, path: string | URL, init?: RequestInit) => request(ask, name, path, init),
  });
}

/** The folder that is shared with sidecars, as code is given it. */
function sharedOf({ job, wire }: Ask, asking: Asking): Shared {
  const { node } = job.context;
  // what is at an address of the sandbox is a sidecar: contracts have names
  const beside = Object.entries(job.dependencies).filter(([, { host }]) => host === "127.0.0.1");
  const ask = (what: SharedAsk): Promise<SharedAnswer> => {
    for (const [name] of beside) wire.used("dependency", name);
    if (job.shares) return asking.ask(what);
    const why = `node "${node}" uses no sidecar: name one in nodes.${node}.uses in workflow.yaml`;
    return Promise.reject(new Error(why));
  };
  const read = async (name: string): Promise<Uint8Array> => {
    const answer = await ask({ op: "read", name });
    return "data" in answer ? answer.data : new Uint8Array();
  };
  return Object.freeze({
    read,
    readText: async (name: string) => new TextDecoder().decode(await read(name)),
    write: async (name: string, data: Uint8Array | string) => {
      const bytes = typeof data === "string" ? new TextEncoder().encode(data) : data;
      await ask({ op: "write", name, data: bytes });
    },
    list: async () => {
      const answer = await ask({ op: "list" });
      return "names" in answer ? [...answer.names] : [];
    },
    remove: async (name: string) => void await ask({ op: "remove", name }),
  });
}

interface Ask {
  readonly job: NodeJob;
  readonly wire: Wire;
}

function find({ job, wire }: Ask, name: string): PlannedDependency {
  const found = Object.hasOwn(job.dependencies, name) ? job.dependencies[name] : undefined;
  wire.used(found === undefined ? "undeclared" : "dependency", name);
  if (found !== undefined) return found;
  const { node } = job.context;
  if (job.otherDependencies.includes(name)) {
    throw new Error(
      `node "${node}" may not use "${name}": add it to nodes.${node}.uses in workflow.yaml`,
    );
  }
  throw new Error(
    `no node uses "${name}": add it to contract.dependencies and to nodes.${node}.uses in workflow.yaml`,
  );
}

function secretOf(job: NodeJob, name: string): string {
  const value = Object.hasOwn(job.secrets, name) ? job.secrets[name] : undefined;
  if (value !== undefined) return value;
  const { node } = job.context;
  throw new Error(
    `node "${node}" may not read the secret "${name}": it reads those of the dependencies that it uses (auth.secret)`,
  );
}

/** A request to a dependency. A place elsewhere is refused before anything is attached to it. */
async function request(
  ask: Ask,
  name: string,
  path: string | URL,
  init: RequestInit = {},
): Promise<Response> {
  const dependency = find(ask, name);
  let url = place(name, dependency, String(path));
  const { origin } = url;
  const headers = new Headers(init.headers);
  authorize(ask.job, dependency, headers);
  let { method = "GET", body } = init;
  for (let hop = 0;; hop += 1) {
    const { signal } = init;
    const response = await ask.wire.send(name, url, {
      method,
      headers,
      redirect: "manual",
      ...(body === undefined ? {} : { body }),
      ...(signal === undefined ? {} : { signal }),
    });
    const target = response.headers.get("location");
    const follows = [301, 302, 303, 307, 308].includes(response.status) && target !== null;
    if (!follows || init.redirect === "manual") return response;
    await response.body?.cancel();
    if (init.redirect === "error" || hop >= REDIRECTS) {
      throw new Error(`${name} answered ${response.status}, which was one redirect too many`);
    }
    url = place(name, dependency, new URL(target, url).href);
    if (url.origin !== origin) {
      throw new Error(`${name} redirected elsewhere: ${shown(url.origin)}`);
    }
    if (response.status < 307 && method !== "GET" && method !== "HEAD") {
      method = "GET";
      body = undefined;
    }
    if (body instanceof ReadableStream) {
      throw new Error(`${name} redirected what can be sent only once`);
    }
  }
}

/** The address of `path` at a dependency. */
function place(name: string, dependency: PlannedDependency, path: string): URL {
  const { protocol, host, port } = dependency;
  const scheme = protocol === "http" ? "http" : "https";
  if (!HTTP.includes(protocol)) {
    throw new Error(`${name} speaks ${protocol}: connect to its host and port, fetch is for HTTP`);
  }
  if (host === undefined) return inRange(name, path);
  const origin = new URL(`${scheme}://${host}:${port ?? (scheme === "http" ? 80 : 443)}`);
  const url = new URL(path, origin);
  const elsewhere = url.origin !== origin.origin || url.username !== "" || url.password !== "";
  if (elsewhere) {
    throw new Error(`"${shown(path)}" is not at ${name} (${host}): give a path, such as "/prices"`);
  }
  return url;
}

/** An address in a range, which code chooses; the permissions and the gateway see to it that it is in there. */
function inRange(name: string, path: string): URL {
  if (URL.canParse(path)) return new URL(path);
  throw new Error(`${name} is a range: give a full address, such as "https://203.0.113.7/prices"`);
}

function shown(text: string): string {
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}

/** Says who asks, as the contract's `auth.type` says. A dependency without a host is told nothing. */
function authorize(job: NodeJob, dependency: PlannedDependency, headers: Headers): void {
  const { auth, secret, host } = dependency;
  if (auth === undefined || secret === undefined || host === undefined) return;
  const value = secretOf(job, secret);
  const header = auth.match(/^header:([A-Za-z0-9-]+)$/)?.[1];
  if (header !== undefined) headers.set(header, value);
  else if (auth === "basic") headers.set("authorization", `Basic ${base64(value)}`);
  else if (["api-token", "bearer", "bearer-token"].includes(auth)) {
    headers.set("authorization", `Bearer ${value}`);
  }
  // Other kinds are the code's own business: it has ctx.secret().
}

function base64(text: string): string {
  return btoa(String.fromCharCode(...new TextEncoder().encode(text)));
}
