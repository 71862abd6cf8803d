/** Reading lines from a stream that somebody else writes, in bounded memory. */

/** Thrown when a line, or all of the stream, is longer than it may be. */
export class TooLong extends Error {}

/** The lines of a stream. Bytes that are not UTF-8 become replacement characters. */
export async function* lines(
  stream: ReadableStream<Uint8Array>,
  most: { readonly line: number; readonly all: number },
): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = "";
  let all = 0;
  for await (const chunk of stream) {
    all += chunk.length;
    if (all > most.all) throw new TooLong(`more than ${most.all} bytes`);
    rest += decoder.decode(chunk, { stream: true });
    const parts = rest.split("\n");
    rest = parts.pop() ?? "";
    yield* parts;
    if (rest.length > most.line) throw new TooLong(`a line of more than ${most.line} characters`);
  }
  if (rest !== "") yield rest;
}
