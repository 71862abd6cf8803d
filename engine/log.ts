/** The tentacle's log: one JSON object a line on standard output, bounded in every direction. */

export type Level = "debug" | "info" | "warn" | "error";

export const LEVELS: readonly Level[] = ["debug", "info", "warn", "error"];

/** The most characters of one message. */
const MESSAGE = 8192;
/** The most bytes that wait for whoever reads standard output. Beyond, lines are left out and counted. */
const WAITING = 4 * 1024 * 1024;

/** A message as it is kept: its beginning, when it is too long. */
export function cut(message: string): string {
  return message.length > MESSAGE ? `${message.slice(0, MESSAGE)}…` : message;
}

/** What is taken out of every line. */
export interface Hiding {
  hide(text: string): string;
}

/** Writes lines in order, without ever holding up a run or a health check. */
export class LogWriter {
  #tail: Promise<void> = Promise.resolve();
  #waiting = 0;
  #lost = 0;
  #hiding: Hiding = { hide: (text) => text };
  readonly #out: { write(bytes: Uint8Array): Promise<number> };

  constructor(out: { write(bytes: Uint8Array): Promise<number> } = Deno.stdout) {
    this.#out = out;
  }

  /** From now on this takes secrets out of every line. */
  hides(hiding: Hiding): void {
    this.#hiding = hiding;
  }

  /** Writes a line. `run` and `node` are null for what the engine says itself. */
  line(level: Level, message: string, run: string | null = null, node: string | null = null): void {
    const said = cut(this.#hiding.hide(message));
    const line = { time: new Date().toISOString(), run, node, level, message: said };
    const bytes = new TextEncoder().encode(JSON.stringify(line) + "\n");
    if (this.#waiting + bytes.length > WAITING) {
      this.#lost += 1;
      return;
    }
    this.#waiting += bytes.length;
    this.#tail = this.#tail.then(() => this.#write(bytes));
  }

  /** When everything that was said before is written. */
  async flush(): Promise<void> {
    await this.#tail;
  }

  async #write(bytes: Uint8Array): Promise<void> {
    let rest = bytes;
    while (rest.length > 0) rest = rest.subarray(await this.#out.write(rest));
    this.#waiting -= bytes.length;
    if (this.#lost > 0 && this.#waiting === 0) {
      const lost = this.#lost;
      this.#lost = 0;
      this.line("warn", `${lost} log lines were left out: nobody read the log fast enough`);
    }
  }
}

/** What one run may say. */
export class RunLog {
  #lines = 0;
  #bytes = 0;
  #full = false;
  readonly #writer: LogWriter;
  readonly #run: string;
  readonly #most: { readonly logLines: number; readonly logBytes: number };

  constructor(
    writer: LogWriter,
    run: string,
    most: { readonly logLines: number; readonly logBytes: number },
  ) {
    this.#writer = writer;
    this.#run = run;
    this.#most = most;
  }

  /** Writes a line of a node, or of the run (null), while the run's share lasts; tells whether it did. */
  line(level: Level, message: string, node: string | null): boolean {
    this.#lines += 1;
    this.#bytes += message.length;
    if (this.#lines > this.#most.logLines || this.#bytes > this.#most.logBytes) {
      const message = "the log limit of this run is reached: what it says from here on is left out";
      if (!this.#full) this.#writer.line("warn", message, this.#run);
      this.#full = true;
      return false;
    }
    this.#writer.line(level, message, this.#run, node);
    return true;
  }
}
