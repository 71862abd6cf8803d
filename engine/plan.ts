/**
 * The plan: what the server derived from the tentacle's workflow and hands to the sandbox.
 *
 * The engine reads no YAML and decides nothing about what is allowed. The Rust side is `workflow::Plan`; a fixture that
 * both sides' tests read keeps them together.
 */

import type { Json } from "./types.ts";

export interface Plan {
  readonly enclave: string;
  readonly tentacle: string;
  /** The name of the tentacle's content. */
  readonly version: string;
  /** SHA-256 of the run token, in hexadecimal. The token itself never enters the sandbox. */
  readonly runTokenSha256: string;
  readonly nodes: readonly PlannedNode[];
  readonly config: { readonly [key: string]: Json };
  readonly limits: Limits;
}

export interface PlannedNode {
  readonly name: string;
  /** The file within the code folder. */
  readonly file: string;
  readonly timeoutMs: number;
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
const FORMAT = 1;

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
    "nodes",
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
    nodes: root.nodes.map(readNode),
    config: record(root.config, "config") as { [key: string]: Json },
    limits: readLimits(root.limits),
  };
}

function readNode(value: unknown, index: number): PlannedNode {
  const node = record(value, `nodes[${index}]`);
  onlyKeys(node, ["name", "file", "timeoutMs"], `nodes[${index}]`);
  const file = word(node.file, `nodes[${index}].file`);
  // the server refused such paths already; a plan from elsewhere does not get past here either
  if (file.startsWith("/") || file.split("/").includes("..")) {
    throw new Error(`nodes[${index}].file leaves the code folder`);
  }
  return {
    name: word(node.name, `nodes[${index}].name`),
    file,
    timeoutMs: count(node.timeoutMs, `nodes[${index}].timeoutMs`),
  };
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

function count(value: unknown, what: string): number {
  if (typeof value !== "number" || !Number.isSafeInteger(value) || value < 1) {
    throw new Error(`${what} must be a whole number above zero`);
  }
  return value;
}
