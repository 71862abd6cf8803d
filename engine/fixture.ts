/** Fixtures: what a node is given in a test, what its dependencies answer, and what it should return. */

import type { Json } from "./types.ts";

/** What dependencies answer: by dependency, then by `METHOD /path`; several answers are given one after another. */
export type Responses = {
  readonly [dependency: string]: { readonly [request: string]: readonly Recorded[] };
};

export interface Recorded {
  readonly status: number;
  readonly headers: { readonly [name: string]: string };
  /** A text is sent as it is, anything else as JSON. */
  readonly body: Json;
}

export interface Fixture {
  readonly input: Json;
  /** Settings in place of those of the workflow, key by key. */
  readonly config: { readonly [key: string]: Json };
  readonly secrets: { readonly [name: string]: string };
  readonly responses: Responses;
  /** The files of the shared folder, as a sidecar would have left them. */
  readonly shared: { readonly [name: string]: string };
  /** What the node should return; null when it only has to finish. */
  readonly expected: { readonly output: Json } | null;
}

/** A fixture's file name, taken apart. */
export interface FixtureName {
  readonly node: string;
  /** The part between the node's name and `.json`. */
  readonly case: string | null;
}

/** Takes `<node>.json` or `<node>.<case>.json` apart; null for another file. */
export function readName(file: string): FixtureName | null {
  const parts = file.match(/^([a-z][a-z0-9_-]*)(?:\.([A-Za-z0-9_-]+))?\.json$/);
  return parts?.[1] === undefined ? null : { node: parts[1], case: parts[2] ?? null };
}

/** Reads a fixture's text. Throws an error that names the part that is wrong. */
export function readFixture(text: string): Fixture {
  const root = record(JSON.parse(text), "the fixture");
  onlyKeys(root, ["input", "config", "secrets", "responses", "shared", "expected"], "the fixture");
  if (root.input === undefined) throw new Error("the fixture has no input");
  return {
    input: root.input as Json,
    config: record(root.config ?? {}, "config") as Fixture["config"],
    secrets: readTexts(root.secrets ?? {}, "secrets"),
    responses: readResponses(root.responses ?? {}),
    shared: readTexts(root.shared ?? {}, "shared"),
    expected: root.expected === undefined ? null : { output: root.expected as Json },
  };
}

function readTexts(value: unknown, what: string): Record<string, string> {
  const wrong = Object.entries(record(value, what)).find(([, text]) => typeof text !== "string");
  if (wrong !== undefined) throw new Error(`${what}.${wrong[0]} must be a text`);
  return value as Record<string, string>;
}

function readResponses(value: unknown): Responses {
  const dependencies = Object.entries(record(value, "responses"));
  return Object.fromEntries(dependencies.map(([name, requests]) => {
    const what = `responses.${name}`;
    const recorded = Object.entries(record(requests, what)).map(([request, answers]) => {
      if (!/^[A-Z]+ \//.test(request)) {
        throw new Error(`${what} has ${JSON.stringify(request)}: expected "GET /path"`);
      }
      const all = Array.isArray(answers) ? answers : [answers];
      return [request, all.map((answer) => readRecorded(answer, `${what}[${request}]`))];
    });
    return [name, Object.fromEntries(recorded)];
  }));
}

function readRecorded(value: unknown, what: string): Recorded {
  const { status = 200, headers = {}, body = null, ...more } = record(value, what);
  onlyKeys(more, [], what);
  if (typeof status !== "number" || !Number.isInteger(status) || status < 200 || status > 599) {
    throw new Error(`${what}.status must be a number from 200 to 599`);
  }
  const named = Object.entries(record(headers, `${what}.headers`));
  const wrong = named.find(([, header]) => typeof header !== "string");
  if (wrong !== undefined) throw new Error(`${what}.headers.${wrong[0]} must be a text`);
  return { status, headers: Object.fromEntries(named) as Recorded["headers"], body: body as Json };
}

function record(value: unknown, what: string): Record<string, unknown> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new Error(`${what} must be an object`);
  }
  return value as Record<string, unknown>;
}

function onlyKeys(value: Record<string, unknown>, known: readonly string[], what: string): void {
  const unknown = Object.keys(value).find((key) => !known.includes(key));
  if (unknown !== undefined) {
    throw new Error(`${what} has the unknown key ${JSON.stringify(unknown)}`);
  }
}
