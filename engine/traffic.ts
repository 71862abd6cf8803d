/** What went out of a sandbox, and what did not: kept only of runs that are observed. */

/** The most places of each kind. */
const MOST = 200;

/** A connection that the egress gateway refused, as `host:port`, and why. */
export interface RefusedPlace {
  readonly place: string;
  readonly reason: string;
}

export class Traffic {
  readonly #carried = new Set<string>();
  readonly #refused = new Map<string, string>();

  /** The egress gateway took a connection to this place. */
  carries(place: string): void {
    if (this.#carried.size < MOST) this.#carried.add(place.toLowerCase());
  }

  /** It did not. */
  refuses(place: string, reason: string): void {
    if (this.#refused.size < MOST) this.#refused.set(place.toLowerCase(), reason);
  }

  get carried(): string[] {
    return [...this.#carried];
  }

  get refused(): RefusedPlace[] {
    return [...this.#refused].map(([place, reason]) => ({ place, reason }));
  }
}
