/** All runs of a tentacle: how many go on, how the last one ended, and ending them. */

import { type Order, Run } from "./run.ts";
import type { Outcome } from "./told.ts";
import type { Workshop } from "./workshop.ts";

/** What is known about runs. Each number counts since the engine started. */
export interface Counts {
  readonly inFlight: number;
  readonly succeeded: number;
  readonly failed: number;
  /** Not begun, because too many were going on or the engine was ending. */
  readonly refused: number;
}

/** The run that ended last. */
export interface LastRun {
  readonly run: string;
  readonly startedAt: string;
  readonly endedAt: string;
  readonly ok: boolean;
}

/** Why a run was not begun. */
export type Refusal = "busy" | "draining" | "same-id";

export class Runs {
  readonly #workshop: Workshop;
  readonly #going = new Map<string, Run>();
  #succeeded = 0;
  #failed = 0;
  #refused = 0;
  #last: LastRun | null = null;
  #draining = false;

  constructor(workshop: Workshop) {
    this.#workshop = workshop;
  }

  get counts(): Counts {
    return {
      inFlight: this.#going.size,
      succeeded: this.#succeeded,
      failed: this.#failed,
      refused: this.#refused,
    };
  }

  get last(): LastRun | null {
    return this.#last;
  }

  get draining(): boolean {
    return this.#draining;
  }

  /**
   * Begins a run, unless there is a reason not to. One that only loads the nodes takes its place among the others, but
   * is not counted and is nobody's last run.
   */
  begin(order: Order): Promise<Outcome> | Refusal {
    const { runsAtOnce } = this.#workshop.plan.limits;
    const { id } = order;
    const refusal: Refusal | null = this.#draining
      ? "draining"
      : this.#going.has(id)
      ? "same-id"
      : this.#going.size >= runsAtOnce
      ? "busy"
      : null;
    if (refusal !== null) {
      this.#refused += 1;
      return refusal;
    }
    const run = new Run(this.#workshop, order);
    this.#going.set(id, run);
    return run.outcome.then((outcome) => {
      this.#going.delete(id);
      if (!order.loadOnly) this.#count(outcome);
      return outcome;
    });
  }

  /** Begins no more runs, and returns when those that go on have ended: by themselves, or stopped at the limit. */
  async drain(): Promise<void> {
    this.#draining = true;
    const stop = (): void => {
      for (const run of this.#going.values()) run.stop("stopped: the tentacle is shutting down");
    };
    const timer = setTimeout(stop, this.#workshop.plan.limits.drainMs);
    await Promise.all([...this.#going.values()].map((run) => run.outcome));
    clearTimeout(timer);
  }

  #count(outcome: Outcome): void {
    if (outcome.success) this.#succeeded += 1;
    else this.#failed += 1;
    const { startedAt, completedAt } = outcome.timing;
    this.#last = { run: outcome.run, startedAt, endedAt: completedAt, ok: outcome.success };
  }
}
