/**
 * Modules from registries. They were fetched when the version was deployed, and lie in a folder that nobody can write to:
 *
 * - `deno.lock`: the lock that they are held to
 * - `registries.json`: where they came from, because Deno keeps them by that
 * - `cache/`: what Deno has fetched
 *
 * What runs fetches nothing.
 */

/** The addresses of the registries that something came from. */
export interface Registries {
  readonly npm?: string;
  readonly jsr?: string;
}

export interface Modules {
  readonly folder: string;
  readonly registries: Registries;
}

/** What the threads of nodes may do with modules. */
export interface MayLoad {
  /** The folder that they may read, besides their code. */
  readonly folder: string;
  /** The hosts whose modules they may load, of which nothing is there but what was fetched. */
  readonly imports: readonly string[];
}

/** Reads where the modules in a folder came from; null where there are none. */
export async function readModules(folder: string | null): Promise<Modules | null> {
  if (folder === null) return null;
  const registries = JSON.parse(await Deno.readTextFile(`${folder}/registries.json`));
  for (const [name, url] of Object.entries(registries)) {
    if (!["npm", "jsr"].includes(name) || typeof url !== "string" || !URL.canParse(url)) {
      throw new Error(`registries.json names ${name}, which is no registry with its address`);
    }
  }
  return { folder, registries };
}

/** What holds a process to the modules that are there, or to having none. */
export function heldTo(modules: Modules | null): string[] {
  if (modules === null) return ["--no-remote", "--no-npm", "--no-lock", "--cached-only"];
  const { folder, registries } = modules;
  return [
    registries.jsr === undefined ? "--no-remote" : `--allow-import=${place(registries.jsr)}`,
    ...(registries.npm === undefined ? ["--no-npm"] : []),
    "--cached-only",
    "--frozen",
    `--lock=${folder}/deno.lock`,
    "--node-modules-dir=none",
  ];
}

/** What threads need to load them; null where there are none. */
export function mayLoad(modules: Modules | null): MayLoad | null {
  if (modules === null) return null;
  const { folder, registries } = modules;
  return { folder, imports: registries.jsr === undefined ? [] : [place(registries.jsr)] };
}

/** Where Deno looks for modules; without any, a place where nobody can make one. */
export function variables(modules: Modules | null): Record<string, string> {
  if (modules === null) return { DENO_DIR: "/dev/null/none" };
  return { DENO_DIR: `${modules.folder}/cache`, ...addresses(modules.registries) };
}

/** The host and port of an address, as permission lists write them. */
export function place(address: string): string {
  const { hostname, port, protocol } = new URL(address);
  return `${hostname}:${port || (protocol === "http:" ? 80 : 443)}`;
}

/** The registries, as Deno is told of them. */
export function addresses({ npm, jsr }: Registries): Record<string, string> {
  return {
    ...(npm === undefined ? {} : { NPM_CONFIG_REGISTRY: npm }),
    ...(jsr === undefined ? {} : { JSR_URL: jsr }),
  };
}
