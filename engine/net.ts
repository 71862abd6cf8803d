/**
 * What a thread may connect to, as Deno's permissions of threads take it.
 *
 * A process may be given a range of addresses, but in Deno 2.9 a thread may not be given a range that its process has: it
 * is taken for more than that. So a thread gets each address of a range by itself, which says the same.
 */

/** The most addresses that one thread is given: two of the largest ranges that the server lets through. */
const MOST = 2 * 65536;

/** The list with the addresses in place of the ranges. Throws when there are too many. */
export function spellOut(net: readonly string[]): string[] {
  const all: string[] = [];
  for (const entry of net) {
    const range = entry.match(/^([0-9.]+)\/([0-9]+)(:[0-9]+)?$/);
    if (range === null) {
      all.push(entry);
      continue;
    }
    const [, address = "", bits = "", port = ""] = range;
    const count = 2 ** (32 - Number(bits));
    if (all.length + count > MOST) {
      throw new Error(`the ranges that a node may use have more than ${MOST} addresses together`);
    }
    const first = address.split(".").reduce((sum, part) => sum * 256 + Number(part), 0);
    for (let each = first; each < first + count; each += 1) all.push(dotted(each) + port);
  }
  return all;
}

function dotted(address: number): string {
  return [24, 16, 8, 0].map((bits) => Math.floor(address / 2 ** bits) % 256).join(".");
}
