/**
 * The plan: what the server derived from the tentacle's workflow and hands to the sandbox.
 *
 * The engine reads no YAML and decides nothing about what is allowed. The Rust side is `workflow::Plan`; a fixture that
 * both sides' tests read keeps them together.
 */

import { spellOut } from "./net.ts";
import type { Json } from "./types.ts";

export interface Plan {
  readonly enclave: string;
  readonly tentacle: string;
  /** The name of the tentacle's content. */
  readonly version: string;
  /** SHA-256 of the run token, in hexadecimal. The token itself never enters the sandbox. */
  readonly runTokenSha256: string;
  /** How often a failed node is tried again. */
  readonly retries: number;
  readonly nodes: readonly PlannedNode[];
  /** What code may ask for by name. */
  readonly dependencies: { readonly [name: string]: PlannedDependency };
  /** Hosts that speak a protocol of their own, and the loopback addresses that their names lead to. */
  readonly forwards: readonly Forward[];
  /** The folder that nodes share with sidecars; null where there are none. */
  readonly shared: string | null;
  readonly config: { readonly [key: string]: Json };
  readonly limits: Limits;
}

export interface PlannedNode {
  readonly name: string;
  /** The file within the code folder. */
  readonly file: string;
  readonly timeoutMs: number;
  /** The nodes whose output it waits for. */
  readonly after: readonly string[];
  /** The dependencies that it may use. */
  readonly dependencies: readonly string[];
  /** What it may connect to, as permission lists write it. */
  readonly net: readonly string[];
  /** The secrets that it may read. */
  readonly secrets: readonly string[];
  /** Whether it uses a sidecar, and has the folder that is shared with it. */
  readonly shares: boolean;
}

export interface PlannedDependency {
  readonly protocol: string;
  readonly host?: string;
  readonly port?: number;
  readonly details: { readonly [key: string]: string };
  /** How code proves who it is, such as `api-token`. */
  readonly auth?: string;
  /** With which secret. */
  readonly secret?: string;
}

export interface Forward {
  readonly at: string;
  readonly host: string;
  readonly port: number;
}

export interface Limits {
  /** How long a run may take. A caller may ask for less. */
  readonly runMs: number;
  /** How many runs may go on at the same time. */
  readonly runsAtOnce: number;
  /** How many nodes of a run may work at the same time. */
  readonly nodesAtOnce: number;
  /** The most bytes of a run's input. */
  readonly inputBytes: number;
  /** The most bytes of all outputs of a run together. */
  readonly outputBytes: number;
  /** The most log lines of a run. */
  readonly logLines: number;
  /** The most bytes of all log messages of a run together. */
  readonly logBytes: number;
  /** The most memory for a run's JavaScript objects. */
  readonly heapMb: number;
  /** How long runs may go on after the engine was told to end. */
  readonly drainMs: number;
}

/** The version of this format. */
const FORMAT = 3;

const LIMITS: readonly (keyof Limits)[] = [
  "runMs",
  "runsAtOnce",
  "nodesAtOnce",
  "inputBytes",
  "outputBytes",
  "logLines",
  "logBytes",
  "heapMb",
  "drainMs",
];

/** Reads a plan's text. Throws an error that names the part that is wrong. */
export function readPlan(text: string): Plan {
  const root = record(JSON.parse(text), "plan");
  const known = [
    "plan",
    "enclave",
    "tentacle",
    "version",
    "runTokenSha256",
    "retries",
    "nodes",
    "dependencies",
    "forwards",
    "shared",
    "config",
    "limits",
  ];
  onlyKeys(root, known, "plan");
  if (root.plan !== FORMAT) {
    throw new Error(
      `the plan has format ${JSON.stringify(root.plan)}, this engine reads ${FORMAT}`,
    );
  }
  const runTokenSha256 = word(root.runTokenSha256, "runTokenSha256");
  if (!/^[0-9a-f]{64}$/.test(runTokenSha256)) {
    throw new Error("runTokenSha256 must be 64 hexadecimal digits");
  }
  if (!Array.isArray(root.nodes) || root.nodes.length === 0) {
    throw new Error("nodes must be a list");
  }
  return {
    enclave: word(root.enclave, "enclave"),
    tentacle: word(root.tentacle, "tentacle"),
    version: word(root.version, "version"),
    runTokenSha256,
    retries: whole(root.retries, "retries"),
    nodes: readNodes(root.nodes),
    dependencies: Object.fromEntries(
      Object.entries(record(root.dependencies, "dependencies")).map(readDependency),
    ),
    forwards: list(root.forwards, "forwards").map(readForward),
    shared: root.shared === undefined ? null : word(root.shared, "shared"),
    config: record(root.config, "config") as { [key: string]: Json },
    limits: readLimits(root.limits),
  };
}

/** The nodes, of which each waits only for others that are there and never for itself. */
function readNodes(value: unknown): PlannedNode[] {
  const nodes = list(value, "nodes").map(readNode);
  const left = new Map(nodes.map((node) => [node.name, new Set(node.after)]));
  for (let free = freed(left); left.size > 0; free = freed(left)) {
    if (free.length === 0) {
      throw new Error("nodes wait for each other, or for one that is not there");
    }
    for (const name of free) left.delete(name);
    for (const waits of left.values()) for (const name of free) waits.delete(name);
  }
  return nodes;
}

function freed(left: Map<string, Set<string>>): string[] {
  return [...left].filter(([, waits]) => waits.size === 0).map(([name]) => name);
}

function readNode(value: unknown, index: number): PlannedNode {
  const what = `nodes[${index}]`;
  const node = record(value, what);
  const known = ["name", "file", "timeoutMs", "after", "dependencies", "net", "secrets", "shares"];
  onlyKeys(node, known, what);
  const file = word(node.file, `${what}.file`);
  // the server refused such paths already; a plan from elsewhere does not get past here either
  if (file.startsWith("/") || file.split("/").includes("..")) {
    throw new Error(`${what}.file leaves the code folder`);
  }
  const words = (key: string): string[] =>
    list(node[key], `${what}.${key}`).map((value) => word(value, `${what}.${key}`));
  return {
    name: word(node.name, `${what}.name`),
    file,
    timeoutMs: count(node.timeoutMs, `${what}.timeoutMs`),
    after: words("after"),
    dependencies: words("dependencies"),
    net: readNet(words("net")),
    secrets: words("secrets"),
    shares: yesOrNo(node.shares, `${what}.shares`),
  };
}

/** What cannot be held to is refused before anything runs. */
function readNet(net: string[]): string[] {
  spellOut(net);
  return net;
}

function readDependency([name, value]: [string, unknown]): [string, PlannedDependency] {
  const what = `dependencies.${name}`;
  const given = record(value, what);
  onlyKeys(given, ["protocol", "host", "port", "details", "auth", "secret"], what);
  const text = (key: string): Record<string, string> =>
    given[key] === undefined ? {} : { [key]: word(given[key], `${what}.${key}`) };
  const details = Object.entries(record(given.details ?? {}, `${what}.details`));
  return [name, {
    protocol: word(given.protocol, `${what}.protocol`),
    ...text("host"),
    ...(given.port === undefined ? {} : { port: count(given.port, `${what}.port`) }),
    details: Object.fromEntries(
      details.map(([key, value]) => [key, word(value, `${what}.details.${key}`)]),
    ),
    ...text("auth"),
    ...text("secret"),
  }];
}

function readForward(value: unknown, index: number): Forward {
  const what = `forwards[${index}]`;
  const forward = record(value, what);
  onlyKeys(forward, ["at", "host", "port"], what);
  const at = word(forward.at, `${what}.at`);
  if (!at.startsWith("127.")) throw new Error(`${what}.at is not an address of the sandbox itself`);
  const port = count(forward.port, `${what}.port`);
  return { at, host: word(forward.host, `${what}.host`), port };
}

function readLimits(value: unknown): Limits {
  const limits = record(value, "limits");
  onlyKeys(limits, LIMITS, "limits");
  return Object.fromEntries(
    LIMITS.map((key) => [key, count(limits[key], `limits.${key}`)]),
  ) as unknown as Limits;
}

function record(value: unknown, what: string): Record<string, unknown> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new Error(`${what} must be an object`);
  }
  return value as Record<string, unknown>;
}

function onlyKeys(value: Record<string, unknown>, known: readonly string[], what: string): void {
  const unknown = Object.keys(value).find((key) => !known.includes(key));
  if (unknown !== undefined) {
    throw new Error(`${what} has the unknown key ${JSON.stringify(unknown)}`);
  }
}

function word(value: unknown, what: string): string {
  if (typeof value !== "string" || value === "") throw new Error(`${what} must be a text`);
  return value;
}

function yesOrNo(value: unknown, what: string): boolean {
  if (typeof value !== "boolean") throw new Error(`${what} must be true or false`);
  return value;
}

function list(value: unknown, what: string): unknown[] {
  if (!Array.isArray(value)) throw new Error(`${what} must be a list`);
  return value;
}

function whole(value: unknown, what: string, least = 0): number {
  if (typeof value !== "number" || !Number.isSafeInteger(value) || value < least) {
    throw new Error(`${what} must be a whole number${least > 0 ? " above zero" : ""}`);
  }
  return value;
}

function count(value: unknown, what: string): number {
  return whole(value, what, 1);
}
