/** The order of a run: which node may begin now, with which input, and what a failure stops. */

import type { PlannedNode } from "./plan.ts";
import type { Json } from "./types.ts";

export class Graph {
  readonly #input: Json;
  readonly #waiting: Map<string, PlannedNode>;
  readonly #outputs = new Map<string, Json>();
  readonly #failed = new Set<string>();

  constructor(nodes: readonly PlannedNode[], input: Json) {
    this.#input = input;
    this.#waiting = new Map(nodes.map((node) => [node.name, node]));
  }

  /** Takes the first node whose inputs are all there, in the order of the plan. */
  next(): PlannedNode | undefined {
    for (const node of this.#waiting.values()) {
      if (!node.after.every((name) => this.#outputs.has(name))) continue;
      this.#waiting.delete(node.name);
      return node;
    }
    return undefined;
  }

  /** Takes the nodes that can never begin any more, each with the failed one that it waits for. */
  stopped(): { node: string; because: string }[] {
    const stopped: { node: string; because: string }[] = [];
    for (let found = true; found;) {
      found = false;
      for (const node of this.#waiting.values()) {
        const because = node.after.find((name) => this.#failed.has(name));
        if (because === undefined) continue;
        this.#waiting.delete(node.name);
        this.#failed.add(node.name);
        stopped.push({ node: node.name, because });
        found = true;
      }
    }
    return stopped;
  }

  finished(node: string, output: Json): void {
    this.#outputs.set(node, output);
  }

  failed(node: string): void {
    this.#failed.add(node);
  }

  /** What a node is given: the run's input, the one output that it waits for, or several by their nodes' names. */
  inputOf(node: PlannedNode): Json {
    const [only] = node.after;
    if (only === undefined) return this.#input;
    if (node.after.length === 1) return this.#outputs.get(only) ?? null;
    return Object.fromEntries(node.after.map((name) => [name, this.#outputs.get(name) ?? null]));
  }
}
