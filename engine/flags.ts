/** The command line of the engine. */

export interface Flags {
  /** The file that says what to run: see plan.ts. */
  readonly plan: string;
  /** The folder of the tentacle's code. */
  readonly code: string;
  /** The Deno binary that runs are started with. */
  readonly deno: string;
  readonly listen: Listen;
}

/** Where the engine is reached: a Unix socket, or a TCP port (0 picks a free one). */
export type Listen =
  | { readonly kind: "unix"; readonly path: string }
  | { readonly kind: "tcp"; readonly hostname: string; readonly port: number };

const NAMES = ["plan", "code", "deno", "listen"] as const;

/** Reads `--name value` pairs. Throws an error that says what is wrong. */
export function readFlags(args: readonly string[]): Flags {
  const values = new Map<string, string>();
  for (let index = 0; index < args.length; index += 2) {
    const name = NAMES.find((known) => args[index] === `--${known}`);
    const value = args[index + 1];
    if (name === undefined || value === undefined || values.has(name)) {
      const wrong = name === undefined
        ? "unknown"
        : value === undefined
        ? "without a value"
        : "twice";
      throw new Error(
        `flag ${args[index]} is ${wrong}: expected each of --${NAMES.join(", --")} once`,
      );
    }
    values.set(name, value);
  }
  const of = (name: typeof NAMES[number]): string => {
    const value = values.get(name);
    if (value === undefined) throw new Error(`flag --${name} is missing`);
    return value;
  };
  return {
    plan: of("plan"),
    code: readFolder(of("code")),
    deno: of("deno"),
    listen: readListen(of("listen")),
  };
}

/** The code folder becomes a part of permission lists and addresses, where other characters have a meaning. */
function readFolder(text: string): string {
  if (!/^(\/[A-Za-z0-9._-]+)+$/.test(text)) {
    throw new Error(
      `--code is ${text}: expected an absolute path of letters, digits, ".", "_" and "-"`,
    );
  }
  return text;
}

function readListen(text: string): Listen {
  const unix = text.match(/^unix:(\/.+)$/);
  if (unix?.[1] !== undefined) return { kind: "unix", path: unix[1] };
  const tcp = text.match(/^tcp:([0-9.]+):([0-9]{1,5})$/);
  if (tcp?.[1] !== undefined && Number(tcp[2]) < 65536) {
    return { kind: "tcp", hostname: tcp[1], port: Number(tcp[2]) };
  }
  throw new Error(`--listen is ${text}: expected unix:/path or tcp:address:port`);
}
