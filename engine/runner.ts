/**
 * The process of one run: starts a thread for each node, tells the engine what happens, and ends.
 *
 * A process and not a thread, because a thread in a busy loop cannot be stopped and one that fills the memory takes
 * its process with it. The engine kills the process, and with it whatever a node has left running.
 */

import { lines } from "./lines.ts";
import { type Event, type Job, type NodeJob, readNodeMessage } from "./protocol.ts";
import type { PlannedNode } from "./plan.ts";

/** What a job may weigh: the input's limit is checked by the engine, this only bounds the memory. */
const JOB = 64 * 1024 * 1024;

const input = lines(Deno.stdin.readable, { line: JOB, all: JOB });
const job: Job = JSON.parse((await input.next()).value ?? "");
input.next().then(() => Deno.exit(0)); // the engine is gone

const encoder = new TextEncoder();

/** Tells the engine. The line feed before it ends whatever a node has written without one. */
function tell(event: Event): void {
  let bytes = encoder.encode(`\n${job.word}${JSON.stringify(event)}\n`);
  while (bytes.length > 0) bytes = bytes.subarray(Deno.stdout.writeSync(bytes));
}

/** Runs one node to its end: an answer, an error, or its time limit. */
function runNode(node: PlannedNode): Promise<void> {
  const folder = new URL(`file://${job.code}/`).href;
  const worker = new Worker(new URL("./node_worker.ts", import.meta.url), {
    type: "module",
    name: node.name,
    deno: {
      permissions: {
        read: [job.code, new URL("./types.ts", import.meta.url)],
        write: false,
        net: false,
        env: false,
        run: false,
        ffi: false,
        sys: false,
        import: false,
      },
    },
  });
  tell({ kind: "started", node: node.name, at: Date.now() });
  return new Promise((resolve) => {
    let over = false;
    const end = (event: Event): void => {
      if (over) return;
      over = true;
      clearTimeout(timer);
      worker.terminate();
      tell(event);
      resolve();
    };
    const failed = (error: string): void =>
      end({ kind: "failed", node: node.name, at: Date.now(), error });
    const limit = `stopped after ${
      node.timeoutMs / 1000
    } s, the time limit of a node (config.timeout)`;
    const timer = setTimeout(() => failed(limit), node.timeoutMs);
    worker.onmessage = ({ data }: MessageEvent<unknown>): void => {
      const message = readNodeMessage(data);
      if (over || message === null) return;
      if (message.kind === "log") tell({ ...message, node: node.name });
      else if (message.kind === "failed") failed(message.error);
      else if (message.output.length > job.outputBytes) failed("the output is too large");
      else end(finished(node.name, message.output));
    };
    worker.onerror = (event: ErrorEvent): void => {
      event.preventDefault();
      failed(event.message.replaceAll(folder, ""));
    };
    worker.onmessageerror = (): void => failed("sent what cannot be read");
    worker.postMessage(nodeJob(node, folder));
  });
}

function finished(node: string, output: string): Event {
  try {
    return { kind: "finished", node, at: Date.now(), output: JSON.parse(output) };
  } catch {
    return { kind: "failed", node, at: Date.now(), error: "the output is not JSON" };
  }
}

function nodeJob(node: PlannedNode, folder: string): NodeJob {
  const { enclave, tentacle, version, run, config } = job;
  return {
    module: new URL(node.file, folder).href,
    folder,
    context: { enclave, tentacle, version, run, node: node.name, config },
    loadOnly: job.loadOnly,
    input: job.input,
    outputBytes: job.outputBytes,
    logLines: job.logLines,
    logBytes: job.logBytes,
  };
}

const waiting = [...job.nodes];
const oneAfterAnother = async (): Promise<void> => {
  for (let node = waiting.shift(); node !== undefined; node = waiting.shift()) await runNode(node);
};
await Promise.all(Array.from({ length: job.nodesAtOnce }, oneAfterAnother));
Deno.exit(0);
