/**
 * The process of one run: starts a thread for each node in its turn, tells the engine what happens, and ends.
 *
 * A process and not a thread, because a thread in a busy loop cannot be stopped and one that fills the memory takes
 * its process with it. The engine kills the process, and with it whatever a node has left running.
 */

import { attempt, type Ended } from "./attempt.ts";
import { Graph } from "./graph.ts";
import { lines } from "./lines.ts";
import { deniedIn } from "./observe.ts";
import type { PlannedNode } from "./plan.ts";
import { RealFolder, TestFolder } from "./shared.ts";
import { type Event, type Job, type NodeJob } from "./protocol.ts";

/** What a job may weigh: the input's limit is checked by the engine, this only bounds the memory. */
const JOB = 64 * 1024 * 1024;
/** How long is waited before a failed node is tried again: at first, and at most. */
const SOON = 200;
const LATEST = 30_000;

const input = lines(Deno.stdin.readable, { line: JOB, all: JOB });
const job: Job = JSON.parse((await input.next()).value ?? "");
input.next().then(() => Deno.exit(0)); // the engine is gone

const encoder = new TextEncoder();
const folder = job.mock !== null
  ? new TestFolder(job.files)
  : job.shared === null
  ? null
  : new RealFolder(job.shared);
// What is only loaded waits for nothing.
const nodes = job.loadOnly ? job.nodes.map((node) => ({ ...node, after: [] })) : job.nodes;
const graph = new Graph(nodes, job.input);

/** Tells the engine. The line feed before it ends whatever a node has written without one. */
function tell(event: Event): void {
  let bytes = encoder.encode(`\n${job.word}${JSON.stringify(event)}\n`);
  while (bytes.length > 0) bytes = bytes.subarray(Deno.stdout.writeSync(bytes));
}

/** Runs one node until it has answered, or failed as often as it may. */
async function runNode(node: PlannedNode): Promise<void> {
  const tries = job.loadOnly || job.observe ? 1 : job.retries + 1;
  for (let count = 1;; count += 1) {
    tell({ kind: "started", node: node.name, at: Date.now(), attempt: count });
    const ended = await tryNode(node, count < tries);
    const at = Date.now();
    if ("output" in ended) {
      graph.finished(node.name, ended.output);
      return tell({ kind: "finished", node: node.name, at, output: ended.output });
    }
    const again = count < tries && !ended.stuck;
    if (!again) graph.failed(node.name);
    const { error } = ended;
    if (job.observe) tellWhatItLacked(node.name, error);
    tell({ kind: "failed", node: node.name, at, attempt: count, error, willRetry: again });
    if (!again) return;
    // Between half and all of it, so that many that failed together do not come back together.
    const pause = Math.min(LATEST, SOON * 2 ** (count - 1)) * (0.5 + Math.random() / 2);
    await new Promise((resolve) => setTimeout(resolve, pause));
  }
}

/** What a node's thread did not tell, because what it was denied ended it. */
function tellWhatItLacked(node: string, error: string): void {
  const place = deniedIn(error);
  if (place !== null) {
    tell({ kind: "attempt", node, attempt: { by: "code", ...place, allowed: false } });
  }
}

/** One try. What is only loaded, or tested, reaches nothing. */
function tryNode(node: PlannedNode, mayFollow: boolean): Promise<Ended> {
  const { name, timeoutMs } = node;
  const net = job.loadOnly || job.mock !== null ? [] : node.net;
  const its = node.shares && !job.loadOnly ? folder : null;
  const { code, modules } = job;
  const thread = { name, code, modules, net, timeoutMs, mayFollow, folder: its };
  return attempt(thread, nodeJob(node), (message) => {
    if (message.kind === "log") tell({ ...message, node: name });
    else if (message.kind === "used" && job.mock !== null) tell({ ...message, node: name });
    else if (message.kind === "attempt" && job.observe) tell({ ...message, node: name });
  });
}

function nodeJob(node: PlannedNode): NodeJob {
  const folder = new URL(`file://${job.code}/`).href;
  const { enclave, tentacle, version, run, config } = job;
  const all = Object.entries(job.dependencies);
  const its = new Set(node.dependencies);
  const secrets = new Set(node.secrets);
  return {
    module: new URL(node.file, folder).href,
    folder,
    context: { enclave, tentacle, version, run, node: node.name, config },
    dependencies: Object.fromEntries(all.filter(([name]) => its.has(name))),
    otherDependencies: all.map(([name]) => name).filter((name) => !its.has(name)),
    secrets: Object.fromEntries(Object.entries(job.secrets).filter(([name]) => secrets.has(name))),
    shares: node.shares,
    responses: job.mock?.[node.name] ?? null,
    loadOnly: job.loadOnly,
    observe: job.observe,
    input: job.loadOnly ? null : graph.inputOf(node),
    outputBytes: job.outputBytes,
    logLines: job.logLines,
    logBytes: job.logBytes,
  };
}

/** Nodes that waited for one that has failed. */
function stopThose(): void {
  for (const { node, because } of graph.stopped()) {
    const error = `not run: ${because} failed`;
    tell({ kind: "failed", node, at: Date.now(), attempt: 0, error, willRetry: false });
  }
}

/** Works on what may begin, so many at the same time, until nothing is left. */
async function work(): Promise<void> {
  const going = new Set<Promise<void>>();
  for (;;) {
    while (going.size < job.nodesAtOnce) {
      const node = graph.next();
      if (node === undefined) break;
      const one: Promise<void> = runNode(node).then(() => {
        going.delete(one);
        stopThose();
      });
      going.add(one);
    }
    if (going.size === 0) return;
    await Promise.race(going);
  }
}

await work();
Deno.exit(0);
