/** The tentacle that newcomers begin with: it runs, and an editor without a network knows its types. */

import { assert, equal, includes } from "./assert.ts";
import { Engine } from "./engine.ts";

const scaffold = new URL("../../workflow/scaffold/hello/", import.meta.url).pathname;
const types = new URL("../types.ts", import.meta.url).pathname;

Deno.test("a new tentacle runs green", async () => {
  const code = await Deno.readTextFile(`${scaffold}nodes/hello.ts`);
  const { input } = JSON.parse(await Deno.readTextFile(`${scaffold}tests/fixtures/hello.json`));
  await using engine = await Engine.start({ hello: code }, { config: { greeting: "Hello" } });
  const { success, outputs, errors } = await engine.run(input);
  equal([success, errors], [true, {}]);
  equal([outputs.hello.greeting, outputs.hello.input], ["Hello, Ana!", { name: "Ana" }]);
  assert(Math.abs(Date.parse(outputs.hello.time) - Date.now()) < 60_000, outputs.hello.time);
  equal((await engine.line((line) => line.node === "hello")).message, "greeting Ana");
});

Deno.test("its types are known without a network, and mistakes are found", async () => {
  const folder = await Deno.makeTempDir({ prefix: "scaffold-" });
  try {
    await Deno.mkdir(`${folder}/nodes`);
    // what `workflow::scaffold` writes: the templates, and the engine's types
    await Deno.copyFile(types, `${folder}/tentacular.d.ts`);
    await Deno.copyFile(`${scaffold}../deno.json`, `${folder}/deno.json`);
    const code = await Deno.readTextFile(`${scaffold}nodes/hello.ts`);
    const check = async (text: string): Promise<[boolean, string]> => {
      await Deno.writeTextFile(`${folder}/nodes/hello.ts`, text);
      const { success, stderr } = await new Deno.Command(Deno.execPath(), {
        args: ["check", "--no-remote", "nodes/hello.ts"],
        cwd: folder,
        env: { NO_COLOR: "1" },
      }).output();
      return [success, new TextDecoder().decode(stderr)];
    };
    const [good, told] = await check(code);
    assert(good, told);
    const [bad, mistake] = await check(code.replaceAll("ctx.log.info", "ctx.log.inform"));
    assert(!bad, "a mistake passes");
    includes(mistake, "inform");
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
