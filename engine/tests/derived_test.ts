/** What is derived for a tentacle that reaches something is enough for the engine, and too little for its code. */

import { equal, includes } from "./assert.ts";
import { Engine } from "./engine.ts";
import { FakeGateway } from "./gateway.ts";

const PRICES = `
import net from "node:net";
const why = (work) => work.then((answer) => answer, (error) => error.name + ": " + error.message);
const echo = async (port, word) => {
  const connection = await Deno.connect({ hostname: "db.example", port });
  await connection.write(new TextEncoder().encode(word));
  const part = new Uint8Array(16);
  const count = await connection.read(part);
  connection.close();
  return new TextDecoder().decode(part.subarray(0, count));
};
const nodeEcho = (port, word) => new Promise((resolve, reject) => {
  const socket = net.connect(port, "db.example", () => socket.write(word));
  socket.on("error", reject);
  socket.on("data", (data) => { socket.destroy(); resolve(String(data)); });
});
export default async (ctx) => ({
  shop: await why(ctx.fetch("shop", "/prices")),
  deno: await why(echo(5432, "select")),
  node: await why(nodeEcho(6379, "ping")),
  port: await why(echo(3128, "x")),
  address: await why(Deno.connect({ hostname: "127.0.1.1", port: 5432 })),
  range: await why(fetch("https://203.0.113.9/")),
  beside: await why(fetch("https://203.0.114.9/")),
  gateway: await why(Deno.connect({ transport: "unix", path: "GATEWAY" })),
  password: ctx.dependency("db").secret,
});`;

const REPORT = `export default async (ctx, input) => ({
  input: input.deno,
  connect: await Deno.connect({ hostname: "db.example", port: 5432 }).catch((error) => error.name),
  uses: (() => { try { return ctx.dependency("db").host } catch (error) { return error.message } })(),
});`;

Deno.test("code reaches what its node's contract names, by its name, and nothing else", async () => {
  const folder = await Deno.makeTempDir({ prefix: "gateway-" });
  try {
    const socket = `${folder}/gateway.sock`;
    const reason = "shop.example resolves to 10.0.0.7, which is private";
    const refusal = `HTTP/1.1 403 Forbidden\r\ncontent-length: ${reason.length}\r\n\r\n${reason}`;
    await using gateway = new FakeGateway(
      ({ line }) => line.includes("db.example") ? null : refusal,
      socket,
    );
    await using engine = await Engine.derived(
      { prices: PRICES.replace("GATEWAY", socket), report: REPORT },
      {
        socket,
        secrets: { "shop.key": "sword fish", "db.password": "open sesame" },
        hosts: "127.0.0.1 localhost\n127.0.1.1 db.example\n",
      },
    );
    const { outputs, errors } = await engine.run();
    equal(errors, {});
    const { shop, deno, node, port, address, range, beside, password } = outputs.prices;
    equal([deno, node, password], ["select", "ping", "open sesame"]);
    for (const refused of [port, address, beside, outputs.prices.gateway]) {
      includes(refused, "NotCapable");
    }
    for (const carried of [shop, range]) includes(carried, "TypeError");
    equal(outputs.report, {
      input: "select",
      connect: "NotCapable",
      uses: 'node "report" may not use "db": add it to nodes.report.uses in workflow.yaml',
    });
    equal(gateway.asked.map(({ pass, line }) => `${pass}, ${line}`), [
      "PASS the-pass, CONNECT shop.example:443 HTTP/1.1",
      "PASS the-pass, CONNECT db.example:5432 HTTP/1.1",
      "PASS the-pass, CONNECT db.example:6379 HTTP/1.1",
      "PASS the-pass, CONNECT 203.0.113.9:443 HTTP/1.1",
    ]);
    const said = await engine.line((line) => line.message.includes("refused a connection"));
    equal([said.level, said.message], [
      "warn",
      `the egress gateway refused a connection: ${reason}`,
    ]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
