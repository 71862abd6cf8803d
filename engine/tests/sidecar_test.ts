/** What a node has of a sidecar, and what a sidecar has of the engine. */

import { assert, equal, includes } from "./assert.ts";
import { Engine } from "./engine.ts";
import { FakeGateway } from "./gateway.ts";

/** A sidecar: a server on a port of the sandbox. */
function sidecar(): Deno.HttpServer<Deno.NetAddr> {
  const answer = (request: Request): Response => {
    const headers = JSON.stringify(Object.fromEntries(request.headers));
    return new Response(`${new URL(request.url).pathname} ${headers}`);
  };
  return Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, answer);
}

const TRIED = `
const tried = async (what) => {
  try {
    return await what();
  } catch (error) {
    return error.name + ": " + error.message;
  }
};
`;

Deno.test("a node talks to the sidecar that it uses, past the proxy, and another does not", async () => {
  await using gateway = new FakeGateway(() => "HTTP/1.1 502 No\r\ncontent-length: 0\r\n\r\n");
  const server = sidecar();
  const { port } = server.addr;
  const code = `${TRIED} export default (ctx) => tried(async () =>
    (await ctx.fetch("render", "/page")).text());`;
  const around = `${TRIED} export default () => tried(async () =>
    (await fetch("http://127.0.0.1:${port}/around")).text());`;
  await using engine = await Engine.start({ a: code, b: code, c: around }, {
    dependencies: { render: { protocol: "http", host: "127.0.0.1", port, details: {} } },
    uses: { a: ["render"] },
    net: { a: [`127.0.0.1:${port}`] },
    gateway: gateway.port,
  });
  const { outputs } = await engine.run();
  includes(outputs.a, "/page ");
  assert(!outputs.a.includes("proxy-authorization"), outputs.a);
  includes(outputs.b, 'node "b" may not use "render"');
  includes(outputs.c, "NotCapable");
  equal(gateway.asked, []);
  await server.shutdown();
});

Deno.test("the way out takes runs and nobody else", async () => {
  const answer = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok";
  await using gateway = new FakeGateway(() => answer);
  const code =
    `export default async (ctx, { path }) => (await fetch("http://shop.example" + path)).text()`;
  await using engine = await Engine.start({ a: code }, {
    net: { a: ["shop.example:80"] },
    gateway: gateway.port,
  });
  for (const wrong of ["", "proxy-authorization: Basic cnVuOngK\r\n"]) {
    using connection = await Deno.connect({ hostname: "127.0.0.1", port: 3128 });
    const asked = `GET http://shop.example/ HTTP/1.1\r\nhost: shop.example\r\n${wrong}\r\n`;
    await connection.write(new TextEncoder().encode(asked));
    includes(await new Response(connection.readable).text(), "HTTP/1.1 407 ");
  }
  equal(gateway.asked, []);
  equal((await engine.run({ path: "/own" })).outputs, { a: "ok" });
  const [asked] = gateway.asked;
  equal(asked?.line, "GET http://shop.example/own HTTP/1.1");
  assert(!/proxy-authorization/i.test(asked?.headers ?? ""), asked?.headers ?? "");
  await engine.line(({ message }) => message.includes("asked the way out, and was refused"));
});

Deno.test("files pass through the shared folder, and no link leads out of it", async () => {
  const shared = await Deno.makeTempDir({ prefix: "shared-" });
  await Deno.writeTextFile(`${shared}/in.txt`, "of the sidecar");
  await Deno.symlink("/proc/self/environ", `${shared}/environ`);
  await Deno.symlink("/proc/version", `${shared}/version`);
  await Deno.symlink(shared, `${shared}/folder`);
  await new Deno.Command("/usr/bin/mkfifo", { args: [`${shared}/pipe`] }).output();
  const outside = await Deno.makeTempFile({ prefix: "outside-" });
  await Deno.symlink(outside, `${shared}/out.txt`);
  const code = `${TRIED} export default async (ctx) => {
    const { shared } = ctx;
    const told = {};
    for (const name of ["in.txt", "environ", "version", "folder", "pipe", "../x", "folder/in.txt"]) {
      told[name] = await tried(() => shared.readText(name));
    }
    told.write = await tried(() => shared.write("out.txt", "of the node"));
    told.again = await tried(() => shared.readText("out.txt"));
    told.removed = await tried(() => shared.remove("in.txt"));
    told.left = await tried(() => shared.list());
    told.direct = await tried(() => Deno.readTextFile("${shared}/out.txt"));
    return told;
  };`;
  await using engine = await Engine.start({ a: code, b: code }, { shared, sharing: ["a"] });
  const { outputs } = await engine.run();
  const { a, b } = outputs;
  equal([a["in.txt"], a.again, a.left], ["of the sidecar", "of the node", ["out.txt"]]);
  for (const name of ["environ", "version", "folder", "pipe"]) includes(a[name], "is not a file");
  for (const name of ["../x", "folder/in.txt"]) includes(a[name], "no folders");
  includes(a.direct, "NotCapable");
  for (const told of Object.values<string>(b)) {
    assert(/uses no sidecar|no folders|NotCapable/.test(told), told);
  }
  equal(await Deno.readTextFile(outside), "");
  equal(await Deno.readTextFile(`${shared}/out.txt`), "of the node");
  await Deno.remove(outside);
  await Deno.remove(shared, { recursive: true });
});
