/** One run: its process, its time limit, its answer. */

import { lines, TooLong } from "./lines.ts";
import type { LogWriter } from "./log.ts";
import { RunLog } from "./log.ts";
import type { Flags } from "./flags.ts";
import type { Plan } from "./plan.ts";
import { type Event, type Job, readEvent } from "./protocol.ts";
import type { Json } from "./types.ts";

/** What a run is answered with. */
export interface Outcome {
  readonly run: string;
  /** Whether every node finished. */
  readonly success: boolean;
  readonly outputs: { readonly [node: string]: Json };
  readonly errors: { readonly [node: string]: string };
  readonly timing: {
    readonly startedAt: string;
    readonly completedAt: string;
    readonly durationMs: number;
    readonly nodeTimings: { readonly [node: string]: { startedAt: string; durationMs: number } };
  };
}

/** Where and with what runs are made. */
export interface Workshop {
  readonly plan: Plan;
  readonly flags: Flags;
  readonly log: LogWriter;
}

/** The longest line of events: one with the largest output, and room for what surrounds it. */
const ROOM = 64 * 1024;

/** What to run, and how. */
export interface Order {
  readonly id: string;
  readonly input: Json;
  readonly limitMs: number;
  /** Only load the nodes, to see whether they can be. */
  readonly loadOnly: boolean;
}

/** A run that goes on. */
export class Run {
  readonly id: string;
  readonly startedAt = new Date();
  /** The answer; never rejects. */
  readonly outcome: Promise<Outcome>;
  readonly #workshop: Workshop;
  readonly #loadOnly: boolean;
  readonly #log: RunLog;
  readonly #process: Deno.ChildProcess;
  readonly #begun = new Map<string, number>();
  readonly #ended = new Map<string, { at: number; output?: Json; error?: string }>();
  #outputBytes = 0;
  #stopped: string | null = null;

  constructor(workshop: Workshop, { id, input, limitMs, loadOnly }: Order) {
    this.id = id;
    this.#loadOnly = loadOnly;
    this.#workshop = workshop;
    this.#log = new RunLog(workshop.log, id, workshop.plan.limits);
    this.#process = start(workshop);
    const timer = setTimeout(
      () => this.stop(`stopped after ${limitMs / 1000} s, the time limit of the run`),
      limitMs,
    );
    this.outcome = this.#work(input).finally(() => clearTimeout(timer)).then(() => this.#answer());
  }

  /** Ends the run now. Nodes that have not answered fail with this reason. */
  stop(reason: string): void {
    this.#stopped ??= reason;
    try {
      this.#process.kill("SIGKILL");
    } catch {
      // it has ended by itself
    }
  }

  async #work(input: Json): Promise<void> {
    const word = crypto.randomUUID();
    const errors = this.#readErrors();
    const stdin = this.#process.stdin.getWriter();
    try {
      await stdin.write(new TextEncoder().encode(JSON.stringify(this.#job(word, input)) + "\n"));
      await this.#readEvents(word);
    } catch (error) {
      this.stop(error instanceof TooLong ? `stopped: wrote ${error.message}` : `stopped: ${error}`);
    }
    this.stop(""); // it would end by itself, unless it was brought to a halt
    const [status, ranOutOfMemory] = await Promise.all([this.#process.status, errors]);
    stdin.abort().catch(() => {});
    if (ranOutOfMemory) {
      this.#stopped = "stopped: used more memory than it may";
    }
    this.#stopped ||= status.signal === "SIGKILL"
      ? "was killed: it may have used more memory than the sandbox has"
      : `ended by itself (${status.signal ?? `code ${status.code}`})`;
  }

  /** Reads events until every node has answered or the process has ended. */
  async #readEvents(word: string): Promise<void> {
    const { limits, nodes } = this.#workshop.plan;
    // a character has three bytes at most, or six as an escape
    const logs = limits.logBytes * 6 + limits.logLines * 200 + ROOM;
    const most = {
      line: limits.outputBytes + ROOM,
      all: nodes.length * (limits.outputBytes * 3 + logs),
    };
    for await (const line of lines(this.#process.stdout, most)) {
      const event = readEvent(line, word);
      if (event !== null) this.#take(event);
      else if (line !== "") this.#log.line("info", line, null);
      if (this.#ended.size === nodes.length) return;
    }
  }

  #take(event: Event): void {
    if (event.kind === "log") {
      this.#log.line(event.level, event.message, event.node);
    } else if (event.kind === "started") {
      this.#begun.set(event.node, event.at);
    } else if (event.kind === "failed") {
      this.#ended.set(event.node, { at: event.at, error: event.error });
    } else {
      const { outputBytes } = this.#workshop.plan.limits;
      this.#outputBytes += JSON.stringify(event.output).length;
      const error = `the outputs of the run have more than ${outputBytes} characters together`;
      this.#ended.set(
        event.node,
        this.#outputBytes > outputBytes
          ? { at: event.at, error }
          : { at: event.at, output: event.output },
      );
    }
  }

  /** Puts what the process complains about into the log; tells whether it ran out of memory. */
  async #readErrors(): Promise<boolean> {
    const most = { line: ROOM, all: 16 * ROOM };
    let ranOutOfMemory = false;
    try {
      for await (const line of lines(this.#process.stderr, most)) {
        ranOutOfMemory ||= /^# Fatal .*out of memory/.test(line);
        // what V8 writes when it dies is of use to nobody here
        if (line !== "" && !ranOutOfMemory && !/^(<--- |#( |$))/.test(line)) {
          this.#log.line("warn", line, null);
        }
      }
    } catch {
      this.stop("stopped: wrote too many errors");
    }
    return ranOutOfMemory;
  }

  #job(word: string, input: Json): Job {
    const { enclave, tentacle, version, nodes, config, limits } = this.#workshop.plan;
    const { nodesAtOnce, outputBytes, logLines, logBytes } = limits;
    const code = this.#workshop.flags.code;
    return {
      word,
      run: this.id,
      enclave,
      tentacle,
      version,
      code,
      nodes,
      nodesAtOnce,
      outputBytes,
      logLines,
      logBytes,
      config,
      loadOnly: this.#loadOnly,
      input,
    };
  }

  #answer(): Outcome {
    const completed = Date.now();
    const outputs = new Map<string, Json>();
    const errors = new Map<string, string>();
    const timings = new Map<string, { startedAt: string; durationMs: number }>();
    for (const { name } of this.#workshop.plan.nodes) {
      const begun = this.#begun.get(name);
      const ended = this.#ended.get(name);
      if (ended?.error !== undefined) errors.set(name, ended.error);
      else if (ended === undefined) errors.set(name, this.#stopped ?? "did not answer");
      else outputs.set(name, ended.output ?? null);
      if (begun !== undefined) {
        const durationMs = Math.max(0, (ended?.at ?? completed) - begun);
        timings.set(name, { startedAt: new Date(begun).toISOString(), durationMs });
      }
    }
    return {
      run: this.id,
      success: errors.size === 0,
      outputs: Object.fromEntries(outputs),
      errors: Object.fromEntries(errors),
      timing: {
        startedAt: this.startedAt.toISOString(),
        completedAt: new Date(completed).toISOString(),
        durationMs: completed - this.startedAt.getTime(),
        nodeTimings: Object.fromEntries(timings),
      },
    };
  }
}

/** Starts the process of a run. It may read the engine and the tentacle's code, and nothing else. */
function start({ plan, flags }: Workshop): Deno.ChildProcess {
  const engine = new URL(".", import.meta.url).pathname;
  return new Deno.Command(flags.deno, {
    args: [
      "run",
      "--quiet",
      "--no-prompt",
      "--no-remote",
      "--no-npm",
      "--no-lock",
      "--cached-only",
      `--config=${engine}deno.json`,
      `--allow-read=${engine},${flags.code}`,
      `--v8-flags=--max-old-space-size=${plan.limits.heapMb}`,
      `${engine}runner.ts`,
    ],
    clearEnv: true,
    env: { NO_COLOR: "1", DENO_NO_UPDATE_CHECK: "1", DENO_DIR: "/dev/null/none" },
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
}
