/** Running fixtures: each node by itself, then the whole graph, always without a network. */

import { type Difference, difference } from "./difference.ts";
import { Drift, type Finding } from "./drift.ts";
import {
  type Fixture,
  type FixtureName,
  readFixture,
  readName,
  type Responses,
} from "./fixture.ts";
import type { TestFlags } from "./flags.ts";
import { type Level, LogWriter } from "./log.ts";
import type { Modules } from "./modules.ts";
import type { Plan, PlannedNode } from "./plan.ts";
import { Run } from "./run.ts";
import { Secrets } from "./secrets.ts";
import { Traffic } from "./traffic.ts";
import type { Outcome } from "./told.ts";
import type { Json } from "./types.ts";

type Status = "passed" | "failed";

/** What is told, one JSON object a line. */
export type Report =
  | {
    readonly kind: "fixture";
    readonly file: string;
    readonly node: string | null;
    readonly case: string | null;
    readonly status: Status;
    readonly error: string | null;
    readonly difference: Difference | null;
    readonly durationMs: number;
  }
  | { readonly kind: "no_fixture"; readonly node: string }
  | {
    readonly kind: "pipeline";
    readonly status: Status;
    readonly errors: Outcome["errors"];
    readonly durationMs: number;
  }
  | {
    readonly kind: "log";
    readonly node: string | null;
    readonly level: Level;
    readonly message: string;
  }
  | { readonly kind: "drift" } & Finding
  | {
    readonly kind: "summary";
    readonly passed: number;
    readonly failed: number;
    readonly withoutFixture: number;
    readonly drift: number;
    /** Whether nothing failed and nothing has drifted. What has no fixture is not a success, and not a failure. */
    readonly success: boolean;
  };

/** Where a tentacle keeps its fixtures, within its folder. */
const FOLDER = "tests/fixtures";

interface Found {
  readonly file: string;
  readonly name: FixtureName;
  readonly fixture: Fixture;
}

/** Where what is tested lies. */
export interface Place {
  readonly flags: Pick<TestFlags, "code" | "deno">;
  readonly modules: Modules | null;
}

export class Testing {
  readonly #plan: Plan;
  readonly #place: Place;
  readonly #until: number;
  readonly #emit: (report: Report) => void;
  readonly #drift: Drift;
  readonly #counts: Record<Status, number> = { passed: 0, failed: 0 };
  /** Nodes that have fixtures, and those of them of which one did not come to an end. */
  readonly #tested = new Set<string>();
  readonly #unfinished = new Set<string>();

  /** All fixtures together may take `limitMs`; what is left then fails. */
  constructor(plan: Plan, place: Place, emit: (report: Report) => void, limitMs = Infinity) {
    this.#plan = plan;
    this.#place = place;
    this.#until = Date.now() + limitMs;
    this.#emit = emit;
    this.#drift = new Drift(plan);
  }

  /** Runs everything; tells whether it is a success. */
  async all(): Promise<boolean> {
    const found: Found[] = [];
    for (const file of await files(`${this.#place.flags.code}/${FOLDER}`)) {
      const one = await this.#read(file);
      if (one !== null) found.push(one);
    }
    for (const one of found) await this.#one(one);
    const without = this.#plan.nodes.filter(({ name }) => !this.#tested.has(name));
    for (const { name } of without) this.#emit({ kind: "no_fixture", node: name });
    if (this.#plan.nodes.length > 1 && found.length > 0) await this.#pipeline(found);
    const finished = new Set([...this.#tested].filter((node) => !this.#unfinished.has(node)));
    const findings = this.#drift.findings(finished);
    for (const finding of findings) this.#emit({ kind: "drift", ...finding });
    const success = this.#counts.failed === 0 && findings.length === 0;
    const counted = { ...this.#counts, withoutFixture: without.length, drift: findings.length };
    this.#emit({ kind: "summary", ...counted, success });
    return success;
  }

  /** Reads a fixture; one that cannot be read, or fits no node, has failed. */
  async #read(file: string): Promise<Found | null> {
    const name = readName(file);
    try {
      if (name === null) throw new Error("expected <node>.json or <node>.<case>.json");
      const node = this.#plan.nodes.find((node) => node.name === name.node);
      if (node === undefined) throw new Error(`there is no node "${name.node}"`);
      this.#tested.add(node.name);
      const fixture = readFixture(
        await Deno.readTextFile(`${this.#place.flags.code}/${FOLDER}/${file}`),
      );
      const not = `node ${node.name} may not use it`;
      const response = Object.keys(fixture.responses).find((it) => !node.dependencies.includes(it));
      if (response !== undefined) throw new Error(`responses.${response}: ${not}`);
      const secret = Object.keys(fixture.secrets).find((it) => !node.secrets.includes(it));
      if (secret !== undefined) throw new Error(`secrets.${secret}: ${not}`);
      return { file, name, fixture };
    } catch (error) {
      if (name !== null) this.#unfinished.add(name.node);
      this.#tell(file, name, { error: text(error), difference: null, durationMs: 0 });
      return null;
    }
  }

  async #one({ file, name, fixture }: Found): Promise<void> {
    const node = this.#plan.nodes.find((node) => node.name === name.node) as PlannedNode;
    const plan = {
      ...this.#plan,
      nodes: [{ ...node, after: [] }],
      config: { ...this.#plan.config, ...fixture.config },
    };
    const outcome = await this.#run(plan, fixture.input, [{ file, name, fixture }]);
    const { durationMs } = outcome.timing;
    const error = outcome.errors[node.name] ?? null;
    if (error !== null) {
      this.#unfinished.add(node.name);
      return this.#tell(file, name, { error, difference: null, durationMs });
    }
    const { expected } = fixture;
    const actual = outcome.outputs[node.name] ?? null;
    try {
      const found = expected === null ? null : difference(expected.output, actual);
      this.#tell(file, name, { error: null, difference: found, durationMs });
    } catch (error) {
      this.#tell(file, name, { error: text(error), difference: null, durationMs });
    }
  }

  /** The whole graph: it begins with the input of the first fixture of a node that waits for nothing. */
  async #pipeline(found: readonly Found[]): Promise<void> {
    const roots = this.#plan.nodes.filter((node) => node.after.length === 0);
    const first = found.find(({ name }) => roots.some((node) => node.name === name.node));
    const outcome = await this.#run(this.#plan, first?.fixture.input ?? {}, found);
    const status = outcome.success ? "passed" : "failed";
    this.#counts[status] += 1;
    const { durationMs } = outcome.timing;
    this.#emit({ kind: "pipeline", status, errors: outcome.errors, durationMs });
  }

  async #run(plan: Plan, input: Json, found: readonly Found[]): Promise<Outcome> {
    const values = new Map(
      plan.nodes.flatMap((node) => node.secrets).map((name) => [name, `fixture-${name}`]),
    );
    const shared: Record<string, string> = {};
    const mock = new Map<string, Responses>(plan.nodes.map(({ name }) => [name, {}]));
    // the first fixture of a node comes last, so that what it says counts
    for (const { name, fixture } of found.toReversed()) {
      for (const [secret, value] of Object.entries(fixture.secrets)) values.set(secret, value);
      Object.assign(shared, fixture.shared);
      mock.set(name.node, merge(mock.get(name.node) ?? {}, fixture.responses));
    }
    const secrets = new Secrets(Object.fromEntries(values));
    // a failure is what a test is to show, so that nothing is tried again
    const workshop = {
      plan: { ...plan, retries: 0 },
      flags: this.#place.flags,
      modules: this.#place.modules,
      log: this.#log(),
      secrets,
      traffic: new Traffic(),
      word: "",
    };
    const run = new Run(workshop, {
      id: crypto.randomUUID(),
      input,
      limitMs: Math.max(1, Math.min(plan.limits.runMs, this.#until - Date.now())),
      loadOnly: false,
      mock: Object.fromEntries(mock),
      files: shared,
      tell: (told) => {
        if (told.kind === "used") this.#drift.saw(told.node, told.how, told.name);
      },
    });
    const outcome = await run.outcome;
    await workshop.log.flush();
    return outcome;
  }

  #tell(
    file: string,
    name: FixtureName | null,
    how: { error: string | null; difference: Difference | null; durationMs: number },
  ): void {
    const status = how.error === null && how.difference === null ? "passed" : "failed";
    this.#counts[status] += 1;
    const { node, case: which } = name ?? { node: null, case: null };
    this.#emit({ kind: "fixture", file, node, case: which, status, ...how });
  }

  /** What nodes say is told as it comes. */
  #log(): LogWriter {
    const emit = this.#emit;
    return new LogWriter({
      write: (bytes) => {
        const { node, level, message } = JSON.parse(new TextDecoder().decode(bytes));
        emit({ kind: "log", node, level, message });
        return Promise.resolve(bytes.length);
      },
    });
  }
}

/** The answers of both; where both have one, the latter's. */
function merge(one: Responses, other: Responses): Responses {
  const names = new Set([...Object.keys(one), ...Object.keys(other)]);
  return Object.fromEntries([...names].map((name) => [name, { ...one[name], ...other[name] }]));
}

/** The JSON files of a folder, those without a case first; none where there is no folder. */
async function files(folder: string): Promise<string[]> {
  try {
    const all = await Array.fromAsync(Deno.readDir(folder));
    const names = all.filter(({ isFile, name }) => isFile && name.endsWith(".json"));
    const parts = (name: string): number => name.split(".").length;
    return names.map(({ name }) => name).sort((one, other) =>
      parts(one) - parts(other) || (one < other ? -1 : 1)
    );
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}

function text(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
