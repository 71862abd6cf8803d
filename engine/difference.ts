/** Comparing what came out with what was expected. */

import type { Json } from "./types.ts";

/** The most characters of a value that are shown. */
const SHOWN = 500;

/** The first place at which two values are not the same, as `$.items[2].price`. */
export interface Difference {
  readonly at: string;
  readonly expected: string;
  readonly actual: string;
}

/** Compares by structure: the order of an object's keys does not matter. Null when there is no difference. */
export function difference(expected: Json, actual: Json, at = "$"): Difference | null {
  if (Array.isArray(expected) && Array.isArray(actual)) {
    const longer = Math.max(expected.length, actual.length);
    for (let index = 0; index < longer; index += 1) {
      const found = between(expected[index], actual[index], `${at}[${index}]`);
      if (found !== null) return found;
    }
    return null;
  }
  if (isObject(expected) && isObject(actual)) {
    for (const key of new Set([...Object.keys(expected), ...Object.keys(actual)])) {
      const found = between(own(expected, key), own(actual, key), `${at}.${key}`);
      if (found !== null) return found;
    }
    return null;
  }
  return expected === actual ? null : told(expected, actual, at);
}

type Found = Json | undefined;

function between(expected: Found, actual: Found, at: string): Difference | null {
  const both = expected !== undefined && actual !== undefined;
  return both ? difference(expected, actual, at) : told(expected, actual, at);
}

function told(expected: Found, actual: Found, at: string): Difference {
  return { at, expected: shown(expected), actual: shown(actual) };
}

function shown(value: Found): string {
  const text = value === undefined ? "nothing" : JSON.stringify(value);
  return text.length > SHOWN ? `${text.slice(0, SHOWN)}…` : text;
}

type JsonObject = { [key: string]: Json };

function isObject(value: Json): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function own(value: JsonObject, key: string): Found {
  return Object.hasOwn(value, key) ? value[key] : undefined;
}
