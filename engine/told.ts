/** What is told of a run: its events as they happen, and its outcome. */

import type { Attempt, Use } from "./protocol.ts";
import type { RefusedPlace } from "./traffic.ts";
import type { Json } from "./types.ts";

/** What a run is answered with. */
export interface Outcome {
  readonly run: string;
  /** Whether every node finished. */
  readonly success: boolean;
  readonly outputs: { readonly [node: string]: Json };
  readonly errors: { readonly [node: string]: string };
  readonly timing: {
    readonly startedAt: string;
    readonly completedAt: string;
    readonly durationMs: number;
    readonly nodeTimings: { readonly [node: string]: { startedAt: string; durationMs: number } };
  };
  /** Only of a run that was observed. */
  readonly observed?: Observed;
}

/** What a run was seen to ask for. Nodes' code tells it: it is as true as that. */
export interface Observed {
  readonly attempts: readonly (Attempt & { readonly node: string })[];
  /** Where the egress gateway carried connections to, as `host:port`. */
  readonly carried: readonly string[];
  /** What it refused. */
  readonly refused: readonly RefusedPlace[];
}

/** What whoever watches a run is told, in order. */
export type Told =
  | { readonly kind: "started"; readonly run: string }
  | { readonly kind: "node_started"; readonly node: string; readonly attempt: number }
  | {
    readonly kind: "log";
    readonly node: string;
    readonly level: string;
    readonly message: string;
  }
  /** `durationMs` counts from the first attempt. */
  | { readonly kind: "node_finished"; readonly node: string; readonly durationMs: number }
  /** `attempt` is 0 for a node that was not run, because one that it waits for has failed. */
  | {
    readonly kind: "node_failed";
    readonly node: string;
    readonly attempt: number;
    readonly error: string;
    readonly willRetry: boolean;
  }
  /** Only in tests. */
  | { readonly kind: "used"; readonly node: string; readonly how: Use; readonly name: string };
