/**
 * What a node's code can rely on. Authors import these types and nothing else:
 *
 * ```ts
 * import type { Context } from "tentacular";
 *
 * export default async (ctx: Context, input: { name?: string }) => {
 *   ctx.log.info("was asked to greet", input.name);
 *   return { greeting: `Hello, ${input.name ?? "world"}!` };
 * };
 * ```
 *
 * @module
 */

/** A value that JSON can hold: what comes in and what goes out. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** Writes to the tentacle's log. Values that are not texts are written as code would show them. */
export interface Log {
  debug(...values: unknown[]): void;
  info(...values: unknown[]): void;
  warn(...values: unknown[]): void;
  error(...values: unknown[]): void;
}

/** A dependency of the contract, as a node that uses it is told of it. */
export interface Dependency {
  /** Its name in the contract. */
  readonly name: string;
  /** How one talks to it: `https`, `postgresql`, … */
  readonly protocol: string;
  /** Where it is; not there for a range. */
  readonly host?: string;
  readonly port?: number;
  readonly database?: string;
  readonly user?: string;
  readonly subject?: string;
  readonly container?: string;
  /** How one proves who one is: `api-token`, `basic`, `header:X-Api-Key`, … */
  readonly auth?: string;
  /** The value of its secret. */
  readonly secret?: string;
  /**
   * A request to it. `path` is a path there; an address elsewhere is refused. `auth` and the secret are seen to, and
   * redirects are followed only within it.
   */
  fetch(path: string | URL, init?: RequestInit): Promise<Response>;
}

/** The folder that a node shares with the sidecars that it uses, which find it at `/shared`. It has no folders of its own. */
export interface Shared {
  read(name: string): Promise<Uint8Array>;
  readText(name: string): Promise<string>;
  /** Writes a file as a whole: nobody sees half of it. */
  write(name: string, data: Uint8Array | string): Promise<void>;
  /** The names of its files; those that begin with a dot are left out. */
  list(): Promise<string[]>;
  remove(name: string): Promise<void>;
}

/** What a node is told about the run that it belongs to. */
export interface Context {
  /** The enclave that the tentacle lives in. */
  readonly enclave: string;
  /** The tentacle's name. */
  readonly tentacle: string;
  /** The name of the tentacle's content, `sha256:…`. */
  readonly version: string;
  /** This run's id. */
  readonly run: string;
  /** This node's name. */
  readonly node: string;
  /** The author's own settings: `config` in workflow.yaml. */
  readonly config: { readonly [key: string]: Json };
  /** The tentacle's log. `console` writes there too; secrets are taken out of it. */
  readonly log: Log;
  /** The folder that this node shares with the sidecars that it uses (`nodes.<node>.uses` in workflow.yaml). */
  readonly shared: Shared;
  /** A dependency that this node uses (`nodes.<node>.uses` in workflow.yaml). */
  dependency(name: string): Dependency;
  /** The value of a secret of a dependency that this node uses, by its name, `service.key`. */
  secret(name: string): string;
  /** `ctx.dependency(name).fetch(path, init)`. */
  fetch(dependency: string, path: string | URL, init?: RequestInit): Promise<Response>;
}

/**
 * A node: the default export of its file.
 *
 * What it returns, or what its promise holds, is its output and must be JSON. When it throws, the node has failed and
 * the error's text is shown to whoever asked for the run.
 */
export type Node<Input = Json, Output = unknown> = (
  ctx: Context,
  input: Input,
) => Output | Promise<Output>;
