/** Where what code does and what its contract says have parted: seen while fixtures ran. */

import type { Plan, PlannedNode } from "./plan.ts";
import type { Use } from "./protocol.ts";

export type Rule = "direct-fetch" | "undeclared-dependency" | "dead-declaration";

export interface Finding {
  readonly rule: Rule;
  readonly node: string;
  /** The dependency, the secret, or what was done directly. */
  readonly name: string;
  /** What to do about it. */
  readonly message: string;
}

/** Collects what nodes were seen to do. */
export class Drift {
  readonly #plan: Plan;
  readonly #seen = new Map<string, Map<Use, Set<string>>>();

  constructor(plan: Plan) {
    this.#plan = plan;
  }

  saw(node: string, how: Use, name: string): void {
    const uses = this.#seen.get(node) ?? new Map<Use, Set<string>>();
    this.#seen.set(node, uses.set(how, (uses.get(how) ?? new Set()).add(name)));
  }

  /** What was found; of nodes whose fixtures did not all come to an end, nothing is called dead. */
  findings(finished: ReadonlySet<string>): Finding[] {
    return this.#plan.nodes.flatMap((node) => [
      ...this.#names(node, "direct").map((what) => this.#direct(node, what)),
      ...this.#names(node, "undeclared").map((name) => undeclared(node, name)),
      ...(finished.has(node.name) ? this.#dead(node) : []),
    ]);
  }

  #names(node: PlannedNode, how: Use): string[] {
    return [...this.#seen.get(node.name)?.get(how) ?? []];
  }

  #direct(node: PlannedNode, what: string): Finding {
    const address = what.slice(what.indexOf(" ") + 1);
    const host = URL.canParse(address) ? new URL(address).hostname : null;
    const all = Object.entries(this.#plan.dependencies);
    const known = all.find(([, dependency]) => dependency.host === host)?.[0];
    const instead = known === undefined
      ? "declare a dependency and use ctx.fetch(dependency, path)"
      : `use ctx.fetch("${known}", path)`;
    const message = `node ${node.name} goes past its context: ${what}; ${instead}`;
    return { rule: "direct-fetch", node: node.name, name: what, message };
  }

  #dead(node: PlannedNode): Finding[] {
    const used = new Set(this.#names(node, "dependency"));
    const secrets = new Set(this.#names(node, "secret"));
    const dead = node.dependencies.filter((name) => {
      const secret = this.#plan.dependencies[name]?.secret;
      return !used.has(name) && !(secret !== undefined && secrets.has(secret));
    });
    return dead.map((name) => ({
      rule: "dead-declaration",
      node: node.name,
      name,
      message: `node ${node.name} may use ${name}, and none of its fixtures does: ` +
        `take it out of nodes.${node.name}.uses, or add a fixture that uses it`,
    }));
  }
}

function undeclared(node: PlannedNode, name: string): Finding {
  const message = `node ${node.name} asks for ${name}, which it may not use: ` +
    `add the dependency to contract.dependencies and to nodes.${node.name}.uses`;
  return { rule: "undeclared-dependency", node: node.name, name, message };
}
