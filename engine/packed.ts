/**
 * Modules as a cluster keeps them: their files one after the other, behind a line that names each with its size, compressed
 * with gzip, and cut into parts. They are believed when their digest is the one that whoever fetched them gave.
 */

import { createHash } from "node:crypto";

/** The most bytes of it all: more than is ever packed. */
const MOST = 48 * 1024 * 1024;

/** What to unpack, and to where. */
export interface Packed {
  /** The folder of the parts: `part-0`, `part-1`, … */
  readonly packed: string;
  readonly parts: number;
  readonly into: string;
  /** `sha256:` and the digest of names and content: `ModuleFiles::digest` of the server. */
  readonly digest: string;
}

/** Unpacks modules into a folder, unless they are not what was fetched. */
export async function unpack({ packed, parts, into, digest }: Packed): Promise<void> {
  const compressed: Uint8Array<ArrayBuffer>[] = [];
  for (let part = 0; part < parts; part += 1) {
    compressed.push(await Deno.readFile(`${packed}/part-${part}`));
  }
  const files = await read(compressed);
  if (files === null || digestOf(files) !== digest) {
    throw new Error("its modules are not what was fetched: deploy it again");
  }
  const folders = new Set<string>();
  for (const { path, content } of files) {
    const folder = `${into}/${path}`.replace(/\/[^/]*$/, "");
    if (!folders.has(folder)) await Deno.mkdir(folder, { recursive: true });
    folders.add(folder);
    await Deno.writeFile(`${into}/${path}`, content);
  }
}

interface File {
  readonly path: string;
  readonly content: Uint8Array;
}

/** The files; null where they cannot be read. */
async function read(compressed: readonly Uint8Array<ArrayBuffer>[]): Promise<File[] | null> {
  try {
    const plain = new Blob([...compressed]).stream().pipeThrough(new DecompressionStream("gzip"));
    return cut(await whole(plain));
  } catch (error) {
    if (error instanceof TypeError || error instanceof SyntaxError) return null;
    throw error;
  }
}

async function whole(stream: ReadableStream<Uint8Array>): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let bytes = 0;
  for await (const part of stream) {
    bytes += part.length;
    if (bytes > MOST) throw new TypeError("there is too much of it");
    parts.push(part);
  }
  const all = new Uint8Array(bytes);
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

function cut(all: Uint8Array): File[] {
  const end = all.indexOf("\n".charCodeAt(0));
  const list: unknown = JSON.parse(new TextDecoder().decode(all.subarray(0, Math.max(0, end))));
  if (!Array.isArray(list)) throw new TypeError("it has no list");
  const files: File[] = [];
  let at = end + 1;
  for (const [path, size] of list) {
    if (!isWithin(path) || !Number.isSafeInteger(size) || size < 0 || at + size > all.length) {
      throw new TypeError("its list is of something else");
    }
    files.push({ path, content: all.subarray(at, at + size) });
    at += size;
  }
  if (at !== all.length) throw new TypeError("it has more than its list");
  return files;
}

function isWithin(path: unknown): path is string {
  return typeof path === "string" && !path.includes("\0") &&
    path.split("/").every((part) => part !== "" && part !== "." && part !== "..");
}

function digestOf(files: readonly File[]): string {
  const list = createHash("sha256");
  for (const { path, content } of files) {
    list.update(`${createHash("sha256").update(content).digest("hex")}  ${path}\0`);
  }
  return `sha256:${list.digest("hex")}`;
}
