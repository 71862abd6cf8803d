/** A stand-in for the egress gateway: checks the pass, remembers what was asked for, and answers by itself. */

export interface Asked {
  readonly pass: string;
  readonly line: string;
  readonly headers: string;
  readonly body: string;
}

export class FakeGateway implements AsyncDisposable {
  readonly asked: Asked[] = [];
  /** Its port, where it listens on one. */
  readonly port: number;
  readonly #listener: Deno.Listener;
  readonly #answer: (asked: Asked) => string | null;

  /** `answer` gives the whole answer to a request; null opens a tunnel that echoes. */
  constructor(answer: (asked: Asked) => string | null, socket?: string) {
    this.#answer = answer;
    this.#listener = socket === undefined
      ? Deno.listen({ hostname: "127.0.0.1", port: 0 })
      : Deno.listen({ transport: "unix", path: socket });
    const { addr } = this.#listener;
    this.port = addr.transport === "tcp" ? addr.port : 0;
    this.#serve();
  }

  async #serve(): Promise<void> {
    for await (const connection of this.#listener) this.#one(connection).catch(() => {});
  }

  async #one(connection: Deno.Conn): Promise<void> {
    let text = "";
    const part = new Uint8Array(4096);
    while (!text.includes("\r\n\r\n")) {
      const count = await connection.read(part);
      if (count === null) return;
      text += new TextDecoder().decode(part.subarray(0, count));
    }
    const [preface = "", line = ""] = text.split("\r\n");
    const end = text.indexOf("\r\n\r\n");
    const headers = text.slice(0, end);
    const asked = { pass: preface, line, headers, body: text.slice(end + 4) };
    this.asked.push(asked);
    const answer = this.#answer(asked);
    const encoder = new TextEncoder();
    if (answer !== null) {
      await connection.write(encoder.encode(answer));
      connection.close();
      return;
    }
    await connection.write(encoder.encode("HTTP/1.1 200 Connection established\r\n\r\n"));
    for (
      let count = await connection.read(part);
      count !== null;
      count = await connection.read(part)
    ) {
      await connection.write(part.subarray(0, count));
    }
    connection.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    await Promise.resolve();
  }
}
