/** The command line of the engine. */

import type { Packed } from "./packed.ts";

export interface Flags {
  /** The file that says what to run: see plan.ts. */
  readonly plan: string;
  /** The folder of the tentacle's code. */
  readonly code: string;
  /** The Deno binary that runs are started with. */
  readonly deno: string;
  readonly listen: Listen;
  /** The way out, where the tentacle reaches something. */
  readonly gateway: Gateway | null;
  /** The folder of the secrets, where there are any: a file for each, of its name. */
  readonly secrets: string | null;
  /** The folder of the modules from registries, where there are any: see modules.ts. */
  readonly modules: string | null;
  /** Whether it listens only once every node has been loaded. */
  readonly loadFirst: boolean;
}

/** Where the egress gateway is, and the file of the pass that it wants. */
export interface Gateway {
  readonly at: Listen;
  readonly pass: string;
}

/** Where something is reached: a Unix socket, or a TCP port (0 picks a free one). */
export type Listen =
  | { readonly kind: "unix"; readonly path: string }
  | { readonly kind: "tcp"; readonly hostname: string; readonly port: number };

const PLACES = ["plan", "code", "deno"];
const NAMES = [...PLACES, "modules", "listen", "gateway", "pass", "secrets", "load-first"];
const UNPACK_NAMES = ["packed", "parts", "into", "digest"];
const FETCH_NAMES = ["deno", "listen", "gateway", "pass", "wanted", "cache", "token-sha256"];

/** What a test of fixtures is told: see test_main.ts. */
export type TestFlags = Pick<Flags, "plan" | "code" | "deno" | "modules">;

/** What whoever fetches modules is told: see fetch_main.ts. */
export interface FetchFlags extends Pick<Flags, "deno" | "listen"> {
  readonly gateway: Gateway;
  /** The folder that says what to fetch. */
  readonly wanted: string;
  /** Where it is put. */
  readonly cache: string;
  /** SHA-256 of the token, in hexadecimal. */
  readonly tokenSha256: string;
}

/** Reads the engine's command line. Throws an error that says what is wrong. */
export function readFlags(args: readonly string[]): Flags {
  const values = readPairs(args, NAMES);
  return {
    ...readPlaces(values),
    listen: readAddress("listen", needed(values, "listen")),
    gateway: readGateway(values.get("gateway"), values.get("pass")),
    secrets: values.get("secrets") ?? null,
    loadFirst: readSwitch("load-first", values.get("load-first") ?? "no"),
  };
}

/** Reads the command line of a test. */
export function readTestFlags(args: readonly string[]): TestFlags {
  return readPlaces(readPairs(args, [...PLACES, "modules"]));
}

/** Reads the command line of whoever fetches modules. */
export function readFetchFlags(args: readonly string[]): FetchFlags {
  const values = readPairs(args, FETCH_NAMES);
  const tokenSha256 = needed(values, "token-sha256");
  if (!/^[0-9a-f]{64}$/.test(tokenSha256)) {
    throw new Error("--token-sha256 must be 64 hexadecimal digits");
  }
  const [at, pass] = [readAddress("gateway", needed(values, "gateway")), needed(values, "pass")];
  return {
    deno: needed(values, "deno"),
    listen: readAddress("listen", needed(values, "listen")),
    gateway: { at, pass },
    wanted: readFolder("wanted", needed(values, "wanted")),
    cache: readFolder("cache", needed(values, "cache")),
    tokenSha256,
  };
}

/** Reads the command line of whoever unpacks modules: see unpack_main.ts. */
export function readUnpackFlags(args: readonly string[]): Packed {
  const values = readPairs(args, UNPACK_NAMES);
  const [parts, digest] = [needed(values, "parts"), needed(values, "digest")];
  if (!/^[1-9][0-9]?$/.test(parts)) throw new Error(`--parts is ${parts}: expected 1 to 99`);
  if (!/^sha256:[0-9a-f]{64}$/.test(digest)) {
    throw new Error("--digest must be sha256: and 64 hexadecimal digits");
  }
  return {
    packed: readFolder("packed", needed(values, "packed")),
    parts: Number(parts),
    into: readFolder("into", needed(values, "into")),
    digest,
  };
}

function readPlaces(values: ReadonlyMap<string, string>): TestFlags {
  const modules = values.get("modules");
  return {
    plan: needed(values, "plan"),
    code: readFolder("code", needed(values, "code")),
    deno: needed(values, "deno"),
    modules: modules === undefined ? null : readFolder("modules", modules),
  };
}

/** Reads `--name value` pairs. */
function readPairs(args: readonly string[], names: readonly string[]): Map<string, string> {
  const values = new Map<string, string>();
  for (let index = 0; index < args.length; index += 2) {
    const name = names.find((known) => args[index] === `--${known}`);
    const value = args[index + 1];
    if (name === undefined || value === undefined || values.has(name)) {
      const wrong = name === undefined
        ? "unknown"
        : value === undefined
        ? "without a value"
        : "twice";
      throw new Error(
        `flag ${args[index]} is ${wrong}: expected each of --${names.join(", --")} at most once`,
      );
    }
    values.set(name, value);
  }
  return values;
}

function needed(values: ReadonlyMap<string, string>, name: string): string {
  const value = values.get(name);
  if (value === undefined) throw new Error(`flag --${name} is missing`);
  return value;
}

function readSwitch(flag: string, text: string): boolean {
  if (text !== "yes" && text !== "no") throw new Error(`--${flag} is ${text}: expected yes or no`);
  return text === "yes";
}

function readGateway(at: string | undefined, pass: string | undefined): Gateway | null {
  if (at === undefined && pass === undefined) return null;
  if (at === undefined || pass === undefined) throw new Error("--gateway and --pass go together");
  return { at: readAddress("gateway", at), pass };
}

/** A folder becomes a part of permission lists and addresses, where other characters have a meaning. */
function readFolder(flag: string, text: string): string {
  if (!/^(\/[A-Za-z0-9._-]+)+$/.test(text)) {
    throw new Error(
      `--${flag} is ${text}: expected an absolute path of letters, digits, ".", "_" and "-"`,
    );
  }
  return text;
}

function readAddress(flag: string, text: string): Listen {
  const unix = text.match(/^unix:(\/.+)$/);
  if (unix?.[1] !== undefined) return { kind: "unix", path: unix[1] };
  const tcp = text.match(/^tcp:([0-9.]+):([0-9]{1,5})$/);
  if (tcp?.[1] !== undefined && Number(tcp[2]) < 65536) {
    return { kind: "tcp", hostname: tcp[1], port: Number(tcp[2]) };
  }
  throw new Error(`--${flag} is ${text}: expected unix:/path or tcp:address:port`);
}
