// What hostile code tries, with every permission that Deno can give. Each attempt returns what it got, or throws what
// stopped it. It is deployed as a node of a tentacle, and run by itself where nothing stops it: that is its control.

type Attempt = Record<string, unknown>;

const mib = (count: number) => new Uint8Array(count << 20).fill(1);

// Numbers are handed over as they are, and texts as pointers to what ends with a zero.
const kept: Uint8Array<ArrayBuffer>[] = [];
const word = (it: unknown) => {
  if (typeof it === "number" || typeof it === "bigint") return BigInt(it);
  const bytes = new TextEncoder().encode(`${it}\0`);
  kept.push(bytes);
  return Deno.UnsafePointer.value(Deno.UnsafePointer.of(bytes));
};

// A system call by its number on x86_64, with up to six arguments.
const libc = () => {
  const { symbols } = Deno.dlopen(["libc.so.6"][0], {
    syscall: { parameters: ["i64", "i64", "i64", "i64", "i64", "i64", "i64"], result: "i64" },
  });
  return (...words: unknown[]) => {
    const [number, a, b, c, d, e, f] = [...words, 0, 0, 0, 0, 0, 0].slice(0, 7).map(word);
    return symbols.syscall(number, a, b, c, d, e, f);
  };
};
const [FORK, PAUSE, WAIT, EXIT, KILL, SIGKILL] = [57, 34, 61, 60, 62, 9];

const within = <T>(work: Promise<T>) => {
  let timer: number;
  const late = new Promise<T>((_, no) => timer = setTimeout(() => no(new Error("no answer")), 4000));
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
};

// The way out takes runs alone: their word is in the environment, one's own or that of a run that goes on.
const credential = async () => {
  for (let tries = 0; tries < 40; tries += 1) {
    const url = proxies().map((text) => URL.parse(text)).find((url) => url?.password);
    if (url) return `Proxy-Authorization: Basic ${btoa(`${url.username}:${url.password}`)}\r\n`;
    await new Promise((done) => setTimeout(done, 250));
  }
  return "";
};
const proxies = () => {
  const own = Deno.env.get("HTTP_PROXY");
  if (own) return [own];
  return [...Deno.readDirSync("/proc")].filter(({ name }) => /^[0-9]+$/.test(name)).flatMap(({ name }) => {
    try {
      const all = Deno.readTextFileSync(`/proc/${name}/environ`).split("\0");
      return all.filter((it) => it.startsWith("HTTP_PROXY=")).map((it) => it.slice("HTTP_PROXY=".length));
    } catch {
      return [];
    }
  });
};

const attempts: Record<string, (it: Attempt) => unknown> = {
  // files
  read: ({ path, holds }) => {
    using file = Deno.openSync(path as string);
    const bytes = new Uint8Array(65536);
    const count = file.readSync(bytes);
    if (count === null) throw new Error("empty");
    const text = new TextDecoder().decode(bytes.subarray(0, count));
    if (holds && !text.includes(holds as string)) throw new Error("another's");
  },
  list: ({ path }) => [...Deno.readDirSync(path as string)].map((entry) => entry.name),
  open: ({ path }) => Deno.openSync(path as string, { read: false, write: true }).close(),
  write: ({ path }) => {
    Deno.writeTextFileSync(`${path}/hostile`, "x");
    Deno.removeSync(`${path}/hostile`);
  },
  // fills a folder, and says how many KiB went in
  fill: ({ path, kib }) => {
    const file = Deno.openSync(`${path}/fill`, { create: true, write: true });
    const part = new Uint8Array(64 << 10).fill(1);
    let written = 0;
    try {
      while (written < (kib as number) * 1024) written += file.writeSync(part);
    } catch (error) {
      if (written === 0) throw error;
    }
    file.close();
    Deno.removeSync(`${path}/fill`);
    return Math.floor(written / 1024);
  },
  // what belongs to others
  environment: () => Object.keys(Deno.env.toObject()),
  process: ({ name }) => {
    const line = (pid: string) => {
      try {
        return Deno.readTextFileSync(`/proc/${pid}/cmdline`).split("\0")[0];
      } catch {
        return "";
      }
    };
    const all = [...Deno.readDirSync("/proc")].map((entry) => line(entry.name));
    if (!all.some((program) => program.endsWith(name as string))) throw new Error("not seen");
  },
  // a program of its own
  program: ({ words }) => {
    const [program, ...args] = words as string[];
    if (!new Deno.Command(program, { args }).outputSync().success) throw new Error("it failed");
  },
  // the network
  connect: async ({ hostname, port }) =>
    (await within(Deno.connect({ hostname: hostname as string, port: port as number }))).close(),
  socket: async ({ path }) =>
    (await within(Deno.connect({ transport: "unix", path: path as string }))).close(),
  resolve: ({ name, address, port }) => {
    const nameServer = { ipAddr: address as string, port: port as number };
    return within(Deno.resolveDns(name as string, "A", { nameServer }));
  },
  // past Deno's own walls and past the engine's, by the way that the gateway is reached, with what a run asks it with
  tunnel: async ({ host, port }) => {
    const own = await credential();
    using way = await Deno.connect({ hostname: "127.0.0.1", port: 3128 });
    const to = `${host}:${port}`;
    const say = (text: string) => way.write(new TextEncoder().encode(text));
    const part = new Uint8Array(4096);
    const hear = async () =>
      new TextDecoder().decode(part.subarray(0, await within(way.read(part)) ?? 0));
    await say(`CONNECT ${to} HTTP/1.1\r\nHost: ${to}\r\n${own}\r\n`);
    const answer = await hear();
    if (!answer.startsWith("HTTP/1.1 200")) throw new Error(answer.split("\r\n")[0] || "closed");
    await say("ping");
    return (await hear()).split("\r\n\r\n").at(-1);
  },
  // the kernel
  kernel: () => Deno.readTextFileSync("/proc/version"),
  call: ({ words }) => {
    if (libc()(...words as unknown[]) < 0n) throw new Error("the system call failed");
  },
  wait: ({ seconds }) => new Promise((done) => setTimeout(done, (seconds as number) * 1000)),
  // too much of something
  loop: () => {
    while (true);
  },
  // how much of a processor all threads of this process used
  spin: async ({ seconds, threads }) => {
    const millis = (seconds as number) * 1000;
    const loop = `const end = performance.now() + ${millis}; while (performance.now() < end); close();`;
    const other = () => new Worker(`data:application/javascript,${encodeURIComponent(loop)}`, { type: "module" });
    for (let count = 1; count < (threads as number); count += 1) other();
    await new Promise((done) => setTimeout(done, 300));
    const [began, before] = [performance.now(), process.cpuUsage()];
    while (performance.now() - began < millis - 300);
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 1000 / (performance.now() - began);
  },
  memory: ({ mebibytes }) => {
    const held: Uint8Array[] = [];
    while (held.length * 16 < (mebibytes as number)) held.push(mib(16));
    return held.length * 16;
  },
  forks: ({ count }) => {
    const [call, children] = [libc(), [] as bigint[]];
    try {
      while (children.length < (count as number)) {
        const child = call(FORK);
        while (child === 0n) call(PAUSE);
        if (child < 0n) throw new Error(`only ${children.length} processes came up`);
        children.push(child);
      }
    } finally {
      for (const child of children) {
        call(KILL, child, SIGKILL);
        call(WAIT, child);
      }
    }
    return children.length;
  },
  // processes that have ended and that nobody waits for
  zombies: ({ count }) => {
    const call = libc();
    for (let made = 0; made < (count as number); made += 1) {
      const child = call(FORK);
      while (child === 0n) call(EXIT, 0n);
      if (child < 0n) throw new Error(`only ${made} processes came up`);
    }
    return count;
  },
  // a process in a session of its own, which works on when its parent has ended
  daemon: () => {
    const args = ["run", "--quiet", "--no-lock", "--allow-all", import.meta.filename!, '{"attempt": "loop"}'];
    const pipes = { stdin: "piped", stdout: "piped", stderr: "piped" } as const;
    new Deno.Command(Deno.execPath(), { args, detached: true, ...pipes }).spawn().unref();
    return "left";
  },
  files: ({ count }) => {
    const held: Deno.FsFile[] = [];
    try {
      while (held.length < (count as number)) held.push(Deno.openSync("/proc/self/status"));
    } finally {
      held.forEach((file) => file.close());
    }
    return held.length;
  },
  flood: ({ mebibytes, path }) => {
    const out = path ? Deno.openSync(path as string, { read: false, write: true }) : Deno.stdout;
    const line = new TextEncoder().encode("x".repeat(1023) + "\n");
    for (let count = 0; count < (mebibytes as number) * 1024; count += 1) {
      for (let sent = 0; sent < line.length;) sent += out.writeSync(line.subarray(sent));
    }
    return mebibytes;
  },
};

const one = async (it: Attempt) => {
  const got = await attempts[it.attempt as string](it);
  return got === undefined ? "done" : got;
};

// Of many, each says what it got or what stopped it. Connections are tried side by side, everything else after them and
// in its order.
const each = async (all: Attempt[]) => {
  const outcome = (it: Attempt) => one(it).then(() => "done", String);
  const isConnection = (it: Attempt) => it.attempt === "connect";
  const connections = await Promise.all(all.map((it) => isConnection(it) ? outcome(it) : ""));
  const outcomes: string[] = [];
  for (const [index, it] of all.entries()) {
    outcomes.push(isConnection(it) ? connections[index] : await outcome(it));
  }
  return outcomes;
};

export default function node(_: unknown, input: Attempt | Attempt[]) {
  return Array.isArray(input) ? each(input) : one(input);
}

// By itself it says what came of it on standard error, because an attempt may write to standard output.
if (import.meta.main) {
  const got = await node(null, JSON.parse(Deno.args[0]));
  console.error(JSON.stringify(got));
  // connections that nobody answers would keep it
  Deno.exit(0);
}
