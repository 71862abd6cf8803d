// What hostile code tries in a pod, with every permission that Deno can give. Each attempt that fails says why.

type Attempt = Record<string, unknown>;

const libc = () =>
  Deno.dlopen("libc.so.6", {
    syscall: { parameters: ["i64", "i64", "i64", "i64", "i64", "i64"], result: "i64" },
  }).symbols.syscall;

// Numbers are handed over as they are, and texts as pointers to what ends with a zero.
const kept: Uint8Array<ArrayBuffer>[] = [];
const word = (it: unknown) => {
  if (typeof it === "number") return BigInt(it);
  const bytes = new TextEncoder().encode(`${it}\0`);
  kept.push(bytes);
  return Deno.UnsafePointer.value(Deno.UnsafePointer.of(bytes));
};

const within = <T>(work: Promise<T>) =>
  Promise.race([
    work,
    new Promise<T>((_, no) => setTimeout(() => no(new Error("no answer")), 4000)),
  ]);

const attempts: Record<string, (it: Attempt) => unknown> = {
  read: ({ path }) => {
    using file = Deno.openSync(path as string);
    if (file.readSync(new Uint8Array(16)) === null) throw new Error("empty");
  },
  list: ({ path }) => void [...Deno.readDirSync(path as string)],
  open: ({ path }) => Deno.openSync(path as string, { read: false, write: true }).close(),
  write: ({ path }) => {
    Deno.writeTextFileSync(`${path}/hostile`, "x");
    Deno.removeSync(`${path}/hostile`);
  },
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
  socket: async ({ path }) =>
    (await Deno.connect({ transport: "unix", path: path as string })).close(),
  connect: async ({ hostname, port }) =>
    (await within(Deno.connect({ hostname: hostname as string, port: port as number }))).close(),
  call: ({ words }) => {
    const [number, a, b, c, d, e] = [...words as unknown[], 0, 0, 0, 0, 0].slice(0, 6).map(word);
    if (libc()(number, a, b, c, d, e) < 0n) throw new Error("the system call failed");
  },
  memory: ({ mebibytes }) => {
    const held: Uint8Array[] = [];
    while (held.length * 16 < (mebibytes as number)) held.push(new Uint8Array(16 << 20).fill(1));
  },
};

// Connections are tried side by side, everything else after them and in its order.
const wanted: Attempt[] = JSON.parse(Deno.args[0]);
const outcome = async (it: Attempt) => {
  try {
    await attempts[it.attempt as string](it);
    return "done";
  } catch (error) {
    return String(error);
  }
};
const isConnection = (it: Attempt) => it.attempt === "connect";
const connections = await Promise.all(wanted.map((it) => isConnection(it) ? outcome(it) : ""));
const all: string[] = [];
for (const [index, it] of wanted.entries()) {
  all.push(isConnection(it) ? connections[index] : await outcome(it));
}
console.log(JSON.stringify(all));
