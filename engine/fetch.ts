/** Fetching modules: what the registries have is put into a folder, held to a lock, and none of it is run. */

import { PROXY, RUN } from "./gateway.ts";
import { addresses, imports, type Registries } from "./modules.ts";

/** The most characters of what went wrong. */
const SENTENCE = 600;

/** From where, and to where. */
export interface Fetching {
  readonly deno: string;
  /** A folder with `entry.ts`, which imports what is to be fetched, and with `deno.lock`. */
  readonly wanted: string;
  readonly registries: Registries;
  /** Where Deno keeps what it fetches. */
  readonly cache: string;
  /** With what the way out is asked. */
  readonly word: string;
}

/** A file that was fetched, as a line of the answer. */
export interface Fetched {
  readonly path: string;
  /** Its content, in base 64. */
  readonly content: string;
}

/** Fetches what is wanted. Tells in a sentence what went wrong, or null. */
export async function fetchModules(fetching: Fetching): Promise<string | null> {
  const { deno, wanted, registries, cache, word } = fetching;
  const proxy = `http://${RUN}:${word}@${PROXY.hostname}:${PROXY.port}`;
  // not `null`: there is no such device in every sandbox
  const child = new Deno.Command(deno, {
    args: [
      "cache",
      "--quiet",
      "--no-config",
      "--frozen",
      `--lock=${wanted}/deno.lock`,
      // no folder of modules, and with it no script that a package would run
      "--node-modules-dir=none",
      ...imports(registries),
      `${wanted}/entry.ts`,
    ],
    clearEnv: true,
    env: {
      NO_COLOR: "1",
      DENO_NO_UPDATE_CHECK: "1",
      DENO_DIR: cache,
      HTTP_PROXY: proxy,
      HTTPS_PROXY: proxy,
      ...addresses(registries),
    },
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const [{ success, stderr }] = await Promise.all([child.output(), child.stdin.close()]);
  return success ? null : sentence(new TextDecoder().decode(stderr));
}

/** What Deno said went wrong, in one line for people. */
export function sentence(said: string): string {
  const tarball = said.match(/Tarball checksum did not match .* for (\S+?)\.?$/m)?.[1];
  const manifest = said.match(/Integrity check failed for package[^]*?Package: (\S+)/)?.[1];
  const file = said.match(/Integrity check failed in package[^]*?Specifier: (\S+)/)?.[1];
  const altered = tarball ?? manifest ?? file;
  if (altered !== undefined) {
    return `what the registry gave for ${altered} is not what deno.lock pins: its digest is another`;
  }
  if (/lockfile is out of date/.test(said)) {
    return "deno.lock lacks something that is imported: `tntc lock` makes it anew";
  }
  if (/No space left on device|os error 28/.test(said)) return "there is more of it than may be";
  const lines = said.slice(Math.max(0, said.search(/^error: /m))).split("\n");
  const told = lines.map((line) => line.replace(/^error: |^\s+at .*$|^\s+[0-9]+:/, "").trim());
  return told.filter((line) => line !== "").join(": ").slice(0, SENTENCE);
}

/** The files that Deno needs to load what it fetched, without what it can make anew. */
export async function* fetched(cache: string): AsyncGenerator<Fetched> {
  for (const folder of ["npm", "remote"]) {
    for await (const path of files(`${cache}/${folder}`)) {
      const within = path.slice(cache.length + 1);
      if (!isListing(within)) {
        yield { path: within, content: (await Deno.readFile(path)).toBase64() };
      }
    }
  }
}

/** What npm says of all versions of a package, which a lock makes needless; and what Deno has noted for itself. */
function isListing(path: string): boolean {
  return /^npm\/[^/]+\/(@[^/]+\/)?[^/]+\/registry\.json$/.test(path) ||
    /\/\.scripts-warned-[0-9]+$/.test(path);
}

/** The regular files of a folder, which may not be there; no link is followed. */
async function* files(folder: string): AsyncGenerator<string> {
  let entries: Deno.DirEntry[];
  try {
    entries = await Array.fromAsync(Deno.readDir(folder));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return;
    throw error;
  }
  entries.sort((one, other) => one.name < other.name ? -1 : 1);
  for (const { name, isFile, isDirectory } of entries) {
    const path = `${folder}/${name}`;
    if (isFile) yield path;
    else if (isDirectory) yield* files(path);
  }
}
