/**
 * Modules from registries. They were fetched when the version was deployed, and lie in a folder that nobody can write to:
 *
 * - `deno.lock`: the lock that they are held to
 * - `registries.json`: where they came from, because Deno keeps them by that
 * - `cache/`: what Deno has fetched
 *
 * What runs fetches nothing.
 */

/** The addresses of the registries that something came from; null is the one that Deno knows by itself. */
export interface Registries {
  readonly npm?: string | null;
  readonly jsr?: string | null;
}

export interface Modules {
  readonly folder: string;
  readonly registries: Registries;
}

/** Reads where the modules in a folder came from; null where there are none. */
export async function readModules(folder: string | null): Promise<Modules | null> {
  if (folder === null) return null;
  const registries = JSON.parse(await Deno.readTextFile(`${folder}/registries.json`));
  for (const [name, url] of Object.entries(registries)) {
    const fits = url === null || typeof url === "string" && URL.canParse(url);
    if (!["npm", "jsr"].includes(name) || !fits) {
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
    ...imports(registries),
    ...(registries.npm === undefined ? ["--no-npm"] : []),
    "--cached-only",
    "--frozen",
    `--lock=${folder}/deno.lock`,
    "--node-modules-dir=none",
  ];
}

/** Where Deno looks for modules; without any, a place where nobody can make one. */
export function variables(modules: Modules | null): Record<string, string> {
  if (modules === null) return { DENO_DIR: "/dev/null/none" };
  return { DENO_DIR: `${modules.folder}/cache`, ...addresses(modules.registries) };
}

/** From where modules may be imported by their addresses, as those of JSR are. */
export function imports({ jsr }: Registries): string[] {
  if (jsr === undefined) return ["--no-remote"];
  if (jsr === null) return [];
  const { hostname, port, protocol } = new URL(jsr);
  return [`--allow-import=${hostname}:${port || (protocol === "http:" ? 80 : 443)}`];
}

/** The registries, as Deno is told of them. */
export function addresses({ npm, jsr }: Registries): Record<string, string> {
  return {
    ...(typeof npm === "string" ? { NPM_CONFIG_REGISTRY: npm } : {}),
    ...(typeof jsr === "string" ? { JSR_URL: jsr } : {}),
  };
}
