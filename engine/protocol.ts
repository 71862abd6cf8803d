/**
 * What the engine and the process of a run say to each other.
 *
 * The engine writes one job, as a line on the process's standard input, and then only keeps it open: when it closes,
 * the process ends. The process writes events as lines on its standard output. Each begins with a word that only its
 * main thread was told, because a node's code can write to standard output too. What does not begin with that word is
 * taken for output of the tentacle and goes to its log.
 */

import { type Level, LEVELS } from "./log.ts";
import type { Responses } from "./fixture.ts";
import { readAsk, type SharedAsk } from "./shared.ts";
import type { PlannedDependency, PlannedNode } from "./plan.ts";
import type { Json } from "./types.ts";

export interface Job {
  /** The word that events begin with. */
  readonly word: string;
  readonly run: string;
  readonly enclave: string;
  readonly tentacle: string;
  readonly version: string;
  /** The folder of the tentacle's code. */
  readonly code: string;
  /** The folder of its modules, where it has any. */
  readonly modules: string | null;
  readonly nodes: readonly PlannedNode[];
  readonly retries: number;
  readonly dependencies: { readonly [name: string]: PlannedDependency };
  /** The values of all secrets; a node's thread is told its own. */
  readonly secrets: { readonly [name: string]: string };
  readonly nodesAtOnce: number;
  readonly outputBytes: number;
  readonly logLines: number;
  readonly logBytes: number;
  readonly config: { readonly [key: string]: Json };
  /** In a test, what dependencies answer, by the nodes' names: nothing goes out then. */
  readonly mock: { readonly [node: string]: Responses } | null;
  /** The folder that nodes share with sidecars; null where there are none. */
  readonly shared: string | null;
  /** In a test, what is in that folder. */
  readonly files: { readonly [name: string]: string };
  /** Nodes are only loaded, and not called, when this is true. */
  readonly loadOnly: boolean;
  /** What nodes ask for and may not have is noted, and `fetch` of it is answered with nothing. */
  readonly observe: boolean;
  readonly input: Json;
}

/** What happens in a run. */
export type Event =
  | {
    readonly kind: "started";
    readonly node: string;
    readonly at: number;
    readonly attempt: number;
  }
  | { readonly kind: "log"; readonly node: string; readonly level: Level; readonly message: string }
  | { readonly kind: "finished"; readonly node: string; readonly at: number; readonly output: Json }
  | {
    readonly kind: "failed";
    readonly node: string;
    readonly at: number;
    readonly attempt: number;
    readonly error: string;
    readonly willRetry: boolean;
  }
  | { readonly kind: "used"; readonly node: string; readonly how: Use; readonly name: string }
  | { readonly kind: "attempt"; readonly node: string; readonly attempt: Attempt };

/** What a node was seen to do in a test: it used what it may, asked for what it may not, or went around its context. */
export type Use = "dependency" | "secret" | "undeclared" | "direct";

/** What a node asked for while it was observed. */
export interface Attempt {
  /** By what: `ctx.fetch`, `fetch`, `Deno.connect`, …; `code` where only an error tells of it. */
  readonly by: string;
  /** The dependency, or of `ctx.secret` the secret, that was asked for by its name. */
  readonly name?: string;
  /** Where to, where that is known. */
  readonly host?: string;
  readonly port?: number;
  /** `https`, `http`, `ws`, or `tcp` for all else. */
  readonly protocol?: string;
  readonly allowed: boolean;
  /** Why the egress gateway refused it. */
  readonly reason?: string;
}

const USES: readonly Use[] = ["dependency", "secret", "undeclared", "direct"];

/** The event of a line, or null when the line is not one. */
export function readEvent(line: string, word: string): Event | null {
  if (!line.startsWith(word)) return null;
  try {
    const event = JSON.parse(line.slice(word.length));
    const fits = typeof event.node === "string" && (
      event.kind === "log"
        ? LEVELS.includes(event.level) && typeof event.message === "string"
        : event.kind === "used"
        ? USES.includes(event.how) && typeof event.name === "string"
        : event.kind === "attempt"
        ? isAttempt(event.attempt)
        : typeof event.at === "number" &&
          ((event.kind === "started" && typeof event.attempt === "number") ||
            (event.kind === "finished" && "output" in event) ||
            (event.kind === "failed" && typeof event.error === "string" &&
              typeof event.attempt === "number" && typeof event.willRetry === "boolean"))
    );
    return fits ? event : null;
  } catch {
    return null; // a line that was torn by what a node wrote at the same time
  }
}

function isAttempt(value: unknown): value is Attempt {
  if (typeof value !== "object" || value === null) return false;
  const { by, name, host, port, protocol, allowed, reason } = value as Record<string, unknown>;
  const texts = [name, host, protocol, reason];
  return typeof by === "string" && typeof allowed === "boolean" &&
    texts.every((text) => text === undefined || (typeof text === "string" && text.length < 512)) &&
    (port === undefined || Number.isInteger(port));
}

/** What a node's worker is told. */
export interface NodeJob {
  /** The address of its file. */
  readonly module: string;
  /** The address of the code folder, to be left out of errors. */
  readonly folder: string;
  readonly context: {
    readonly enclave: string;
    readonly tentacle: string;
    readonly version: string;
    readonly run: string;
    readonly node: string;
    readonly config: { readonly [key: string]: Json };
  };
  /** The dependencies that it may use, and the names of those that it may not. */
  readonly dependencies: { readonly [name: string]: PlannedDependency };
  readonly otherDependencies: readonly string[];
  /** The values of the secrets that it may read. */
  readonly secrets: { readonly [name: string]: string };
  /** Whether it has the folder that is shared with sidecars. */
  readonly shares: boolean;
  /** In a test, what dependencies answer. */
  readonly responses: Responses | null;
  readonly loadOnly: boolean;
  readonly observe: boolean;
  readonly input: Json;
  readonly outputBytes: number;
  readonly logLines: number;
  readonly logBytes: number;
}

/** What a node's worker is asked, to see whether it still listens. */
export const PING = "are you there";

/** What a node's worker says. `output` is JSON text. */
export type NodeMessage =
  | { readonly kind: "log"; readonly level: Level; readonly message: string }
  | { readonly kind: "used"; readonly how: Use; readonly name: string }
  | { readonly kind: "attempt"; readonly attempt: Attempt }
  | { readonly kind: "shared"; readonly id: number; readonly ask: SharedAsk }
  | { readonly kind: "alive" }
  | { readonly kind: "finished"; readonly output: string }
  | { readonly kind: "failed"; readonly error: string };

/** The message, or null when a node's code made it up. */
export function readNodeMessage(value: unknown): NodeMessage | null {
  if (typeof value !== "object" || value === null) return null;
  const message = value as Record<string, unknown>;
  const fits = message.kind === "log"
    ? LEVELS.includes(message.level as Level) && typeof message.message === "string"
    : message.kind === "used"
    ? USES.includes(message.how as Use) && typeof message.name === "string"
    : message.kind === "attempt"
    ? isAttempt(message.attempt)
    : message.kind === "shared"
    ? Number.isSafeInteger(message.id) && readAsk(message.ask) !== null
    : message.kind === "alive"
    ? true
    : message.kind === "finished"
    ? typeof message.output === "string"
    : message.kind === "failed" && typeof message.error === "string";
  return fits ? value as NodeMessage : null;
}
