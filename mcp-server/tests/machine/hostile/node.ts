// What hostile code tries. Each attempt returns what it got, or throws what stopped it.

type Attempt = (input: Record<string, unknown>) => unknown;

const mib = (count: number) => new Uint8Array(count * 1024 * 1024).fill(1);

const libc = () =>
  Deno.dlopen(["libc.so.6"][0], {
    syscall: { parameters: ["i64", "i64", "i64", "i64", "i64", "i64"], result: "i64" },
  }).symbols.syscall;

const attempts: Record<string, Attempt> = {
  // files
  read: ({ path }) => Deno.readTextFileSync(path as string).length,
  list: ({ path }) => [...Deno.readDirSync(path as string)].map((entry) => entry.name),
  write: ({ path }) => Deno.writeTextFileSync(path as string, "x"),
  // fills a folder, and says how many KiB went in
  fill: ({ path, kib }) => {
    const file = Deno.openSync(`${path}/fill`, { create: true, write: true });
    let written = 0;
    try {
      while (written < (kib as number) * 1024) written += file.writeSync(new Uint8Array(4096));
    } catch (error) {
      if (written === 0) throw error;
    }
    file.close();
    Deno.removeSync(`${path}/fill`);
    return written / 1024;
  },
  // what belongs to others
  environment: () => Deno.env.toObject(),
  connect: async ({ port }) => {
    const connection = await Deno.connect({ hostname: "127.0.0.1", port: port as number });
    connection.close();
    return "connected";
  },
  kernel: () => Deno.readTextFileSync("/proc/version"),
  // a system call by its number, with its arguments
  call: ({ numbers }) => {
    const [number, ...rest] = [...numbers as number[], 0, 0, 0, 0, 0].slice(0, 6).map(BigInt);
    const got = libc()(number, rest[0], rest[1], rest[2], rest[3], rest[4]);
    if (got < 0n) throw new Error("the system call failed");
    return Number(got);
  },
  // too much of something
  loop: () => {
    while (true);
  },
  memory: ({ mebibytes }) => {
    const held: Uint8Array[] = [];
    while (held.length * 16 < (mebibytes as number)) held.push(mib(16));
    return held.length * 16;
  },
  processes: async ({ count, deno }) => {
    const children: Deno.ChildProcess[] = [];
    const wait = ["eval", "--quiet", "--no-lock", "console.log('up'); setInterval(() => {}, 1e6)"];
    for (let number = 0; number < (count as number); number += 1) {
      const child = new Deno.Command(deno as string, { args: wait, stdout: "piped", stderr: "null" }).spawn();
      children.push(child);
      const said = await child.stdout.getReader().read();
      if (said.done) throw new Error(`only ${number} processes came up`);
    }
    for (const child of children) child.kill("SIGKILL");
    return children.length;
  },
  flood: ({ mebibytes }) => {
    const line = new TextEncoder().encode("x".repeat(1023) + "\n");
    for (let count = 0; count < (mebibytes as number) * 1024; count += 1) {
      for (let sent = 0; sent < line.length;) sent += Deno.stdout.writeSync(line.subarray(sent));
    }
    return mebibytes;
  },
};

export default async function node(_: unknown, input: Record<string, unknown>) {
  const got = await attempts[input.attempt as string](input);
  return got === undefined ? "done" : got;
}

// The control: the same attempt where nothing stops it.
if (import.meta.main) {
  const got = await node(null, JSON.parse(Deno.args[0]));
  console.error(JSON.stringify(got));
}
