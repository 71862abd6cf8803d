/** One run: its process, its time limit, its answer. */

import { lines, TooLong } from "./lines.ts";
import { RunLog } from "./log.ts";
import { type Attempt, type Event, type Job, readEvent } from "./protocol.ts";
import { start } from "./run_process.ts";
import type { Observed, Outcome, Told } from "./told.ts";
import type { Json } from "./types.ts";
import type { Workshop } from "./workshop.ts";

/** The longest line of events: one with the largest output, and room for what surrounds it. */
const ROOM = 64 * 1024;

/** The most attempts of an observed run that are told. */
const ATTEMPTS = 500;

/** What to run, and how. */
export interface Order {
  readonly id: string;
  readonly input: Json;
  readonly limitMs: number;
  /** Only load the nodes, to see whether they can be. */
  readonly loadOnly: boolean;
  /** Note what nodes ask for and may not have. */
  readonly observe?: boolean;
  /** In a test, what dependencies answer: nothing goes out then. */
  readonly mock?: Job["mock"];
  /** In a test, the files of the shared folder. */
  readonly files?: Job["files"];
  /** Who watches. */
  readonly tell?: (told: Told) => void;
}

/** A run that goes on. */
export class Run {
  readonly id: string;
  readonly startedAt = new Date();
  /** The answer; never rejects. */
  readonly outcome: Promise<Outcome>;
  readonly #workshop: Workshop;
  readonly #loadOnly: boolean;
  readonly #observe: boolean;
  readonly #mock: Job["mock"];
  readonly #files: Job["files"];
  readonly #tell: (told: Told) => void;
  readonly #log: RunLog;
  readonly #process: Deno.ChildProcess;
  readonly #begun = new Map<string, number>();
  readonly #ended = new Map<string, { at: number; output?: Json; error?: string }>();
  readonly #attempts = new Map<string, Attempt & { readonly node: string }>();
  #outputBytes = 0;
  #stopped: string | null = null;

  constructor(
    workshop: Workshop,
    { id, input, limitMs, loadOnly, observe, mock, files, tell }: Order,
  ) {
    this.id = id;
    this.#tell = tell ?? ((): void => {});
    this.#loadOnly = loadOnly;
    this.#observe = observe ?? false;
    this.#mock = mock ?? null;
    this.#files = files ?? {};
    this.#workshop = workshop;
    this.#log = new RunLog(workshop.log, id, workshop.plan.limits);
    this.#process = start(workshop, !loadOnly && this.#mock === null);
    this.#tell({ kind: "started", run: id });
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
    const { limits, nodes, retries } = this.#workshop.plan;
    // a character has three bytes at most, or six as an escape
    const logs = limits.logBytes * 6 + limits.logLines * 200 + ROOM;
    const most = {
      line: limits.outputBytes + ROOM,
      all: nodes.length * (retries + 1) * (limits.outputBytes * 3 + logs),
    };
    for await (const line of lines(this.#process.stdout, most)) {
      const event = readEvent(line, word);
      if (event !== null) this.#take(event);
      else if (line !== "") this.#log.line("info", line, null);
      if (this.#ended.size === nodes.length) return;
    }
  }

  #take(event: Event): void {
    const { node } = event;
    if (event.kind === "log") {
      const message = this.#workshop.secrets.hide(event.message);
      if (this.#log.line(event.level, event.message, node)) {
        this.#tell({ kind: "log", node, level: event.level, message });
      }
    } else if (event.kind === "used") {
      this.#tell(event);
    } else if (event.kind === "attempt") {
      this.#noted({ ...event.attempt, node });
    } else if (event.kind === "started") {
      if (!this.#begun.has(node)) this.#begun.set(node, event.at);
      this.#tell({ kind: "node_started", node, attempt: event.attempt });
    } else if (event.kind === "failed") {
      this.#failed(node, event.at, event.error, event.attempt, event.willRetry);
    } else {
      const { outputBytes } = this.#workshop.plan.limits;
      this.#outputBytes += JSON.stringify(event.output).length;
      if (this.#outputBytes > outputBytes) {
        const error = `the outputs of the run have more than ${outputBytes} characters together`;
        return this.#failed(node, event.at, error, 1, false);
      }
      this.#ended.set(node, { at: event.at, output: event.output });
      const durationMs = Math.max(0, event.at - (this.#begun.get(node) ?? event.at));
      this.#tell({ kind: "node_finished", node, durationMs });
    }
  }

  /** What only an error tells of is left out where it is known already. */
  #noted(attempt: Attempt & { readonly node: string }): void {
    const { node, by, name, host, port, allowed } = attempt;
    const place = JSON.stringify([node, host, port, allowed]);
    const known = [...this.#attempts.values()].some((other) =>
      place === JSON.stringify([other.node, other.host, other.port, other.allowed])
    );
    if ((by === "code" && known) || this.#attempts.size >= ATTEMPTS) return;
    this.#attempts.set(JSON.stringify([place, by, name]), attempt);
  }

  #failed(node: string, at: number, told: string, attempt: number, willRetry: boolean): void {
    const error = this.#workshop.secrets.hide(told);
    this.#tell({ kind: "node_failed", node, attempt, error, willRetry });
    if (!willRetry) this.#ended.set(node, { at, error });
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
    const { enclave, tentacle, version, nodes, retries, dependencies, config, limits } =
      this.#workshop.plan;
    const { nodesAtOnce, outputBytes, logLines, logBytes } = limits;
    const code = this.#workshop.flags.code;
    const modules = this.#workshop.modules?.folder ?? null;
    return {
      word,
      run: this.id,
      enclave,
      tentacle,
      version,
      code,
      modules,
      nodes,
      retries,
      dependencies,
      // What is only loaded is given nothing.
      secrets: this.#loadOnly ? {} : this.#workshop.secrets.values,
      nodesAtOnce,
      outputBytes,
      logLines,
      logBytes,
      config,
      mock: this.#mock,
      shared: this.#workshop.plan.shared,
      files: this.#files,
      loadOnly: this.#loadOnly,
      observe: this.#observe,
      input,
    };
  }

  #observed(): Observed {
    const { secrets, traffic } = this.#workshop;
    const { carried, refused } = traffic;
    const shown = (value: unknown): unknown =>
      typeof value === "string" ? secrets.hide(value) : value;
    const attempts = [...this.#attempts.values()].map(({ node, ...attempt }) => {
      const told = Object.entries(attempt).map(([key, value]) => [key, shown(value)]);
      return { ...Object.fromEntries(told) as Attempt, node };
    });
    return { attempts, carried, refused };
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
      ...(this.#observe ? { observed: this.#observed() } : {}),
    };
  }
}
