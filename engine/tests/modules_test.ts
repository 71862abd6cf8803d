/** Modules: what holds a run to them, and how it is told what went wrong when they were fetched. */

import { equal } from "./assert.ts";
import { sentence } from "../fetch.ts";
import { heldTo, readModules, variables } from "../modules.ts";

Deno.test("a run is held to the registries that something came from", () => {
  equal(heldTo(null), ["--no-remote", "--no-npm", "--no-lock", "--cached-only"]);
  equal(variables(null), { DENO_DIR: "/dev/null/none" });
  const jsr = { folder: "/modules", registries: { jsr: "http://jsr.example:81/" } };
  equal(heldTo(jsr).slice(0, 2), ["--allow-import=jsr.example:81", "--no-npm"]);
  const known = { folder: "/modules", registries: { npm: null, jsr: null } };
  equal(variables(known), { DENO_DIR: "/modules/cache" });
  const modules = { folder: "/modules", registries: { npm: "http://npm.example/" } };
  equal(heldTo(modules), [
    "--no-remote",
    "--cached-only",
    "--frozen",
    "--lock=/modules/deno.lock",
    "--node-modules-dir=none",
  ]);
  equal(variables(modules), {
    DENO_DIR: "/modules/cache",
    NPM_CONFIG_REGISTRY: "http://npm.example/",
  });
});

Deno.test("a folder of modules says where they came from", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const told = async (text: string): Promise<unknown> => {
      await Deno.writeTextFile(`${folder}/registries.json`, text);
      return await readModules(folder).then((read) => read?.registries, (error) => error.message);
    };
    equal(await told('{"jsr":"https://jsr.example/"}'), { jsr: "https://jsr.example/" });
    const why = (name: string): string =>
      `registries.json names ${name}, which is no registry with its address`;
    equal(await told('{"npm":"nowhere"}'), why("npm"));
    equal(await told('{"PATH":"https://jsr.example/"}'), why("PATH"));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("what Deno says becomes a sentence", () => {
  const another = "is not what deno.lock pins: its digest is another";
  equal(
    sentence(
      "error: Failed caching npm package 'left@1.2.3'\n    0: Tarball checksum did not match what was provided by npm registry for left@1.2.3.\n       \n       Expected: a\n",
    ),
    `what the registry gave for left@1.2.3 ${another}`,
  );
  equal(
    sentence(
      "error: Integrity check failed for package. The source code is invalid\n\n  Package: @std/csv@1.0.0\n  Actual: a\n",
    ),
    `what the registry gave for @std/csv@1.0.0 ${another}`,
  );
  equal(
    sentence("error: The lockfile is out of date. Run `deno install`\nchanges:\n 1 | -{\n"),
    "deno.lock lacks something that is imported: `tntc lock` makes it anew",
  );
  equal(
    sentence(
      "noise\nerror: Import 'http://jsr.example/x' failed: 404\n    at file:///wanted/entry.ts:1:8\n",
    ),
    "Import 'http://jsr.example/x' failed: 404",
  );
});
