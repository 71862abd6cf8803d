/**
 * The folder that nodes share with the sidecars that they use.
 *
 * A sidecar may put anything there, also a link that leads out of it, and Deno's permissions follow links wherever they
 * lead: a node that could open files there itself could read what is the engine's. So the main thread of a run opens them
 * for it, knows by its device whether what it opened is of the folder, and never writes through anything that was there.
 */

/** What a node asks of the folder. */
export type SharedAsk =
  | { readonly op: "read"; readonly name: string }
  | { readonly op: "write"; readonly name: string; readonly data: Uint8Array }
  | { readonly op: "list" }
  | { readonly op: "remove"; readonly name: string };

/** What it is answered. */
export type SharedAnswer =
  | { readonly data: Uint8Array }
  | { readonly names: readonly string[] }
  | { readonly error: string };

/** A folder, wherever it is. */
export interface Folder {
  answer(ask: SharedAsk): Promise<SharedAnswer>;
}

/** The most bytes of a file that are read, which is more than the folder holds. */
const MOST = 256 * 1024 * 1024;

const DONE: SharedAnswer = { names: [] };

/** The real folder. */
export class RealFolder implements Folder {
  readonly #path: string;

  constructor(path: string) {
    this.#path = path;
  }

  async answer(ask: SharedAsk): Promise<SharedAnswer> {
    try {
      switch (ask.op) {
        case "read":
          return { data: await this.#read(ask.name) };
        case "write":
          await this.#write(ask.name, ask.data);
          return DONE;
        case "remove":
          await Deno.remove(`${this.#path}/${ask.name}`);
          return DONE;
        case "list":
          return { names: await this.#list() };
      }
    } catch (error) {
      return { error: told(error, ask) };
    }
  }

  async #read(name: string): Promise<Uint8Array> {
    const path = `${this.#path}/${name}`;
    // opening a pipe would wait for whoever writes to it
    if (!(await Deno.lstat(path)).isFile) throw new Error("it is not a file");
    using file = await Deno.open(path);
    const [opened, folder] = await Promise.all([file.stat(), Deno.lstat(this.#path)]);
    // what the name leads to may have changed meanwhile
    if (!opened.isFile || opened.dev !== folder.dev) throw new Error("it is not a file");
    if (opened.size > MOST) throw new Error(`it has more than ${MOST} bytes`);
    const data = new Uint8Array(opened.size);
    let length = 0;
    while (length < data.length) {
      const count = await file.read(data.subarray(length));
      if (count === null) break;
      length += count;
    }
    return data.subarray(0, length);
  }

  /** As a whole, or not at all: under a name that nothing had, which then becomes its own. */
  async #write(name: string, data: Uint8Array): Promise<void> {
    const begun = `${this.#path}/.${crypto.randomUUID()}`;
    try {
      await Deno.writeFile(begun, data, { createNew: true, mode: 0o644 });
      await Deno.rename(begun, `${this.#path}/${name}`);
    } catch (error) {
      await Deno.remove(begun).catch(() => {});
      throw error;
    }
  }

  async #list(): Promise<string[]> {
    const entries = await Array.fromAsync(Deno.readDir(this.#path));
    return entries.filter(({ isFile, name }) => isFile && isName(name)).map(({ name }) => name)
      .sort();
  }
}

/** A folder of a test, which nothing else sees. */
export class TestFolder implements Folder {
  readonly #files: Map<string, Uint8Array>;

  constructor(files: { readonly [name: string]: string }) {
    const encoder = new TextEncoder();
    this.#files = new Map(
      Object.entries(files).map(([name, text]) => [name, encoder.encode(text)]),
    );
  }

  answer(ask: SharedAsk): Promise<SharedAnswer> {
    if (ask.op === "list") return Promise.resolve({ names: [...this.#files.keys()].sort() });
    if (ask.op === "write") this.#files.set(ask.name, ask.data);
    const found = this.#files.get(ask.name);
    if (ask.op === "remove") this.#files.delete(ask.name);
    if (found === undefined) {
      return Promise.resolve({ error: `"${ask.name}" is not in the shared folder` });
    }
    return Promise.resolve(ask.op === "read" ? { data: found } : DONE);
  }
}

/** What a node asks, or null when its code made it up. */
export function readAsk(value: unknown): SharedAsk | null {
  if (typeof value !== "object" || value === null) return null;
  const { op, name, data } = value as Record<string, unknown>;
  const fits = op === "list" ||
    ((op === "read" || op === "remove") && isName(name)) ||
    (op === "write" && isName(name) && data instanceof Uint8Array);
  return fits ? value as SharedAsk : null;
}

/** A name within the folder: it has no folders of its own for nodes, and names that begin with a dot are not shown. */
function isName(name: unknown): name is string {
  return typeof name === "string" && /^[A-Za-z0-9_-][A-Za-z0-9._-]{0,127}$/.test(name);
}

/** A node's own side: asks the main thread and waits for its answer. */
export class Asking {
  readonly #post: (id: number, ask: SharedAsk) => void;
  readonly #waiting = new Map<number, (answer: SharedAnswer) => void>();
  #last = 0;

  constructor(post: (id: number, ask: SharedAsk) => void) {
    this.#post = post;
  }

  /** Takes a message of the main thread's, if it is an answer. */
  heard(message: unknown): void {
    if (typeof message !== "object" || message === null) return;
    const { kind, id, answer } = message as { kind?: unknown; id?: unknown; answer?: unknown };
    if (kind !== "shared" || typeof id !== "number") return;
    this.#waiting.get(id)?.(answer as SharedAnswer);
    this.#waiting.delete(id);
  }

  async ask(ask: SharedAsk): Promise<SharedAnswer> {
    if (readAsk(ask) === null) {
      throw new Error(
        "a name in the shared folder has letters, digits, '.', '_' and '-', no folders",
      );
    }
    const id = this.#last += 1;
    const answer = await new Promise<SharedAnswer>((resolve) => {
      this.#waiting.set(id, resolve);
      this.#post(id, ask);
    });
    if ("error" in answer) throw new Error(answer.error);
    return answer;
  }
}

function told(error: unknown, ask: SharedAsk): string {
  const name = ask.op === "list" ? "the shared folder" : `"${ask.name}" in the shared folder`;
  if (error instanceof Deno.errors.NotFound) {
    return ask.op === "list" ? `${name} is not there` : `"${ask.name}" is not in the shared folder`;
  }
  return `${name}: ${error instanceof Error ? error.message : error}`;
}
