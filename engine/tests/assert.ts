/** Assertions, from Deno's own modules: nothing is fetched to run the tests. */

import { deepStrictEqual } from "node:assert/strict";

export function assert(holds: boolean, message: string): asserts holds {
  if (!holds) throw new Error(message);
}

export function equal(actual: unknown, expected: unknown): void {
  // what crossed a process or a worker has another prototype; JSON has none
  deepStrictEqual(plain(actual), plain(expected));
}

export function includes(text: string, part: string): void {
  assert(text.includes(part), `${JSON.stringify(part)} is not in ${JSON.stringify(text)}`);
}

function plain(value: unknown): unknown {
  return value === undefined ? undefined : JSON.parse(JSON.stringify(value));
}
