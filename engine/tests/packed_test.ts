/** Modules that a cluster keeps: unpacked as they were, or not at all. */

import { createHash } from "node:crypto";
import { equal } from "./assert.ts";
import { unpack } from "../packed.ts";

const FILES = [["cache/npm/left/1.2.3/index.js", "export {};\n"], ["deno.lock", "{}"]] as const;

const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");

const digest = `sha256:${
  sha256(FILES.map(([path, text]) => `${sha256(text)}  ${path}\0`).join(""))
}`;

async function gzip(text: string): Promise<Uint8Array> {
  const stream = new Blob([text]).stream().pipeThrough(new CompressionStream("gzip"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

function plain(files: readonly (readonly [string, string])[]): string {
  const list = files.map(([path, text]) => [path, text.length]);
  return JSON.stringify(list) + "\n" + files.map(([, text]) => text).join("");
}

/** What becomes of bytes that are cut in two: the files, or why there are none. */
async function unpacked(bytes: Uint8Array): Promise<unknown> {
  const folder = await Deno.makeTempDir();
  try {
    await Deno.mkdir(`${folder}/into`);
    await Deno.writeFile(`${folder}/part-0`, bytes.subarray(0, 20));
    await Deno.writeFile(`${folder}/part-1`, bytes.subarray(20));
    const into = `${folder}/into`;
    const told = await unpack({ packed: folder, parts: 2, into, digest }).catch((it) => it.message);
    if (told !== undefined) {
      equal(await Array.fromAsync(Deno.readDir(into)), []);
      return told;
    }
    return await Promise.all(FILES.map(([path]) => Deno.readTextFile(`${into}/${path}`)));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("modules are unpacked as they were", async () => {
  equal(await unpacked(await gzip(plain(FILES))), FILES.map(([, text]) => text));
});

Deno.test("modules that are not what was fetched are not unpacked", async () => {
  const [first, second] = FILES;
  const whole = await gzip(plain(FILES));
  const others = [
    await gzip(plain([first, [second[0], "{ }"]])),
    await gzip(plain([first, ["deno.json", second[1]]])),
    await gzip(plain([second, first])),
    await gzip(plain([first])),
    await gzip(plain([["../left.js", first[1]], second])),
    await gzip(plain(FILES) + "more"),
    await gzip("[1]\n"),
    await gzip(""),
    new TextEncoder().encode(plain(FILES)),
    whole.subarray(0, whole.length - 9),
  ];
  const why = "its modules are not what was fetched: deploy it again";
  equal(await Promise.all(others.map(unpacked)), others.map(() => why));
});
