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
  /** The tentacle's log. `console` writes there too. */
  readonly log: Log;
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
