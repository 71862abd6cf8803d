/** One try of a node: a thread of its own, which is gone afterwards, or known not to be. */

import { spellOut } from "./net.ts";
import { type NodeJob, type NodeMessage, PING, readNodeMessage } from "./protocol.ts";
import type { Folder } from "./shared.ts";
import type { Json } from "./types.ts";

/**
 * How a try ended. In Deno 2.9 a thread that never waits for anything cannot be ended by another (`Worker.terminate()` does
 * nothing to a busy loop): `stuck` says that this one may go on until its process ends.
 */
export type Ended =
  | { readonly output: Json }
  | { readonly error: string; readonly stuck: boolean };

/** What a thread may do, and for how long. */
export interface Thread {
  readonly name: string;
  /** The folder of the tentacle's code. */
  readonly code: string;
  /** The folder of its modules, where it has any. */
  readonly modules: string | null;
  readonly net: readonly string[];
  readonly timeoutMs: number;
  /** Whether it matters that the thread has really ended, because another try may follow. */
  readonly mayFollow: boolean;
  /** The folder that it shares with sidecars; null where it has none. */
  readonly folder: Folder | null;
}

/** How long a thread that was stopped may take to show that it can be ended. */
const ALIVE_MS = 2000;

/** Runs a job: an answer, an error, or the time limit. What it says besides is given to `hear`. */
export function attempt(
  thread: Thread,
  job: NodeJob,
  hear: (message: NodeMessage) => void,
): Promise<Ended> {
  const worker = start(thread);
  return new Promise((resolve) => {
    let over = false;
    let ended: Ended | null = null;
    const end = (how: Ended): void => {
      if (over) return;
      over = true;
      clearTimeout(timer);
      worker.terminate();
      resolve(how);
    };
    const failed = (error: string): void => end({ error, stuck: false });
    const timer = setTimeout(() => {
      const seconds = thread.timeoutMs / 1000;
      const error = `stopped after ${seconds} s, the time limit of a node (config.timeout)`;
      if (!thread.mayFollow) return failed(error);
      ended = { error, stuck: false };
      worker.postMessage(PING);
      const why = "it never waits, so that it cannot be ended, and is not tried again";
      setTimeout(() => end({ error: `${error}; ${why}`, stuck: true }), ALIVE_MS);
    }, thread.timeoutMs);
    worker.onmessage = ({ data }: MessageEvent<unknown>): void => {
      const message = readNodeMessage(data);
      if (over || message === null) return;
      if (ended !== null) {
        if (message.kind === "alive") end(ended);
      } else if (message.kind === "failed") failed(message.error);
      else if (message.kind === "shared") {
        const { id, ask } = message;
        const none = { error: "this node uses no sidecar: there is no shared folder for it" };
        const answer = thread.folder?.answer(ask) ?? Promise.resolve(none);
        answer.then((answer) => over || worker.postMessage({ kind: "shared", id, answer }));
      } else if (message.kind !== "finished") hear(message);
      else if (message.output.length > job.outputBytes) failed("the output is too large");
      else end(readOutput(message.output));
    };
    worker.onerror = (event: ErrorEvent): void => {
      event.preventDefault();
      failed(event.message.replaceAll(job.folder, ""));
    };
    worker.onmessageerror = (): void => failed("sent what cannot be read");
    worker.postMessage(job);
  });
}

function start({ name, code, modules, net }: Thread): Worker {
  const folders = modules === null ? [code] : [code, modules];
  return new Worker(new URL("./node_worker.ts", import.meta.url), {
    type: "module",
    name,
    deno: {
      permissions: {
        read: [...folders, new URL("./types.ts", import.meta.url)],
        write: false,
        net: net.length === 0 ? false : spellOut(net),
        env: false,
        run: false,
        ffi: false,
        sys: false,
        // of what its process may import nothing is there but what was fetched
        import: modules === null ? false : "inherit",
      },
    },
  });
}

function readOutput(output: string): Ended {
  try {
    return { output: JSON.parse(output) };
  } catch {
    return { error: "the output is not JSON", stuck: false };
  }
}
