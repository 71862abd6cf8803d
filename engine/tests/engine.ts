/**
 * A real engine in a process of its own, started as the server starts it: its command line and its plan come from the
 * files beside this one, which the tests of the Rust side keep equal to what it derives.
 */

import { assert } from "./assert.ts";

/** The token whose digest is in plan.json. */
export const TOKEN = "secret";

const here = new URL(".", import.meta.url).pathname;
const engineFolder = new URL("../", import.meta.url).pathname.replace(/\/$/, "");

export interface LogLine {
  readonly time: string;
  readonly run: string | null;
  readonly node: string | null;
  readonly level: string;
  readonly message: string;
}

export interface Options {
  readonly limits?: Record<string, number>;
  /** Each node's time limit. */
  readonly timeoutMs?: number;
  /** The author's settings. */
  readonly config?: Record<string, unknown>;
  /** The nodes that a node waits for. */
  readonly after?: Record<string, string[]>;
  /** The dependencies that a node may use, what it may connect to, and the secrets that it may read. */
  readonly uses?: Record<string, string[]>;
  readonly net?: Record<string, string[]>;
  readonly reads?: Record<string, string[]>;
  readonly retries?: number;
  readonly dependencies?: Record<string, unknown>;
  readonly forwards?: unknown[];
  /** The folder that is shared with sidecars, and the nodes that have it. */
  readonly shared?: string;
  readonly sharing?: string[];
  /** The values of secrets. */
  readonly secrets?: Record<string, string>;
  /** The port of a gateway. */
  readonly gateway?: number;
  /** The fixtures, by the names of their files. */
  readonly fixtures?: Record<string, unknown>;
  /** Serve on a Unix socket instead of a port. */
  readonly unix?: boolean;
}

/** What a derived sandbox is given besides its code. */
export interface Reaching {
  /** The gateway's socket. */
  readonly socket: string;
  readonly secrets: Record<string, string>;
  /** The sandbox's `/etc/hosts`. */
  readonly hosts: string;
}

export class Engine {
  readonly lines: LogLine[] = [];
  readonly folder: string;
  base = "";
  readonly #process: Deno.ChildProcess;
  readonly #read: Promise<void>;

  private constructor(folder: string, process: Deno.ChildProcess) {
    this.folder = folder;
    this.#process = process;
    this.#read = this.#readLog();
  }

  /** Starts an engine whose nodes are these files' contents, by the nodes' names. */
  static async start(nodes: Record<string, string>, options: Options = {}): Promise<Engine> {
    const folder = await Deno.makeTempDir({ prefix: "engine-" });
    await Deno.mkdir(`${folder}/code/nodes`, { recursive: true });
    for (const [name, text] of Object.entries(nodes)) {
      await Deno.writeTextFile(`${folder}/code/nodes/${name}.ts`, text);
    }
    await Deno.mkdir(`${folder}/code/tests/fixtures`, { recursive: true });
    for (const [file, fixture] of Object.entries(options.fixtures ?? {})) {
      await Deno.writeTextFile(`${folder}/code/tests/fixtures/${file}`, JSON.stringify(fixture));
    }
    const plan = JSON.parse(await Deno.readTextFile(`${here}plan.json`));
    plan.nodes = Object.keys(nodes).map((name) => ({
      name,
      file: `nodes/${name}.ts`,
      timeoutMs: options.timeoutMs ?? 20_000,
      after: options.after?.[name] ?? [],
      dependencies: options.uses?.[name] ?? [],
      net: options.net?.[name] ?? [],
      secrets: options.reads?.[name] ?? [],
      shares: options.sharing?.includes(name) ?? false,
    }));
    plan.retries = options.retries ?? 0;
    plan.dependencies = options.dependencies ?? {};
    plan.forwards = options.forwards ?? [];
    if (options.shared !== undefined) plan.shared = options.shared;
    plan.config = options.config ?? plan.config;
    plan.limits = { ...plan.limits, ...options.limits };
    await Deno.writeTextFile(`${folder}/plan.json`, JSON.stringify(plan));
    const words = await command(folder, options.unix ?? false);
    const engine = new Engine(folder, spawn(await given(words, folder, options)));
    const listening = await engine.line((line) => line.message.startsWith("listening on "));
    engine.base = `http://${listening.message.split("tcp:")[1] ?? "socket"}`;
    return engine;
  }

  /**
   * Starts an engine with a plan and a command line exactly as they are derived for a tentacle that reaches something:
   * reaching-plan.json, reaching-command.json. Names are those of `hosts` for it, as a backend has it.
   */
  static async derived(nodes: Record<string, string>, reaching: Reaching): Promise<Engine> {
    const folder = await Deno.makeTempDir({ prefix: "engine-" });
    await Deno.mkdir(`${folder}/code/nodes`, { recursive: true });
    for (const [name, text] of Object.entries(nodes)) {
      await Deno.writeTextFile(`${folder}/code/nodes/${name}.ts`, text);
    }
    await Deno.copyFile(`${here}reaching-plan.json`, `${folder}/plan.json`);
    await Deno.writeTextFile(`${folder}/pass`, "the-pass");
    await Deno.writeTextFile(`${folder}/hosts`, reaching.hosts);
    await Deno.mkdir(`${folder}/secrets`);
    for (const [name, value] of Object.entries(reaching.secrets)) {
      await Deno.writeTextFile(`${folder}/secrets/${name}`, value);
    }
    const words: string[] = JSON.parse(await Deno.readTextFile(`${here}reaching-command.json`));
    const places = {
      "/DENO": Deno.execPath(),
      "/ENGINE": engineFolder,
      "/PLAN": `${folder}/plan.json`,
      "/CODE": `${folder}/code`,
      "/GATEWAY": reaching.socket,
      "/PASS": `${folder}/pass`,
      "/SECRETS": `${folder}/secrets`,
    };
    const real = words.map((word) =>
      Object.entries(places).reduce((word, [from, to]) => word.replaceAll(from, to), word)
    );
    // a mount namespace of its own, in which the names are others
    const mount = `mount --bind ${folder}/hosts /etc/hosts && exec "$@"`;
    const inside = ["/usr/bin/unshare", "--map-root-user", "--mount", "/bin/sh", "-c", mount, "sh"];
    const engine = new Engine(folder, spawn([...inside, ...real]));
    const listening = await engine.line((line) => line.message.startsWith("listening on "));
    engine.base = `http://${listening.message.split("tcp:")[1]}`;
    return engine;
  }

  get pid(): number {
    return this.#process.pid;
  }

  /** A request with the run token. */
  async fetch(path: string, init: RequestInit = {}): Promise<Response> {
    const headers = new Headers(init.headers);
    headers.set("authorization", `Bearer ${TOKEN}`);
    return await fetch(this.base + path, { ...init, headers });
  }

  /** Runs the tentacle and returns the answer, which must be 200. */
  // deno-lint-ignore no-explicit-any
  async run(input: unknown = {}, headers: Record<string, string> = {}): Promise<any> {
    const response = await this.fetch("/run", {
      method: "POST",
      body: JSON.stringify(input),
      headers,
    });
    const body = await response.json();
    assert(response.status === 200, `${response.status} ${JSON.stringify(body)}`);
    return body;
  }

  // deno-lint-ignore no-explicit-any
  async health(): Promise<any> {
    return await (await this.fetch("/health")).json();
  }

  /** The first log line that fits, waiting for it if it has not come yet. */
  async line(fits: (line: LogLine) => boolean): Promise<LogLine> {
    let found: LogLine | undefined;
    await until(
      () => (found = this.lines.find(fits)) !== undefined,
      () => JSON.stringify(this.lines),
    );
    return found as LogLine;
  }

  /** The processes that the engine has started and that still live. */
  children(): number[] {
    const children: number[] = [];
    for (const entry of Deno.readDirSync("/proc")) {
      if (!/^[0-9]+$/.test(entry.name)) continue;
      try {
        const stat = Deno.readTextFileSync(`/proc/${entry.name}/stat`);
        const [state, parent] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
        if (Number(parent) === this.pid && state !== "Z") children.push(Number(entry.name));
      } catch {
        // it has ended meanwhile
      }
    }
    return children;
  }

  signal(signal: Deno.Signal): void {
    this.#process.kill(signal);
  }

  /** How the engine ended, once it has. */
  async ended(): Promise<Deno.CommandStatus> {
    const status = await this.#process.status;
    await this.#read;
    return status;
  }

  /** Ends the engine and takes away its files. */
  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.signal("SIGKILL");
    } catch {
      // it has ended already
    }
    await this.ended();
    await Deno.remove(this.folder, { recursive: true });
  }

  async #readLog(): Promise<void> {
    let rest = "";
    for await (const text of this.#process.stdout.pipeThrough(new TextDecoderStream())) {
      const parts = (rest + text).split("\n");
      rest = parts.pop() ?? "";
      for (const part of parts) this.lines.push(JSON.parse(part));
    }
  }
}

/** The engine's command line for these files. */
export async function command(folder: string, unix = false): Promise<string[]> {
  const socket = `${folder}/engine.sock`;
  const words: string[] = JSON.parse(await Deno.readTextFile(`${here}command.json`));
  return words.map((word) => {
    let real = word
      .replaceAll("/DENO", Deno.execPath())
      .replaceAll("/ENGINE", engineFolder)
      .replaceAll("/PLAN", `${folder}/plan.json`)
      .replaceAll("/CODE", `${folder}/code`);
    if (unix) {
      real = real.replace("--allow-net=127.0.0.1:0", `--allow-net=unix:${socket}`)
        .replace("tcp:127.0.0.1:0", `unix:${socket}`)
        .replace(/^(--allow-read=.*)$/, `$1,${socket}`);
    }
    return real;
  }).flatMap((word) =>
    unix && word.startsWith("--allow-net=") ? [`--allow-write=${socket}`, word] : [word]
  );
}

/** The command line with secrets and a gateway, as `Sandbox::engine_command` adds them. */
async function given(words: string[], folder: string, options: Options): Promise<string[]> {
  const more: string[] = [];
  const permit = (flag: string, what: string): void => {
    const index = words.findIndex((word) => word.startsWith(flag));
    words[index] += `,${what}`;
  };
  if (options.secrets !== undefined) {
    await Deno.mkdir(`${folder}/secrets`);
    for (const [name, value] of Object.entries(options.secrets)) {
      await Deno.writeTextFile(`${folder}/secrets/${name}`, value);
    }
    permit("--allow-read=", `${folder}/secrets`);
    more.push("--secrets", `${folder}/secrets`);
  }
  if (options.gateway !== undefined) {
    await Deno.writeTextFile(`${folder}/pass`, "the-pass");
    permit("--allow-read=", `${folder}/pass`);
    const forwards = (options.forwards ?? []) as { at: string; port: number }[];
    const own = ["127.0.0.1:3128", ...forwards.map(({ at, port }) => `${at}:${port}`)];
    permit("--allow-net=", [`127.0.0.1:${options.gateway}`, ...own].join(","));
    more.push("--gateway", `tcp:127.0.0.1:${options.gateway}`, "--pass", `${folder}/pass`);
  }
  return [...words, ...more];
}

function spawn([program, ...args]: string[]): Deno.ChildProcess {
  return new Deno.Command(program ?? "", {
    args,
    clearEnv: true,
    env: { NO_COLOR: "1", DENO_DIR: "/dev/null/none", DENO_EMIT_CACHE_MODE: "disable" },
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
}

/** Waits until something holds, for half a minute at most. */
export async function until(
  holds: () => boolean | Promise<boolean>,
  what: () => string,
): Promise<void> {
  const end = Date.now() + 30_000;
  while (!await holds()) {
    assert(Date.now() < end, `waited in vain: ${what()}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
