/**
 * The way out of the sandbox: loopback addresses on which nodes' code connects, carried to the egress gateway.
 *
 * The engine does this and not a run: only the engine may read the pass and reach the gateway, and code cannot touch the
 * engine's process.
 */

import { timingSafeEqual } from "node:crypto";
import type { Gateway } from "./flags.ts";
import type { LogWriter } from "./log.ts";
import type { Forward } from "./plan.ts";
import type { Traffic } from "./traffic.ts";

/** Where the HTTP proxy is: the proxy of every run. */
export const PROXY = { hostname: "127.0.0.1", port: 3128 } as const;

/** By which name runs ask the proxy; by which word, each engine makes up. */
export const RUN = "run";

/** The most connections that are carried at the same time. */
const MOST = 256;
/** The longest answer to CONNECT that is read. */
const HEAD = 16 * 1024;
/** The most characters of a reason. */
const REASON = 300;

/** A head, and what came after it. */
interface Answer {
  readonly head: string;
  readonly rest: Uint8Array;
}

/** Who is told of connections, and the word that runs ask the proxy with: sidecars find its address, too. */
export interface Witnesses {
  readonly log: LogWriter;
  readonly traffic: Traffic;
  readonly word: string;
  /** Whether answers in clear are looked at too: who reads only their status does not see why they are refusals. */
  readonly answers?: boolean;
}

/** Listens on the proxy's address and on those of the forwards, for as long as the engine lives. */
export async function carry(
  gateway: Gateway,
  forwards: readonly Forward[],
  witnesses: Witnesses,
): Promise<void> {
  const pass = (await Deno.readTextFile(gateway.pass)).trim();
  const out = new WayOut(gateway, new TextEncoder().encode(`PASS ${pass}\r\n`), witnesses);
  out.serve(Deno.listen(PROXY), null);
  for (const forward of forwards) {
    out.serve(Deno.listen({ hostname: forward.at, port: forward.port }), forward);
  }
}

class WayOut {
  #open = 0;
  readonly #gateway: Gateway;
  readonly #preface: Uint8Array;
  readonly #log: LogWriter;
  readonly #traffic: Traffic;
  readonly #credential: string;
  readonly #answers: boolean;
  #wasAsked = false;

  constructor(gateway: Gateway, preface: Uint8Array, { log, traffic, word, answers }: Witnesses) {
    this.#gateway = gateway;
    this.#preface = preface;
    this.#log = log;
    this.#traffic = traffic;
    this.#credential = `Basic ${btoa(`${RUN}:${word}`)}`;
    this.#answers = answers ?? false;
  }

  async serve(listener: Deno.Listener, forward: Forward | null): Promise<void> {
    for await (const inside of listener) {
      if (this.#open >= MOST) {
        this.#log.line("warn", `more than ${MOST} connections at the same time: one was closed`);
        inside.close();
        continue;
      }
      this.#open += 1;
      this.#one(inside, forward).catch(() => {}).finally(() => {
        this.#open -= 1;
        close(inside);
      });
    }
  }

  async #one(inside: Deno.Conn, forward: Forward | null): Promise<void> {
    const asked = forward === null ? await readHead(inside) : null;
    if (forward === null && (asked === null || !this.#isRun(asked.head))) {
      return asked === null ? undefined : await this.#refuse(inside);
    }
    const outside = await this.#connect();
    if (outside === null) return;
    try {
      await write(outside, this.#preface);
      const answer = forward === null
        ? await this.#first(outside, asked as Answer)
        : await this.#tunnel(outside, forward);
      if (answer === null) return;
      await write(inside, answer);
      const look = this.#answers ? (part: Uint8Array): void => this.#look(part) : (): void => {};
      await Promise.all([pipe(inside, outside), pipe(outside, inside, look)]);
    } finally {
      close(outside);
    }
  }

  /** Whether a request to the proxy is of a run, and not of another program in the sandbox. */
  #isRun(head: string): boolean {
    const given = head.match(/^proxy-authorization: *(.*?) *\r$/mi)?.[1] ?? "";
    const [one, other] = [given, this.#credential].map((text) => new TextEncoder().encode(text));
    return one?.length === other?.length && timingSafeEqual(one as Uint8Array, other as Uint8Array);
  }

  /** It is written down once: whoever asks may ask all day. */
  async #refuse(inside: Deno.Conn): Promise<void> {
    if (!this.#wasAsked) {
      this.#log.line("warn", "something beside the runs asked the way out, and was refused");
    }
    this.#wasAsked = true;
    const head =
      "HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\nconnection: close";
    await write(inside, new TextEncoder().encode(`${head}\r\n\r\n`));
  }

  async #connect(): Promise<Deno.Conn | null> {
    const { at } = this.#gateway;
    try {
      return at.kind === "unix"
        ? await Deno.connect({ transport: "unix", path: at.path })
        : await Deno.connect({ hostname: at.hostname, port: at.port });
    } catch {
      this.#log.line("error", "the egress gateway cannot be reached: nothing gets out");
      return null;
    }
  }

  /** Asks for a tunnel to a forward; what came after the answer, or null where there is none. */
  async #tunnel(outside: Deno.Conn, { host, port }: Forward): Promise<Uint8Array | null> {
    const asked = `CONNECT ${host}:${port} HTTP/1.1\r\nHost: ${host}:${port}\r\n\r\n`;
    await write(outside, new TextEncoder().encode(asked));
    const answer = await readHead(outside);
    if (answer === null) return null;
    const place = `${host}:${port}`;
    if (/^HTTP\/1\.1 200 /.test(answer.head)) {
      this.#traffic.carries(place);
      return answer.rest;
    }
    this.#refused(answer.head, await readBody(outside, answer), place);
    return null;
  }

  /** Sends the first request of a proxy connection on, and looks at the answer: why it is refused is for the log. */
  async #first(outside: Deno.Conn, asked: Answer): Promise<Uint8Array | null> {
    // the gateway knows nothing of the word, and need not
    const head = asked.head.replace(/^proxy-authorization:.*\r\n/mi, "");
    await write(outside, new TextEncoder().encode(head));
    await write(outside, asked.rest);
    const place = placeOf(asked.head);
    if (!asked.head.startsWith("CONNECT ")) {
      // whether the gateway takes it is in its answer, which is the code's
      this.#traffic.carries(place);
      return new Uint8Array();
    }
    const answer = await readHead(outside);
    if (answer === null) return null;
    const told = new TextEncoder().encode(answer.head);
    if (/^HTTP\/1\.1 200 /.test(answer.head)) {
      this.#traffic.carries(place);
      return join(told, answer.rest);
    }
    const body = await readBody(outside, answer);
    this.#refused(answer.head, body, place);
    return join(told, body);
  }

  /** Notes why the gateway refused a request in clear. It sends the head of such an answer in one piece. */
  #look(part: Uint8Array): void {
    const head = new TextDecoder("latin1").decode(part.subarray(0, 4096));
    const reason = head.match(/^HTTP\/1\.1 [45][^]*?^tentacular-reason: (.*)\r$/mi)?.[1];
    if (reason !== undefined) this.#traffic.refuses(reason, reason.slice(0, REASON));
  }

  /** Writes down why: the first line of the body, or what the head says. */
  #refused(head: string, body: Uint8Array, place: string): void {
    const line = new TextDecoder().decode(body).split("\n")[0]?.trim();
    const header = head.match(/^tentacular-reason: (.*)$/mi)?.[1]?.trim();
    const why = line || header || head.split("\r\n")[0];
    const told = why?.slice(0, REASON) ?? "";
    this.#log.line("warn", `the egress gateway refused a connection: ${told}`);
    this.#traffic.refuses(place, told);
  }
}

/** Where the first request of a proxy connection leads: `CONNECT host:port`, or an address of HTTP. */
function placeOf(head: string): string {
  const target = head.split(" ")[1] ?? "";
  const url = target.startsWith("http://") ? URL.parse(target) : null;
  return url === null ? target.slice(0, 300) : `${url.hostname}:${url.port || 80}`;
}

/** Reads the body of a refusal, as long as it says that it is and no longer than a reason needs. */
async function readBody(from: Deno.Conn, { head, rest }: Answer): Promise<Uint8Array> {
  const length = Math.min(Number(head.match(/^content-length: *([0-9]+)\r$/mi)?.[1] ?? 0), HEAD);
  const part = new Uint8Array(4096);
  let all = rest;
  while (all.length < length) {
    const count = await from.read(part);
    if (count === null) break;
    all = join(all, part.subarray(0, count));
  }
  return all;
}

/** Reads up to the empty line that ends a head; null when it does not come. */
async function readHead(from: Deno.Conn): Promise<Answer | null> {
  let all = new Uint8Array();
  const part = new Uint8Array(4096);
  while (all.length < HEAD) {
    const count = await from.read(part);
    if (count === null) return null;
    all = join(all, part.subarray(0, count));
    const text = new TextDecoder("latin1").decode(all);
    const end = text.indexOf("\r\n\r\n");
    if (end >= 0) return { head: text.slice(0, end + 4), rest: all.slice(end + 4) };
  }
  return null;
}

function join(one: Uint8Array, other: Uint8Array): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(one.length + other.length);
  all.set(one);
  all.set(other, one.length);
  return all;
}

async function write(to: Deno.Conn, bytes: Uint8Array): Promise<void> {
  for (let rest = bytes; rest.length > 0;) rest = rest.subarray(await to.write(rest));
}

/** Carries one direction to its end, and says that it has ended. */
async function pipe(
  from: Deno.Conn,
  to: Deno.Conn,
  look: (part: Uint8Array) => void = () => {},
): Promise<void> {
  const part = new Uint8Array(64 * 1024);
  try {
    for (let count = await from.read(part); count !== null; count = await from.read(part)) {
      look(part.subarray(0, count));
      await write(to, part.subarray(0, count));
    }
    await to.closeWrite();
  } catch {
    close(from);
    close(to);
  }
}

function close(connection: Deno.Conn): void {
  try {
    connection.close();
  } catch {
    // it is closed already
  }
}
