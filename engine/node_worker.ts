/**
 * The thread of one node: loads its file and calls it.
 *
 * Its permissions were fixed when it was started: it reads the tentacle's code, connects to what its node may use, and
 * nothing else.
 */

/// <reference lib="deno.worker" />

import { makeContext, REAL } from "./context.ts";
import { cut, type Level } from "./log.ts";
import { makeMock } from "./mock.ts";
import { Observer } from "./observe.ts";
import { type NodeJob, type NodeMessage, PING } from "./protocol.ts";
import { Secrets } from "./secrets.ts";
import { Asking } from "./shared.ts";
import type { Log } from "./types.ts";

/** The most characters of an error that are told. */
const ERROR = 4096;

const post = (message: NodeMessage): void => self.postMessage(message);

self.onmessage = async ({ data: job }: MessageEvent<NodeJob>): Promise<void> => {
  self.onmessage = null;
  // What is cut here would not be recognized any more where all secrets are known.
  const secrets = new Secrets(job.secrets);
  const log = makeLog(job.logLines, job.logBytes, secrets);
  replaceConsole(log);
  keepAlive();
  const asking = new Asking((id, ask) => post({ kind: "shared", id, ask }));
  self.addEventListener("message", ({ data }: MessageEvent<unknown>) => {
    if (data === PING) post({ kind: "alive" });
    else asking.heard(data);
  });
  const observer = job.observe
    ? new Observer(job, (attempt) => post({ kind: "attempt", attempt }))
    : null;
  const wire = job.responses === null
    ? observer?.wire ?? REAL
    : makeMock(job.responses, (how, name) => post({ kind: "used", how, name }));
  const context = makeContext(observer?.job ?? job, log, wire, asking);
  try {
    const module = await import(job.module);
    if (typeof module.default !== "function") {
      throw new Error("the file has no default export that is a function");
    }
    if (job.loadOnly) return post({ kind: "finished", output: "null" });
    const output = await module.default(observer?.watch(context) ?? context, job.input);
    post({ kind: "finished", output: encode(output, job.outputBytes) });
  } catch (error) {
    observer?.thrown(error);
    post({ kind: "failed", error: describe(error, job.folder, secrets) });
  }
};

/** The output as JSON text. */
function encode(output: unknown, most: number): string {
  let text: string | undefined;
  try {
    text = JSON.stringify(output);
  } catch (error) {
    throw new Error(`the output is not JSON: ${error instanceof Error ? error.message : error}`);
  }
  if (text === undefined && output !== undefined) {
    throw new Error(`the output is not JSON: it is a ${typeof output}`);
  }
  const encoded = text ?? "null";
  if (encoded.length > most) {
    throw new Error(`the output has ${encoded.length} characters: at most ${most} are kept`);
  }
  return encoded;
}

/** An error in one line for people: what was thrown, and where in the tentacle's code. */
function describe(error: unknown, folder: string, secrets: Secrets): string {
  const told = (text: string): string => secrets.hide(text).slice(0, ERROR);
  if (!(error instanceof Error)) return told(`threw ${inspect(error)}`);
  const frame = error.stack?.split("\n").find((line) =>
    /^\s+at .*file:/.test(line) && line.includes(folder)
  );
  const place = frame?.slice(frame.indexOf(folder) + folder.length).replace(/\)$/, "");
  const text = `${error.name}: ${error.message}`.replaceAll(folder, "");
  return told(place === undefined ? text : `${text} (${place})`);
}

function inspect(value: unknown): string {
  return typeof value === "string" ? value : Deno.inspect(value, { depth: 6, colors: false });
}

/**
 * A log that stops sending long before a flood could hurt whoever listens. Each node may send what is a whole run's share,
 * and one line more, so that the engine knows that something was left out.
 */
function makeLog(mostLines: number, mostBytes: number, secrets: Secrets): Log {
  let lines = 0;
  let bytes = 0;
  const write = (level: Level) => (...values: unknown[]): void => {
    if (lines > mostLines || bytes > mostBytes) return;
    const message = cut(secrets.hide(values.map(inspect).join(" ")));
    lines += 1;
    bytes += message.length;
    post({ kind: "log", level, message });
  };
  return Object.freeze({
    debug: write("debug"),
    info: write("info"),
    warn: write("warn"),
    error: write("error"),
  });
}

/** `console` writes to the tentacle's log. */
function replaceConsole(log: Log): void {
  Object.assign(globalThis.console, {
    debug: log.debug,
    trace: log.debug,
    log: log.info,
    info: log.info,
    dir: log.info,
    table: log.info,
    warn: log.warn,
    error: log.error,
  });
}

/** Code that ends its own thread would leave the run waiting for an answer that nobody gives. */
function keepAlive(): void {
  const refuse = (): never => {
    throw new Error("a node ends by returning: it cannot end the process");
  };
  self.close = refuse;
  Deno.exit = refuse;
}
